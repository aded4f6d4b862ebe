package engine

import (
	"context"
	"errors"
	"time"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/store/replica"
	"github.com/placard/placard/models"
)

// recentPast is the age up to which an instant is read from the primary: transactions that are still running, or that a
// replica has not replayed, have entries from then.
const recentPast = 30 * time.Second

// WithOperation returns a context for the statements of an operation. A query is sent to a replica that has replayed
// Token, if there is one, unless Primary is set. EndOperation must be called at the end.
func (db *DB) WithOperation(ctx context.Context, o Operation) context.Context {
	if db != nil && db.nodes != nil {
		o.session = db.nodes.Start(ctx, replica.Request{Token: o.Token, Mutation: o.Mutation, Primary: o.Primary, Cancel: o.Cancel})
	}
	return WithOperation(ctx, o)
}

// EndOperation returns the token of an operation whose statements have ended, zero if the database has none. again
// reports that the operation must be executed again on the primary; it is never set for a mutation.
func (*DB) EndOperation(ctx context.Context) (token consistency.Token, again bool) {
	return operationOf(ctx).session.End(ctx)
}

// onNode runs fn, which sends statements to the lane of the reader, with a context for them. If a replica fails, the
// operation is executed again on the primary. A failure that fn finds itself is a models.Error.
func (r Reader) onNode(fn func(ctx context.Context) error) error {
	if r.replica == nil {
		return fn(r.ctx)
	}
	ctx, cancel := r.replica.Bind(r.ctx)
	defer cancel()
	err := fn(ctx)
	if known := (*models.Error)(nil); err == nil || r.ctx.Err() != nil || errors.As(err, &known) {
		return err
	}
	translated := (*postgresDialect)(nil).translateError(err)
	isLost := ctx.Err() != nil || translated != nil && translated.Code == models.CodeUnavailable
	return operationOf(r.ctx).session.Fail(isLost)
}
