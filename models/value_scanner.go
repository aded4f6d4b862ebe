package models

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// textScanner checks that a stored text has exactly the spelling that appendJSON writes, and removes marks of kinds. It
// must never accept a text that DecodeValue refuses, or that appendJSON would spell differently. It may refuse other
// texts, which are decoded then.
type textScanner struct {
	text string
	// pos is the index of the next byte.
	pos   int
	depth int
	// plain is the plain JSON of text before the index copied, unless checkOnly is set.
	plain     []byte
	copied    int
	checkOnly bool
}

// maxScannedDepth is the nesting depth at which the scanner gives up.
const maxScannedDepth = 100

// next reports whether the next byte is c, and skips it then.
func (s *textScanner) next(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// skip reports whether the next bytes are a text, and skips it then.
func (s *textScanner) skip(text string) bool {
	if strings.HasPrefix(s.text[s.pos:], text) {
		s.pos += len(text)
		return true
	}
	return false
}

// cut removes the text from an index to the current one from the plain JSON.
func (s *textScanner) cut(from int) {
	if !s.checkOnly {
		s.plain = append(s.plain, s.text[s.copied:from]...)
		s.copied = s.pos
	}
}

// value skips a value and returns its kind.
func (s *textScanner) value() (MetadataKind, bool) {
	if s.pos == len(s.text) {
		return "", false
	}
	switch s.text[s.pos] {
	case '"':
		return MetadataKindString, s.string()
	case '[':
		return MetadataKindList, s.items()
	case '{':
		if strings.HasPrefix(s.text[s.pos:], `{"$`) {
			return s.marked()
		}
		return MetadataKindDict, s.dict(false)
	case 't':
		return MetadataKindBoolean, s.skip("true")
	case 'f':
		return MetadataKindBoolean, s.skip("false")
	case 'n':
		return MetadataKindNull, s.skip("null")
	}
	number, isInteger := s.number()
	if isInteger {
		return MetadataKindInteger, isInt64Text(number)
	}
	return MetadataKindFloat, isFloatText(number)
}

// marked skips an object with the mark of a kind.
func (s *textScanner) marked() (MetadataKind, bool) {
	start := s.pos
	s.pos += len(`{"`)
	end := strings.IndexByte(s.text[s.pos:], '"')
	if end < 0 {
		return "", false
	}
	spec, ok := specByMark[s.text[s.pos:s.pos+end]]
	s.pos += end
	if !ok || !s.skip(`":`) {
		return "", false
	}
	s.cut(start)
	if !s.payload(spec.kind) {
		return "", false
	}
	end = s.pos
	ok = s.next('}')
	s.cut(end)
	return spec.kind, ok
}

// payload skips the text inside a mark. It knows no later kinds, which are decoded.
func (s *textScanner) payload(kind MetadataKind) bool {
	switch kind {
	case MetadataKindURI, MetadataKindPath, MetadataKindDType, MetadataKindMarkdown:
		return s.string()
	case MetadataKindTuple, MetadataKindSet:
		return s.items()
	case MetadataKindDict:
		return s.dict(true)
	case MetadataKindFloat:
		return s.skip(`"NaN"`) || s.skip(`"Infinity"`) || s.skip(`"-Infinity"`)
	case MetadataKindStorageSize:
		size, isInteger := s.number()
		return isInteger && isInt64Text(size) && size[0] != '-'
	case MetadataKindDuration:
		seconds, isInteger := s.number()
		return isDurationText(seconds, isInteger)
	case MetadataKindTimestamp:
		start := s.pos
		return s.string() && isTimestampText(s.text[start:s.pos])
	}
	return false
}

// items skips a list.
func (s *textScanner) items() bool {
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > maxScannedDepth || !s.next('[') {
		return false
	}
	if s.next(']') {
		return true
	}
	for {
		if _, ok := s.value(); !ok {
			return false
		}
		if !s.next(',') {
			return s.next(']')
		}
	}
}

// dict skips an object. An object with the mark `$dict` has a key that begins with $, another object has none.
func (s *textScanner) dict(isMarked bool) bool {
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > maxScannedDepth || !s.next('{') {
		return false
	}
	if s.next('}') {
		return !isMarked
	}
	var keys scannedKeys
	needsMark := false
	for {
		start := s.pos
		if !s.string() || !keys.add(s.text[start:s.pos]) || !s.next(':') {
			return false
		}
		needsMark = needsMark || s.text[start+1] == '$'
		if _, ok := s.value(); !ok {
			return false
		}
		if !s.next(',') {
			return s.next('}') && needsMark == isMarked
		}
	}
}

// scannedKeys are the quoted keys of a dictionary. Few keys need no map.
type scannedKeys struct {
	few  [8]string
	n    int
	many map[string]bool
}

// add reports whether the key is new.
func (k *scannedKeys) add(key string) bool {
	for _, earlier := range k.few[:k.n] {
		if earlier == key {
			return false
		}
	}
	if k.n < len(k.few) {
		k.few[k.n] = key
		k.n++
		return true
	}
	if k.many == nil {
		k.many = map[string]bool{}
	}
	if k.many[key] {
		return false
	}
	k.many[key] = true
	return true
}

// ordinary reports whether 8 bytes are neither quotes nor backslashes nor control characters. It may report false for
// 8 bytes that are.
func ordinary(word uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quotes, backslashes := word^('"'*ones), word^('\\'*ones)
	found := (quotes-ones)&^quotes | (backslashes-ones)&^backslashes | (word-' '*ones)&^word
	return found&tops == 0
}

// string skips a string in the spelling of jsontree.AppendString, without the characters that CheckCharacters refuses.
func (s *textScanner) string() bool {
	if !s.next('"') {
		return false
	}
	text, i := s.text[s.pos:], 0
	for {
		for i+8 <= len(text) && ordinary(uint64(text[i])|uint64(text[i+1])<<8|uint64(text[i+2])<<16|uint64(text[i+3])<<24|
			uint64(text[i+4])<<32|uint64(text[i+5])<<40|uint64(text[i+6])<<48|uint64(text[i+7])<<56) {
			i += 8
		}
		for i < len(text) && text[i] >= ' ' && text[i] != '"' && text[i] != '\\' {
			i++
		}
		switch {
		case i == len(text) || text[i] < ' ':
			return false
		case text[i] == '"':
			s.pos += i + 1
			return utf8.ValidString(text[:i])
		}
		size := escapeSize(text[i:])
		if size == 0 {
			return false
		}
		i += size
	}
}

// escapeSize returns the size of the escape sequence at the start of a text, 0 if jsontree.AppendString does not write
// it.
func escapeSize(text string) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', 'n', 'r', 't':
		return 2
	case 'u':
		const size = len(`\u001f`)
		if len(text) < size || text[2] != '0' || text[3] != '0' {
			return 0
		}
		code, err := strconv.ParseUint(text[4:size], 16, 8)
		isUpper := text[5] >= 'A' && text[5] <= 'F'
		if err != nil || code == 0 || code >= ' ' || code == '\n' || code == '\r' || code == '\t' || isUpper {
			return 0
		}
		return size
	}
	return 0
}

// number skips and returns the characters of a number, and whether it has neither a point nor an exponent.
func (s *textScanner) number() (text string, isInteger bool) {
	start := s.pos
	isInteger = true
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		if c == '.' || c == 'e' {
			isInteger = false
		} else if (c < '0' || c > '9') && c != '-' && c != '+' {
			break
		}
		s.pos++
	}
	return s.text[start:s.pos], isInteger
}
