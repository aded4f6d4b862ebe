// Package replica decides which server of PostgreSQL answers an operation: the primary, or a streaming replica that has
// replayed what the caller has seen (ADR 0046).
//
// It hides how positions in the log are read, how the lag of replicas is measured, and which replicas are left out. A
// Set has the primary and its Replicas. Start returns the Session of an operation, which has the replica that answers
// and the token of the response. Add checks a server before it becomes a replica of the set.
package replica

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/consistency"
)

// Interval is the time between two checks of a node.
const Interval = 250 * time.Millisecond

// maxStatusAge is the age of a status from which its replica is left out. A check takes at most readTimeout, so a
// replica that does not answer is left out within a second.
const maxStatusAge = Interval + readTimeout

// Settings are the replicas of a database, as an operator configures them.
type Settings struct {
	// URLs are those of the replicas.
	URLs []string
	// MaxLag is the maximum age of what a replica shows.
	MaxLag time.Duration
	// Tokens makes operations return consistency tokens also without replicas.
	Tokens bool
}

// Options configure a Set.
type Options struct {
	// Primary is a pool of one connection to the primary.
	Primary *sql.DB
	// MaxLag is that of Settings.
	MaxLag time.Duration
	// Version is the version of the tables that the program needs.
	Version int64
	Log     *slog.Logger
}

// Set is a primary with its replicas. It is safe for concurrent use.
type Set struct {
	Options
	history history
	flushed shared
	// shows reads positions up to which the primary shows everything, and visible is the latest one.
	shows    shared
	visible  atomic.Pointer[consistency.Token]
	database database
	replicas []*Replica
	turn     atomic.Uint32
	// system is the system identifier of the primary.
	system uint64
	// operations counts the operations that the primary has answered.
	operations atomic.Int64
}

// ErrAsyncCommit is the failure of a primary whose commits are visible before their position is flushed.
var ErrAsyncCommit = errors.New("consistency tokens need synchronous_commit: it is off for the user of --database-url; " +
	"set it to on, or remove --read-database-urls and --consistency-tokens")

// New returns a set without replicas. It reads the position of the primary. It fails with ErrAsyncCommit.
func New(ctx context.Context, o Options) (*Set, error) {
	s := &Set{Options: o, history: history{maxAge: o.MaxLag + 4*Interval}}
	s.flushed.read = func(ctx context.Context) (positions, error) {
		token, err := s.sample(ctx)
		return positions{token, token}, err
	}
	s.shows.read = s.readVisible
	taken := time.Now()
	primary, err := readPrimary(ctx, o.Primary)
	if err != nil {
		return nil, err
	}
	if primary.asyncCommit {
		return nil, ErrAsyncCommit
	}
	s.system, s.database = primary.token.System, primary.database
	s.history.add(sample{primary.token, taken})
	return s, nil
}

// sample reads the position of the primary and adds it to the history.
func (s *Set) sample(ctx context.Context) (consistency.Token, error) {
	taken := time.Now()
	token, err := readFlushed(ctx, s.Primary, s.system)
	if err == nil {
		s.history.add(sample{token, taken})
	}
	return token, err
}

// Sample reads the position of the primary, with which the lag of replicas is measured.
func (s *Set) Sample(ctx context.Context) {
	if _, err := s.flushed.after(ctx); err != nil && ctx.Err() == nil {
		s.Log.DebugContext(ctx, "cannot read the log position of the primary", "error", err)
	}
}

// Replicas returns the replicas of the set.
func (s *Set) Replicas() []*Replica { return s.replicas }

// choose returns a replica that may answer a query of a caller with a token, or with the zero Token, and nil if only
// the primary may. The replicas take turns. If none is known to have replayed the token, one of them is asked: it has
// most often replayed more since its last check.
func (s *Set) choose(ctx context.Context, token consistency.Token) *Replica {
	n := len(s.replicas)
	primary := s.history.newest()
	if n == 0 || !token.IsZero() && !primary.IsSameLog(token) {
		return nil
	}
	var usable *Replica
	first, now := int(s.turn.Add(1)), time.Now()
	for i := range n {
		r := s.replicas[(first+i)%n]
		if r.problem(primary, now) != "" {
			continue
		}
		if token.IsZero() || r.position().Covers(token) {
			return r
		}
		if usable == nil {
			usable = r
		}
	}
	if usable == nil {
		return nil
	}
	if replayed, err := usable.replayed.after(ctx); err != nil || !replayed.shown.Covers(token) {
		return nil
	}
	return usable
}

// errBehind is the failure of an operation on a replica that has lost a part of what it had replayed, as after a crash.
var errBehind = errors.New("the replica has less than before")

// position returns the token of an operation that has sent statements to a replica, nil for the primary. The position
// is read after the call, so it covers all that the operation has seen and written. position fails with errBehind if
// the replica has not replayed the token of the request, which may be zero.
func (s *Set) position(ctx context.Context, r *Replica, request consistency.Token) (consistency.Token, error) {
	read, operations := &s.flushed, &s.operations
	if r != nil {
		read, operations = &r.replayed, &r.operations
	}
	operations.Add(1)
	p, err := read.after(ctx)
	if err == nil && r != nil && !request.IsZero() && !p.shown.Covers(request) {
		err = errBehind
	}
	return p.limit, err
}

// Stats describes a node.
type Stats struct {
	// Name is primary, or replica_1 and so on in the order of the settings.
	Name string
	// IsUsable reports whether a replica may answer queries without a token.
	IsUsable bool
	// Lag is the age of what a replica shows, and KnowsLag reports whether it is known.
	Lag      time.Duration
	KnowsLag bool
	// Operations is the number of operations that the node has answered, and Repeated of those that it has begun and that
	// the primary has answered.
	Operations, Repeated int64
}

// Stats returns the state of the primary, followed by the replicas.
func (s *Set) Stats() []Stats {
	primary, now := s.history.newest(), time.Now()
	all := []Stats{{Name: "primary", IsUsable: true, KnowsLag: true, Operations: s.operations.Load()}}
	for _, r := range s.replicas {
		lag, known := s.history.lag(r.position(), now)
		all = append(all, Stats{r.name, r.problem(primary, now) == "", lag, known, r.operations.Load(), r.repeated.Load()})
	}
	return all
}
