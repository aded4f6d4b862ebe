package models

import "github.com/placard/placard/internal/jsontree"

// MarkdownValue is text with Markdown formatting, kept exactly. Pages must treat it as untrusted.
type MarkdownValue struct {
	unionMember
	Markdown string
}

func (MarkdownValue) Kind() MetadataKind       { return MetadataKindMarkdown }
func (v MarkdownValue) Display() string        { return v.Markdown }
func (v MarkdownValue) JSON() *RawJSON         { return encode(v, plain) }
func (v MarkdownValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (v MarkdownValue) sortKey() string        { return encodeTextKey(v.Markdown) }

func (v MarkdownValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$markdown", jsontree.AppendString(nil, v.Markdown))
}

func readMarkdown(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return MarkdownValue{Markdown: text}, err
}
