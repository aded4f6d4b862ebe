// Package seqmarshal marshals the lists of a GraphQL response sequentially. gqlgen starts one goroutine per list item.
// Placard loads the relations of all siblings at once, so these goroutines have nothing to wait for, and nested lists
// would multiply them. `make generate` calls Slice in place of gqlgen's function; docs/adr/0015 has the measurements.
package seqmarshal

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/internal/meter"
)

// Slice marshals the items of a list in order. When the operation has ended, the remaining items are null. Slice has
// the signature of graphql.MarshalSliceConcurrently. It ignores the limit of goroutines and the flag that disables
// recovery of panics: the field that holds the list recovers them.
func Slice(
	ctx context.Context, length int, _ int64, _ bool, item func(ctx context.Context, i int) graphql.Marshaler,
) graphql.Array {
	items := make(graphql.Array, length)
	operation := meter.From(ctx)
	for i := range items {
		if operation.HasEnded() {
			items[i] = graphql.Null
			continue
		}
		index := i
		items[i] = item(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &index}), i)
	}
	return items
}
