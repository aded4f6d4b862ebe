// Package store keeps everything that Placard knows, on SQLite or on PostgreSQL. It is the only importer of GORM.
//
// There is one concrete Store. An exported method is one transaction, and returns models.Error for every failure that a
// caller may see. Whatever a call names is looked for among what its principal may reach: see access.go. Files are named
// after the nouns; target.go resolves selectors, and dialect_sqlite.go and dialect_postgres.go hold the engines' differences.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// Store is the database. It is safe for concurrent use.
type Store struct {
	dialect dialect
	log     *slog.Logger
	// projects are the IDs of projects by name, as far as they have been asked for.
	projects sync.Map
	used     uses
	// clock is time.Now, but in tests of a clock that is set.
	clock func() time.Time
	// background are goroutines that end when closing does.
	background sync.WaitGroup
	closing    context.Context
	close      context.CancelFunc
}

// dialect is every difference between the engines.
type dialect interface {
	// lanes are the connections for reading.
	lanes() *lanes
	// write runs fn in a transaction and commits it, in a turn that begins before the transaction. It never runs fn again.
	write(ctx context.Context, fn func(tx *gorm.DB) error) error
	// now is the present in microseconds since 1970, as an argument of a statement: at least floor.
	now(floor int64) any
	// ago is the instant that was so long ago, as now says it, by the same clock.
	ago(age time.Duration) any
	// oneOf is the condition that column is one of the IDs.
	oneOf(column string, ids []models.ID) condition
	// below runs a SELECT about `parent.id`, which stands in it once, for each of the parents.
	below(parents []models.ID, sql string, args []any) (string, []any)
	// rows is a table expression for FROM with a row per object of the JSON array that is its one argument.
	rows(columns ...column) string
	// behind is what follows a table in FROM, so that each row of it, in its order, leads to the rows of another for which
	// a condition holds.
	behind(table, alias string, on condition) condition
	// leftJoin returns the join of behind as a left join, which has nulls for a row without a match.
	leftJoin(table, alias string, on condition) condition
	// lookUp returns the item of FROM with the rows that a lookup finds. Each ID is looked up in an index by itself.
	lookUp(l lookup) condition
	// selectFirst returns the SELECT of the first rows of a table expression q in an order.
	selectFirst(columns string, from condition, order []string, limit int) condition
	// inOrder brings the rows of FROM, of which only those of one table matter, into an order before anything else is
	// asked of them: then it is asked of no more of them than a page needs. An engine may leave it as it is.
	inOrder(from condition, alias, order string) condition
	// by is a table in FROM whose rows are looked up in an index. Without statistics SQLite would rather read all of a project.
	by(index, table, alias string) string
	// position is where a text has its argument in it, from 1 on; 0 for nowhere.
	position(text string) string
	// bytewise is a text that is compared by its bytes.
	bytewise(text string) string
	// part is what a path leads to in a JSON text, which may be null: a text, JSON for what holds members, null for nothing.
	part(json string, path []string) condition
	// members is a table expression with the members of a JSON array as texts in the column value, without a name.
	members(array string) string
	// array is the JSON array of values.
	array(values []string) string
	// distinct are the different values of a group with commas between them.
	distinct(value string) string
	// dated is the ID of an entry as a text that compares as its seq does: 20 digits, and the ID in hexadecimal.
	dated(seq, id string) string
	// planEach returns a session of the transaction whose statements are planned for their arguments each time.
	planEach(tx *gorm.DB) *gorm.DB
	// lockSubjects keeps others from writing about the subjects until the end of the transaction.
	lockSubjects(tx *gorm.DB, project models.ID, subjects []models.ID) (locked, error)
	// lockRow is what ends a SELECT that keeps others from changing its rows.
	lockRow() string
	// lockBulk keeps other imports away until the end of the transaction.
	lockBulk(tx *gorm.DB) error
	// appendEntries stores entries, which are a JSON array of entryRow, and the latest row of each key; at is their time.
	appendEntries(tx *gorm.DB, project models.ID, at any, entries string) ([]appended, error)
	// translate makes an error of the driver one that a caller may see; nil when it is none of the driver's.
	translate(err error) *models.Error
	// explain is the plan of a statement of the driver.
	explain(ctx context.Context, text string, args []any) ([]string, error)
	// migrate brings the tables up to date if up is set, or else checks that they are, and makes the dialect ready to write.
	migrate(ctx context.Context, log *slog.Logger, up bool) error
	// present is the present in microseconds since 1970, by the clock of now.
	present(ctx context.Context) (int64, error)
	// ping says whether the database answers. It has a connection of its own: that all others are busy is no answer.
	ping(ctx context.Context) error
	// analyze collects statistics of the tables that have grown, or of all of them.
	analyze(ctx context.Context, log *slog.Logger, all bool) error
	// checkProgram returns Outdated if the tables do not allow this program.
	checkProgram(ctx context.Context) error
	// pools are the pools of connections.
	pools() []Pool
	// logBytes returns the size of the write-ahead log; false for an engine that keeps the log itself.
	logBytes() (int64, bool)
	close() error
}

// Open opens the database at url, `sqlite:PATH` or `postgres://…`, and brings its tables up to date. It fails with a
// clear message when another process has the SQLite file, and when a newer program has written the database.
func Open(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	return open(ctx, url, log, true)
}

