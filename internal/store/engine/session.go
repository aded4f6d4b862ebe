package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/store/replica"
	"github.com/placard/placard/models"
)

// session is the node of an operation: all its statements have one. A session on a replica that cannot go on is
// abandoned, and the operation is executed again on the primary.
type session struct {
	nodes *nodes
	// token is that of the request.
	token consistency.Token
	// cancel ends the operation.
	cancel context.CancelCauseFunc

	mu sync.Mutex
	// replica is nil for the primary.
	replica *replica.Replica
	// used is set when a statement is sent, and for a mutation, whose statements another operation may send: see ADR 0038.
	used      bool
	abandoned bool
}

// errAbandoned is the failure of the statements of an operation that is executed again on the primary. No caller gets
// it.
var errAbandoned = &models.Error{Code: models.CodeUnavailable, Message: "the operation is executed again on the primary",
	Retryable: true}

// WithOperation returns a context for the statements of an operation. A query is sent to a replica that has replayed
// Token, if there is one, unless Primary is set. EndOperation must be called at the end.
func (db *DB) WithOperation(ctx context.Context, o Operation) context.Context {
	if db != nil && db.nodes != nil {
		o.session = &session{nodes: db.nodes, token: o.Token, cancel: o.Cancel, used: o.Mutation}
		if !o.Mutation && !o.Primary {
			o.session.replica = db.nodes.Choose(ctx, o.Token)
		}
		if !o.Mutation && o.session.replica == nil {
			db.nodes.AwaitVisible(ctx, o.Token)
		}
	}
	return WithOperation(ctx, o)
}

// EndOperation returns the token of an operation whose statements have ended, zero if the database has none. again
// reports that the operation must be executed again on the primary; it is never set for a mutation.
func (db *DB) EndOperation(ctx context.Context) (token consistency.Token, again bool) {
	s := operationOf(ctx).session
	if s == nil {
		return consistency.Token{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.abandoned:
		return consistency.Token{}, true
	case !s.used:
		return s.token.Later(s.nodes.Newest()), false
	}
	token, err := s.nodes.Position(context.WithoutCancel(ctx), s.replica, s.token)
	switch {
	case s.replica != nil && err != nil:
		s.replica.Leave(!errors.Is(err, replica.ErrBehind))
		return consistency.Token{}, true
	case err != nil:
		db.log.DebugContext(ctx, "cannot read the log position for a token", "error", err)
		return s.nodes.Unknown(), false
	}
	return token, false
}

// use returns the replica of the session, nil for the primary. The node does not change any more.
func (s *session) use() *replica.Replica {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = true
	return s.replica
}

// requirePrimary moves the operation to the primary, or abandons the session if a replica has got statements.
func (s *session) requirePrimary(ctx context.Context) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.replica == nil:
	case !s.used:
		s.replica = nil
		s.nodes.AwaitVisible(ctx, s.token)
	default:
		s.abandon(false)
		return errAbandoned
	}
	return nil
}

// abandon ends the operation. isLost reports that the replica does not answer. The caller holds the lock.
func (s *session) abandon(isLost bool) {
	if !s.abandoned {
		s.abandoned = true
		s.replica.Leave(isLost)
		s.cancel(errAbandoned)
	}
}

// onNode runs fn, which sends statements to the lane of the reader, with a context for them. If a replica fails, the
// session is abandoned. A failure that fn finds itself is a models.Error.
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
	s := operationOf(r.ctx).session
	s.mu.Lock()
	defer s.mu.Unlock()
	translated := s.nodes.translate(err)
	s.abandon(ctx.Err() != nil || translated != nil && translated.Code == models.CodeUnavailable)
	return errAbandoned
}

// recentPast is the age up to which an instant is read from the primary: transactions that are still running, or that a
// replica has not replayed, have entries from then.
const recentPast = 30 * time.Second
