package models

// TupleValue is a tuple, such as a shape.
type TupleValue struct {
	unionMember
	Items []MetadataValue
}

// Kind returns TUPLE.
func (TupleValue) Kind() MetadataKind { return MetadataKindTuple }

// Display returns the first items in parentheses.
func (v TupleValue) Display() string { return "(" + displayItems(v.Items) + ")" }

// JSON returns an array.
func (v TupleValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON returns an array with the mark `$tuple`.
func (v TupleValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v TupleValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$tuple", appendItems(nil, v.Items, form))
}

func readTuple(r valueReader, raw any) (MetadataValue, error) {
	items, err := r.readItems(raw)
	return TupleValue{Items: items}, err
}

func (TupleValue) sortKey() string { return classUnordered }
