// Package store holds the operations of the domain. An exported method of Store is one transaction or one read. It
// returns a models.Error for each failure that a caller can see, and restricts all look-ups to the projects that are
// visible to the principal of the context (access.go).
//
// It hides the tables and their statements: package engine has the connections and the dialects, package search the
// filtered and sorted lists, package bulk the import and export of whole projects. Rows of one table by key are read
// and written with GORM's typed API; statements that join, rank, fold or batch are SQL.
//
// Open returns a Store. Call, Write and Retraction are the inputs of writes, and Bulk is the transaction of an import.
// Options and errors of opening a database are those of package engine.
package store

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Store is an open database with the operations of the domain. It is safe for concurrent use.
type Store struct {
	db  *engine.DB
	log *slog.Logger
	// projects are the IDs of projects by name, as far as they have been asked for.
	projects sync.Map
	used     lastUseRecorder
	// clock is time.Now, except in tests.
	clock func() time.Time
}

// Open opens the database at url, `sqlite:PATH` or `postgres://…`, and migrates its schema. It fails if another process
// has opened the SQLite file, or if a newer program has written the database.
func Open(ctx context.Context, url string, log *slog.Logger, options ...engine.Option) (*Store, error) {
	return open(ctx, url, log, true, options)
}

// OpenWithoutMigrating opens a database whose schema is current, and changes nothing. It fails with Behind if the
// schema is older, or if the SQLite file does not exist.
func OpenWithoutMigrating(ctx context.Context, url string, log *slog.Logger, options ...engine.Option) (*Store, error) {
	return open(ctx, url, log, false, options)
}

func open(ctx context.Context, url string, log *slog.Logger, up bool, options []engine.Option) (*Store, error) {
	db, err := engine.Open(ctx, url, log, up, options...)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, log: log, clock: db.Clock()}, nil
}

// Close waits for the running writes and closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping checks that the database can be used.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// Past reports whether an instant is not later than the clock of the database.
func (s *Store) Past(ctx context.Context, instant models.Time) (bool, error) {
	return s.db.Past(ctx, instant)
}

// LogBytes returns the size of SQLite's write-ahead log. It returns false on PostgreSQL, and if the file cannot be
// examined.
func (s *Store) LogBytes() (int64, bool) { return s.db.LogBytes() }

// Pools returns how busy the pools of connections are.
func (s *Store) Pools() []engine.Pool { return s.db.Pools() }

// Explain returns the plan of a reading statement, line by line. PostgreSQL executes the statement for it.
func (s *Store) Explain(ctx context.Context, text string, args []any) ([]string, error) {
	return s.db.Explain(ctx, text, args)
}

// KeepStatistics runs ANALYZE in the background on the tables of PostgreSQL that have grown.
func (s *Store) KeepStatistics(interval time.Duration) { s.db.KeepStatistics(interval) }

// Analyze runs ANALYZE on all tables of PostgreSQL, as after an import. A failure is logged: the statements work
// without statistics.
func (s *Store) Analyze(ctx context.Context) {
	if err := s.db.Analyze(ctx, true); err != nil {
		s.log.WarnContext(ctx, "ANALYZE failed; run it as the owner of the tables", "error", err)
	}
}

// transaction is a writing transaction of a caller.
type transaction struct {
	*gorm.DB
	dialect engine.Dialect
	// entries is the number of appended entries.
	entries int
	who     auth.Principal
	// projects is the cache of the store. The commit adds found to it.
	projects *sync.Map
	found    map[string]models.ID
}

// write runs fn in a transaction, and again if it conflicts with another one: fn must not keep results of a failed try.
func (s *Store) write(ctx context.Context, fn func(tx *transaction) error) error {
	var done *transaction
	err := s.db.Write(ctx, func(db *gorm.DB) error {
		done = &transaction{
			DB: db, dialect: s.db.Dialect(), who: auth.FromContext(ctx), projects: &s.projects, found: map[string]models.ID{},
		}
		return fn(done)
	})
	if err != nil {
		return err
	}
	for name, id := range done.found {
		s.projects.Store(name, id)
	}
	engine.ObserveEntries(ctx, done.entries)
	return nil
}

// ctx returns the context of the statements. SQLite does not cancel the statements of a transaction, because others
// share it.
func (tx *transaction) ctx() context.Context { return tx.Statement.Context }

// scan sends a statement and reads its rows into dest.
func (tx *transaction) scan(dest any, query engine.Expr) error {
	return tx.Raw(query.SQL, query.Args...).Scan(dest).Error
}

// exec sends a statement that returns no rows.
func (tx *transaction) exec(statement engine.Expr) error {
	return tx.Exec(statement.SQL, statement.Args...).Error
}

// execCount sends a statement that returns no rows, and returns the number of rows that it changed.
func (tx *transaction) execCount(statement engine.Expr) (int64, error) {
	done := tx.Exec(statement.SQL, statement.Args...)
	return done.RowsAffected, done.Error
}
