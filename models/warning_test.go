package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/jsontree"
)

// operand returns a value of a filter from JSON.
func operand(t *testing.T, text string) *Tree {
	t.Helper()
	node, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &Tree{Node: node}
}

func TestKeyUses(t *testing.T) {
	t.Parallel()
	key := func(key string, fields ...any) FilterInput {
		m := map[string]any{"key": key}
		for i := 0; i < len(fields); i += 2 {
			m[fields[i].(string)] = fields[i+1]
		}
		return FilterInput{"metadata": m}
	}
	text, yes, no, past, kind := operand(t, `"0.9"`), true, false, TimeFromMicros(1), MetadataKindString
	card := "metrics"
	for name, c := range map[string]struct {
		where FilterInput
		asOf  *Time
		want  string
	}{
		"none":      {nil, nil, ""},
		"proven":    {key("a", "eq", text), nil, "where.metadata.key a proven"},
		"card":      {key("a", "eq", text, "card", &card), nil, "where.metadata.key metrics.a proven"},
		"kind":      {key("a", "kind", &kind), nil, "where.metadata.key a proven"},
		"missing":   {key("a", "exists", &no), nil, "where.metadata.key a"},
		"present":   {key("a", "exists", &yes), nil, "where.metadata.key a proven"},
		"unequal":   {key("a", "ne", text), nil, "where.metadata.key a"},
		"two":       {key("a", "ne", text, "exists", &yes), nil, "where.metadata.key a proven"},
		"ordered":   {key("a", "gt", text), nil, "where.metadata.key a proven, where.metadata.gt a proven text"},
		"past":      {key("a", "gt", text), &past, "where.metadata.key a proven"},
		"path":      {key("a", "gt", text, "path", []string{"b"}), nil, "where.metadata.key a proven"},
		"number":    {key("a", "gt", operand(t, "1")), nil, "where.metadata.key a proven"},
		"size":      {key("a", "gt", operand(t, `"1 kB"`)), nil, "where.metadata.key a proven"},
		"instant":   {key("a", "gt", operand(t, `"2026-01-02T03:04:05Z"`)), nil, "where.metadata.key a proven"},
		"range":     {key("a", "between", []*Tree{text, text}), nil, "where.metadata.key a proven, where.metadata.between a proven text"},
		"not":       {FilterInput{"not": key("a", "lt", text)}, nil, "where.not.metadata.key a, where.not.metadata.lt a text"},
		"one":       {FilterInput{"or": []FilterInput{key("a", "eq", text)}}, nil, "where.or.0.metadata.key a proven"},
		"either":    {FilterInput{"or": []FilterInput{key("a", "eq", text), key("b", "eq", text)}}, nil, "where.or.0.metadata.key a, where.or.1.metadata.key b"},
		"both":      {FilterInput{"and": []FilterInput{key("a", "eq", text), key("b", "eq", text)}}, nil, "where.and.0.metadata.key a proven, where.and.1.metadata.key b proven"},
		"of latest": {FilterInput{"latestVersion": key("a", "eq", text)}, nil, "where.latestVersion.metadata.key a proven"},
	} {
		limits := DefaultLimits()
		filter, err := ReadFilter(&limits, NewPath("where"), c.where)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, use := range (ListQuery{Filter: filter, AsOf: c.asOf}).KeyUses() {
			words := []string{strings.Trim(strings.ReplaceAll(fmt.Sprint(use.At.Steps()), " ", "."), "[]"), use.Key}
			if use.Card != "" {
				words[1] = use.Card + "." + use.Key
			}
			if use.Proven {
				words = append(words, "proven")
			}
			if use.ComparesText {
				words = append(words, "text")
			}
			got = append(got, strings.Join(words, " "))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: got  %s\nwant %s", name, text, c.want)
		}
	}
	order, err := ReadOrder(NewPath("orderBy"), []OrderInput{{"field": "NAME"}, {"metadata": map[string]any{"key": "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	uses := ListQuery{Order: order}.KeyUses()
	if len(uses) != 1 || uses[0].Proven || !slices.Equal(uses[0].At.Steps(), []any{"orderBy", 1, "metadata", "key"}) {
		t.Errorf("the order has %v", uses)
	}
}
