package graph

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/models"
)

// TestPredicates: what a filter or an order in its coerced form asks for.
func TestPredicates(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	name := object{"name": object{"startsWith": "a", "endsWith": "z"}}
	accuracy := object{"metadata": object{"key": "accuracy", "path": []any{"train"}, "gt": json.Number("0.9")}}
	for what, c := range map[string]struct {
		filter any
		want   int
	}{
		"no filter":              {nil, 0},
		"an empty filter":        {object{}, 0},
		"one field":              {name, 1},
		"two fields":             {object{"name": name["name"], "metadata": accuracy["metadata"]}, 2},
		"a list of filters":      {object{"or": []any{name, object{"not": accuracy}, object{"and": []any{name, name}}}}, 4},
		"beside another":         {object{"producedBy": object{"exists": true, "pipeline": object{"eq": "p"}}}, 2},
		"a list of values":       {object{"number": object{"in": []any{json.Number("1"), json.Number("2")}}}, 1},
		"JSON":                   {object{"metadata": object{"key": "k", "eq": models.Object{{Key: "$float", Value: "NaN"}}}}, 1},
		"a value that is absent": {object{"metadata": object{"key": "k", "eq": nil}}, 1},
	} {
		if got := predicates(c.filter); got != c.want {
			t.Errorf("%s: got %d predicates, want %d", what, got, c.want)
		}
	}
	for _, c := range []struct {
		order any
		want  int
	}{{nil, 0}, {[]any{}, 0}, {[]any{accuracy, name}, 2}, {object{"field": "NAME", "direction": "ASC"}, 1}} {
		if got := terms(c.order); got != c.want {
			t.Errorf("%v: got %d terms, want %d", c.order, got, c.want)
		}
	}
}

// TestCostOfQuestions: predicates and terms cost 10 each time that the field is executed.
func TestCostOfQuestions(t *testing.T) {
	t.Parallel()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: `
		directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!]) on FIELD_DEFINITION
		type Query { found(where: Filter, orderBy: [Order!], first: Int): Page! @listSize(slicingArguments: ["first"], sizedFields: ["nodes"]) }
		type Page { nodes: [Query!]! }
		input Filter { and: [Filter!] name: String }
		input Order { field: String! }`})
	if err != nil {
		t.Fatal(err)
	}
	limits := models.DefaultLimits()
	for query, want := range map[string]int64{
		`{ found(where: {and: [{name: "a"}, {name: "b"}]}) { __typename } }`:                                  1 + pageCost + 2*predicateCost + 1,
		`{ found(orderBy: {field: "a"}) { __typename } }`:                                                     1 + pageCost + predicateCost + 1,
		`{ found(first: 3) { nodes { found(where: {name: "a"}, orderBy: [{field: "a"}]) { __typename } } } }`: 1 + pageCost + 3*(1+1+pageCost+2*predicateCost+1),
	} {
		doc, problems := parseDocument(schema, &limits, query)
		if problems != nil {
			t.Fatal(problems)
		}
		operation := doc.tree.Operations[0]
		values, err := doc.values(schema, operation, &request{query: query})
		if got := costOf(schema, &limits, operation, values); err != nil || got != want {
			t.Errorf("%s: got %d (%v), want %d", query, got, err, want)
		}
	}
}

// TestDocumentsAreBounded: parsed queries that are kept take a bounded part of the memory, however long they are.
func TestDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	s := NewServer(nil, models.DefaultLimits(), "test", slog.New(slog.DiscardHandler))
	ask := func(query string) {
		t.Helper()
		if w := post(t.Context(), s, query, typeJSON); w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"errors"`) {
			t.Fatalf("%.100s: %d %s", query, w.Code, w.Body)
		}
		if weight := s.documents.Weight(); weight > keptBytes {
			t.Fatalf("%d bytes are kept", weight)
		}
	}
	for i := range 200 {
		ask(fmt.Sprintf("query Q%d { serverInfo {%s } }", i, strings.Repeat(" version", 600)))
	}
	if weight := s.documents.Weight(); weight < keptBytes/2 {
		t.Errorf("long queries are not kept: %d bytes are", weight)
	}
	for i := range 60 {
		ask(fmt.Sprintf("query Q%d { __typename } #%s", i, strings.Repeat("x", 1<<20)))
	}
}
