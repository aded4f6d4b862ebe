// Package jsontree reads JSON without loss: it keeps the order of keys and the spelling of numbers, and refuses text
// that other readers repair in silence. It is the only package that imports go-json-experiment/json.
//
// A node is nil, a bool, a string, a json.Number spelled as in the text, an Object, or a []any of nodes. The length of
// a text is not limited here, because callers hold all of it in memory and limit it before.
package jsontree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is the highest number of nested objects and lists.
const MaxDepth = 10_000

// Object is a JSON object with its members in the order of the text.
type Object []Member

// Member is one key of an Object with its value.
type Member struct {
	Key   string
	Value any
}

// Error is a fault of a JSON text.
type Error struct {
	// Path leads to the faulty node from the outermost one, by keys (string) and indexes (int).
	Path []any
	// Offset is the number of bytes before the fault, or -1 in an error of Check.
	Offset int64
	// Fault completes a sentence that begins with the name of the node: "must not repeat a key of its object".
	Fault string
}

func (e *Error) Error() string {
	var place strings.Builder
	for _, step := range e.Path {
		if fmt.Fprintf(&place, "/%v", step); place.Len() > 200 {
			break
		}
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&place, " at byte %d", e.Offset)
	}
	return "JSON " + strings.TrimSpace(fmt.Sprintf("%.240s %s", strings.TrimSpace(place.String()), e.Fault))
}

const (
	faultUTF8      = "must be UTF-8"
	faultDepth     = "must not be nested deeper than 10000 levels"
	faultTrailing  = "must not be followed by other data"
	faultRepeated  = "must not repeat a key of its object"
	faultSurrogate = "must not contain an unpaired surrogate"
)

// Parse reads text that is exactly one JSON value. It returns an *Error for malformed JSON, a repeated key, an unpaired
// surrogate, nesting deeper than MaxDepth and text that is not UTF-8.
func Parse(text []byte) (any, error) { return parse(text, true) }

// ParseUnchecked is like Parse, but accepts repeated keys and unpaired surrogates, so that the caller can refuse them
// with a path of its own. An unpaired surrogate makes its string invalid UTF-8. Check finds both faults.
func ParseUnchecked(text []byte) (any, error) { return parse(text, false) }

// Check returns an *Error for a repeated key or an unpaired surrogate in a node that ParseUnchecked returned.
func Check(node any) error {
	if err := check(node); err != nil {
		slices.Reverse(err.Path)
		return err
	}
	return nil
}

// check returns the first fault, with the steps of its path in reverse order.
func check(node any) *Error {
	switch node := node.(type) {
	case string:
		if !utf8.ValidString(node) {
			return &Error{Offset: -1, Fault: faultSurrogate}
		}
	case []any:
		for i, item := range node {
			if err := check(item); err != nil {
				return err.within(i)
			}
		}
	case Object:
		keys := keySet{}
		for _, member := range node {
			if !keys.add(member.Key) {
				return (&Error{Offset: -1, Fault: faultRepeated}).within(member.Key)
			}
			err := check(member.Key)
			if err == nil {
				err = check(member.Value)
			}
			if err != nil {
				return err.within(member.Key)
			}
		}
	}
	return nil
}

func (e *Error) within(step any) *Error {
	e.Path = append(e.Path, step)
	return e
}

// keySet is the set of keys of one object. Small sets need no map.
type keySet struct {
	few  []string
	many map[string]bool
}

// add reports whether the key is new.
func (s *keySet) add(key string) bool {
	if s.many == nil {
		if slices.Contains(s.few, key) {
			return false
		}
		if len(s.few) < 16 {
			s.few = append(s.few, key)
			return true
		}
		s.many = make(map[string]bool, 2*len(s.few))
		for _, key := range s.few {
			s.many[key] = true
		}
	}
	if s.many[key] {
		return false
	}
	s.many[key] = true
	return true
}

// parsers keeps parsers for reuse.
var parsers = sync.Pool{New: func() any { return new(parser) }}

type parser struct {
	decoder jsontext.Decoder
	input   bytes.Buffer
	strict  bool
	depth   int
}

// reset sets the text that the parser reads. The decoder reads a bytes.Buffer without copying. It must accept the
// faults that the parser reports by itself.
func (p *parser) reset(text []byte, strict bool) {
	p.input, p.strict, p.depth = *bytes.NewBuffer(text), strict, 0
	p.decoder.Reset(&p.input, acceptFaults...)
}

var acceptFaults = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

