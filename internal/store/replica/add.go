package replica

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// maxCatchUp is the time in which a new replica must have replayed the migrations of this program.
	maxCatchUp = 10 * time.Second
	// catchUpInterval is the time between two readings of its status.
	catchUpInterval = 100 * time.Millisecond
)

// Add adds the server at an address to the replicas. pool has one connection. A replica that cannot be reached is left
// out until it answers. Add fails with ConfigurationError if the server is no replica of the primary, or if its tables
// do not catch up with the program. It also fails if isRefused reports that the server refuses the connection.
func (s *Set) Add(ctx context.Context, address string, pool *sql.DB, isRefused func(error) bool) error {
	r := &Replica{set: s, name: fmt.Sprint("replica_", len(s.replicas)+1), address: address, pool: pool, fault: faultUnreachable}
	r.reachable, r.lose = context.WithCancel(context.Background())
	r.replayed.read = func(ctx context.Context) (positions, error) { return r.readReplayed(ctx) }
	s.replicas = append(s.replicas, r)
	for begin := time.Now(); ; {
		final, problem, err := r.examine(ctx)
		switch {
		case err != nil && isRefused(err):
			return &ConfigurationError{address, "refuses the connection: " + err.Error()}
		case err != nil:
			s.Log.WarnContext(ctx, "a replica does not answer; it is left out until it does", "replica", address, "error", err)
			return nil
		case problem == "":
			s.Sample(ctx)
			r.Check(ctx)
			return nil
		case final || time.Since(begin) > maxCatchUp:
			return &ConfigurationError{address, problem}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(catchUpInterval):
		}
	}
}

// examine returns why a server cannot be a replica, empty if it can. final reports that waiting does not help.
func (r *Replica) examine(ctx context.Context) (final bool, problem string, err error) {
	found, err := readReplica(ctx, r.pool)
	if err != nil {
		return false, "", err
	}
	if problem = r.set.mismatch(found); problem != "" {
		return true, problem, nil
	}
	problem, err = r.outdated(ctx, found)
	return false, problem, err
}
