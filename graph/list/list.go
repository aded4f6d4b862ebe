// Package list writes the lists of an answer. gqlgen starts a goroutine for each item of a list; here the items follow
// each other. Relations are read for all siblings at once, so there is nothing to wait for side by side, and an answer
// with lists in lists needs neither a goroutine per item nor the memory for it. `make generate` puts Marshal where
// gqlgen wrote its own function; docs/adr/0015 has the measurements.
package list

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

type operationKey struct{}

// WithOperation returns a context whose lists end when ctx ends. A context that is derived from it may end earlier, as
// a deadline of reads does, and its lists go on.
func WithOperation(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationKey{}, ctx)
}

// Marshal writes the items of a list one after the other. When the context of WithOperation has ended, the rest of the
// items is null. The arguments are those of graphql.MarshalSliceConcurrently; limit and unguarded, which
// say how many goroutines there may be and who catches their panics, have no meaning here: a panic is caught by the
// field that holds the list.
func Marshal(ctx context.Context, length int, limit int64, unguarded bool, item func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	items := make(graphql.Array, length)
	operation, ok := ctx.Value(operationKey{}).(context.Context)
	if !ok {
		operation = ctx
	}
	for i := range items {
		if operation.Err() != nil {
			items[i] = graphql.Null
			continue
		}
		place := i
		items[i] = item(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &place}), i)
	}
	return items
}
