// Package engine opens a database of SQLite or PostgreSQL and runs statements on it. No other package imports the
// drivers.
//
// It hides connections and their fair use, the group commit and the checkpoints of SQLite, the session settings and the
// statistics of PostgreSQL, migrations and their lock, and the errors of the drivers, which it translates once.
//
// Open returns a DB. Its methods Read, ReadUnbounded and ReadSearch return a Reader for statements of different cost,
// and Write runs a transaction. Statements are composed of Expr values, SQL with arguments; a Dialect returns those in
// which the engines differ.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/replica"
	"github.com/placard/placard/models"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	backend backend
	log     *slog.Logger
	clock   func() time.Time
	// background are goroutines that end when closing does.
	background sync.WaitGroup
	closing    context.Context
	close      context.CancelFunc
	// nodes is nil if operations return no tokens. closers close its connections.
	nodes   *nodes
	closers []func() error
}

// backend is the connections to a database of one engine.
type backend interface {
	Dialect
	// lanes returns the connections for reading.
	lanes() *laneSet
	// write runs fn once, in a transaction, and commits it.
	write(ctx context.Context, fn func(tx *gorm.DB) error) error
	// translateError returns the error of a driver as one that a caller may see, nil for any other error.
	translateError(err error) *models.Error
	// explain returns the plan of a statement.
	explain(ctx context.Context, text string, args []any) ([]string, error)
	// migrate migrates the schema if up is set, and checks otherwise that it is current. Then it makes the backend ready
	// to write.
	migrate(ctx context.Context, log *slog.Logger, up bool) error
	// present returns the time in microseconds since 1970, by the clock of the method now.
	present(ctx context.Context) (int64, error)
	// ping checks the database. It has a connection of its own, so that it works while all others are busy.
	ping(ctx context.Context) error
	// analyze collects statistics of the tables that have grown, or of all of them.
	analyze(ctx context.Context, log *slog.Logger, all bool) error
	// checkProgram returns Outdated if the schema does not allow this program.
	checkProgram(ctx context.Context) error
	// pools returns how busy the pools of connections are.
	pools() []Pool
	// logBytes returns the size of the write-ahead log; false for PostgreSQL.
	logBytes() (int64, bool)
	// emptyLog empties the write-ahead log of SQLite, or later if reads prevent it.
	emptyLog(ctx context.Context)
	// compact rewrites the tables that hold values, see DB.Compact.
	compact(ctx context.Context, begin, end func(name string, bytes int64)) error
	close() error
}

// defaultConnections is the number of connections to PostgreSQL unless Options have another one. MinConnections is the
// smallest number that works: a migration takes three at once, and each lane needs one.
const (
	defaultConnections = 20
	MinConnections     = 6
)

// Options change how a database is opened. The zero Options have the defaults.
type Options struct {
	// Connections is the number of connections to PostgreSQL, without that of the health check. 0 is 20 as they are
	// needed. A pooler must give any other number at once. SQLite ignores it.
	Connections int
	// Clock replaces time.Now, nil for none. PostgreSQL keeps its own clock.
	Clock func() time.Time
	// Replicas are the replicas of PostgreSQL.
	Replicas replica.Settings
}

// Open opens the database at url, `sqlite:PATH` or `postgres://…`. With up it migrates the schema; otherwise it
// changes nothing, and fails with SchemaOutdatedError if the schema is older or the SQLite file does not exist. It
// fails if another process has opened the SQLite file, or if a newer program has written the database.
func Open(ctx context.Context, url string, log *slog.Logger, up bool, options Options) (*DB, error) {
	var missing *MissingFileError
	if err := checkFile(url); !up && errors.As(err, &missing) {
		return nil, &SchemaOutdatedError{Newest: TargetSchemaVersion(), Missing: missing}
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	var b backend
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		b, err = openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), options.Clock, log)
	case IsPostgres(url):
		b, err = openPostgres(ctx, url, options, log)
	default:
		return nil, errURL
	}
	if err != nil {
		return nil, err
	}
	if err := b.migrate(ctx, log, up); err != nil {
		return nil, errors.Join(err, b.close())
	}
	db := &DB{backend: b, log: log, clock: options.Clock}
	db.closing, db.close = context.WithCancel(context.WithoutCancel(ctx))
	if err := db.openNodes(ctx, options); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// IsPostgres reports whether a database URL is one of PostgreSQL.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Close waits for the running writes and closes the database.
func (db *DB) Close() error {
	db.close()
	db.background.Wait()
	errs := []error{db.backend.close()}
	for _, closeNode := range db.closers {
		errs = append(errs, closeNode())
	}
	return errors.Join(errs...)
}

