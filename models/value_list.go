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

func (ListValue) Kind() MetadataKind       { return MetadataKindList }
func (v ListValue) Display() string        { return "[" + displayItems(v.Items, MetadataValue.Display) + "]" }
func (v ListValue) JSON() *RawJSON         { return encode(v, plain) }
func (v ListValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (ListValue) sortKey() string          { return SortKeyUnordered }

func (v ListValue) appendJSON(b []byte, form encoding) []byte { return appendItems(b, v.Items, form) }

func readList(r valueReader, raw any) (MetadataValue, error) {
	items, err := r.readItems(raw)
	return ListValue{Items: items}, err
}

func appendItems(b []byte, items []MetadataValue, form encoding) []byte {
	appendItem := func(b []byte, item MetadataValue) []byte { return item.appendJSON(b, form) }
	return append(appendEach(append(b, '['), items, appendItem), ']')
}

// maxDisplayItems is the number of items that Display writes before "… n more".
const maxDisplayItems = 10

func displayItems[T any](items []T, display func(T) string) string {
	parts := make([]string, 0, maxDisplayItems+1)
	for _, item := range items[:min(len(items), maxDisplayItems)] {
		parts = append(parts, display(item))
	}
	if more := len(items) - maxDisplayItems; more > 0 {
		parts = append(parts, "… "+strconv.Itoa(more)+" more")
	}
	return strings.Join(parts, ", ")
}
