package graph_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"pgregory.net/rapid"
)

// The operands of the differential test are values of the data set and values close to them. The simplest value comes
// first, because rapid shrinks a failure to it.

// drawIndex draws a number from 0 on and less than n. The integers and samples of rapid are mostly small; these are all
// as likely, and still shrink to 0.
func drawIndex(t *rapid.T, n int, label string) int {
	if n == 1 {
		return 0
	}
	return rapid.Custom(func(t *rapid.T) int {
		index := 0
		for size := 1; size < 4*n; size *= 2 {
			index *= 2
			if rapid.Bool().Draw(t, "bit") {
				index++
			}
		}
		return index % n
	}).Draw(t, label)
}

// drawFrom draws one of a list, each as likely.
func drawFrom[T any](t *rapid.T, list []T, label string) T {
	return list[drawIndex(t, len(list), label)]
}

// drawSome draws a few different ones of a list, mostly one and seldom none.
func drawSome(t *rapid.T, list []string, label string) []string {
	var some []string
	for range drawFrom(t, []int{1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 0}, label+" in number") {
		if one := drawFrom(t, list, label); !slices.Contains(some, one) {
			some = append(some, one)
		}
	}
	return some
}

// sameSort reports whether two operands may be values of one sort. Others are refused as the ends of a range.
func sameSort(a, b any) bool {
	for _, x := range oracleReadings(a) {
		for _, y := range oracleReadings(b) {
			if x.sort == y.sort {
				return true
			}
		}
	}
	return false
}

// reversed reports whether the ends of a range are in the wrong order in each sort that both may be of, which is
// refused.
func reversed(least, greatest any) bool {
	found := false
	for _, x := range oracleReadings(least) {
		for _, y := range oracleReadings(greatest) {
			if x.sort != y.sort {
				continue
			}
			if x.sort == unsorted || x.compare(y) <= 0 {
				return false
			}
			found = true
		}
	}
	return found
}

// drawConditions draws at least one of a list: what asks nothing is refused.
func drawConditions(t *rapid.T, list []string) []string {
	if some := drawSome(t, list, "conditions"); some != nil {
		return some
	}
	return list[:1]
}

// drawOperand draws an operand near a value, as JSON.
func drawOperand(t *rapid.T, v oracleValue) any {
	switch v.sort {
	case ofNumber:
		return drawNumber(t, v)
	case ofText:
		text := drawText(t, v.text)
		mark := drawFrom(t, []string{"", "", "", "$uri", "$path", "$dtype", "$markdown"}, "mark")
		if mark == "" {
			return text
		}
		return map[string]any{mark: text}
	case ofInstant:
		return drawInstant(t, v.instant)
	case ofBoolean:
		return rapid.Bool().Draw(t, "boolean")
	case ofNull:
		return nil
	}
	if len(v.items) > 0 {
		return drawOperand(t, drawFrom(t, v.items, "member"))
	}
	if len(v.fields) > 0 {
		return drawOperand(t, v.fields[drawFrom(t, slices.Sorted(maps.Keys(v.fields)), "field")])
	}
	return map[string]any{"$float": "NaN"}
}

func jsonFloat(f float64) json.Number {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return json.Number(text)
}

// drawNumber draws a number that is equal or a little different, in one of the ways to say it.
func drawNumber(t *rapid.T, v oracleValue) any {
	if v.infinite != 0 {
		return map[string]any{"$float": drawFrom(t, []string{"Infinity", "-Infinity"}, "infinity")}
	}
	number := new(big.Rat).Set(v.number)
	switch drawIndex(t, 8, "near") {
	case 1:
		number.Add(number, big.NewRat(1, 1))
	case 2:
		number.Sub(number, big.NewRat(1, 1))
	case 3, 4:
		f, _ := number.Float64()
		if near := math.Nextafter(f, math.Inf(drawFrom(t, []int{1, -1}, "way"))); !math.IsInf(near, 0) {
			number.SetFloat64(near)
		}
	}
	double, _ := number.Float64()
	whole := number.IsInt() && number.Num().IsInt64()
	switch way := drawIndex(t, 6, "way"); {
	case way == 1 && double == 0:
		return json.Number("-0.0")
	case way == 1:
		return jsonFloat(double)
	case way == 2:
		return map[string]any{"$duration": jsonFloat(double)}
	case way == 3 && whole && number.Sign() >= 0:
		return map[string]any{"$storageSize": json.Number(number.Num().String())}
	case way >= 4:
		if measure, ok := drawMeasure(t, number, double); ok {
			return measure
		}
	}
	if whole {
		return json.Number(number.Num().String())
	}
	return jsonFloat(double)
}

