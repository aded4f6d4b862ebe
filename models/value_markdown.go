package models

import "github.com/placard/placard/internal/jsontree"

// MarkdownValue is text with Markdown formatting, kept exactly. A page must not trust it.
type MarkdownValue struct {
	member
	Markdown string
}

// Kind is MARKDOWN.
func (MarkdownValue) Kind() MetadataKind { return MetadataKindMarkdown }

// Display is the text itself.
func (v MarkdownValue) Display() string { return v.Markdown }

// JSON is a string.
func (v MarkdownValue) JSON() *RawJSON { return rendered(v, plain) }

// ExtendedJSON is the string under the mark `$markdown`.
func (v MarkdownValue) ExtendedJSON() *RawJSON { return rendered(v, extended) }

func (v MarkdownValue) appendJSON(b []byte, form form) []byte {
	return appendMarked(b, form, "$markdown", jsontree.AppendString(nil, v.Markdown))
}

func readMarkdown(r reader, raw any) (MetadataValue, error) {
	text, err := r.text(raw)
	return MarkdownValue{Markdown: text}, err
}

func (v MarkdownValue) sortKey() string { return textKey(v.Markdown) }
