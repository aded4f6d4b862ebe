package models

import "github.com/placard/placard/internal/jsontree"

// UriValue is a URI. Any text is accepted: the server never opens it, and pages must decide which URIs to link.
type UriValue struct {
	unionMember
	Uri string
}

func (UriValue) Kind() MetadataKind       { return MetadataKindURI }
func (v UriValue) Display() string        { return v.Uri }
func (v UriValue) JSON() *RawJSON         { return encode(v, plain) }
func (v UriValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v UriValue) sortKey() string        { return encodeTextKey(v.Uri) }

func (v UriValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$uri", jsontree.AppendString(nil, v.Uri))
}

func readURI(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return UriValue{Uri: text}, err
}
