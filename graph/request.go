package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/placard/placard/models"
)

// request is a GraphQL request as it came in.
type request struct {
	// query is empty when hasQuery is not set: then hash names it.
	query    string
	hasQuery bool
	// hash is the SHA-256 of the query, empty when the client does not say it.
	hash          string
	operationName string
	// variables are nil where there are none.
	variables models.Object
	// begun is when the request was there as a whole: its deadline counts from then on.
	begun time.Time
}

// parseRequest reads a request from JSON. Nothing is repaired: a key twice and invalid UTF-8 are refused here, and
// an unpaired surrogate stays in its text as bytes that are no UTF-8, so that whoever reads the text refuses it with
// its place.
func parseRequest(body []byte) (*request, error) {
	tree, err := parseJSON(body)
	if err != nil {
		return nil, err
	}
	members, ok := tree.(models.Object)
	if !ok {
		return nil, models.BadInput(nil, "the body must be a JSON object with the member query")
	}
	r := &request{}
	seen := map[string]bool{}
	for _, member := range members {
		at := models.At(member.Key)
		if seen[member.Key] {
			return nil, models.BadInput(at, "stands twice in the body")
		}
		seen[member.Key] = true
		if err := r.set(at, member); err != nil {
			return nil, err
		}
	}
	return r, r.checkQuery()
}

func (r *request) set(at *models.Path, member models.Member) error {
	var ok bool
	switch member.Key {
	case "query":
		if r.query, ok = member.Value.(string); !ok {
			return models.BadInput(at, "must be text")
		}
		r.hasQuery = true
	case "operationName":
		if r.operationName, ok = member.Value.(string); !ok && member.Value != nil {
			return models.BadInput(at, "must be text")
		}
	case "variables":
		if r.variables, ok = member.Value.(models.Object); !ok && member.Value != nil {
			return models.BadInput(at, "must be an object")
		}
		seen := map[string]bool{}
		for _, variable := range r.variables {
			if seen[variable.Key] {
				return models.BadInput(at.In(variable.Key), "stands twice in the object")
			}
			seen[variable.Key] = true
		}
	case "extensions":
		extensions, ok := member.Value.(models.Object)
		if !ok && member.Value != nil {
			return models.BadInput(at, "must be an object")
		}
		if err := checkUnread(at, member.Value); err != nil {
			return err
		}
		return r.readHash(at, extensions)
	default:
		return checkUnread(at, member.Value)
	}
	return nil
}

// checkUnread refuses what is wrong in a part of the body that nobody reads: a key twice, an unpaired surrogate.
func checkUnread(at *models.Path, node any) error {
	switch node := node.(type) {
	case string:
		if !utf8.ValidString(node) {
			return models.BadInput(at, "must not hold an unpaired surrogate")
		}
	case []any:
		for i, item := range node {
			if err := checkUnread(at.In(i), item); err != nil {
				return err
			}
		}
	case models.Object:
		seen := make(map[string]bool, len(node))
		for _, member := range node {
			inside := at.In(member.Key)
			if seen[member.Key] {
				return models.BadInput(inside, "stands twice in the object")
			}
			seen[member.Key] = true
			if err := checkUnread(inside, member.Key); err != nil {
				return err
			}
			if err := checkUnread(inside, member.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// variable is the value of a variable that was sent.
func (r *request) variable(name string) (any, bool) {
	for _, member := range r.variables {
		if member.Key == name {
			return member.Value, true
		}
	}
	return nil, false
}

// parseJSON reads JSON as the nodes of a models.Tree, keys that stand twice included.
func parseJSON(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, models.BadInput(nil, "the request must be UTF-8")
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	node, err := readNode(decoder)
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

var errTrailing = models.BadInput(nil, "something follows the JSON value")

func readNode(decoder *jsontext.Decoder) (any, error) {
	switch decoder.PeekKind() {
	case '{':
		object := models.Object{}
		_, err := decoder.ReadToken()
		for err == nil && decoder.PeekKind() != '}' {
			var key, value any
			if key, err = readNode(decoder); err != nil {
				break
			}
			if value, err = readNode(decoder); err != nil {
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
			if item, err = readNode(decoder); err == nil {
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

// unquote reads a JSON string. An unpaired surrogate becomes the three bytes that would encode it if it were a
// character: valid UTF-8 never has them, so the text can still be told from a good one.
func unquote(raw jsontext.Value) (any, error) {
	plain, err := jsontext.AppendUnquote(nil, raw)
	if !bytes.Contains(raw, []byte(`\u`)) {
		return string(plain), err
	}
	// A surrogate that has no partner was replaced by U+FFFD; see where, by reading the escapes again.
	var text strings.Builder
	for i := 1; i < len(raw)-1; {
		unit, size := escaped(raw[i:])
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
			second, n := escaped(raw[i:])
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

// escaped is the code unit of an escape like \u00e9 at the beginning of raw, and its length; 0 when there is none.
func escaped(raw []byte) (rune, int) {
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
