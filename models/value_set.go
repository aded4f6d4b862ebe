package models

import "slices"

// SetValue is values that differ from each other. It has no order of its own and keeps the one given.
type SetValue struct {
	member
	Items []MetadataValue
}

// Kind is SET.
func (SetValue) Kind() MetadataKind { return MetadataKindSet }

// Display is the first values in braces.
func (v SetValue) Display() string { return "{" + displayItems(v.Items) + "}" }

// JSON is an array.
func (v SetValue) JSON() *RawJSON { return rendered(v, plain) }

// ExtendedJSON is an array under the mark `$set`.
func (v SetValue) ExtendedJSON() *RawJSON { return rendered(v, extended) }

func (v SetValue) appendJSON(b []byte, form form) []byte {
	items := v.Items
	if form == identity {
		items = slices.SortedFunc(slices.Values(items), func(a, b MetadataValue) int {
			return slices.Compare(a.appendJSON(nil, identity), b.appendJSON(nil, identity))
		})
	}
	return appendMarked(b, form, "$set", appendItems(nil, items, form))
}

// readSet refuses the same member twice. Two members are the same when their kind and their extended JSON are, with
// inner sets and dictionaries compared without order: 1 and 1.0 differ, NaN equals NaN.
func readSet(r reader, raw any) (MetadataValue, error) {
	items, err := r.items(raw)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(items))
	for i, item := range items {
		member := string(item.appendJSON(nil, identity))
		if seen[member] {
			return nil, BadInput(r.at.In(i), "stands twice in the set")
		}
		seen[member] = true
	}
	return SetValue{Items: items}, nil
}
