package models

import (
	"strconv"
	"strings"
)

// ListValue is an ordered list.
type ListValue struct {
	unionMember
	Items []MetadataValue
}

// Kind returns LIST.
func (ListValue) Kind() MetadataKind { return MetadataKindList }

// Display returns the first items in brackets.
func (v ListValue) Display() string { return "[" + displayItems(v.Items) + "]" }

// JSON returns an array.
func (v ListValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON returns an array.
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

// maxDisplayItems is the number of items that Display writes before "… n more".
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
