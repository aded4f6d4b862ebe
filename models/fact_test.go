package models

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/placard/placard/internal/jsontree"
)

func nested(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

// TestRefusals checks the code and the path of the error of each invalid input.
func TestRefusals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65535)
	for _, c := range []struct {
		in   string
		code Code
		path string
	}{
		{`{"a": {"$storageSize": -1}}`, CodeBadInput, "[metadata a $storageSize]"},
		{`{"a": {"$storageSize": 1.0}}`, CodeBadInput, "[metadata a $storageSize]"},
		{`{"a": {"$storageSize": "01"}}`, CodeBadInput, "[metadata a $storageSize]"},
		{`{"a": {"$storageSize": 9223372036854775808}}`, CodeBadInput, "[metadata a $storageSize]"},
		{`{"a": {"$timestamp": "yesterday"}}`, CodeBadInput, "[metadata a $timestamp]"},
		{`{"a": {"$timestamp": "2026-01-02T03:04:05"}}`, CodeBadInput, "[metadata a $timestamp]"},
		{`{"a": {"$timestamp": "2026-01-02T03:04:60Z"}}`, CodeBadInput, "[metadata a $timestamp]"},
		{`{"a": {"$timestamp": "2026-01-02T03:04:05.1234567890Z"}}`, CodeBadInput, "[metadata a $timestamp]"},
		{`{"a": {"$timestamp": "2026-01-02T03:04:05,5Z"}}`, CodeBadInput, "[metadata a $timestamp]"},
		{`{"a": {"$timestamp": "2026-01-02T03:04:05+24:00"}}`, CodeBadInput, "[metadata a $timestamp]"},
		{`{"a": {"$timestamp": "2026-01-02T03:04:05+00:60"}}`, CodeBadInput, "[metadata a $timestamp]"},
		{`{"a": {"$timestamp": "9999-12-31T23:59:59-00:01"}}`, CodeBadInput, "[metadata a $timestamp]"},
		{`{"a": {"$float": "nan"}}`, CodeBadInput, "[metadata a $float]"},
		{`{"a": {"$float": 1.0}}`, CodeBadInput, "[metadata a $float]"},
		{`{"a": {"$duration": "90s"}}`, CodeBadInput, "[metadata a $duration]"},
		{`{"a": {"$duration": 9007199254740993}}`, CodeBadInput, "[metadata a $duration]"},
		{`{"a": {"$uri": 1}}`, CodeBadInput, "[metadata a $uri]"},
		{`{"a": {"$set": [1, 2, 1]}}`, CodeBadInput, "[metadata a $set 2]"},
		{`{"a": {"$set": [{"$set": [1, 2]}, {"$set": [2, 1]}]}}`, CodeBadInput, "[metadata a $set 1]"},
		{`{"a": {"$set": [{"x": 1, "y": 2}, {"y": 2, "x": 1}]}}`, CodeBadInput, "[metadata a $set 1]"},
		{`{"a": {"$set": [{"$float": "NaN"}, {"$float": "NaN"}]}}`, CodeBadInput, "[metadata a $set 1]"},
		{`{"a": {"$tuple": {}}}`, CodeBadInput, "[metadata a $tuple]"},
		{`{"a": {"$dict": []}}`, CodeBadInput, "[metadata a $dict]"},
		{`{"a": {"$nonsense": 1}}`, CodeBadInput, "[metadata a $nonsense]"},
		{`{"a": {"$uri": "x", "b": 1}}`, CodeBadInput, "[metadata a $uri]"},
		{`{"a": [{"$uri": "x", "b": 1}]}`, CodeBadInput, "[metadata a 0 $uri]"},
		{`{"a": {"$dict": {"b": {"$c": 2}}}}`, CodeBadInput, "[metadata a $dict b $c]"},
		{`{"$uri": "x"}`, CodeBadInput, "[metadata $uri]"},
		{`{"a": 9223372036854775808}`, CodeBadInput, "[metadata a]"},
		{`{"a": -9223372036854775809}`, CodeBadInput, "[metadata a]"},
		{`{"a": 1e400}`, CodeBadInput, "[metadata a]"},
		{`{"a": 1e-400}`, CodeBadInput, "[metadata a]"},
		{`{"a": "\u0000"}`, CodeBadInput, "[metadata a]"},
		{`{"\u0000": 1}`, CodeBadInput, "[metadata \x00]"},
		{`{"": 1}`, CodeBadInput, "[metadata ]"},
		{`{"card": {"": 1}}`, CodeBadInput, "[metadata card ]"},
		{`{"a": 1, "a": 2}`, CodeBadInput, "[metadata a]"},
		{`{"card": {"a": 1}, "card": {"b": 1}}`, CodeBadInput, "[metadata card]"},
		{`{"card": {"a": 1, "a": 2}}`, CodeBadInput, "[metadata card a]"},
		{`{"a": [{"b": 1, "b": 2}]}`, CodeBadInput, "[metadata a 0 b]"},
		{`{"a": ` + nested(33) + `}`, CodeLimitExceeded, ""},
		{`{"a": "` + long + `"}`, CodeLimitExceeded, "[metadata a]"},
		{`{"` + strings.Repeat("ü", 251) + `": 1}`, CodeLimitExceeded, ""},
		{`{"card": {"` + strings.Repeat("k", 251) + `": 1}}`, CodeLimitExceeded, ""},
	} {
		node, err := jsontree.ParseUnchecked([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		_, err = ReadFacts(defaults(), nil, &Tree{Node: node}, nil)
		var failure *Error
		if !errors.As(err, &failure) || failure.Code != c.code {
			t.Errorf("%.80s: got %v, want %s", c.in, err, c.code)
			continue
		}
		if path := fmt.Sprint(failure.Path); c.path != "" && path != c.path {
			t.Errorf("%.80s: refused at %s, want %s", c.in, path, c.path)
		}
		if (failure.Code == CodeLimitExceeded) != (failure.Limit != nil && failure.Actual != nil && *failure.Actual > *failure.Limit) {
			t.Errorf("%.80s: limit %v, actual %v", c.in, failure.Limit, failure.Actual)
		}
	}
}

// TestAtTheLimit checks that input at each limit is accepted.
func TestAtTheLimit(t *testing.T) {
	t.Parallel()
	many := Object{}
	for i := range 1000 {
		many = append(many, Member{Key: fmt.Sprint(i), Value: true})
	}
	for name, object := range map[string]Object{
		"value of 64 KiB":     {{Key: "a", Value: strings.Repeat("x", 65534)}},
		"key of 250":          {{Key: strings.Repeat("🦆", 250), Value: true}},
		"card of 250":         {{Key: strings.Repeat("🦆", 250), Value: Object{{Key: "a", Value: true}}}},
		"entries":             many,
		"white space is kept": {{Key: " a ", Value: true}, {Key: "a", Value: true}},
	} {
		if _, err := ReadFacts(defaults(), nil, &Tree{Node: object}, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	node, err := jsontree.Parse([]byte(nested(32)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one(node); err != nil {
		t.Error(err)
	}
	many = append(many, Member{Key: "one more", Value: true})
	if _, err := ReadFacts(defaults(), nil, &Tree{Node: many}, nil); CodeOf(err) != CodeLimitExceeded {
		t.Errorf("1,001 entries: %v", err)
	}
}

func TestNestingIsCountedWhole(t *testing.T) {
	t.Parallel()
	node, err := jsontree.Parse([]byte(`{"$dict": {"a": {"$tuple": ` + nested(38) + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = one(node)
	var failure *Error
	if !errors.As(err, &failure) || *failure.Limit != 32 || *failure.Actual != 39 {
		t.Errorf("a dict with a tuple that holds 37 lists: %v", err)
	}
}

// TestSetsInSets checks that comparing nested sets does not take twice as long for each level.
func TestSetsInSets(t *testing.T) {
	t.Parallel()
	node, err := jsontree.Parse([]byte(strings.Repeat(`{"$set":[0,`, 32) + "1" + strings.Repeat("]}", 32)))
	if err != nil {
		t.Fatal(err)
	}
	fact, err := one(node)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entryOf(fact).Value(); err != nil {
		t.Error(err)
	}
}

// TestCardsAndEntries checks which members become cards, and the order of cards and entries.
func TestCardsAndEntries(t *testing.T) {
	t.Parallel()
	node, err := jsontree.Parse([]byte(`{"z": 1, "card": {"b": 1, "a": {"x": 1}}, "empty": {}, "dict": {"$dict": {"k": 1}}, "uri": {"$uri": "u"}}`))
	if err != nil {
		t.Fatal(err)
	}
	card, name, dollar := "card", "typed", "$c"
	facts, err := ReadFacts(defaults(), nil, &Tree{Node: node}, []MetadataEntryInput{{Key: "c", Card: &card, Value: ValueInput{"string": &name}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Fact{
		{Key: "z", Kind: MetadataKindInteger, Text: "1"},
		{Card: "card", Key: "b", Kind: MetadataKindInteger, Text: "1"},
		{Card: "card", Key: "a", Kind: MetadataKindDict, Text: `{"x":1}`},
		{Key: "empty", Kind: MetadataKindDict, Text: "{}"},
		{Key: "dict", Kind: MetadataKindDict, Text: `{"k":1}`},
		{Key: "uri", Kind: MetadataKindURI, Text: `{"$uri":"u"}`},
		{Card: "card", Key: "c", Kind: MetadataKindString, Text: `"typed"`},
	}
	for i := range facts {
		facts[i].Precomputed = SearchKeys{}
	}
	if !reflect.DeepEqual(facts, want) {
		t.Errorf("got  %+v\nwant %+v", facts, want)
	}
	for name, entry := range map[string]MetadataEntryInput{
		"an entry":     {Key: "$a", Value: ValueInput{"string": &name}},
		"a card":       {Key: "a", Card: &dollar, Value: ValueInput{"string": &name}},
		"a dictionary": {Key: "a", Value: ValueInput{"dict": []map[string]any{{"key": "$a", "value": ValueInput{"string": &name}}}}},
	} {
		if _, err := ReadFacts(defaults(), nil, nil, []MetadataEntryInput{entry}); CodeOf(err) != CodeBadInput {
			t.Errorf("$ in the key of %s: %v", name, err)
		}
	}
	if _, err := ReadFacts(defaults(), nil, &Tree{Node: node}, []MetadataEntryInput{{Key: "z", Value: ValueInput{"string": &name}}}); CodeOf(err) != CodeBadInput {
		t.Errorf("a key of metadata again in entries: %v", err)
	}
}
