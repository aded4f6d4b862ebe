package models

import "github.com/placard/placard/internal/jsontree"

// DTypeValue is the name of a data type, such as float32.
type DTypeValue struct {
	unionMember
	Dtype string
}

func (DTypeValue) Kind() MetadataKind       { return MetadataKindDType }
func (v DTypeValue) Display() string        { return v.Dtype }
func (v DTypeValue) JSON() *RawJSON         { return encode(v, plain) }
func (v DTypeValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v DTypeValue) sortKey() string        { return encodeTextKey(v.Dtype) }

func (v DTypeValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$dtype", jsontree.AppendString(nil, v.Dtype))
}

func readDType(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return DTypeValue{Dtype: text}, err
}
