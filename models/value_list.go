package models

import (
	"strconv"
	"strings"
)

// ListValue is values in an order.
type ListValue struct {
	member
	Items []MetadataValue
}

// Kind is LIST.
func (ListValue) Kind() MetadataKind { return MetadataKindList }

// Display is the first values in brackets.
func (v ListValue) Display() string { return "[" + displayItems(v.Items) + "]" }

// JSON is an array.
func (v ListValue) JSON() *RawJSON { return rendered(v, plain) }

// ExtendedJSON is an array.
func (v ListValue) ExtendedJSON() *RawJSON { return rendered(v, extended) }

func (v ListValue) appendJSON(b []byte, form form) []byte { return appendItems(b, v.Items, form) }

func readList(r reader, raw any) (MetadataValue, error) {
	items, err := r.items(raw)
	return ListValue{Items: items}, err
}

func appendItems(b []byte, items []MetadataValue, form form) []byte {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = item.appendJSON(b, form)
	}
	return append(b, ']')
}

// shown is how many items Display shows before it says how many more there are.
const shown = 10

func displayItems(items []MetadataValue) string {
	parts := make([]string, 0, shown+1)
	for i, item := range items {
		if i == shown {
			parts = append(parts, "… "+strconv.Itoa(len(items)-shown)+" more")
			break
		}
		parts = append(parts, item.Display())
	}
	return strings.Join(parts, ", ")
}

func (ListValue) sortKey() string { return classUnordered }
