package transfer

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/placard/placard/internal/jsontree"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/models"
)

// details writes the details of an event as a JSON object.
func (w *writer) details(text string) error {
	node, err := jsontree.Parse([]byte(text))
	if err != nil {
		return fmt.Errorf("the details of an event: %w", err)
	}
	w.node(node)
	return nil
}

// node writes JSON without floats, so that the spelling of numbers is that of the database.
func (w *writer) node(node any) {
	switch node := node.(type) {
	case models.Object:
		w.line = append(w.line, '{')
		for i, member := range node {
			if i > 0 {
				w.line = append(w.line, ',')
			}
			w.text(member.Key)
			w.line = append(w.line, ':')
			w.node(member.Value)
		}
		w.line = append(w.line, '}')
	case []any:
		w.line = append(w.line, '[')
		for i, item := range node {
			if i > 0 {
				w.line = append(w.line, ',')
			}
			w.node(item)
		}
		w.line = append(w.line, ']')
	case string:
		w.text(node)
	case json.Number:
		w.line = append(w.line, node...)
	}
}

// readDetails reads the details of an event by the rules of the API. Its errors do not repeat the content of the line.
func (r *reader) readDetails(given any) (any, error) {
	object, ok := given.(models.Object)
	if !ok {
		return nil, errors.New("must be an object")
	}
	var details models.EventDetails
	for _, member := range object {
		read := detailReaders[member.Key]
		if read == nil {
			return nil, errors.New(`has only the members "artifact", "version", "number", "alias", "tags", "entries", ` +
				`"keys", "reason", "pipeline", "status"`)
		}
		if err := read(r, &details, member.Value); err != nil {
			return nil, errors.New("has a member with a fault: " + explain(member.Key, err).Error())
		}
	}
	return bulk.DetailsText(details)
}

// detailReaders read the members of the details of an event.
var detailReaders = map[string]func(r *reader, d *models.EventDetails, given any) error{
	"artifact": func(_ *reader, d *models.EventDetails, given any) error { return readName(&d.Artifact, given) },
	"version":  func(_ *reader, d *models.EventDetails, given any) error { return readName(&d.Version, given) },
	"alias":    func(_ *reader, d *models.EventDetails, given any) error { return readName(&d.Alias, given) },
	"pipeline": func(_ *reader, d *models.EventDetails, given any) error { return readName(&d.Pipeline, given) },
	"number": func(_ *reader, d *models.EventDetails, given any) (err error) {
		d.Number, err = readCount[int32](given)
		return err
	},
	"entries": func(_ *reader, d *models.EventDetails, given any) (err error) {
		d.EntryCount, err = readCount[int](given)
		return err
	},
	"status": func(_ *reader, d *models.EventDetails, given any) error {
		text, _ := given.(string)
		d.Status = models.RunStatus(text)
		return bulk.CheckStatus(text)
	},
	"reason": func(_ *reader, d *models.EventDetails, given any) error {
		text, ok := given.(string)
		if !ok {
			return errors.New("must be a string")
		}
		d.Reason = &text
		return bulk.CheckReason(text)
	},
	"tags": func(_ *reader, d *models.EventDetails, given any) error {
		return readItems(given, models.MaxLabels, func(item any) error {
			d.Tags = append(d.Tags, "")
			return readName(&d.Tags[len(d.Tags)-1], item)
		})
	},
	"keys": func(r *reader, d *models.EventDetails, given any) error {
		return readItems(given, models.MaxEventKeys, func(item any) error {
			key, err := r.readKey(item)
			d.Keys = append(d.Keys, key)
			return err
		})
	},
}

func readName(name *string, given any) error {
	text, ok := given.(string)
	if !ok {
		return errors.New("must be a string")
	}
	*name = text
	return models.CheckName(nil, text)
}

func readCount[T int | int32](given any) (T, error) {
	number, _ := given.(json.Number)
	n, err := strconv.ParseInt(string(number), 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("must be an integer from 1 to %d", math.MaxInt32)
	}
	return T(n), nil
}

func readItems(given any, limit int, read func(item any) error) error {
	items, _ := given.([]any)
	if len(items) == 0 || len(items) > limit {
		return fmt.Errorf("must be a list of 1 to %d items", limit)
	}
	for _, item := range items {
		if err := read(item); err != nil {
			return err
		}
	}
	return nil
}

// readKey reads a key of an event.
func (r *reader) readKey(given any) (models.TimelineEventKey, error) {
	members := toMap(toObject(given))
	key, hasKey := members["key"].(string)
	card, hasCard := members["card"].(string)
	if _, ok := members["card"]; !hasKey || ok && !hasCard || len(members) > 1 && !hasCard || len(members) > 2 {
		return models.TimelineEventKey{}, errors.New(`must have objects with a string "key" and, optionally, a string "card"`)
	}
	for _, text := range []*string{&key, &card} {
		if text == &card && !hasCard {
			continue
		}
		if *text == "" {
			return models.TimelineEventKey{}, errors.New("must not have an empty key or card")
		}
		if err := models.CheckText(nil, "a key", *text, int(r.limits.KeyCharacters)); err != nil {
			return models.TimelineEventKey{}, err
		}
	}
	return models.TimelineEventKey{CardName: card, Key: key}, nil
}

func toObject(given any) models.Object {
	object, _ := given.(models.Object)
	return object
}
