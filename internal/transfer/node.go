package transfer

import (
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/placard/placard/models"
)

// readNode reads JSON as a node of models.Tree. The decoder refuses a key twice, what is no UTF-8 and unpaired surrogates.
func readNode(decoder *jsontext.Decoder) (any, error) {
	switch decoder.PeekKind() {
	case '{':
		return readObject(decoder)
	case '[':
		return readList(decoder)
	}
	token, err := decoder.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return token.Bool(), nil
	case '0':
		return json.Number(token.String()), nil
	}
	return token.String(), nil
}

func readObject(decoder *jsontext.Decoder) (any, error) {
	object := models.Object{}
	_, err := decoder.ReadToken()
	for err == nil && decoder.PeekKind() != '}' {
		var key, value any
		if key, err = readNode(decoder); err != nil {
			return nil, err
		}
		if value, err = readNode(decoder); err == nil {
			object = append(object, models.Member{Key: key.(string), Value: value})
		}
	}
	if err == nil {
		_, err = decoder.ReadToken()
	}
	return object, err
}

func readList(decoder *jsontext.Decoder) (any, error) {
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
