package entryjson_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/jsontree"
	"github.com/placard/placard/models"
)

// drawer draws queries and entries.
type drawer struct {
	*rand.Rand
	// values are extended JSON.
	values []any
}

// goldenValues returns the values of models/testdata/values.json.
func goldenValues(t testing.TB) (values []any) {
	t.Helper()
	text, err := os.ReadFile("../../models/testdata/values.json")
	if err != nil {
		t.Fatal(err)
	}
	node, err := jsontree.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, golden := range node.([]any) {
		for _, member := range golden.(models.Object) {
			if member.Key == "in" {
				values = append(values, member.Value)
			}
		}
	}
	return values
}

func pick[T any](d *drawer, items ...T) T { return items[d.IntN(len(items))] }

// selection draws a document. Fragments spread only later ones, and only those that are spread are written.
type selection struct {
	*drawer
	used [2][fragments]bool
}

// fragments is the number of fragments on entries, and that on values.
const fragments = 3

// document draws a query or a mutation. Its list may be selected twice, so that the selection sets are merged.
func (d *drawer) document() string {
	s := &selection{drawer: d}
	field := pick(d, "metadata", "columns(keys: [])", `metadataEntry(key: "k")`)
	operation, text := "query", ""
	switch d.IntN(6) {
	case 0:
		operation = "mutation"
		text = `logMetadata(input: {target: {stepRunId: "x"}, metadata: {}}) { deduplicated entries ` + s.entrySet(0) + " }"
	case 1:
		text = fmt.Sprintf(`artifactVersion(ref: {id: "x"}) { id %s %s %s %s %s %s }`,
			field, s.directive(), s.entrySet(0), field, pick(d, "", "@include(if: $a)"), s.entrySet(0))
	default:
		text = fmt.Sprintf(`artifactVersion(ref: {id: "x"}) { id %s %s }`, field, s.entrySet(0))
	}
	tail := ""
	for i := range fragments {
		if s.used[0][i] {
			tail += fmt.Sprintf(" fragment E%d on MetadataEntry %s", i, s.entrySet(i+1))
		}
	}
	for i := range fragments {
		if s.used[1][i] {
			tail += fmt.Sprintf(" fragment V%d on %s %s", i, pick(d, "MetadataValue", "DisplayValue"), s.valueSet(1, i+1))
		}
	}
	var variables []string
	for _, name := range []string{"$a", "$b"} {
		if strings.Contains(text+tail, name) {
			variables = append(variables, name+": Boolean!")
		}
	}
	if len(variables) > 0 {
		operation += " (" + strings.Join(variables, ", ") + ")"
	}
	return operation + " { " + text + " }" + tail
}

func (s *selection) directive() string {
	if s.IntN(8) > 0 {
		return ""
	}
	return pick(s.drawer, " @include(if: $a)", " @skip(if: $a)", " @include(if: $b)", " @skip(if: $b)", " @include(if: true)",
		" @skip(if: true)")
}

// leaf returns a field, sometimes with an alias or a directive.
func (s *selection) leaf(names ...string) string {
	name := pick(s.drawer, names...)
	if s.IntN(4) == 0 {
		name = name + fmt.Sprint(s.IntN(3)) + ": " + name
		name = strings.Replace(name, "__typename", "typename", 1)
	}
	return name + s.directive()
}

