package models

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Int64 is a signed 64-bit integer, written as a string.
type Int64 int64

// MarshalGQL writes the number as a string.
func (i Int64) MarshalGQL(w io.Writer) { fmt.Fprintf(w, `"%d"`, int64(i)) }

// UnmarshalGQL accepts a string or an integer.
func (i *Int64) UnmarshalGQL(raw any) error {
	n, ok := ParseInt64(raw)
	if !ok {
		return BadInput(nil, "must be an integer of 64 bits, as a number or as a string")
	}
	*i = Int64(n)
	return nil
}

var integerText = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// IsInteger reports whether text is an integer in JSON syntax, of any size.
func IsInteger(text string) bool { return integerText.MatchString(text) }

// ParseInt64 parses a 64-bit integer from a JSON number or a string, without rounding or trimming.
func ParseInt64(raw any) (int64, bool) {
	var text string
	switch raw := raw.(type) {
	case json.Number:
		text = string(raw)
	case string:
		text = raw
	default:
		return 0, false
	}
	if !IsInteger(text) {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// Time is an instant. The database stores microseconds since 1970 as an integer on both engines.
type Time struct{ time.Time }

// TimeFromMicros returns the instant that is stored as micros.
func TimeFromMicros(micros int64) Time { return Time{time.UnixMicro(micros).UTC()} }

// MarshalGQL writes the instant in UTC with its significant fractional digits.
func (t Time) MarshalGQL(w io.Writer) {
	fmt.Fprintf(w, `"%s"`, t.UTC().Format(time.RFC3339Nano))
}

// UnmarshalGQL accepts RFC 3339 with a time zone.
func (t *Time) UnmarshalGQL(raw any) error {
	text, _ := raw.(string)
	parsed, ok := ParseTime(text)
	if !ok {
		return BadInput(nil, "must be an instant such as 2026-01-02T03:04:05Z, with a zone and up to nine decimals")
	}
	*t = Time{parsed}
	return nil
}

var timeText = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// ParseTime parses RFC 3339 with a time zone, to the nanosecond. The instant must be in the years 0 to 9999 of UTC, so
// that it can be written again. A leap second is refused, because it is not an instant of its own.
func ParseTime(text string) (time.Time, bool) {
	text = strings.ToUpper(text)
	if !timeText.MatchString(text) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	t = t.UTC()
	return t, err == nil && t.Year() >= 0 && t.Year() <= 9999
}

// Value returns microseconds since 1970 for the database.
func (t Time) Value() (driver.Value, error) { return t.UnixMicro(), nil }

// Scan reads microseconds since 1970.
func (t *Time) Scan(src any) error {
	micros, ok := src.(int64)
	if !ok {
		return fmt.Errorf("scan an instant from a %T, not an int64", src)
	}
	*t = TimeFromMicros(micros)
	return nil
}

// RawJSON is JSON text that is copied into responses.
type RawJSON []byte

// MarshalGQL writes the text.
func (j RawJSON) MarshalGQL(w io.Writer) { _, _ = w.Write(j) }

// UnmarshalGQL always fails: inputs take JSON as a Tree. gqlgen requires the method.
func (j *RawJSON) UnmarshalGQL(any) error { return fmt.Errorf("RawJSON is not an input type") }

// Double is a number of a response. Unlike an integer, it always has a point or an exponent.
type Double float64

// MarshalGQL writes the number as FloatValue.Repr spells it, NaN and infinities as null.
func (d Double) MarshalGQL(w io.Writer) {
	if math.IsNaN(float64(d)) || math.IsInf(float64(d), 0) {
		_, _ = io.WriteString(w, "null")
		return
	}
	_, _ = io.WriteString(w, formatFloat(float64(d)))
}

// UnmarshalGQL always fails: inputs take numbers as FloatInput. gqlgen requires the method.
func (d *Double) UnmarshalGQL(any) error {
	return fmt.Errorf("a Double is not an input type")
}

// FloatInput is a number of an input with its original spelling.
type FloatInput json.Number

// UnmarshalGQL accepts a JSON number.
func (f *FloatInput) UnmarshalGQL(raw any) error {
	number, ok := raw.(json.Number)
	if !ok {
		return BadInput(nil, "must be a number")
	}
	*f = FloatInput(number)
	return nil
}

// MarshalGQL writes the number. Responses contain a Double instead, but gqlgen requires the method.
func (f FloatInput) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, string(f)) }
