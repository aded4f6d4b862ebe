// Package store holds the operations of the domain. An exported method of Store is one transaction or one read. It
// returns a models.Error for each failure that a caller can see, and restricts all look-ups to the projects that are
// visible to the principal of the context.
//
// It hides the tables and their statements: package engine has the connections and the dialects, package access the
// transaction of a caller and its visibility, package target the selectors of mutations, package search the filtered
// and sorted lists, package facet their counts, package lineage the connections of versions, package catalogue the
// known keys, package group the calls that share a transaction, package timeline the events, package clientid the IDs
// that clients choose, package outputs the outputs of steps that end, package repair the rows of older servers, package
// deletion the rows of deleted objects, package snapshot the stored answers, package expiry the end of their keys,
// package erasure the removal of values, package apikey the look-up of API keys, package bulk the import and export of
// whole projects. Rows of one table by key are read and written with GORM's typed API; statements that join, rank, fold
// or batch are SQL.
//
// Open returns a Store. Call, Write and Retraction are the inputs of writes, and Bulk is the transaction of an import.
// Errors of opening a database are those of package engine.
package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/apikey"
	"github.com/placard/placard/internal/store/catalogue"
	"github.com/placard/placard/internal/store/deletion"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/entries"
	"github.com/placard/placard/internal/store/expiry"
	"github.com/placard/placard/internal/store/group"
	"github.com/placard/placard/internal/store/lineage"
	"github.com/placard/placard/internal/store/repair"
	"github.com/placard/placard/internal/store/replica"
	"github.com/placard/placard/internal/store/timeline"
	"github.com/placard/placard/models"
)

// The parts of other packages, whose methods are methods of Store.
type (
	entriesReader   = entries.Reader
	lineageReader   = lineage.Reader
	timelineReader  = timeline.Reader
	keyCatalogue    = catalogue.Catalogue
	deletedProjects = deletion.Projects
	repairer        = repair.Repairer
	authenticator   = apikey.Authenticator
	expiringKeys    = expiry.Keys
)

// The arguments and results of methods of other packages.
type (
	EventQuery    = timeline.EventQuery
	EntryKey      = entries.Key
	HistoryFilter = entries.HistoryFilter
	Document      = entries.Document
	Revisions     = entries.Revisions
	CacheStats    = entries.CacheStats
	Progress      = repair.Progress
	RepairCounts  = repair.Counts

	ReplicaSettings = replica.Settings
)

// Store is an open database with the operations of the domain. It is safe for concurrent use.
type Store struct {
	entriesReader
	lineageReader
	timelineReader
	*keyCatalogue
	*deletedProjects
	repairer
	*authenticator
	expiringKeys

	db  *engine.DB
	log *slog.Logger
	// projects are the IDs of projects by name, as far as they have been asked for.
	projects sync.Map
	// logs are the groups of LogMetadata.
	logs *logQueue
	// clock is time.Now, except in tests.
	clock func() time.Time
}

// DefaultCacheBytes is the size of the cache of latest metadata unless WithCacheBytes sets another one.
const DefaultCacheBytes = 64 << 20

// Option changes how a database is opened.
type Option func(*options)

type options struct {
	engine.Options
	cacheBytes int
}

// WithConnections sets the number of connections to PostgreSQL, without that of the health check. SQLite ignores it.
func WithConnections(n int) Option { return func(o *options) { o.Connections = n } }

// WithClock replaces time.Now. PostgreSQL keeps its own clock.
func WithClock(clock func() time.Time) Option { return func(o *options) { o.Clock = clock } }

// WithReplicas sets the replicas of a PostgreSQL database.
func WithReplicas(s ReplicaSettings) Option { return func(o *options) { o.Replicas = s } }

// WithCacheBytes sets the size of the cache of latest metadata, 0 for no cache.
func WithCacheBytes(n int) Option { return func(o *options) { o.cacheBytes = n } }

// Open opens the database at url, `sqlite:PATH` or `postgres://…`, and migrates its schema. It fails if another process
// has opened the SQLite file, or if a newer program has written the database.
func Open(ctx context.Context, url string, log *slog.Logger, options ...Option) (*Store, error) {
	return open(ctx, url, log, true, options)
}

// OpenWithoutMigrating opens a database whose schema is current, and changes nothing. It fails with
// SchemaOutdatedError if the schema is older, or if the SQLite file does not exist.
func OpenWithoutMigrating(ctx context.Context, url string, log *slog.Logger, options ...Option) (*Store, error) {
	return open(ctx, url, log, false, options)
}

func open(ctx context.Context, url string, log *slog.Logger, up bool, choices []Option) (*Store, error) {
	chosen := options{cacheBytes: DefaultCacheBytes}
	for _, choose := range choices {
		choose(&chosen)
	}
	db, err := engine.Open(ctx, url, log, up, chosen.Options)
	if err != nil {
		return nil, err
	}
	s := &Store{
		entriesReader: entries.Reader{DB: db, Cache: entries.NewCache(chosen.cacheBytes)}, lineageReader: lineage.Reader{DB: db},
		timelineReader: timeline.Reader{DB: db}, keyCatalogue: catalogue.New(db, log, time.Now),
		repairer: repair.Repairer{DB: db}, authenticator: apikey.NewAuthenticator(db, log),
		expiringKeys: expiry.Keys{DB: db, Log: log},
		db:           db, log: log, clock: db.Clock(),
	}
	s.deletedProjects = deletion.NewProjects(db, log, &s.projects)
	s.logs = newLogQueue(s)
	if err := s.RefreshDeleted(ctx); err != nil {
		return nil, errors.Join(db.TranslateError(err), db.Close())
	}
	return s, nil
}

// caller returns the principal of a context, which cannot reach deleted projects.
func (s *Store) caller(ctx context.Context) auth.Principal {
	who := auth.FromContext(ctx)
	who.Deleted = s.DeletedProjects()
	return who
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

// DatabaseNodes returns the state of the primary and its replicas, nil for a database without consistency tokens.
func (s *Store) DatabaseNodes() []replica.Stats { return s.db.Nodes() }

// WriteGroups returns the load of the groups of LogMetadata.
func (s *Store) WriteGroups() group.Stats { return s.logs.Stats() }

// CacheStats returns the use of the cache of latest metadata.
func (s *Store) CacheStats() CacheStats { return s.Cache.Stats() }

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
	*access.Tx
	// entries is the number of appended entries.
	entries int
}

// write runs fn in a transaction, and again if it conflicts with another one: fn must not keep results of a failed try.
func (s *Store) write(ctx context.Context, fn func(tx *transaction) error) error {
	var done *transaction
	err := s.db.Write(ctx, func(db *gorm.DB) error {
		done = &transaction{Tx: &access.Tx{
			DB: db, Dialect: s.db.Dialect(), Who: s.caller(ctx), Projects: &s.projects,
		}}
		return fn(done)
	})
	if err != nil {
		return err
	}
	done.KeepProjects()
	s.db.ObserveEntries(ctx, done.entries)
	return nil
}
