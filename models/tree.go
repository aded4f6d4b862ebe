package models

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Tree is JSON that came in: nothing is lost that Placard keeps. Node is nil, a bool, a string, a json.Number with
// the digits as they were written, an Object in its order, or a []any of nodes.
type Tree struct{ Node any }

// Object is a JSON object with its members in order. A key may stand twice; whoever reads it refuses that.
type Object []Member

// Member is one key of an Object.
type Member struct {
	Key   string
	Value any
}

// UnmarshalGQL takes a node.
func (t *Tree) UnmarshalGQL(raw any) error {
	t.Node = raw
	return nil
}

// MarshalGQL exists because a scalar needs it; answers write JSON as RawJSON.
func (t Tree) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, "null") }

// parseTree reads JSON text that Placard wrote itself.
func parseTree(text string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	return readNode(decoder)
}

func readNode(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			item, err := readNode(decoder)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err = decoder.Token()
		return list, err
	case json.Delim('{'):
		object := Object{}
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return nil, fmt.Errorf("read JSON: %w", err)
			}
			value, err := readNode(decoder)
			if err != nil {
				return nil, err
			}
			object = append(object, Member{key.(string), value})
		}
		_, err = decoder.Token()
		return object, err
	}
	return token, nil
}

const hexDigits = "0123456789abcdef"

// appendString appends text as a JSON string in its shortest common spelling: only what JSON demands is escaped.
func appendString(b []byte, text string) []byte {
	b = append(b, '"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < 0x20:
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// unquoteString reads what appendString wrote.
func unquoteString(text string) (string, error) {
	if len(text) >= 2 && text[0] == '"' {
		plain := text[1 : len(text)-1]
		if strings.IndexByte(plain, '\\') < 0 {
			return plain, nil
		}
	}
	var s string
	err := json.Unmarshal([]byte(text), &s)
	return s, err
}

// CheckCharacters refuses text that some database would refuse or change: NUL and unpaired surrogates. What does not come
// as UTF-8 never gets this far, so text that is not valid here held an unpaired surrogate.
func CheckCharacters(at *Path, text string) error {
	if !utf8.ValidString(text) {
		return BadInput(at, "must not hold an unpaired surrogate")
	}
	if strings.IndexByte(text, 0) >= 0 {
		return BadInput(at, "must not hold the character NUL")
	}
	return nil
}
