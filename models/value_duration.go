package models

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// DurationValue is a time span in seconds; it may be negative.
type DurationValue struct {
	unionMember
	Seconds Double
	// integral is set if the client spelled an integer, so that the value is written as one.
	integral bool
}

func (DurationValue) Kind() MetadataKind       { return MetadataKindDuration }
func (v DurationValue) JSON() *RawJSON         { return encode(v, plain) }
func (v DurationValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v DurationValue) sortKey() string        { return encodeDoubleKey(float64(v.Seconds), 0) }

// Display returns days, hours, minutes and seconds such as `1 m 30 s`, below a second ms or µs.
func (v DurationValue) Display() string {
	seconds := math.Abs(float64(v.Seconds))
	sign := ""
	if math.Signbit(float64(v.Seconds)) {
		sign = "-"
	}
	short := func(f float64) string { return strconv.FormatFloat(math.Round(f*1000)/1000, 'f', -1, 64) }
	switch {
	case seconds == 0:
		return sign + "0 s"
	case seconds < 1e-6 || seconds >= 1e12: // too small or too large to be told in parts
		return sign + strconv.FormatFloat(seconds, 'g', 4, 64) + " s"
	case math.Round(seconds*1e9) < 1e6:
		return sign + short(seconds*1e6) + " µs"
	case math.Round(seconds*1e6) < 1e6:
		return sign + short(seconds*1e3) + " ms"
	}
	whole, fraction := math.Modf(math.Round(seconds*1000) / 1000)
	var parts []string
	for _, unit := range []struct {
		name string
		size float64
	}{{"d", 86400}, {"h", 3600}, {"m", 60}} {
		if n := math.Floor(whole / unit.size); n > 0 {
			parts = append(parts, short(n)+" "+unit.name)
			whole -= n * unit.size
		}
	}
	if rest := whole + fraction; rest > 0 {
		parts = append(parts, short(rest)+" s")
	}
	return sign + strings.Join(parts, " ")
}

func (v DurationValue) appendJSON(b []byte, form encoding) []byte {
	text := formatFloat(float64(v.Seconds))
	if v.integral {
		text = strconv.FormatFloat(float64(v.Seconds), 'f', 0, 64)
	}
	return appendMarked(b, form, "$duration", []byte(text))
}

func readDuration(r valueReader, raw any) (MetadataValue, error) {
	text, _ := raw.(string)
	if number, isSize, hasUnit := parseUnit(text); hasUnit && r.typedInput {
		if number == nil || isSize {
			return nil, BadInput(r.at, "must have a unit of time: %s", durationUnits)
		}
		seconds, _ := number.Float64()
		return DurationValue{Seconds: Double(seconds), integral: number.IsInt()}, nil
	}
	seconds, err := parseFloat(r.at, raw)
	number, _ := raw.(json.Number)
	integral := IsInteger(string(number))
	if integral && seconds == 0 {
		seconds = 0 // the integer -0 is 0
	}
	return DurationValue{Seconds: Double(seconds), integral: integral}, err
}
