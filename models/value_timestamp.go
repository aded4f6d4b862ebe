package models

import (
	"time"

	"github.com/placard/placard/internal/jsontree"
)

// TimestampValue is an instant in UTC, to the nanosecond.
type TimestampValue struct {
	unionMember
	Timestamp Time
}

func (TimestampValue) Kind() MetadataKind       { return MetadataKindTimestamp }
func (v TimestampValue) JSON() *RawJSON         { return encode(v, plain) }
func (v TimestampValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v TimestampValue) sortKey() string        { return encodeInstantKey(v.Timestamp) }

// Display returns the date and the time of day in UTC.
func (v TimestampValue) Display() string {
	return v.Timestamp.Format("2006-01-02 15:04:05.999999999 MST")
}

func (v TimestampValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$timestamp", jsontree.AppendString(nil, v.Timestamp.Format(time.RFC3339Nano)))
}

func readTimestamp(r valueReader, raw any) (MetadataValue, error) {
	text, _ := raw.(string)
	t, ok := ParseTime(text)
	if !ok {
		return nil, BadInput(r.at, "must be an instant such as 2026-01-02T03:04:05Z, with a zone and up to nine decimals")
	}
	return TimestampValue{Timestamp: Time{t}}, nil
}
