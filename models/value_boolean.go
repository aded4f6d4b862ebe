package models

import "strconv"

// BooleanValue is true or false.
type BooleanValue struct {
	unionMember
	Boolean bool
}

func (BooleanValue) Kind() MetadataKind       { return MetadataKindBoolean }
func (v BooleanValue) Display() string        { return strconv.FormatBool(v.Boolean) }
func (v BooleanValue) JSON() *RawJSON         { return encode(v, plain) }
func (v BooleanValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v BooleanValue) appendJSON(b []byte, _ encoding) []byte {
	return strconv.AppendBool(b, v.Boolean)
}

func readBoolean(r valueReader, raw any) (MetadataValue, error) {
	boolean, ok := raw.(bool)
	if !ok {
		return nil, BadInput(r.at, "must be true or false")
	}
	return BooleanValue{Boolean: boolean}, nil
}

func (v BooleanValue) sortKey() string {
	if v.Boolean {
		return classBoolean + "1"
	}
	return classBoolean + "0"
}
