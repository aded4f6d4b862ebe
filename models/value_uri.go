package models

import "github.com/placard/placard/internal/jsontree"

// UriValue is a URI. Any text is accepted: the server never opens it, and pages must decide which URIs to link.
type UriValue struct {
	unionMember
	Uri string
}

// Kind returns URI.
func (UriValue) Kind() MetadataKind { return MetadataKindURI }

// Display returns the URI.
func (v UriValue) Display() string { return v.Uri }

// JSON returns a string.
func (v UriValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON returns the string with the mark `$uri`.
func (v UriValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v UriValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$uri", jsontree.AppendString(nil, v.Uri))
}

func readURI(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return UriValue{Uri: text}, err
}

func (v UriValue) sortKey() string { return encodeTextKey(v.Uri) }
