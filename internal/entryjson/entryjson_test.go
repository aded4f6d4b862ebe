package entryjson_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/internal/entryjson"
	"github.com/placard/placard/internal/meter"
	"github.com/placard/placard/models"
)

// TestList checks lists with null items, with items of the generated code, and after the end of the operation.
func TestList(t *testing.T) {
	t.Parallel()
	limits := models.DefaultLimits()
	set := ast.SelectionSet{&ast.Field{
		Name: "key", Alias: "key", Definition: &ast.FieldDefinition{}, ObjectDefinition: &ast.Definition{Name: "MetadataEntry"},
	}}
	byHand, generated := &entryjson.Cache{}, (*entryjson.Cache)(nil)
	entry := &models.MetadataEntry{Key: "a"}
	for _, c := range []struct {
		name    string
		cache   *entryjson.Cache
		entries []*models.MetadataEntry
		nonNull bool
		isEnded bool
		want    string
		errors  int
	}{
		{"no items", byHand, nil, true, false, `[]`, 0},
		{"by hand", byHand, []*models.MetadataEntry{entry, entry}, true, false, `[{"key":"a"},{"key":"a"}]`, 0},
		{"generated", generated, []*models.MetadataEntry{entry, entry}, true, false, `["generated","generated"]`, 0},
		{"null", byHand, []*models.MetadataEntry{nil, entry}, false, false, `[null,{"key":"a"}]`, 0},
		{"null is an error", byHand, []*models.MetadataEntry{nil, entry, nil}, true, false, `null`, 2},
		{"ended", byHand, []*models.MetadataEntry{entry, nil}, false, true, `[null,null]`, 0},
		{"ended, generated", generated, []*models.MetadataEntry{entry}, false, true, `[null]`, 0},
		{"ended without null", byHand, []*models.MetadataEntry{entry, nil}, true, true, `null`, 0},
	} {
		operation, cancel := context.WithCancelCause(t.Context())
		ctx, _ := meter.Start(operation, &limits, cancel)
		ctx = graphql.WithResponseContext(ctx, graphql.DefaultErrorPresenter, graphql.DefaultRecover)
		ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
		ctx = entryjson.WithCache(ctx, c.cache)
		if c.isEnded {
			cancel(nil)
		}
		list := entryjson.MarshalList(ctx, set, c.entries, c.nonNull,
			func(ctx context.Context, _ ast.SelectionSet, entry *models.MetadataEntry) graphql.Marshaler {
				if field := graphql.GetFieldContext(ctx); *field.Index > 1 || entry == nil {
					t.Errorf("%s: the item has the index %d", c.name, *field.Index)
				}
				return graphql.MarshalString("generated")
			})
		var text bytes.Buffer
		list.MarshalGQL(&text)
		if text.String() != c.want || (list == graphql.Null) != (c.want == "null") {
			t.Errorf("%s: got %s, want %s", c.name, &text, c.want)
		}
		if errs := graphql.GetErrors(ctx); len(errs) != c.errors {
			t.Errorf("%s: got the errors %v, want %d", c.name, errs, c.errors)
		}
		cancel(nil)
	}
}
