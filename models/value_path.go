package models

import "github.com/placard/placard/internal/jsontree"

// PathValue is where something lies in a file system. The server never opens it.
type PathValue struct {
	unionMember
	Path string
}

// Kind is PATH.
func (PathValue) Kind() MetadataKind { return MetadataKindPath }

// Display is the text itself.
func (v PathValue) Display() string { return v.Path }

// JSON is a string.
func (v PathValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON is the string under the mark `$path`.
func (v PathValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v PathValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$path", jsontree.AppendString(nil, v.Path))
}

func readPath(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return PathValue{Path: text}, err
}

func (v PathValue) sortKey() string { return encodeTextKey(v.Path) }