// set returns a selection set of drawn parts, at least one.
func (s *selection) set(part func() string) string {
	var parts []string
	for range 1 + s.IntN(5) {
		parts = append(parts, part())
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

// entrySet draws a selection set of entries that spreads fragments from an index.
func (s *selection) entrySet(from int) string {
	return s.set(func() string {
		switch s.IntN(12) {
		case 0, 1, 2, 3:
			return s.leaf("value") + " " + s.valueSet(2, 0)
		case 4:
			return "... on Node" + s.directive() + " { " + s.leaf("id", "__typename") + " }"
		case 5:
			return pick(s.drawer, "...", "... on MetadataEntry") + s.directive() + " " + s.set(func() string { return s.leaf(entryLeaves...) })
		case 6:
			if i := from + s.IntN(2); i < fragments {
				s.used[0][i] = true
				return fmt.Sprintf("...E%d%s", i, s.directive())
			}
		case 7:
			if s.IntN(4) == 0 {
				return "historyCount" // a field with a resolver
			}
		}
		return s.leaf(entryLeaves...)
	})
}

var entryLeaves = []string{
	"id", "key", "card", "kind", "display", "json", "extendedJson", "seq", "loggedAt", "loggedBy", "retracted", "reason",
	"erased", "__typename",
}

var payloads = map[string][]string{
	"StringValue": {"text"}, "IntegerValue": {"integer"}, "FloatValue": {"float", "repr"}, "BooleanValue": {"boolean"},
	"NullValue": nil, "ListValue": {"items"}, "TupleValue": {"items"}, "SetValue": {"items"}, "DictValue": {"fields"},
	"UriValue": {"uri"}, "PathValue": {"path"}, "DTypeValue": {"dtype"}, "StorageSizeValue": {"bytes"},
	"TimestampValue": {"timestamp"}, "DurationValue": {"seconds"}, "MarkdownValue": {"markdown"},
}

// valueSet draws a selection set of values with nested values to a depth.
func (s *selection) valueSet(depth, from int) string {
	typeNames := slices.Sorted(maps.Keys(payloads))
	return s.set(func() string {
		switch n := s.IntN(12); {
		case n == 0:
			return s.leaf("__typename")
		case n < 3:
			return "... on DisplayValue" + s.directive() + " " +
				s.set(func() string { return s.leaf("display", "json", "extendedJson", "__typename") })
		case n == 3:
			if i := from + s.IntN(2); i < fragments && depth > 0 {
				s.used[1][i] = true
				return fmt.Sprintf("...V%d%s", i, s.directive())
			}
		case n == 4 && depth == 2: // each member of the union
			text := ""
			for _, name := range typeNames {
				text += " " + s.member(name, depth, from)
			}
			return text
		}
		return s.member(pick(s.drawer, typeNames...), depth, from)
	})
}

// member draws a fragment on a member of the union.
func (s *selection) member(typeName string, depth, from int) string {
	return "... on " + typeName + s.directive() + " " + s.set(func() string {
		if len(payloads[typeName]) == 0 || s.IntN(2) == 0 {
			return s.leaf("display", "json", "extendedJson", "__typename")
		}
		switch name := s.leaf(payloads[typeName]...); {
		case strings.Contains(name, "items") && depth == 0, strings.Contains(name, "fields") && depth == 0:
			return "__typename"
		case strings.Contains(name, "items"):
			return name + " " + s.valueSet(depth-1, from)
		case strings.Contains(name, "fields"):
			return name + " " + s.set(func() string {
				if s.IntN(2) == 0 {
					return s.leaf("key", "__typename")
				}
				return s.leaf("value") + " " + s.valueSet(depth-1, from)
			})
		default:
			return name
		}
	})
}

// entries draws entries, some of which are nil, retracted or damaged.
func (d *drawer) entries() (entries []*models.MetadataEntry) {
	for range d.IntN(6) {
		if d.IntN(20) == 0 {
			entries = append(entries, nil)
			continue
		}
		entries = append(entries, d.entry())
	}
	return entries
}

func (d *drawer) entry() *models.MetadataEntry {
	text := pick(d, "text", "a \"quoted\" key\n", "\x01\x1fé🦆")
	e := &models.MetadataEntry{
		ID: models.NewID(), Seq: models.Int64(d.Int64()), Key: text, CardName: pick(d, "", "", "card", text),
		LoggedAt: models.TimeFromMicros(d.Int64N(1e15)), Retracted: d.IntN(5) == 0, Erased: d.IntN(5) == 0,
	}
	if d.IntN(3) == 0 {
		e.AsOf, e.LoggedBy, e.Reason = &e.LoggedAt, &text, &text
	}
	if d.IntN(8) == 0 {
		return e
	}
	limits := models.DefaultLimits()
	facts, err := models.ReadFacts(&limits, nil, &models.Tree{
		Node: models.Object{{Key: "card", Value: models.Object{{Key: "v", Value: d.value(2)}}}},
	}, nil)
	if err != nil {
		return e // a set with a repeated member
	}
	e.Kind, e.Text = &facts[0].Kind, &facts[0].Text
	if d.IntN(10) == 0 {
		damaged := []byte(*e.Text)
		damaged[d.IntN(len(damaged))] = pick(d, []byte(`"\{}[]:,.-+0123456789eEabcdefnrtuZT$ `)...)
		*e.Text = string(damaged)
	}
	return e
}

// value draws extended JSON: a golden value, or one with such items.
func (d *drawer) value(depth int) any {
	mark := func(name string, node any) any { return models.Object{{Key: "$" + name, Value: node}} }
	if depth > 0 && d.IntN(3) == 0 {
		var items []any
		var members models.Object
		for i := range d.IntN(4) {
			items = append(items, d.value(depth-1))
			members = append(members, models.Member{Key: pick(d, "k", "$k", "\n\x1f") + fmt.Sprint(i), Value: d.value(depth - 1)})
		}
		list := append([]any{}, items...)
		return pick(d, any(list), mark("tuple", list), mark("set", list), any(members), mark("dict", members))
	}
	switch d.IntN(6) {
	case 0:
		return json.Number(models.FloatValue{Number: d.NormFloat64() * 1000}.Repr())
	case 1:
		return mark("duration", json.Number(models.FloatValue{Number: d.NormFloat64() * 100_000}.Repr()))
	case 2:
		return mark("storageSize", json.Number(fmt.Sprint(d.Int64N(1<<uint(1+d.IntN(62))))))
	case 3:
		return mark("timestamp", time.Unix(d.Int64N(4e9), d.Int64N(1e9)).UTC().Format(time.RFC3339Nano))
	}
	return pick(d, d.values...)
}
