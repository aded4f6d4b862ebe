package models

import (
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/placard/placard/internal/jsontree"
)

// Tree is JSON that came in: nothing is lost that Placard keeps. Node is nil, a bool, a string, a json.Number with
// the digits as they were written, an Object in its order, or a []any of nodes.
type Tree struct{ Node any }

// Object is a JSON object with its members in the order of the text.
type Object = jsontree.Object

// Member is one key of an Object with its value.
type Member = jsontree.Member

// UnmarshalGQL takes a node.
func (t *Tree) UnmarshalGQL(raw any) error {
	t.Node = raw
	return nil
}

// MarshalGQL exists because a scalar needs it; answers write JSON as RawJSON.
func (t Tree) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, "null") }

// unquoteString reads a string that jsontree.AppendString wrote.
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
