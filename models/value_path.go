package models

import "github.com/placard/placard/internal/jsontree"

// PathValue is the path of a file. The server never opens it.
type PathValue struct {
	unionMember
	Path string
}

func (PathValue) Kind() MetadataKind       { return MetadataKindPath }
func (v PathValue) Display() string        { return v.Path }
func (v PathValue) JSON() *RawJSON         { return encode(v, plain) }
func (v PathValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v PathValue) sortKey() string        { return encodeTextKey(v.Path) }

func (v PathValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$path", jsontree.AppendString(nil, v.Path))
}

func readPath(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return PathValue{Path: text}, err
}