func parse(text []byte, strict bool) (any, error) {
	if !utf8.Valid(text) {
		return nil, &Error{Offset: int64(validPrefix(text)), Fault: faultUTF8}
	}
	p := parsers.Get().(*parser)
	defer parsers.Put(p)
	defer p.reset(nil, false) // without the text
	p.reset(text, strict)
	node, err := p.node()
	if err == nil {
		offset := p.decoder.InputOffset()
		if _, end := p.decoder.ReadToken(); !errors.Is(end, io.EOF) {
			err = &Error{Offset: offset, Fault: faultTrailing}
		}
	}
	if err != nil {
		slices.Reverse(err.Path)
		return nil, err
	}
	return node, nil
}

// validPrefix returns how many bytes of text are valid UTF-8.
func validPrefix(text []byte) int {
	n := 0
	for n < len(text) {
		r, size := utf8.DecodeRune(text[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// malformed translates an error of the decoder.
func (p *parser) malformed(err error) *Error {
	offset := p.decoder.InputOffset()
	if syntax := (*jsontext.SyntacticError)(nil); errors.As(err, &syntax) {
		offset, err = syntax.ByteOffset, syntax.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("unexpected end")
	}
	return &Error{Offset: offset, Fault: "must be valid JSON: " + err.Error()}
}

// node reads the next value. The steps of the path of its error are in reverse order.
func (p *parser) node() (any, *Error) {
	switch p.decoder.PeekKind() {
	case '{':
		return p.object()
	case '[':
		return p.list()
	case '"':
		return p.text()
	}
	raw, err := p.decoder.ReadValue()
	if err != nil {
		return nil, p.malformed(err)
	}
	switch raw.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return raw.Kind() == 't', nil
	}
	return json.Number(raw), nil
}

// open reads the bracket that opens an object or a list.
func (p *parser) open() *Error {
	if p.depth++; p.depth > MaxDepth {
		return &Error{Offset: p.decoder.InputOffset(), Fault: faultDepth}
	}
	return p.token()
}

// token reads a bracket.
func (p *parser) token() *Error {
	if _, err := p.decoder.ReadToken(); err != nil {
		return p.malformed(err)
	}
	return nil
}

func (p *parser) object() (any, *Error) {
	if err := p.open(); err != nil {
		return nil, err
	}
	object, keys := Object{}, keySet{}
	for p.decoder.PeekKind() == '"' {
		key, err := p.text()
		if err != nil {
			return nil, err
		}
		if p.strict && !keys.add(key) {
			return nil, (&Error{Offset: p.decoder.InputOffset(), Fault: faultRepeated}).within(key)
		}
		value, err := p.node()
		if err != nil {
			return nil, err.within(key)
		}
		object = append(object, Member{key, value})
	}
	p.depth--
	return object, p.token()
}

func (p *parser) list() (any, *Error) {
	if err := p.open(); err != nil {
		return nil, err
	}
	list := []any{}
	for p.decoder.PeekKind() != ']' {
		item, err := p.node()
		if err != nil {
			return nil, err.within(len(list))
		}
		list = append(list, item)
	}
	p.depth--
	return list, p.token()
}

// text reads a string.
func (p *parser) text() (string, *Error) {
	raw, err := p.decoder.ReadValue()
	if err != nil {
		return "", p.malformed(err)
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil // between the quotes
	}
	text, err := jsontext.AppendUnquote(make([]byte, 0, len(raw)), raw)
	if err == nil {
		return string(text), nil
	}
	// The decoder has accepted the string and all of the text is UTF-8, so the fault is an unpaired surrogate, which
	// AppendUnquote replaced by U+FFFD. The encoding of a surrogate, which is not UTF-8, marks the text instead.
	if p.strict {
		return "", &Error{Offset: p.decoder.InputOffset(), Fault: faultSurrogate}
	}
	return strings.ReplaceAll(string(text), "\uFFFD", "\xED\xA0\x80"), nil
}

const (
	lowerHexDigits = "0123456789abcdef"
	upperHexDigits = "0123456789ABCDEF"
)

// AppendString appends text as a JSON string that escapes only the characters that JSON requires. Text is UTF-8.
func AppendString(b []byte, text string) []byte { return appendString(b, text, lowerHexDigits) }

// AppendUpperString is AppendString with upper-case hexadecimal digits in escapes, as gqlgen writes strings.
func AppendUpperString(b []byte, text string) []byte { return appendString(b, text, upperHexDigits) }

func appendString(b []byte, text, hexDigits string) []byte {
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
