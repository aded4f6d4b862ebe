package models

import "github.com/placard/placard/internal/jsontree"

// MarkdownValue is text with Markdown formatting, kept exactly. A page must not trust it.
type MarkdownValue struct {
	unionMember
	Markdown string
}

// Kind is MARKDOWN.
func (MarkdownValue) Kind() MetadataKind { return MetadataKindMarkdown }

// Display is the text itself.
func (v MarkdownValue) Display() string { return v.Markdown }

// JSON is a string.
func (v MarkdownValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON is the string under the mark `$markdown`.
func (v MarkdownValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v MarkdownValue) appendJSON(b []byte, form encoding) []byte {
	return appendMarked(b, form, "$markdown", jsontree.AppendString(nil, v.Markdown))
}

func readMarkdown(r valueReader, raw any) (MetadataValue, error) {
	text, err := r.readText(raw)
	return MarkdownValue{Markdown: text}, err
}

func (v MarkdownValue) sortKey() string { return encodeTextKey(v.Markdown) }
