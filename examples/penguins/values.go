package main

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// An object is a JSON object with ordered members: a dashboard shows metadata in the order in which it was logged.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var failures error
	parts := make([]string, len(o))
	for i, m := range o {
		key, err := json.Marshal(m.key)
		value, err2 := json.Marshal(m.value)
		failures = errors.Join(failures, err, err2)
		parts[i] = string(key) + ":" + string(value)
	}
	return []byte("{" + strings.Join(parts, ",") + "}"), failures
}

// mark returns a value of a kind that JSON does not have: an object with one key that begins with $.
func mark(kind string, value any) object { return object{{"$" + kind, value}} }

func timestamp(t time.Time) object { return mark("timestamp", t.UTC()) }
