package models

import "github.com/placard/placard/internal/jsontree"

// UriValue is where something lies on a network. Any text is a URI here: the server never opens it, and a page
// must decide what it links to.
type UriValue struct {
	unionMember
	Uri string
}

// Kind is URI.
func (UriValue) Kind() MetadataKind { return MetadataKindURI }

// Display is the text itself.
func (v UriValue) Display() string { return v.Uri }

// JSON is a string.
func (v UriValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON is the string under the mark `$uri`.
func (v UriValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v UriValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$uri", jsontree.AppendString(nil, v.Uri))
}

func readURI(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return UriValue{Uri: text}, err
}

func (v UriValue) sortKey() string { return encodeTextKey(v.Uri) }
