// Package list writes the lists of an answer. gqlgen starts a goroutine for each item of a list; here the items follow
// each other. Relations are read for all siblings at once, so there is nothing to wait for side by side, and an answer
// with lists in lists needs neither a goroutine per item nor the memory for it. `make generate` puts Marshal where
// gqlgen wrote its own function; docs/adr/0015 has the measurements.
package list

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Marshal writes the items of a list one after the other. A request that has been given up ends here, without looking
// at the items that are left. The arguments are those of graphql.MarshalSliceConcurrently; limit and unguarded, which
// say how many goroutines there may be and who catches their panics, have no meaning here: a panic is caught by the
// field that holds the list.
func Marshal(ctx context.Context, length int, limit int64, unguarded bool, item func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	items := make(graphql.Array, length)
	for i := range items {
		if ctx.Err() != nil {
			items[i] = graphql.Null
			continue
		}
		place := i
		items[i] = item(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &place}), i)
	}
	return items
}
