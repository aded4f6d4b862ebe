package models

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/placard/placard/internal/near"
)

// valueReader creates values from extended JSON or from the fields of MetadataValueInput. Its path is that of the
// current value, for errors.
type valueReader struct {
	// limits is nil for stored values, which were checked before.
	limits *ServerLimits
	at     *Path
	depth  int32
	// typedInput is set if items are MetadataValueInput instead of extended JSON.
	typedInput bool
}

func (r valueReader) child(step any) valueReader {
	r.at = r.at.Child(step)
	return r
}

// readItem reads an item of a list, tuple, set or dictionary.
func (r valueReader) readItem(raw any) (MetadataValue, error) {
	if r.typedInput {
		return r.readInput(raw)
	}
	return r.readExtended(raw)
}

// readExtended reads extended JSON.
func (r valueReader) readExtended(raw any) (MetadataValue, error) {
	r.typedInput = false
	switch raw := raw.(type) {
	case nil:
		return NullValue{}, nil
	case bool:
		return readBoolean(r, raw)
	case string:
		return readString(r, raw)
	case json.Number:
		if strings.ContainsAny(string(raw), ".eE") {
			return readFloat(r, raw)
		}
		return readInteger(r, raw)
	case []any:
		return readList(r, raw)
	case Object:
		if spec, value, ok := findMark(raw); ok {
			return spec.readMarked(r.child("$"+spec.name), value)
		}
		for _, member := range raw {
			if strings.HasPrefix(member.Key, "$") {
				return nil, unknownMarkError(r.at, member.Key)
			}
		}
		return readDict(r, raw)
	}
	return nil, BadInput(r.at, "must be JSON: text in quotes, a number, true, false, null, a list or an object")
}

// findMark returns the kind and the member of an object whose only key is the mark of a kind.
func findMark(object Object) (kindSpec, any, bool) {
	if len(object) != 1 {
		return kindSpec{}, nil, false
	}
	spec, ok := specByMark[object[0].Key]
	return spec, object[0].Value, ok
}

// unknownMarkError returns the error of a key of an object that begins with $ and is no mark there.
func unknownMarkError(at *Path, key string) error {
	const escape = `; {"$dict": {…}} accepts keys that begin with $`
	if _, isMark := specByMark[key]; isMark {
		return BadInput(at.Child(key), "a mark must be the only key of its object, which is not a card"+escape)
	}
	marks := slices.Sorted(maps.Keys(specByMark))
	return BadInput(at.Child(key), "a key that begins with $ must be the mark of a kind: %s"+escape,
		near.Quote(near.First(near.Names(key, marks), marks)))
}

// readInput reads a MetadataValueInput: an object with exactly one field, which is a kind or `json`.
func (r valueReader) readInput(raw any) (MetadataValue, error) {
	fields, _ := raw.(map[string]any)
	if len(fields) != 1 {
		return nil, BadInput(r.at, "must have exactly one field")
	}
	for name, value := range fields {
		r, value := r.child(name), toTree(value)
		if name == "json" {
			return r.readExtended(value)
		}
		r.typedInput = true
		return specByName[name].read(r, value)
	}
	panic("unreachable")
}

// toTree converts a field of an input to a node of a Tree.
func toTree(field any) any {
	switch field := field.(type) {
	case *string:
		return *field
	case *bool:
		return *field
	case *Int64:
		return json.Number(strconv.FormatInt(int64(*field), 10))
	case *FloatInput:
		return json.Number(*field)
	case *Time:
		return field.Format(time.RFC3339Nano)
	case *Tree:
		return field.Node
	case []map[string]any:
		list := make([]any, len(field))
		for i, item := range field {
			list[i] = item
		}
		return list
	}
	return field
}

// nested returns the reader for the items of raw, a list, tuple, set or dictionary, or an error beyond the nesting
// limit.
func (r valueReader) nested(raw any) (valueReader, error) {
	r.depth++
	if r.limits != nil && r.depth > r.limits.ValueNesting {
		return r, LimitExceeded(r.at, "nesting depth of lists, tuples, sets and dictionaries",
			int64(r.limits.ValueNesting), int64(r.depth)-1+measureNesting(raw))
	}
	return r, nil
}

// measureNesting returns the nesting depth of lists and dictionaries in raw, without marks.
func measureNesting(raw any) int64 {
	deepest, own := int64(0), int64(1)
	look := func(inside any) { deepest = max(deepest, measureNesting(inside)) }
	switch raw := raw.(type) {
	case []any:
		for _, item := range raw {
			look(item)
		}
	case Object:
		if _, _, ok := findMark(raw); ok {
			own = 0
		}
		for _, member := range raw {
			look(member.Value)
		}
	case map[string]any:
		own = 0
		for _, value := range raw {
			look(toTree(value))
		}
	default:
		return 0
	}
	return own + deepest
}

// readItems reads the items of a list, tuple or set.
func (r valueReader) readItems(raw any) ([]MetadataValue, error) {
	list, ok := raw.([]any)
	if !ok {
		return nil, BadInput(r.at, "must be a list")
	}
	r, err := r.nested(raw)
	if err != nil {
		return nil, err
	}
	if err := r.checkSize(len(list)); err != nil {
		return nil, err
	}
	items := make([]MetadataValue, len(list))
	for i, item := range list {
		if items[i], err = r.child(i).readItem(item); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// checkSize refuses a number of items or members that exceeds ValueBytes, before they are decoded: each takes at least
// a character and a comma.
func (r valueReader) checkSize(items int) error {
	if r.limits == nil || r.limits.ValueBytes == 0 || 2*items <= int(r.limits.ValueBytes) {
		return nil
	}
	return LimitExceeded(r.at, "bytes of a value as extended JSON", int64(r.limits.ValueBytes), int64(2*items+1))
}

// readText reads a string that both databases store unchanged.
func (r valueReader) readText(raw any) (string, error) {
	text, ok := raw.(string)
	if !ok {
		return "", BadInput(r.at, "must be a string")
	}
	return text, CheckCharacters(r.at, text)
}
