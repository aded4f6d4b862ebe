package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/placard/placard/models"
)

// decodeJSON reads JSON into the nodes of a models.Tree. It keeps duplicate keys.
func decodeJSON(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, models.BadInput(nil, "the request must be UTF-8")
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	node, err := decodeValue(decoder)
	if err == nil {
		if _, end := decoder.ReadToken(); !errors.Is(end, io.EOF) {
			err = errTrailing
		}
	}
	if err != nil {
		return nil, &models.Error{Code: models.CodeBadInput, Message: "the body must be JSON", Err: err}
	}
	return node, nil
}

var errTrailing = models.BadInput(nil, "unexpected data after the JSON value")

func decodeValue(decoder *jsontext.Decoder) (any, error) {
	switch decoder.PeekKind() {
	case '{':
		object := models.Object{}
		_, err := decoder.ReadToken()
		for err == nil && decoder.PeekKind() != '}' {
			var key, value any
			if key, err = decodeValue(decoder); err != nil {
				break
			}
			if value, err = decodeValue(decoder); err != nil {
				break
			}
			object = append(object, models.Member{Key: key.(string), Value: value})
		}
		if err == nil {
			_, err = decoder.ReadToken()
		}
		return object, err
	case '[':
		list := []any{}
		_, err := decoder.ReadToken()
		for err == nil && decoder.PeekKind() != ']' {
			var item any
			if item, err = decodeValue(decoder); err == nil {
				list = append(list, item)
			}
		}
		if err == nil {
			_, err = decoder.ReadToken()
		}
		return list, err
	}
	raw, err := decoder.ReadValue()
	if err != nil {
		return nil, err
	}
	switch raw.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return raw.Kind() == 't', nil
	case '0':
		return json.Number(raw), nil
	}
	return unquote(raw)
}

// unquote reads a JSON string. An unpaired surrogate becomes the three bytes that would encode it if it were a character.
// Valid UTF-8 never has them, so the text can still be told from a valid one.
func unquote(raw jsontext.Value) (any, error) {
	plain, err := jsontext.AppendUnquote(nil, raw)
	if !bytes.Contains(raw, []byte(`\u`)) {
		return string(plain), err
	}
	// AppendUnquote replaces unpaired surrogates by U+FFFD, so the escapes are read again.
	var text strings.Builder
	for i := 1; i < len(raw)-1; {
		unit, size := decodeUnicodeEscape(raw[i:])
		if size == 0 {
			_, n := utf8.DecodeRune(raw[i:])
			if raw[i] == '\\' {
				n = 2
			}
			part, _ := jsontext.AppendUnquote(nil, []byte(`"`+string(raw[i:i+n])+`"`))
			text.Write(part)
			i += n
			continue
		}
		i += size
		if utf16.IsSurrogate(unit) {
			second, n := decodeUnicodeEscape(raw[i:])
			if pair := utf16.DecodeRune(unit, second); n > 0 && pair != utf8.RuneError {
				text.WriteRune(pair)
				i += n
				continue
			}
			text.Write([]byte{0xE0 | byte(unit>>12), 0x80 | byte(unit>>6)&0x3F, 0x80 | byte(unit)&0x3F})
			continue
		}
		text.WriteRune(unit)
	}
	return text.String(), nil
}

// decodeUnicodeEscape returns the code unit of an escape such as \u00e9 at the start of raw, and the length of the escape,
// 0 if there is none.
func decodeUnicodeEscape(raw []byte) (rune, int) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, 0
	}
	var unit rune
	for _, c := range raw[2:6] {
		digit := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		if c <= '9' {
			digit = int(c - '0')
		}
		if digit < 0 {
			return 0, 0
		}
		unit = unit<<4 | rune(digit)
	}
	return unit, 6
}
