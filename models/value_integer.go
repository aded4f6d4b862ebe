package models

import (
	"encoding/json"
	"strconv"
)

// IntegerValue is a 64-bit integer.
type IntegerValue struct {
	unionMember
	Integer Int64
}

func (IntegerValue) Kind() MetadataKind       { return MetadataKindInteger }
func (v IntegerValue) Display() string        { return strconv.FormatInt(int64(v.Integer), 10) }
func (v IntegerValue) JSON() *RawJSON         { return encode(v, plain) }
func (v IntegerValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v IntegerValue) sortKey() string        { return encodeIntegerKey(int64(v.Integer)) }

func (v IntegerValue) appendJSON(b []byte, _ encoding) []byte {
	return strconv.AppendInt(b, int64(v.Integer), 10)
}

func readInteger(r valueReader, raw any) (MetadataValue, error) {
	n, ok := ParseInt64(raw)
	if !ok {
		if number, isNumber := raw.(json.Number); isNumber && IsInteger(string(number)) {
			return nil, BadInput(r.at, "must be between -9223372036854775808 and 9223372036854775807")
		}
		return nil, BadInput(r.at, "must be an integer of 64 bits")
	}
	return IntegerValue{Integer: Int64(n)}, nil
}
