package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/consistency"
)

// Replica is a streaming replica. It is safe for concurrent use.
type Replica struct {
	set *Set
	// name is that of metrics, and address that of messages.
	name, address string
	pool          *sql.DB
	replayed      shared

	operations, repeated atomic.Int64
	// reported is the problem that was logged last. Only Check uses it.
	reported string

	mu sync.Mutex
	// checked is the position at the last check, or a later one, and sent the time before that check.
	checked consistency.Token
	sent    time.Time
	// fault is why the replica is left out apart from its lag, empty for no reason.
	fault string
	// reachable ends when the replica does not answer a check.
	reachable context.Context
	lose      context.CancelFunc
}

// The faults of replicas that are left out until a later check.
const (
	faultUnreachable = "it does not answer"
	faultPaused      = "its replay is paused"
	faultTimeline    = "it follows another timeline than the primary"
	faultArchive     = "it does not stream from the primary"
	faultLag         = "it lags behind the primary"
)

// ConfigurationError is the failure of a server that cannot be a replica.
type ConfigurationError struct{ Address, Problem string }

func (e *ConfigurationError) Error() string {
	return fmt.Sprintf("the server %s of --read-database-urls %s", e.Address, e.Problem)
}

// position returns the position up to which the replica is known to show everything.
func (r *Replica) position() consistency.Token {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checked
}

// problem returns why the replica must not answer, empty if it may. primary is the position of the primary.
func (r *Replica) problem(primary consistency.Token, now time.Time) string {
	r.mu.Lock()
	checked, sent, fault := r.checked, r.sent, r.fault
	r.mu.Unlock()
	switch {
	case fault != "":
		return fault
	case now.Sub(sent) > maxStatusAge:
		return faultUnreachable
	case checked.Timeline != primary.Timeline:
		return faultTimeline
	}
	if lag, ok := r.set.history.lag(checked, now); !ok || lag > r.set.MaxLag {
		return faultLag
	}
	return ""
}

// Check reads the status of the replica. A replica that was left out comes back after a check without a fault.
func (r *Replica) Check(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	now := time.Now()
	isOut := r.problem(r.set.history.newest(), now) != ""
	found, err := readReplica(ctx, r.pool)
	fault := faultUnreachable
	if err == nil {
		fault, err = r.faultOf(ctx, found, isOut)
	}
	r.record(found.token, now, fault, err)
	r.report(ctx, r.problem(r.set.history.newest(), time.Now()), err)
}

// report logs that the replica is left out or comes back.
func (r *Replica) report(ctx context.Context, problem string, err error) {
	switch {
	case problem == r.reported:
	case problem == "":
		r.set.Log.InfoContext(ctx, "a replica answers queries again", "replica", r.address)
	default:
		r.set.Log.WarnContext(ctx, "a replica is left out", "replica", r.address, "reason", problem, "error", err)
	}
	r.reported = problem
}

// record stores the result of a check. The statements on a replica that does not answer end.
func (r *Replica) record(token consistency.Token, sent time.Time, fault string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = fault
	if err != nil {
		r.lose()
		return
	}
	if r.checked, r.sent = token, sent; r.reachable.Err() != nil {
		r.reachable, r.lose = context.WithCancel(context.Background())
	}
}

// faultOf returns why a replica with a status is left out, empty if it may answer. The version of the tables is read
// only if the replica comes back: replay does not lower it.
func (r *Replica) faultOf(ctx context.Context, found status, comesBack bool) (fault string, err error) {
	if fault = r.set.mismatch(found); fault == "" && comesBack {
		fault, err = r.outdated(ctx, found)
	}
	switch {
	case fault != "":
	case found.isPaused:
		fault = faultPaused
	case !found.isStreaming:
		fault = faultArchive
	}
	return fault, err
}

// mismatch returns why a server with a status is no replica of the primary, empty if it is one.
func (s *Set) mismatch(found status) string {
	switch {
	case found.token.System != s.system:
		return fmt.Sprintf("belongs to another cluster than --database-url: its system identifier is %d instead of %d",
			found.token.System, s.system)
	case !found.isReplica:
		return "accepts writes, so it is no replica; name a standby that follows the primary"
	case found.database.id != s.database.id || found.database.table != 0 && found.database.table != s.database.table:
		return "is asked for another database or schema than --database-url names"
	}
	return ""
}

// outdated returns why the tables of a replica do not fit the program, empty if they do.
func (r *Replica) outdated(ctx context.Context, found status) (string, error) {
	version := int64(0)
	if found.database.table != 0 {
		var err error
		if version, err = readVersion(ctx, r.pool); err != nil {
			return faultUnreachable, err
		}
	}
	if version >= r.set.Version {
		return "", nil
	}
	return fmt.Sprintf("is behind: its tables are at version %d, and this program needs %d; wait until it has replayed the migrations",
		version, r.set.Version), nil
}

// readReplayed reads the positions of the replica. They have the timeline of the last check.
func (r *Replica) readReplayed(ctx context.Context) (positions, error) {
	replayed, received, err := readReplayed(ctx, r.pool)
	r.mu.Lock()
	defer r.mu.Unlock()
	p := positions{r.checked, r.checked}
	p.shown.Position, p.limit.Position = replayed, received
	if err == nil && p.shown.Covers(r.checked) {
		r.checked = p.shown
	}
	return p, err
}

// Bind returns a context for a statement on the replica. It also ends when the replica does not answer a check.
func (r *Replica) Bind(ctx context.Context) (context.Context, context.CancelFunc) {
	r.mu.Lock()
	reachable := r.reachable
	r.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(reachable, cancel)
	return ctx, func() { stop(); cancel() }
}

// leave records that an operation on the replica is answered by the primary. isLost leaves the replica out until the
// next check.
func (r *Replica) leave(isLost bool) {
	r.repeated.Add(1)
	if isLost {
		r.record(consistency.Token{}, time.Time{}, faultUnreachable, errors.New("a statement failed"))
	}
}
