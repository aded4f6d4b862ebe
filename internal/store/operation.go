package store

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/entries"
)

// Operation is an operation of the API, whose statements share connections fairly with those of others.
type Operation = engine.Operation

// WithOperation returns a context for the statements of an operation.
func WithOperation(ctx context.Context, o Operation) context.Context {
	return engine.WithOperation(ctx, o)
}

// WithBudget returns a context whose calls can read a number of bytes of metadata in all. The call that exceeds it
// fails with LIMIT_EXCEEDED, and exceeded is called with this error.
func WithBudget(ctx context.Context, bytes int64, exceeded func(error)) context.Context {
	return entries.WithBudget(ctx, bytes, exceeded)
}
