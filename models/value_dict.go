package models

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/placard/placard/internal/jsontree"
)

// DictValue is a dictionary in the order of the input.
type DictValue struct {
	unionMember
	Fields []MetadataField
	// escaped adds the mark `$dict` to extended JSON, because the entry has no card and a plain object would be a card.
	escaped bool
}

// MetadataField is one key of a dictionary with its value.
type MetadataField struct {
	Key   string
	Value MetadataValue
}

// Kind returns DICT.
func (DictValue) Kind() MetadataKind { return MetadataKindDict }

// Display returns the first keys and values in braces.
func (v DictValue) Display() string {
	parts := make([]string, 0, maxDisplayItems+1)
	for i, field := range v.Fields {
		if i == maxDisplayItems {
			parts = append(parts, "… "+strconv.Itoa(len(v.Fields)-maxDisplayItems)+" more")
			break
		}
		parts = append(parts, field.Key+": "+field.Value.Display())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// JSON returns an object.
func (v DictValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON returns an object, with the mark `$dict` if a reader would take it for a card or, because of a key that
// begins with $, for a mark.
func (v DictValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v DictValue) appendJSON(b []byte, form encoding) []byte {
	fields, mark := v.Fields, v.escaped
	if form == canonical {
		fields = slices.SortedFunc(slices.Values(fields), func(a, b MetadataField) int { return cmp.Compare(a.Key, b.Key) })
	}
	text := []byte{'{'}
	for i, field := range fields {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(jsontree.AppendString(text, field.Key), ':')
		text = field.Value.appendJSON(text, form)
		mark = mark || strings.HasPrefix(field.Key, "$")
	}
	text = append(text, '}')
	if !mark {
		return append(b, text...)
	}
	return appendMarked(b, form, "$dict", text)
}

// readDict reads a JSON object, or the keys and values of a MetadataValueInput. Keys must not begin with $.
func readDict(r valueReader, raw any) (MetadataValue, error) { return readFields(r, raw, checkKey) }

// readMarkedDict reads the member `$dict`, whose keys may begin with $.
func readMarkedDict(r valueReader, raw any) (MetadataValue, error) {
	return readFields(r, raw, checkAnyKey)
}

func readFields(r valueReader, raw any, check func(*ServerLimits, *Path, string) error) (MetadataValue, error) {
	members, ok := raw.(Object)
	if list, isList := raw.([]any); isList && r.typedInput {
		for _, item := range list {
			field := item.(map[string]any) // the schema says so
			members = append(members, Member{Key: field["key"].(string), Value: field["value"]})
		}
		ok = true
	}
	if !ok {
		return nil, BadInput(r.at, "must be an object")
	}
	inside, err := r.nested(raw)
	if err != nil {
		return nil, err
	}
	fields := make([]MetadataField, len(members))
	seen := make(map[string]bool, len(members))
	for i, member := range members {
		at := inside.child(member.Key)
		keyAt := at.at
		if r.typedInput {
			at = inside.child(i).child("value")
			keyAt = inside.at.Child(i).Child("key")
		}
		if err := check(r.limits, keyAt, member.Key); err != nil {
			return nil, err
		}
		if seen[member.Key] {
			return nil, BadInput(keyAt, "the key occurs twice in the dictionary; it must occur once")
		}
		seen[member.Key] = true
		value, err := at.readItem(member.Value)
		if err != nil {
			return nil, err
		}
		fields[i] = MetadataField{member.Key, value}
	}
	return DictValue{Fields: fields}, nil
}

func (DictValue) sortKey() string { return classUnordered }
