package models

// NullValue is a logged null, unlike a key that was never logged.
type NullValue struct{ unionMember }

func (NullValue) Kind() MetadataKind     { return MetadataKindNull }
func (NullValue) Display() string        { return "null" }
func (NullValue) JSON() *RawJSON         { return nil }
func (NullValue) ExtendedJSON() *RawJSON { return nil }
func (NullValue) sortKey() string        { return SortKeyNull }

func (NullValue) appendJSON(b []byte, _ encoding) []byte { return append(b, "null"...) }

// readNull reads the field `null: true`. JSON has null itself.
func readNull(r valueReader, raw any) (MetadataValue, error) {
	if raw != true {
		return nil, BadInput(r.at, "must be true")
	}
	return NullValue{}, nil
}