// OpenCurrent opens a database whose tables are up to date, and does not change them. It fails with Behind when they are
// older, and where there is no SQLite file.
func OpenCurrent(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	var missing *Missing
	if err := checkFile(url); errors.As(err, &missing) {
		return nil, &Behind{Newest: NewestTables(), Missing: missing}
	}
	return open(ctx, url, log, false)
}

func open(ctx context.Context, url string, log *slog.Logger, up bool) (*Store, error) {
	var d dialect
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		d, err = openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), log)
	case IsPostgres(url):
		d, err = openPostgres(url, log)
	default:
		return nil, errURL
	}
	if err != nil {
		return nil, err
	}
	if err := d.migrate(ctx, log, up); err != nil {
		return nil, errors.Join(err, d.close())
	}
	s := &Store{dialect: d, log: log, clock: time.Now}
	s.closing, s.close = context.WithCancel(context.WithoutCancel(ctx))
	return s, nil
}

// IsPostgres says whether a database URL leads to PostgreSQL.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Close waits for what is being written and closes the database.
func (s *Store) Close() error {
	s.close()
	s.background.Wait()
	return s.dialect.close()
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	err := s.dialect.ping(ctx)
	if outdated := (*Outdated)(nil); errors.As(err, &outdated) {
		return unavailableProgram(outdated, nil)
	}
	return s.failure(err)
}

// Past reports whether an instant is not later than the clock of the database, so that it has a past.
func (s *Store) Past(ctx context.Context, instant models.Time) (bool, error) {
	now, err := s.dialect.present(ctx)
	return instant.UnixMicro() <= now, s.failure(err)
}

// transaction is one that writes.
type transaction struct {
	*gorm.DB
	dialect dialect
	// entries is how many entries it has appended.
	entries int
	// who is whose transaction it is.
	who auth.Principal
	// projects is the cache of the store. The commit adds found to it.
	projects *sync.Map
	found    map[string]models.ID
}

// attempts bounds how often a transaction is tried that lost against another one.
const attempts = 6

// errLost says that a transaction must be tried again, because another one was faster.
var errLost = errors.New("another transaction was faster")

// write runs fn in a transaction, and again when it lost against another one: fn must not keep anything of a try
// that failed.
func (s *Store) write(ctx context.Context, fn func(tx *transaction) error) error {
	for attempt := 1; ; attempt++ {
		entries, found := 0, map[string]models.ID{}
		err := permit(ctx, func(Operation) error {
			return s.dialect.write(ctx, func(db *gorm.DB) error {
				tx := &transaction{DB: db, dialect: s.dialect, who: auth.From(ctx), projects: &s.projects, found: found}
				defer func() { entries = tx.entries }()
				return fn(tx)
			})
		})
		if err == nil {
			for name, id := range found {
				s.projects.Store(name, id)
			}
			observeEntries(ctx, entries)
			return nil
		}
		failure := s.failure(err)
		lost := errors.Is(err, errLost) || isLost(failure)
		if lost && attempt == attempts {
			if outdated := s.outdated(err); outdated != nil {
				return outdated
			}
		}
		if !lost || attempt == attempts {
			return failure
		}
		select {
		case <-ctx.Done():
			return s.failure(ctx.Err())
		case <-time.After(time.Duration(rand.Int64N(int64(attempt) * int64(5*time.Millisecond)))):
		}
	}
}

func isLost(err error) bool {
	var e *models.Error
	return errors.As(err, &e) && e.Code == models.CodeConflict && e.Retryable
}

// failure makes err one that a caller may see.
func (s *Store) failure(err error) error {
	var known *models.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, errLost):
		return &models.Error{Code: models.CodeConflict, Message: "others write the same thing; try again", Retryable: true, Err: err}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err
	}
	if translated := s.dialect.translate(err); translated != nil {
		return translated
	}
	if outdated := s.outdated(err); outdated != nil {
		return outdated
	}
	return fmt.Errorf("store: %w", err)
}

// unavailable is the failure of a database that cannot be reached or cannot go on.
func unavailable(err error) *models.Error {
	return &models.Error{
		Code: models.CodeUnavailable, Message: "the database is not available; try again", Retryable: true, Err: err,
	}
}

// interrupted returns the failure of a statement that was cancelled: by the end of its context, or by an operator in the
// database. It wraps context.Canceled.
func interrupted(err error) *models.Error { return unavailable(errors.Join(context.Canceled, err)) }

// Pool is how busy a pool of connections is.
type Pool struct {
	Name string
	// Most is how many connections it may have.
	Most, InUse, Idle int
	// Waiting counts the statements that wait for a turn.
	Waiting int
	// Waits counts the waits of statements for a turn or a connection, and Waited is their total duration.
	Waits  int64
	Waited time.Duration
}

// Pools are the pools of connections to the database.
func (s *Store) Pools() []Pool { return s.dialect.pools() }

// LogBytes returns the number of bytes of SQLite's write-ahead log. It returns false on PostgreSQL, and where the file
// cannot be examined.
func (s *Store) LogBytes() (int64, bool) { return s.dialect.logBytes() }

func pool(name string, db *sql.DB) Pool {
	stats := db.Stats()
	return Pool{
		Name: name, Most: stats.MaxOpenConnections, InUse: stats.InUse, Idle: stats.Idle, Waits: stats.WaitCount, Waited: stats.WaitDuration,
	}
}
