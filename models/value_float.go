package models

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/placard/placard/internal/jsontree"
)

// FloatValue is a double, including NaN and infinities.
type FloatValue struct {
	unionMember
	Number float64
}

func (FloatValue) Kind() MetadataKind       { return MetadataKindFloat }
func (v FloatValue) Display() string        { return v.Repr() }
func (v FloatValue) JSON() *RawJSON         { return encode(v, plain) }
func (v FloatValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v FloatValue) sortKey() string        { return encodeDoubleKey(v.Number, 0) }

// Float returns the number, nil for NaN and infinities.
func (v FloatValue) Float() *Double {
	if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
		return nil
	}
	number := Double(v.Number)
	return &number
}

// Repr returns the shortest text that parses to the same double, as in extended JSON. It always has a point or an
// exponent: 1.0, 1e+22, -0.0. Numbers below 1e-4 and from 1e+16 have an exponent.
func (v FloatValue) Repr() string { return formatFloat(v.Number) }

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

// parseFloat parses a JSON number as a double. It rounds decimal fractions, but refuses to lose the magnitude of a
// number (1e400, 1e-400) or digits of an integer.
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
		return 0, BadInput(at, "must be an integer that a double represents exactly")
	}
	return f, nil
}

func readFloat(r valueReader, raw any) (MetadataValue, error) {
	f, err := parseFloat(r.at, raw)
	return FloatValue{Number: f}, err
}

// readFloatName reads the member `$float`: a number that JSON lacks.
func readFloatName(r valueReader, raw any) (MetadataValue, error) {
	switch raw {
	case "NaN":
		return FloatValue{Number: math.NaN()}, nil
	case "Infinity":
		return FloatValue{Number: math.Inf(1)}, nil
	case "-Infinity":
		return FloatValue{Number: math.Inf(-1)}, nil
	}
	return nil, BadInput(r.at, `must be "NaN", "Infinity" or "-Infinity"; other numbers need no $float`)
}
