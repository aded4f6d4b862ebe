package models

import (
	"cmp"
	"slices"
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

func (DictValue) Kind() MetadataKind       { return MetadataKindDict }
func (v DictValue) JSON() *RawJSON         { return encode(v, plain) }
func (v DictValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (DictValue) sortKey() string          { return SortKeyUnordered }

// Display returns the first keys and values in braces.
func (v DictValue) Display() string {
	return "{" + displayItems(v.Fields, func(f MetadataField) string { return f.Key + ": " + f.Value.Display() }) + "}"
}

// appendJSON adds the mark `$dict` if a reader would take the object for a card or, because of a key that begins with
// $, for a mark.
func (v DictValue) appendJSON(b []byte, form encoding) []byte {
	fields := v.Fields
	if form == canonical {
		fields = slices.SortedFunc(slices.Values(fields), func(a, b MetadataField) int { return cmp.Compare(a.Key, b.Key) })
	}
	appendField := func(b []byte, field MetadataField) []byte {
		return field.Value.appendJSON(append(jsontree.AppendString(b, field.Key), ':'), form)
	}
	text := append(appendEach([]byte{'{'}, fields, appendField), '}')
	if v.escaped || slices.ContainsFunc(fields, func(f MetadataField) bool { return strings.HasPrefix(f.Key, "$") }) {
		return appendMarked(b, form, "$dict", text)
	}
	return append(b, text...)
}

// readDict reads a JSON object, or the keys and values of a MetadataValueInput. Keys must not begin with $.
func readDict(r valueReader, raw any) (MetadataValue, error) {
	return readFields(r, raw, checkUnmarked)
}

// readMarkedDict reads the member `$dict`, whose keys may begin with $.
func readMarkedDict(r valueReader, raw any) (MetadataValue, error) {
	return readFields(r, raw, checkKeyText)
}

func readFields(r valueReader, raw any, check func(*ServerLimits, *Path, string, string) error) (MetadataValue, error) {
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
		if err := check(r.limits, keyAt, "a key", member.Key); err != nil {
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
