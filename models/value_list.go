package models

import (
	"strconv"
	"strings"
)

// ListValue is values in an order.
type ListValue struct {
	unionMember
	Items []MetadataValue
}

// Kind is LIST.
func (ListValue) Kind() MetadataKind { return MetadataKindList }

// Display is the first values in brackets.
func (v ListValue) Display() string { return "[" + displayItems(v.Items) + "]" }

// JSON is an array.
func (v ListValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON is an array.
func (v ListValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v ListValue) appendJSON(b []byte, form encoding) []byte { return appendItems(b, v.Items, form) }

func readList(r valueReader, raw any) (MetadataValue, error) {
	items, err := r.readItems(raw)
	return ListValue{Items: items}, err
}

func appendItems(b []byte, items []MetadataValue, form encoding) []byte {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = item.appendJSON(b, form)
	}
	return append(b, ']')
}

// maxDisplayItems is how many items Display shows before it says how many more there are.
const maxDisplayItems = 10

func displayItems(items []MetadataValue) string {
	parts := make([]string, 0, maxDisplayItems+1)
	for i, item := range items {
		if i == maxDisplayItems {
			parts = append(parts, "… "+strconv.Itoa(len(items)-maxDisplayItems)+" more")
			break
		}
		parts = append(parts, item.Display())
	}
	return strings.Join(parts, ", ")
}

func (ListValue) sortKey() string { return classUnordered }
