package models

import "github.com/placard/placard/internal/jsontree"

// StringValue is a string, kept exactly.
type StringValue struct {
	unionMember
	Text string
}

func (StringValue) Kind() MetadataKind       { return MetadataKindString }
func (v StringValue) Display() string        { return v.Text }
func (v StringValue) JSON() *RawJSON         { return encode(v, plain) }
func (v StringValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v StringValue) sortKey() string        { return encodeTextKey(v.Text) }

func (v StringValue) appendJSON(b []byte, _ encoding) []byte { return jsontree.AppendString(b, v.Text) }

func readString(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return StringValue{Text: text}, err
}
