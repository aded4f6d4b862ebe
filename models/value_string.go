package models

import "github.com/placard/placard/internal/jsontree"

// StringValue is a string, kept exactly.
type StringValue struct {
	unionMember
	Text string
}

// Kind returns STRING.
func (StringValue) Kind() MetadataKind { return MetadataKindString }

// Display returns the string.
func (v StringValue) Display() string { return v.Text }

// JSON returns a string.
func (v StringValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON returns a string.
func (v StringValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v StringValue) appendJSON(b []byte, _ encoding) []byte { return jsontree.AppendString(b, v.Text) }

func readString(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return StringValue{Text: text}, err
}

func (v StringValue) sortKey() string { return encodeTextKey(v.Text) }