// Repeat runs task at each interval in the background. Close cancels the context of the task and waits for its end.
func (db *DB) Repeat(interval time.Duration, task func(ctx context.Context)) {
	db.background.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-db.closing.Done():
				return
			case <-ticker.C:
				task(db.closing)
			}
		}
	})
}

// Clock returns time.Now or its replacement.
func (db *DB) Clock() func() time.Time { return db.clock }

// Dialect returns the SQL fragments of the engine.
func (db *DB) Dialect() Dialect { return db.backend }

// Ping checks that the database can be used.
func (db *DB) Ping(ctx context.Context) error {
	err := db.backend.ping(ctx)
	if outdated := (*ProgramOutdatedError)(nil); errors.As(err, &outdated) {
		return outdatedProgramError(outdated, nil)
	}
	return db.TranslateError(err)
}

// Past reports whether an instant is not later than the clock of the database. An operation that reads the recent past
// continues on the primary.
func (db *DB) Past(ctx context.Context, instant models.Time) (bool, error) {
	now, err := db.backend.present(ctx)
	if err == nil && instant.UnixMicro() > now-recentPast.Microseconds() {
		err = operationOf(ctx).session.RequirePrimary(ctx)
	}
	return instant.UnixMicro() <= now, db.TranslateError(err)
}

// LogBytes returns the size of SQLite's write-ahead log. It returns false on PostgreSQL, and if the file cannot be
// examined.
func (db *DB) LogBytes() (int64, bool) { return db.backend.logBytes() }

// EmptyLog empties SQLite's write-ahead log, which contains the former content of changed rows. If reads prevent it, it
// is tried again in the background.
func (db *DB) EmptyLog(ctx context.Context) { db.backend.emptyLog(ctx) }

// Pools returns how busy the pools of connections are.
func (db *DB) Pools() []Pool {
	pools := db.backend.pools()
	if db.nodes != nil {
		for _, r := range db.nodes.Replicas() {
			pools = append(pools, db.nodes.lanes[r].pools()...)
		}
	}
	return pools
}

// maxAttempts is the maximum number of attempts of a transaction that conflicts with others.
const maxAttempts = 6

// ErrRetry makes Write run its transaction again, because another one was faster.
var ErrRetry = errors.New("another transaction was faster")

// Write runs fn in a transaction, and again if it conflicts with another one: fn must not keep results of a failed try.
func (db *DB) Write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	for attempt := 1; ; attempt++ {
		err := withPermit(ctx, func(Operation) error { return db.backend.write(ctx, fn) })
		if err == nil {
			return nil
		}
		failure := db.TranslateError(err)
		retry := errors.Is(err, ErrRetry) || isRetryableConflict(failure)
		if retry && attempt == maxAttempts {
			if outdated := db.checkOutdated(err); outdated != nil {
				return outdated
			}
		}
		if !retry || attempt == maxAttempts {
			return failure
		}
		select {
		case <-ctx.Done():
			return db.TranslateError(ctx.Err())
		case <-time.After(time.Duration(rand.Int64N(int64(attempt) * int64(5*time.Millisecond)))):
		}
	}
}

func isRetryableConflict(err error) bool {
	var e *models.Error
	return errors.As(err, &e) && e.Code == models.CodeConflict && e.Retryable
}

// TranslateError returns err as an error that a caller may see.
func (db *DB) TranslateError(err error) error {
	var known *models.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, ErrRetry):
		return concurrentWrite(err)
	}
	// The driver comes first: a connection that timed out also has context.DeadlineExceeded in its chain.
	if translated := db.backend.translateError(err); translated != nil {
		return translated
	}
	if isContextError(err) {
		return err
	}
	if outdated := db.checkOutdated(err); outdated != nil {
		return outdated
	}
	return fmt.Errorf("store: %w", err)
}

// concurrentWrite returns the failure of a transaction that conflicts with another one.
func concurrentWrite(err error) *models.Error {
	return &models.Error{Code: models.CodeConflict, Message: "others write the same thing; try again", Retryable: true,
		Err: err}
}

// isContextError reports whether a context has ended in the chain of err.
func isContextError(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// unavailableError returns the failure of a database that cannot be used.
func unavailableError(err error) *models.Error {
	return &models.Error{
		Code: models.CodeUnavailable, Message: "the database is not available; try again", Retryable: true, Err: err,
	}
}

// interruptedError returns the failure of a statement that was cancelled: by the end of its context, or by an operator
// in the database. It wraps context.Canceled.
func interruptedError(err error) *models.Error {
	return unavailableError(errors.Join(context.Canceled, err))
}
