package models

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/placard/placard/internal/jsontree"
)

// golden is a case of testdata/values.json, which the tests of clients read, too.
type golden struct {
	name, kind, display    string
	in, json, extendedJSON any
}

func goldens(t testing.TB) []golden {
	t.Helper()
	text, err := os.ReadFile("testdata/values.json")
	if err != nil {
		t.Fatal(err)
	}
	node, err := jsontree.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden
	for _, one := range node.([]any) {
		fields := map[string]any{}
		for _, member := range one.(Object) {
			fields[member.Key] = member.Value
		}
		cases = append(cases, golden{
			fields["name"].(string), fields["kind"].(string), fields["display"].(string),
			fields["in"], fields["json"], fields["extendedJson"],
		})
	}
	return cases
}

// compact returns a node as JSON without spaces and with the original spelling of numbers.
func compact(node any) string {
	switch node := node.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(node)
	case string:
		return string(jsontree.AppendString(nil, node))
	case json.Number:
		return string(node)
	case []any:
		parts := make([]string, len(node))
		for i, item := range node {
			parts[i] = compact(item)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	var parts []string
	for _, member := range node.(Object) {
		parts = append(parts, string(jsontree.AppendString(nil, member.Key))+":"+compact(member.Value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func defaults() *ServerLimits {
	limits := DefaultLimits()
	return &limits
}

// one returns the fact of a value that is logged by `metadata` under the key `v`.
func one(node any) (Fact, error) {
	facts, err := ReadFacts(defaults(), nil, &Tree{Node: Object{{Key: "v", Value: node}}}, nil)
	if err != nil {
		return Fact{}, err
	}
	return facts[0], nil
}

func entryOf(fact Fact) *MetadataEntry {
	return &MetadataEntry{CardName: fact.Card, Key: fact.Key, Kind: &fact.Kind, Text: &fact.Text}
}

func jsonText(text *RawJSON) string {
	if text == nil {
		return "null"
	}
	return string(*text)
}

func TestGoldenValues(t *testing.T) {
	t.Parallel()
	seen := map[MetadataKind]bool{}
	for _, c := range goldens(t) {
		t.Run(c.name, func(t *testing.T) {
			fact, err := one(c.in)
			if err != nil {
				t.Fatal(err)
			}
			value, err := entryOf(fact).Value()
			if err != nil {
				t.Fatal(err)
			}
			for what, pair := range map[string][2]string{
				"kind":         {string(value.Kind()), c.kind},
				"display":      {value.Display(), c.display},
				"json":         {jsonText(value.JSON()), compact(c.json)},
				"extendedJson": {jsonText(value.ExtendedJSON()), compact(c.extendedJSON)},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: got %s, want %s", what, pair[0], pair[1])
				}
			}
			again, err := one(c.extendedJSON)
			if err != nil || again != fact {
				t.Errorf("logged again: got %+v, want %+v (%v)", again, fact, err)
			}
			byFields, err := ReadFacts(defaults(), nil, nil, []MetadataEntryInput{{Key: "v", Value: typed(c.extendedJSON)}})
			if err != nil || byFields[0] != fact {
				t.Errorf("logged by fields: got %+v, want %+v (%v)", byFields, fact, err)
			}
			seen[value.Kind()] = true
		})
	}
	for _, spec := range kindTable() {
		if !seen[spec.kind] {
			t.Errorf("testdata/values.json has no case of %s", spec.kind)
		}
	}
}

// TestUnits checks sizes and durations with units in MetadataValueInput, and that extended JSON has none.
func TestUnits(t *testing.T) {
	t.Parallel()
	const size, duration = "storageSize", "duration"
	for _, c := range []struct{ field, text, want string }{
		{size, "1.5GiB", "1610612736"}, {size, "1.5 kB", "1500"}, {size, "0B", "0"}, {size, "-0B", "0"}, {size, "12", "12"},
		{size, "0.5KiB", "512"}, {size, "9223372036854775807B", "9223372036854775807"},
		{size, "1.5B", ""}, {size, "0.0001kB", ""}, {size, "-1kB", ""}, {size, "9223372036854775808B", ""}, {size, "8EiB", ""},
		{size, "90s", ""}, {size, "1.5gb", ""}, {size, "GB", ""}, {size, "1.5", ""}, {size, " 1GB", ""}, {size, "1e3B", ""},
		{duration, "90s", "90"}, {duration, "1.5min", "90"}, {duration, "-2m", "-120"}, {duration, "0.5s", "0.5"},
		{duration, "100ms", "0.1"}, {duration, "3ns", "3e-09"}, {duration, "0.3us", "3e-07"}, {duration, "-0s", "0"},
		{duration, "9007199254740993s", "9007199254740992"}, {duration, "0.1d", "8640"}, {duration, "3 µs", "3e-06"},
		{duration, "90", ""}, {duration, "90 sec", ""}, {duration, "1GB", ""}, {duration, "1h30m", ""}, {duration, "", ""},
	} {
		facts, err := ReadFacts(defaults(), nil, nil, []MetadataEntryInput{{Key: "v", Value: ValueInput{c.field: &Tree{Node: c.text}}}})
		switch {
		case c.want == "" && (CodeOf(err) != CodeBadInput || !strings.Contains(fmt.Sprint(err.(*Error).Path), "value "+c.field)):
			t.Errorf("%s %q: got %+v, %v, want BAD_INPUT", c.field, c.text, facts, err)
		case c.want != "" && (err != nil || facts[0].Text != `{"$`+c.field+`":`+c.want+`}`):
			t.Errorf("%s %q: got %+v, %v, want %s", c.field, c.text, facts, err, c.want)
		case c.want != "":
			if again, err := one(mustParse(t, facts[0].Text)); err != nil || again != facts[0] {
				t.Errorf("%s %q: logged again: got %+v, want %+v (%v)", c.field, c.text, again, facts[0], err)
			}
		}
		_, err = one(Object{{Key: "$" + c.field, Value: c.text}})
		if (err == nil) != (c.text == "12") {
			t.Errorf("extended JSON, %s %q: %v", c.field, c.text, err)
		}
	}
}

func mustParse(t *testing.T, text string) any {
	t.Helper()
	node, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// typed converts extended JSON to an equivalent MetadataValueInput.
func typed(node any) ValueInput {
	switch node := node.(type) {
	case nil:
		return ValueInput{"null": true}
	case bool:
		return ValueInput{"boolean": node}
	case string:
		return ValueInput{"string": node}
	case json.Number:
		if strings.ContainsAny(string(node), ".eE") {
			return ValueInput{"float": node}
		}
		return ValueInput{"integer": node}
	case []any:
		return ValueInput{"list": typedItems(node)}
	}
	object := node.(Object)
	spec, inside, isMarked := findMark(object)
	switch items, isList := inside.([]any); {
	case !isMarked:
		return ValueInput{"dict": typedFields(object)}
	case spec.kind == MetadataKindDict && !strings.HasPrefix(compact(inside), `{"$`):
		return ValueInput{"dict": typedFields(inside.(Object))}
	case spec.kind == MetadataKindFloat, spec.kind == MetadataKindDict: // what only JSON can say
		return ValueInput{"json": &Tree{Node: node}}
	case isList:
		return ValueInput{spec.name: typedItems(items)}
	}
	return ValueInput{spec.name: inside}
}

func typedItems(nodes []any) []map[string]any {
	items := make([]map[string]any, len(nodes))
	for i, node := range nodes {
		items[i] = typed(node)
	}
	return items
}

func typedFields(object Object) []map[string]any {
	fields := make([]map[string]any, len(object))
	for i, member := range object {
		fields[i] = map[string]any{"key": member.Key, "value": typed(member.Value)}
	}
	return fields
}

func TestFloatsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		if math.IsNaN(f) || math.IsInf(f, 0) {
			t.Skip("named, not written")
		}
		text := FloatValue{Number: f}.Repr()
		fact, err := one(json.Number(text))
		if err != nil || fact.Kind != MetadataKindFloat || fact.Text != text {
			t.Fatalf("%s came back as %+v (%v)", text, fact, err)
		}
		back, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Float64bits(back) != math.Float64bits(f) {
			t.Fatalf("%v was written %s", f, text)
		}
	})
}

// FuzzFacts checks for any JSON object that reading it does not panic, and that accepted values can be decoded, shown
// and logged again unchanged.
func FuzzFacts(f *testing.F) {
	for _, c := range goldens(f) {
		f.Add(`{"v":` + compact(c.in) + `}`)
		f.Add(`{"card":{"v":` + compact(c.in) + `}}`)
	}
	f.Add(`{"a":{"$set":[{"$set":[1,2]},{"$set":[2,1]}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		node, err := jsontree.ParseUnchecked([]byte(text))
		if err != nil {
			t.Skip()
		}
		facts, err := ReadFacts(defaults(), NewPath("input"), &Tree{Node: node}, nil)
		if err != nil {
			if CodeOf(err) == CodeInternal {
				t.Fatal(err)
			}
			return
		}
		for _, fact := range facts {
			value, err := entryOf(fact).Value()
			if err != nil {
				t.Fatalf("%+v cannot be read: %v", fact, err)
			}
			value.Display()
			shown, err := jsontree.Parse([]byte(jsonText(value.ExtendedJSON())))
			if err != nil {
				t.Fatal(err)
			}
			object := Object{{Key: fact.Key, Value: shown}}
			if fact.Card != "" {
				object = Object{{Key: fact.Card, Value: object}}
			}
			again, err := ReadFacts(defaults(), nil, &Tree{Node: object}, nil)
			if err != nil || len(again) != 1 || again[0] != fact {
				t.Fatalf("%+v was logged again as %+v (%v)", fact, again, err)
			}
		}
	})
}
