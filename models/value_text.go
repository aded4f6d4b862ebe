package models

import (
	"iter"
	"strings"
)

// AppendPlainJSON appends a stored value as plain JSON. An error means that the stored text is damaged.
//
// The stored text is extended JSON in one spelling, so its plain JSON is the same text without the marks of kinds.
// AppendPlainJSON decodes only text with another spelling.
func AppendPlainJSON(b []byte, kind MetadataKind, text string) ([]byte, error) {
	s := textScanner{text: text, plain: b}
	if scanned, ok := s.value(); ok && s.pos == len(text) && scanned == kind {
		return append(s.plain, text[s.copied:]...), nil
	}
	value, err := DecodeValue(kind, text)
	if err != nil {
		return b, err
	}
	return value.appendJSON(b, plain), nil
}

// ValueText is a value that is read from its stored text without decoding it.
type ValueText struct {
	Kind MetadataKind
	// Text is extended JSON in the spelling of this program.
	Text string
	// Payload is the part of Text inside the mark of the kind, or all of it.
	Payload string
	// Key is the key of a member of a dictionary, in quotes; else empty.
	Key string
}

// ValueText returns the value of an entry that has one. It returns false for text in another spelling, which Value
// decodes.
func (e *MetadataEntry) ValueText() (ValueText, bool) {
	value, rest, ok := scanValue(*e.Text)
	return value, ok && rest == "" && value.Kind == *e.Kind
}

// scanValue returns the value at the start of a text, and the text after it.
func scanValue(text string) (value ValueText, rest string, ok bool) {
	s := textScanner{text: text, checkOnly: true}
	kind, ok := s.value()
	if !ok {
		return ValueText{}, "", false
	}
	value = ValueText{Kind: kind, Text: text[:s.pos], Payload: text[:s.pos]}
	if value.IsMarked() {
		_, payload, _ := strings.Cut(value.Text, ":")
		value.Payload = payload[:len(payload)-len("}")]
	}
	return value, text[s.pos:], true
}

// IsMarked reports whether the text has the mark of the kind.
func (v ValueText) IsMarked() bool { return strings.HasPrefix(v.Text, `{"$`) }

// AppendPlain appends the value as plain JSON.
func (v ValueText) AppendPlain(b []byte) []byte {
	s := textScanner{text: v.Text, plain: b}
	s.value()
	return append(s.plain, v.Text[s.copied:]...)
}

// Items iterates over the items of a list, tuple or set, or over the members of a dictionary.
func (v ValueText) Items() iter.Seq[ValueText] {
	return func(yield func(ValueText) bool) {
		for rest := v.Payload[1:]; len(rest) > 1; rest = rest[1:] { // a bracket or a comma follows each item
			key := ""
			if v.Kind == MetadataKindDict {
				s := textScanner{text: rest}
				s.string()
				key, rest = rest[:s.pos], rest[s.pos+len(":"):]
			}
			var item ValueText
			item, rest, _ = scanValue(rest)
			if item.Key = key; !yield(item) {
				return
			}
		}
	}
}

// Decode decodes the value.
func (v ValueText) Decode() (MetadataValue, error) { return DecodeValue(v.Kind, v.Text) }
