package graph_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The oracle answers searches over data in memory, written to be read and not to be fast. It shares no code with the
// program: it reads extended JSON itself and calculates with math/big.

// oracleSort is a set of values that can be compared with each other.
type oracleSort int

// The sorts, in the order in which values of different sorts are sorted.
const (
	unsorted oracleSort = iota // NaN and collections: equal to nothing
	ofBoolean
	ofNumber
	ofInstant
	ofText
	ofNull
)

// oracleValue is a metadata value, or one reading of an operand.
type oracleValue struct {
	kind string
	sort oracleSort
	// truth is 1 for true.
	truth int
	// number is exact. An infinity has none: infinite is its sign then.
	number   *big.Rat
	infinite int
	instant  time.Time
	text     string
	// items are those of a LIST, TUPLE or SET, fields those of a DICT.
	items  []oracleValue
	fields map[string]oracleValue
}

// oracleJSON reads JSON text, keeping numbers as they are written.
func oracleJSON(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var node any
	if err := decoder.Decode(&node); err != nil {
		panic(fmt.Sprintf("%v: %s", err, text))
	}
	return node
}

// oracleDecode returns the value of extended JSON.
func oracleDecode(node any) oracleValue {
	switch node := node.(type) {
	case nil:
		return oracleValue{kind: "NULL", sort: ofNull}
	case bool:
		v := oracleValue{kind: "BOOLEAN", sort: ofBoolean}
		if node {
			v.truth = 1
		}
		return v
	case string:
		return oracleValue{kind: "STRING", sort: ofText, text: node}
	case json.Number:
		if strings.ContainsAny(string(node), ".eE") {
			return oracleFloat("FLOAT", oracleDouble(node))
		}
		return oracleValue{kind: "INTEGER", sort: ofNumber, number: oracleRational(string(node))}
	case []any:
		return oracleValue{kind: "LIST", items: oracleItems(node)}
	case map[string]any:
		if len(node) == 1 {
			for mark, inside := range node {
				if strings.HasPrefix(mark, "$") {
					return oracleMarked(mark, inside)
				}
			}
		}
		return oracleDict(node)
	}
	panic(fmt.Sprintf("no extended JSON: %#v", node))
}

func oracleMarked(mark string, inside any) oracleValue {
	switch mark {
	case "$dict":
		return oracleDict(inside.(map[string]any))
	case "$tuple":
		return oracleValue{kind: "TUPLE", items: oracleItems(inside.([]any))}
	case "$set":
		return oracleValue{kind: "SET", items: oracleItems(inside.([]any))}
	case "$uri", "$path", "$dtype", "$markdown":
		return oracleValue{kind: strings.ToUpper(mark[1:]), sort: ofText, text: inside.(string)}
	case "$storageSize":
		return oracleValue{kind: "STORAGE_SIZE", sort: ofNumber, number: oracleRational(fmt.Sprint(inside))}
	case "$duration":
		return oracleFloat("DURATION", oracleDouble(inside.(json.Number)))
	case "$float":
		return oracleFloat("FLOAT", oracleDouble(json.Number(inside.(string))))
	case "$timestamp":
		instant, ok := oracleInstant(inside.(string))
		if !ok {
			panic("no instant: " + inside.(string))
		}
		return oracleValue{kind: "TIMESTAMP", sort: ofInstant, instant: instant}
	}
	panic("no mark: " + mark)
}

func oracleItems(nodes []any) []oracleValue {
	items := make([]oracleValue, len(nodes))
	for i, node := range nodes {
		items[i] = oracleDecode(node)
	}
	return items
}

func oracleDict(nodes map[string]any) oracleValue {
	fields := map[string]oracleValue{}
	for key, node := range nodes {
		fields[key] = oracleDecode(node)
	}
	return oracleValue{kind: "DICT", fields: fields}
}

func oracleRational(text string) *big.Rat {
	number, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("no number: " + text)
	}
	return number
}

func oracleDouble(number json.Number) float64 {
	f, err := strconv.ParseFloat(string(number), 64)
	if err != nil {
		panic(err)
	}
	return f
}

func oracleFloat(kind string, f float64) oracleValue {
	switch {
	case math.IsNaN(f):
		return oracleValue{kind: kind}
	case math.IsInf(f, 1):
		return oracleValue{kind: kind, sort: ofNumber, infinite: 1}
	case math.IsInf(f, -1):
		return oracleValue{kind: kind, sort: ofNumber, infinite: -1}
	}
	return oracleValue{kind: kind, sort: ofNumber, number: new(big.Rat).SetFloat64(f)}
}

var oracleInstantText = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)

// oracleInstant reads RFC 3339 with a zone and at most nine decimals, whose T and Z may be small letters.
func oracleInstant(text string) (time.Time, bool) {
	text = strings.ToUpper(text)
	if !oracleInstantText.MatchString(text) {
		return time.Time{}, false
	}
	instant, err := time.Parse(time.RFC3339Nano, text)
	return instant, err == nil
}

