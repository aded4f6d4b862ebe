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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

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
	// reader is the database for reading; searcher is the same for statements of which there are too many different ones
	// to keep them prepared, and whose best plan depends on their arguments.
	reader() *gorm.DB
	searcher() *gorm.DB
	// write runs fn in a transaction and commits it. It never runs fn again.
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
	// leftJoin returns the join of behind as a left join: a row without a match stays, with nulls.
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
	// ping says whether the database answers. It has a connection of its own: that all others are busy is no answer.
	ping(ctx context.Context) error
	// analyze collects statistics of the tables that have grown, or of all of them.
	analyze(ctx context.Context, log *slog.Logger, all bool) error
	// pools are the pools of connections.
	pools() []Pool
	close() error
}

// Open opens the database at url, `sqlite:PATH` or `postgres://…`, and brings its tables up to date. It fails with a
// clear message when another process has the SQLite file, and when a newer program has written the database.
func Open(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	return open(ctx, url, log, true)
}

// OpenCurrent is Open for a database whose tables are up to date already, and does not change them. It fails with
// Behind when they are not.
func OpenCurrent(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
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
func (s *Store) Ping(ctx context.Context) error { return s.failure(s.dialect.ping(ctx)) }

// read is the database for one reading call.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.dialect.reader().WithContext(ctx) }

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
		err := s.dialect.write(ctx, func(db *gorm.DB) error {
			tx := &transaction{DB: db, dialect: s.dialect, who: auth.From(ctx), projects: &s.projects, found: found}
			defer func() { entries = tx.entries }()
			return fn(tx)
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
	return fmt.Errorf("store: %w", err)
}

// unavailable is the failure of a database that cannot be reached or cannot go on.
func unavailable(err error) *models.Error {
	return &models.Error{
		Code: models.CodeUnavailable, Message: "the database is not available; try again", Retryable: true, Err: err,
	}
}

// gormConfig is how both engines use GORM: no hidden transactions, no hidden writes, no values in the log.
func gormConfig(log *slog.Logger, prepare bool) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            prepare,
		Logger:                 gormLogger{log},
	}
}

// mute is a dialect that writes statements for the log without their arguments. GORM would write them out for each
// statement, which costs time and shows values.
type mute struct{ gorm.Dialector }

// Explain is the statement with its placeholders.
func (mute) Explain(sql string, _ ...any) string { return sql[:min(len(sql), mostLogged)] }

// mostLogged is how many bytes of a statement the log shows.
const mostLogged = 2000

// slow is how long a statement takes before the log mentions it.
const slow = 500 * time.Millisecond

// gormLogger sends what GORM has to say to slog.
type gormLogger struct{ log *slog.Logger }

func (l gormLogger) LogMode(logger.LogLevel) logger.Interface { return l }

func (l gormLogger) Info(ctx context.Context, text string, args ...any) {
	l.log.InfoContext(ctx, "gorm", "text", text)
}

func (l gormLogger) Warn(ctx context.Context, text string, args ...any) {
	l.log.WarnContext(ctx, "gorm", "text", text)
}

func (l gormLogger) Error(ctx context.Context, text string, args ...any) {
	l.log.ErrorContext(ctx, "gorm", "text", text)
}

func (l gormLogger) Trace(ctx context.Context, begin time.Time, fc func() (string, int64), err error) {
	took := time.Since(begin)
	observeStatement(ctx, begin, took, fc, err)
	if took >= slow {
		sql, rows := fc()
		l.log.WarnContext(ctx, "slow statement", "took", took, "rows", rows, "sql", sql)
	}
}

// Meter counts the statements of a context, and may make one of them fail, for tests. What begins and ends
// transactions is not counted.
type Meter struct {
	statements atomic.Int64
	// FailAt is the statement that fails without being sent, 1 for the first; 0 for none.
	FailAt int64
	// Record, if any, hears each statement before it is sent.
	Record func(text string, args []any)
}

// Statements is how many statements there have been.
func (m *Meter) Statements() int64 { return m.statements.Load() }

type meterKey struct{}

// WithMeter makes a context whose statements the meter counts.
func WithMeter(ctx context.Context, meter *Meter) context.Context {
	return context.WithValue(ctx, meterKey{}, meter)
}

// Explain is how the database answers a reading statement that a Meter has recorded, line by line, for tests and
// measurements. PostgreSQL answers it for that, and says what each step cost.
func (s *Store) Explain(ctx context.Context, text string, args []any) ([]string, error) {
	return s.dialect.explain(ctx, text, args)
}

// errMeter is the failure that a meter asked for.
var errMeter = errors.New("the meter of the context asked for this failure")

// metered makes db look for a meter before each statement.
func metered(db *gorm.DB) error {
	look := func(db *gorm.DB) {
		meter, ok := db.Statement.Context.Value(meterKey{}).(*Meter)
		if !ok {
			return
		}
		if meter.Record != nil {
			meter.Record(db.Statement.SQL.String(), slices.Clone(db.Statement.Vars))
		}
		if meter.statements.Add(1) == meter.FailAt {
			_ = db.AddError(errMeter)
		}
	}
	return errors.Join(
		db.Callback().Raw().Before("gorm:raw").Register("placard:meter", look),
		db.Callback().Row().Before("gorm:row").Register("placard:meter", look))
}

// Observer hears of what the store does for a context.
type Observer interface {
	// Statement is called after a statement; text makes its SQL, with placeholders instead of values. What begins and ends
	// transactions is not a statement.
	Statement(ctx context.Context, begin time.Time, took time.Duration, text func() string, err error)
	// Entries is called after a transaction that has stored n entries.
	Entries(n int)
}

type observerKey struct{}

// WithObserver makes a context of which the observer hears.
func WithObserver(ctx context.Context, o Observer) context.Context {
	return context.WithValue(ctx, observerKey{}, o)
}

func observeStatement(ctx context.Context, begin time.Time, took time.Duration, statement func() (string, int64), err error) {
	if o, ok := ctx.Value(observerKey{}).(Observer); ok {
		o.Statement(ctx, begin, took, func() string { text, _ := statement(); return text }, err)
	}
}

func observeEntries(ctx context.Context, n int) {
	if o, ok := ctx.Value(observerKey{}).(Observer); ok && n > 0 {
		o.Entries(n)
	}
}

// Pool is how busy a pool of connections is.
type Pool struct {
	Name string
	// Most is how many connections it may have.
	Most, InUse, Idle int
	// Waits is how often somebody had to wait for a connection, and Waited for how long in all.
	Waits  int64
	Waited time.Duration
}

// Pools are the pools of connections to the database.
func (s *Store) Pools() []Pool { return s.dialect.pools() }

func pool(name string, db *sql.DB) Pool {
	stats := db.Stats()
	return Pool{name, stats.MaxOpenConnections, stats.InUse, stats.Idle, stats.WaitCount, stats.WaitDuration}
}
