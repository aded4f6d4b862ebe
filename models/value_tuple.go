package models

// TupleValue is a tuple, such as a shape.
type TupleValue struct {
	unionMember
	Items []MetadataValue
}

func (TupleValue) Kind() MetadataKind       { return MetadataKindTuple }
func (v TupleValue) Display() string        { return "(" + displayItems(v.Items, MetadataValue.Display) + ")" }
func (v TupleValue) JSON() *RawJSON         { return encode(v, plain) }
func (v TupleValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (TupleValue) sortKey() string          { return SortKeyUnordered }

func (v TupleValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$tuple", appendItems(nil, v.Items, form))
}

func readTuple(r valueReader, raw any) (MetadataValue, error) {
	items, err := r.readItems(raw)
	return TupleValue{Items: items}, err
}
