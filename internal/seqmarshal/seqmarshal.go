// Package seqmarshal marshals the lists of a GraphQL response sequentially. gqlgen starts one goroutine per list item.
// Placard loads the relations of all siblings at once, so these goroutines have nothing to wait for, and nested lists
// would multiply them. `make generate` calls Slice in place of gqlgen's function; docs/adr/0015 has the measurements.
package seqmarshal

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

type operationKey struct{}

// WithOperation returns a context in which Slice stops as soon as ctx is done. A context derived from it may be done
// earlier, for example at the deadline of a read, without stopping Slice.
func WithOperation(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationKey{}, ctx)
}

// Slice marshals the items of a list in order. When the context of WithOperation is done, the remaining items are null.
// Slice has the signature of graphql.MarshalSliceConcurrently. It ignores the limit of goroutines and the flag that
// disables recovery of panics: the field that holds the list recovers them.
func Slice(
	ctx context.Context, length int, _ int64, _ bool, item func(ctx context.Context, i int) graphql.Marshaler,
) graphql.Array {
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
		index := i
		items[i] = item(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &index}), i)
	}
	return items
}
