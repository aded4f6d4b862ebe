package models

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/placard/placard/internal/jsontree"
)

// FloatValue is a double, NaN and infinities among them.
type FloatValue struct {
	unionMember
	Number float64
}

// Kind is FLOAT.
func (FloatValue) Kind() MetadataKind { return MetadataKindFloat }

// Float is the number, nil where JSON cannot say it.
func (v FloatValue) Float() *Double {
	if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
		return nil
	}
	number := Double(v.Number)
	return &number
}

// Repr is the shortest text that reads back as the same double, spelled as in extended JSON. It always has a point
// or an exponent: 1.0, 1e+22, -0.0. An exponent is used below 1e-4 and from 1e+16 on.
func (v FloatValue) Repr() string { return formatFloat(v.Number) }

// Display is the same text.
func (v FloatValue) Display() string { return v.Repr() }

// JSON is a number, or "NaN", "Infinity" or "-Infinity".
func (v FloatValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON is the number, or its name under the mark `$float`.
func (v FloatValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v FloatValue) appendJSON(b []byte, form encoding) []byte {
	if v.Float() == nil {
		return appendMarked(b, form, "$float", jsontree.AppendString(nil, v.Repr()))
	}
	return append(b, v.Repr()...)
}

func formatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if size := math.Abs(f); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// parseFloat reads a JSON number as a double. Rounding a decimal fraction is what a double does; losing the size of
// a number (1e400, 1e-400) or a digit of an integer is not, and is refused.
func parseFloat(at *Path, raw any) (float64, error) {
	number, ok := raw.(json.Number)
	if !ok {
		return 0, BadInput(at, "must be a number")
	}
	f, err := strconv.ParseFloat(string(number), 64)
	if err != nil {
		return 0, BadInput(at, "must fit a double: it is too large")
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(string(number)), "e")
	if f == 0 && strings.Trim(mantissa, "-0.") != "" {
		return 0, BadInput(at, "must fit a double: it is too close to zero")
	}
	if IsInteger(string(number)) && strconv.FormatFloat(f, 'f', 0, 64) != string(number) && number != "-0" {
		return 0, BadInput(at, "must be an integer that a double holds exactly")
	}
	return f, nil
}

func readFloat(r valueReader, raw any) (MetadataValue, error) {
	f, err := parseFloat(r.at, raw)
	return FloatValue{Number: f}, err
}

// readFloatName reads what stands behind the mark `$float`: only what JSON has no number for.
func readFloatName(r valueReader, raw any) (MetadataValue, error) {
	switch raw {
	case "NaN":
		return FloatValue{Number: math.NaN()}, nil
	case "Infinity":
		return FloatValue{Number: math.Inf(1)}, nil
	case "-Infinity":
		return FloatValue{Number: math.Inf(-1)}, nil
	}
	return nil, BadInput(r.at, `must be "NaN", "Infinity" or "-Infinity"; other numbers are written as they are`)
}

func (v FloatValue) sortKey() string { return encodeDoubleKey(v.Number, 0) }