// drawMeasure writes a number as a size or a duration if its decimals are finite.
func drawMeasure(t *rapid.T, number *big.Rat, double float64) (string, bool) {
	units := slices.SortedFunc(maps.Keys(oracleUnits), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	unit := drawFrom(t, units, "unit")
	if !number.IsInt() {
		number = oracleRational(strconv.FormatFloat(double, 'g', -1, 64))
	}
	scaled := new(big.Rat).Quo(number, oracleRational(oracleUnits[unit]))
	decimals, exact := scaled.FloatPrec()
	if !exact || decimals > 20 || new(big.Rat).Abs(scaled).Cmp(oracleRational("1e25")) > 0 {
		return "", false
	}
	return scaled.FloatString(decimals) + drawFrom(t, []string{"", " "}, "space") + unit, true
}

// drawText draws a text that is equal, a part, of another case or longer.
func drawText(t *rapid.T, text string) string {
	runes := []rune(text)
	cut := func() int { return drawIndex(t, len(runes)+1, "cut") }
	ways := []string{"same", "same", "fold", "upper", "lower", "fold", "start", "end", "part", "longer"}
	if len(text) > 390 {
		ways = []string{"same", "same", "other end", "other end", "other end", "other end", "fold", "upper", "start", "longer"}
	}
	switch drawFrom(t, ways, "text") {
	case "other end":
		for len(string(runes)) > 399 {
			runes = runes[:len(runes)-1]
		}
		return string(runes[:len(runes)-drawIndex(t, 4, "shorter")]) + drawFrom(t, cutEnds, "end")
	case "upper":
		return strings.ToUpper(text)
	case "lower":
		return strings.ToLower(text)
	case "fold":
		return strings.Map(unicode.SimpleFold, text)
	case "start":
		return string(runes[:cut()])
	case "end":
		return string(runes[cut():])
	case "part":
		from, to := cut(), cut()
		return string(runes[min(from, to):max(from, to)])
	case "longer":
		return text + drawFrom(t, []string{"a", " ", "%", "_", "\\", "\u0301"}, "end")
	}
	return text
}

// drawInstant draws an instant that is equal or a little different.
func drawInstant(t *rapid.T, instant time.Time) any {
	near := drawFrom(t, []time.Duration{0, 0, 1, -1, time.Microsecond, -time.Second}, "near")
	if moved := instant.Add(near).UTC(); moved.Year() >= 0 && moved.Year() <= 9999 {
		instant = moved
	}
	text := instant.UTC().Format(time.RFC3339Nano)
	if drawIndex(t, 4, "zone") == 3 && instant.Year() > 0 && instant.Year() < 9999 {
		text = instant.In(time.FixedZone("", -(5*60+30)*60)).Format(time.RFC3339Nano)
	}
	if rapid.Bool().Draw(t, "as text") {
		return text
	}
	return map[string]any{"$timestamp": text}
}

// notMeasured matches a number with an unknown unit, which is refused in comparisons.
var notMeasured = regexp.MustCompile(`^\s*[+-]?[0-9.]+\s*\pL`)

// comparableOperand returns the operand, or a similar one that has an order.
func comparableOperand(operand any) any {
	switch operand := operand.(type) {
	case nil:
		return json.Number("0")
	case bool:
		return json.Number("1")
	case string:
		_, measure := oracleMeasure(operand)
		_, instant := oracleInstant(operand)
		if !measure && !instant && notMeasured.MatchString(operand) {
			return "x" + operand
		}
	}
	return operand
}

// pool has all logged values of each key.
type pool struct {
	places []oraclePlace
	values map[oraclePlace][]oracleValue
}

func newPool() *pool {
	p := &pool{values: map[oraclePlace][]oracleValue{}}
	for _, place := range samplePlaces() {
		p.places = append(p.places, place.oraclePlace)
		for _, text := range place.values {
			p.values[place.oraclePlace] = append(p.values[place.oraclePlace], oracleDecode(oracleJSON(text)))
		}
	}
	return p
}

// drawPlace draws a key, perhaps with a path, and a value that some version has there.
func (p *pool) drawPlace(t *rapid.T, places []oraclePlace) (map[string]any, oracleValue) {
	place := drawFrom(t, places, "place")
	node := map[string]any{"key": place.key}
	if place.card != "" {
		node["card"] = place.card
	} else if drawIndex(t, 10, "card") == 9 {
		node["card"] = nil
	}
	value := drawFrom(t, p.values[place], "value")
	path := []any{}
	for range 4 {
		steps := slices.Sorted(maps.Keys(value.fields))
		if value.kind != "SET" {
			for i := range value.items {
				steps = append(steps, strconv.Itoa(i))
			}
		}
		if len(steps) == 0 || !rapid.Bool().Draw(t, "deeper") {
			break
		}
		step := drawFrom(t, steps, "step")
		value, _ = value.step(step)
		path = append(path, step)
	}
	switch odd := drawIndex(t, 20, "odd path"); {
	case odd == 19:
		path = append(path, drawFrom(t, []string{"0", "1e0", " 1", "#", "#-1", "*", "$", "$dict", "$uri", "18446744073709551616", "a.b", "[0]"}, "odd step"))
	case odd > 12 && len(value.items) > 0: // what might be taken for a place, and is none
		path = append(path, drawFrom(t, []string{"-1", "-1", "00", "+0", "0.0", "[0]", "0", "$tuple", "$set", "#-1"}, "no place"))
		value = drawFrom(t, value.items, "value of none")
	}
	if len(path) > 0 || drawIndex(t, 20, "empty path") == 19 {
		node["path"] = path
	}
	return node, value
}

var predicateNames = []string{
	"eq", "eq", "exists", "ne", "kind", "in", "in", "notIn", "lt", "lte", "gt", "gte", "between", "contains", "contains", "startsWith", "endsWith",
}

var sampleKinds = []string{
	"STRING", "INTEGER", "FLOAT", "BOOLEAN", "NULL", "LIST", "TUPLE", "SET", "DICT", "URI", "PATH", "DTYPE", "STORAGE_SIZE", "TIMESTAMP",
	"DURATION", "MARKDOWN",
}

// drawPredicate draws a MetadataFilter.
func (p *pool) drawPredicate(t *rapid.T) map[string]any {
	predicate, value := p.drawPlace(t, p.places)
	operand := func() any {
		near := value
		if drawIndex(t, 10, "elsewhere") == 9 {
			near = drawFrom(t, p.values[drawFrom(t, p.places, "other place")], "other value")
		}
		return drawOperand(t, near)
	}
	text := func() any {
		if value.sort == ofText {
			return drawText(t, value.text)
		}
		return drawText(t, "abc")
	}
	names := drawConditions(t, predicateNames)
	ordered := false
	for _, name := range names {
		switch name {
		case "exists":
			predicate[name] = rapid.Bool().Draw(t, name)
		case "kind":
			if predicate[name] = value.kind; drawIndex(t, 3, "kind") == 2 {
				predicate[name] = drawFrom(t, sampleKinds, "other kind")
			}
		case "eq", "ne":
			predicate[name] = operand()
		case "contains":
			if predicate[name] = operand(); predicate[name] == nil {
				predicate[name] = ""
			}
		case "in", "notIn":
			list := []any{}
			for range drawIndex(t, 5, "operands") {
				list = append(list, operand())
			}
			predicate[name] = list
		case "between":
			least, greatest := comparableOperand(operand()), comparableOperand(operand())
			if !sameSort(least, greatest) {
				greatest = least
			}
			if reversed(least, greatest) {
				least, greatest = greatest, least
			}
			predicate[name], ordered = []any{least, greatest}, true
		case "startsWith", "endsWith":
			predicate[name] = text()
		default:
			predicate[name], ordered = comparableOperand(operand()), true
		}
	}
	if kind, _ := predicate["kind"].(string); predicate["between"] != nil && slices.Contains([]string{"STRING", "URI", "PATH", "DTYPE", "MARKDOWN"}, kind) {
		delete(predicate, "kind") // with it, a text says no number, so that the ends may be of two sorts
	}
	if !ordered {
		drawIgnoreCase(t, predicate)
	}
	return predicate
}

func drawIgnoreCase(t *rapid.T, filter map[string]any) {
	if way := drawIndex(t, 6, "ignoreCase"); way > 2 {
		filter["ignoreCase"] = way < 5
	}
}
