package models

// NullValue says that there is no value, unlike a key that was never logged.
type NullValue struct{ unionMember }

// Kind is NULL.
func (NullValue) Kind() MetadataKind { return MetadataKindNull }

// Display is `null`.
func (NullValue) Display() string { return "null" }

// JSON is nil.
func (NullValue) JSON() *RawJSON { return nil }

// ExtendedJSON is nil.
func (NullValue) ExtendedJSON() *RawJSON { return nil }

func (NullValue) appendJSON(b []byte, _ encoding) []byte { return append(b, "null"...) }

// readNull reads the field `null: true`; in JSON, null says itself.
func readNull(r valueReader, raw any) (MetadataValue, error) {
	if raw != true {
		return nil, BadInput(r.at, "must be true, which says that there is no value")
	}
	return NullValue{}, nil
}

func (NullValue) sortKey() string { return classNull }
