package models

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/placard/placard/internal/jsontree"
)

// Tree is JSON of an input. Node is a node of package jsontree, which keeps the order of keys and the spelling of
// numbers.
type Tree struct{ Node any }

// Object is a JSON object with its members in the order of the text.
type Object = jsontree.Object

// Member is one key of an Object with its value.
type Member = jsontree.Member

// UnmarshalGQL accepts a node.
func (t *Tree) UnmarshalGQL(raw any) error {
	t.Node = raw
	return nil
}

// MarshalGQL writes null. Responses contain RawJSON instead, but gqlgen requires the method.
func (t Tree) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, "null") }

// CheckCharacters returns BAD_INPUT for text that one of the databases refuses or changes: NUL and unpaired surrogates.
// All input is UTF-8 except strings with unpaired surrogates, see jsontree.ParseUnchecked.
func CheckCharacters(at *Path, text string) error {
	if !utf8.ValidString(text) {
		return BadInput(at, "must not contain an unpaired surrogate")
	}
	if strings.IndexByte(text, 0) >= 0 {
		return BadInput(at, "must not contain the character NUL (U+0000)")
	}
	return nil
}
