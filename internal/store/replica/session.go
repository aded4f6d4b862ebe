package replica

import (
	"context"
	"errors"
	"sync"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/models"
)

// Session is the node of an operation: all its statements have one. A session on a replica that cannot go on is
// abandoned, and the operation is executed again on the primary. A nil Session is one on the primary without a token.
type Session struct {
	set *Set
	// token is that of the request.
	token consistency.Token
	// cancel ends the operation.
	cancel context.CancelCauseFunc

	mu sync.Mutex
	// replica is nil for the primary.
	replica *Replica
	// used is set when a statement is sent, and for a mutation, whose statements another operation may send: see ADR 0038.
	used      bool
	abandoned bool
}

// Request describes an operation that starts.
type Request struct {
	// Token is that of the caller, zero for none.
	Token consistency.Token
	// Mutation is set for a mutation, and Primary for a query that the primary must answer.
	Mutation, Primary bool
	// Cancel ends the operation if it must be executed again.
	Cancel context.CancelCauseFunc
}

// errAbandoned is the failure of the statements of an operation that is executed again on the primary. No caller gets
// it.
var errAbandoned = &models.Error{Code: models.CodeUnavailable, Message: "the operation is executed again on the primary",
	Retryable: true}

// Start returns the session of an operation.
func (s *Set) Start(ctx context.Context, r Request) *Session {
	session := &Session{set: s, token: r.Token, cancel: r.Cancel, used: r.Mutation}
	if r.Mutation {
		return session
	}
	if !r.Primary {
		session.replica = s.choose(ctx, r.Token)
	}
	if session.replica == nil {
		s.awaitVisible(ctx, r.Token)
	}
	return session
}

// Use returns the replica of the session, nil for the primary. The node does not change any more.
func (s *Session) Use() *Replica {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = true
	return s.replica
}

// RequirePrimary moves the operation to the primary. It abandons the session and returns an error if a replica has got
// statements.
func (s *Session) RequirePrimary(ctx context.Context) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.replica == nil:
	case !s.used:
		s.replica = nil
		s.set.awaitVisible(ctx, s.token)
	default:
		return s.abandon(false)
	}
	return nil
}

// Fail abandons the session because a statement on its replica has failed, and returns the failure of the statement.
// isLost leaves the replica out until the next check.
func (s *Session) Fail(isLost bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.abandon(isLost)
}

// abandon ends the operation. The caller holds the lock.
func (s *Session) abandon(isLost bool) error {
	if !s.abandoned {
		s.abandoned = true
		s.replica.leave(isLost)
		s.cancel(errAbandoned)
	}
	return errAbandoned
}

// End returns the token of an operation whose statements have ended. again reports that a query must be executed again
// on the primary.
func (s *Session) End(ctx context.Context) (token consistency.Token, again bool) {
	if s == nil {
		return consistency.Token{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.abandoned:
		return consistency.Token{}, true
	case !s.used:
		return s.token.Later(s.set.history.newest()), false
	}
	token, err := s.set.position(context.WithoutCancel(ctx), s.replica, s.token)
	switch {
	case s.replica != nil && err != nil:
		s.replica.leave(!errors.Is(err, errBehind))
		return consistency.Token{}, true
	case err != nil:
		s.set.Log.DebugContext(ctx, "cannot read the log position for a token", "error", err)
		return consistency.Token{System: s.set.system}, false // see Token.Timeline
	}
	return token, false
}
