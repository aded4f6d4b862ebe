package operation

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Observer is notified of the reads of an operation.
type Observer interface {
	// StartBatch is called before resolvers read a field, and end after it. The read uses the returned context. A field
	// of objects that are siblings is read for all of them at once; objects is their number. It is 1 for a field of
	// Query or Mutation.
	StartBatch(ctx context.Context, field string, objects int) (read context.Context, end func(error))
}

type observerKey struct{}

// withObserver returns a context with the observer of the executor, if it has one.
func (e *Executor) withObserver(ctx context.Context) context.Context {
	if e.Observer == nil {
		return ctx
	}
	return context.WithValue(ctx, observerKey{}, e.Observer)
}

// StartBatch notifies the observer of the operation, if there is one, of a read of the resolved field for a number of
// objects. The read uses the returned context, and then calls end.
func StartBatch(ctx context.Context, objects int) (read context.Context, end func(error)) {
	name := "relation"
	if field := graphql.GetFieldContext(ctx); field != nil && field.Field.Field != nil {
		name = field.Object + "." + field.Field.Name
	}
	return startBatch(ctx, name, objects)
}

func startBatch(ctx context.Context, field string, objects int) (read context.Context, end func(error)) {
	if o, ok := ctx.Value(observerKey{}).(Observer); ok {
		return o.StartBatch(ctx, field, objects)
	}
	return ctx, func(error) {}
}