var (
	oracleMeasureText = regexp.MustCompile(`^([+-]?[0-9]+(?:\.[0-9]+)?) ?(\pL+)$`)
	oracleUnits       = map[string]string{
		"B": "1", "kB": "1e3", "KB": "1e3", "MB": "1e6", "GB": "1e9", "TB": "1e12", "PB": "1e15", "EB": "1e18",
		"KiB": "1024", "MiB": "1048576", "GiB": "1073741824", "TiB": "1099511627776", "PiB": "1125899906842624",
		"EiB": "1152921504606846976",
		"ns":  "1e-9", "us": "1e-6", "µs": "1e-6", "ms": "1e-3", "s": "1", "m": "60", "min": "60", "h": "3600", "d": "86400",
	}
)

// oracleMeasure returns the number of a size or a duration. It rounds a number with decimals to a double, as the server
// does.
func oracleMeasure(text string) (*big.Rat, bool) {
	parts := oracleMeasureText.FindStringSubmatch(text)
	if parts == nil || oracleUnits[parts[2]] == "" {
		return nil, false
	}
	number := oracleRational(parts[1])
	number.Mul(number, oracleRational(oracleUnits[parts[2]]))
	if !number.IsInt() {
		rounded, _ := number.Float64()
		number.SetFloat64(rounded)
	}
	return number, true
}

// oracleReadings returns the possible values of an operand. A text that is also a measure or an instant has several.
func oracleReadings(operand any) []oracleValue {
	first := oracleDecode(operand)
	readings := []oracleValue{first}
	if first.items != nil || first.fields != nil {
		panic(fmt.Sprintf("an operand without meaning: %v", operand))
	}
	text, ok := operand.(string)
	if !ok {
		return readings
	}
	if number, ok := oracleMeasure(text); ok {
		readings = append(readings, oracleValue{sort: ofNumber, number: number})
	}
	if instant, ok := oracleInstant(text); ok {
		readings = append(readings, oracleValue{sort: ofInstant, instant: instant})
	}
	return readings
}

// step returns the value at one step of a path.
func (v oracleValue) step(step string) (oracleValue, bool) {
	switch v.kind {
	case "DICT":
		inside, ok := v.fields[step]
		return inside, ok
	case "LIST", "TUPLE":
		for i, item := range v.items {
			if strconv.Itoa(i) == step {
				return item, true
			}
		}
	}
	return oracleValue{}, false
}

// compare orders two values of the same sort.
func (v oracleValue) compare(w oracleValue) int {
	switch v.sort {
	case ofBoolean:
		return cmp.Compare(v.truth, w.truth)
	case ofNumber:
		if v.infinite != 0 || w.infinite != 0 {
			return cmp.Compare(v.infinite, w.infinite)
		}
		return v.number.Cmp(w.number)
	case ofInstant:
		return v.instant.Compare(w.instant)
	case ofText:
		return cmp.Compare(v.text, w.text)
	case ofNull:
		return 0
	}
	panic("not comparable: " + v.kind)
}

// equal reports whether the value equals a reading of an operand.
func (v oracleValue) equal(reading oracleValue, ignoreCase bool) bool {
	if v.sort == unsorted || v.sort != reading.sort {
		return false
	}
	if v.sort == ofText && ignoreCase {
		return oracleFold(v.text) == oracleFold(reading.text)
	}
	return v.compare(reading) == 0
}

func (v oracleValue) equalAny(readings []oracleValue, ignoreCase bool) bool {
	for _, reading := range readings {
		if v.equal(reading, ignoreCase) {
			return true
		}
	}
	return false
}

// oracleFold puts the least character of those that differ only by case in the place of each.
func oracleFold(text string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, text)
}

// String returns the value for a message.
func (v oracleValue) String() string {
	content := fmt.Sprint(v.items)
	switch {
	case v.sort == ofText:
		content = strconv.QuoteToASCII(v.text)
	case v.sort == ofInstant:
		content = v.instant.UTC().Format(time.RFC3339Nano)
	case v.sort == ofBoolean:
		content = strconv.FormatBool(v.truth == 1)
	case v.sort == ofNumber && v.infinite == 0:
		content = v.number.RatString()
		if !v.number.IsInt() || len(content) > 40 {
			f, _ := v.number.Float64()
			content = strconv.FormatFloat(f, 'g', -1, 64)
		}
	case v.sort == ofNumber:
		content = strconv.Itoa(v.infinite) + " infinity"
	case v.fields != nil:
		content = fmt.Sprint(v.fields)
	case v.items == nil:
		content = ""
	}
	return strings.TrimSpace(v.kind + " " + content)
}
