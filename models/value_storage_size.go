package models

import (
	"math"
	"strconv"
)

// StorageSizeValue is a number of bytes, 0 or more.
type StorageSizeValue struct {
	unionMember
	Bytes Int64
}

func (StorageSizeValue) Kind() MetadataKind       { return MetadataKindStorageSize }
func (v StorageSizeValue) JSON() *RawJSON         { return encode(v, plain) }
func (v StorageSizeValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v StorageSizeValue) sortKey() string        { return encodeIntegerKey(int64(v.Bytes)) }

// Display returns the size in decimal SI units with at most two fractional digits: 999 B, 1.5 MB.
func (v StorageSizeValue) Display() string {
	size, unit := float64(v.Bytes), 0
	units := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	for rounded := size; rounded >= 1000 && unit < len(units)-1; unit++ {
		size /= 1000
		rounded = math.Round(size*100) / 100
	}
	return strconv.FormatFloat(math.Round(size*100)/100, 'f', -1, 64) + " " + units[unit]
}

func (v StorageSizeValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$storageSize", strconv.AppendInt(nil, int64(v.Bytes), 10))
}

func readStorageSize(r valueReader, raw any) (MetadataValue, error) {
	bytes, ok := ParseInt64(raw)
	text, _ := raw.(string)
	if number, isSize, hasUnit := parseUnit(text); hasUnit && r.typedInput {
		if !isSize || !number.IsInt() || !number.Num().IsInt64() || number.Sign() < 0 {
			return nil, BadInput(r.at, "must come to a whole number of bytes, 0 or more in 64 bits, with a unit: %s", sizeUnits)
		}
		bytes, ok = number.Num().Int64(), true
	}
	if !ok || bytes < 0 {
		return nil, BadInput(r.at, "must be a number of bytes: a 64-bit integer, 0 or more")
	}
	return StorageSizeValue{Bytes: Int64(bytes)}, nil
}
