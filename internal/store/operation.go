package store

import (
	"context"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/entries"
)

// Operation is an operation of the API, whose statements share connections fairly with those of others.
type Operation = engine.Operation

// WithOperation returns a context for the statements of an operation. EndOperation must be called at the end.
func (s *Store) WithOperation(ctx context.Context, o Operation) context.Context {
	return s.db.WithOperation(ctx, o)
}

// EndOperation returns the consistency token of an operation, zero if the database has none. again reports that a query
// must be executed again, with Operation.Primary.
func (s *Store) EndOperation(ctx context.Context) (token consistency.Token, again bool) {
	return s.db.EndOperation(ctx)
}

// WithBudget returns a context whose calls can read a number of bytes of metadata in all. The call that exceeds it
// fails with LIMIT_EXCEEDED, and exceeded is called with this error.
func WithBudget(ctx context.Context, bytes int64, exceeded func(error)) context.Context {
	return entries.WithBudget(ctx, bytes, exceeded)
}
