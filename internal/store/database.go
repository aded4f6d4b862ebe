package store

import (
	"context"
	"database/sql"

	"github.com/placard/placard/internal/store/engine"
)

// The types and limits of package engine that users of a store need.
type (
	// Option changes how a database is opened.
	Option = engine.Option
	// SchemaVersion is the state of the schema of a database.
	Schema = engine.Schema
	// SchemaOutdatedError is the failure of a database whose schema is older than the program needs.
	SchemaOutdatedError = engine.SchemaOutdatedError
	// ProgramOutdatedError is the failure of a program that is older than the schema allows.
	ProgramOutdatedError = engine.ProgramOutdatedError
	// MissingFileError is the failure of a call that needs an SQLite file that does not exist.
	MissingFileError = engine.MissingFileError
	// URLError is the failure of an invalid database URL.
	URLError = engine.URLError
	// EncodingError is the failure of a PostgreSQL database that does not store text as UTF-8.
	EncodingError = engine.EncodingError
	// Operation is an operation of the API, whose statements share connections fairly with those of others.
	Operation = engine.Operation
	// Observer observes the statements of a context.
	Observer = engine.Observer
	// Pool is how busy a pool of connections is.
	Pool = engine.Pool
)

// Limits of package engine.
const (
	MinConnections     = engine.MinConnections
	StatisticsInterval = engine.StatisticsInterval
)

// ErrReadOnly is in the chain of each failure of a database that can be read and not written.
var ErrReadOnly = engine.ErrReadOnly

// WithConnections sets the number of connections to PostgreSQL, without that of the health check. SQLite ignores it.
func WithConnections(n int) Option { return engine.WithConnections(n) }

// WithOperation returns a context for the statements of an operation.
func WithOperation(ctx context.Context, o Operation) context.Context {
	return engine.WithOperation(ctx, o)
}

// WithObserver returns a context whose statements the observer observes.
func WithObserver(ctx context.Context, o Observer) context.Context {
	return engine.WithObserver(ctx, o)
}

// IsPostgres reports whether a database URL is one of PostgreSQL.
func IsPostgres(url string) bool { return engine.IsPostgres(url) }

// TargetSchemaVersion returns the version of the schema that this program needs.
func TargetSchemaVersion() int64 { return engine.TargetSchemaVersion() }

// ReadSchema reads the version of the schema of the database at url. It changes nothing.
func ReadSchema(ctx context.Context, url string) (Schema, error) { return engine.ReadSchema(ctx, url) }

// OpenReadOnly returns a pool for reading the database at url. It takes no lock that blocks a writer.
func OpenReadOnly(ctx context.Context, url string) (*sql.DB, error) {
	return engine.OpenReadOnly(ctx, url)
}
