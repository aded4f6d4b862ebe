package engine

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/placard/placard/internal/store/backfill"
	"github.com/placard/placard/internal/store/pooler"
)

//go:embed migrations
var migrations embed.FS

// migrateSQLite runs the migrations that are missing. The lock on the file keeps other processes away.
func migrateSQLite(ctx context.Context, pool *sql.DB, log *slog.Logger) error {
	return migrate(ctx, goose.DialectSQLite3, pool, "migrations/sqlite", log, goose.WithGoMigrations(backfill.SearchMigration(log)))
}

// migratePostgres runs the migrations that are missing, under a lock that other processes wait for.
func migratePostgres(ctx context.Context, pool *sql.DB, log *slog.Logger) error {
	return migrate(ctx, goose.DialectPostgres, pool, "migrations/postgres", log, goose.WithLocker(&migrationLock{}),
		goose.WithGoMigrations(backfill.SearchMigration(log, backfill.FoldFunction())))
}

func migrate(
	ctx context.Context, dialect goose.Dialect, pool *sql.DB, folder string, log *slog.Logger, options ...goose.ProviderOption,
) error {
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, pool, files, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return err
	}
	has := sqliteHasTables
	if dialect == goose.DialectPostgres {
		has = postgresHasTables
	}
	stored, err := readSchemaVersion(ctx, pool, has)
	if err != nil {
		return err
	}
	newest := TargetSchemaVersion()
	if stored >= newest {
		return checkProgram(ctx, pool) // nothing is pending, so the lock is not taken
	}
	log.InfoContext(ctx, "bringing the tables up to date", "from", stored, "to", newest)
	done, err := provider.Up(ctx)
	for _, step := range done {
		log.InfoContext(ctx, "migrated the database", "version", step.Source.Version, "took", step.Duration)
	}
	if err != nil {
		return err
	}
	return checkProgram(ctx, pool)
}

// Schema is the state of the schema of a database.
type Schema struct {
	// Stored is the current version, 0 for none, and Newest the version of this program.
	Stored, Newest int64
	// Oldest is the version of the oldest program that may use them, 0 for tables that do not carry it.
	Oldest int64
	// Pending are the names of the migrations that are missing.
	Pending []string
	// NoFile reports that there is no SQLite file.
	NoFile bool
}

// SchemaOutdatedError is the failure of a database whose schema is older than the program needs.
type SchemaOutdatedError struct {
	Stored, Newest int64
	// Missing is set where there is no SQLite file at all.
	Missing *MissingFileError
}

func (e *SchemaOutdatedError) Error() string {
	if e.Missing != nil {
		return e.Missing.Error()
	}
	return fmt.Sprintf("the tables of the database are at version %d, and this program needs %d: stop the servers of before, "+
		"make a backup, run `placard migrate up`, and start again", e.Stored, e.Newest)
}

// listMigrations returns the numbers and names of all migrations, in order.
func listMigrations() ([]int64, []string) {
	names := map[int64]string{backfill.SearchVersion: fmt.Sprintf("%04d_search.go", backfill.SearchVersion)}
	newest := int64(backfill.SearchVersion)
	files, err := fs.Glob(migrations, "migrations/sqlite/*.sql") // the other engine has the same
	for _, file := range files {
		number, _, _ := strings.Cut(path.Base(file), "_")
		n, failed := strconv.ParseInt(number, 10, 64)
		err = errors.Join(err, failed)
		names[n] = path.Base(file)
		newest = max(newest, n)
	}
	if err != nil {
		panic(err) // the files are part of the program
	}
	var numbers []int64
	var sorted []string
	for n := int64(1); n <= newest; n++ {
		if name, ok := names[n]; ok {
			numbers, sorted = append(numbers, n), append(sorted, name)
		}
	}
	return numbers, sorted
}

// TargetSchemaVersion returns the version of the schema of this program.
func TargetSchemaVersion() int64 {
	numbers, _ := listMigrations()
	return numbers[len(numbers)-1]
}

const (
	// The following statements report whether the table of versions exists.
	sqliteHasTables   = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version')"
	postgresHasTables = "SELECT to_regclass('goose_db_version') IS NOT NULL"
)

// readSchemaVersion returns the version of the schema of a database.
func readSchemaVersion(ctx context.Context, pool *sql.DB, has string) (int64, error) {
	var there bool
	var stored sql.NullInt64
	err := pool.QueryRowContext(ctx, has).Scan(&there)
	if err == nil && there {
		err = pool.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&stored)
	}
	return stored.Int64, err
}

func requireCurrent(ctx context.Context, pool *sql.DB, has string) error {
	stored, err := readSchemaVersion(ctx, pool, has)
	if err != nil {
		return fmt.Errorf("read the version of the tables: %w", stripDSN(err))
	}
	if newest := TargetSchemaVersion(); stored < newest {
		return &SchemaOutdatedError{Stored: stored, Newest: newest}
	}
	return checkProgram(ctx, pool)
}

// ReadSchema reads how far the tables of the database at url are. It changes nothing and needs no lock, so a server may
// run meanwhile. A database that is not there yet has version 0.
func ReadSchema(ctx context.Context, url string) (Schema, error) {
	tables := Schema{Newest: TargetSchemaVersion()}
	var missing *MissingFileError
	pool, has, err := readOnly(ctx, url)
	if tables.NoFile = errors.As(err, &missing); tables.NoFile {
		err = nil
	} else if err == nil {
		if tables.Stored, err = readSchemaVersion(ctx, pool, has); err == nil && tables.Stored >= compatibilityVersion {
			tables.Stored, tables.Oldest, err = readProgram(ctx, pool)
		}
		err = errors.Join(stripDSN(err), pool.Close())
	}
	if err != nil {
		return tables, fmt.Errorf("read the version of the tables: %w", err)
	}
	numbers, names := listMigrations()
	for i, n := range numbers {
		if n > tables.Stored {
			tables.Pending = append(tables.Pending, names[i])
		}
	}
	return tables, nil
}

// OpenSnapshot returns a pool on the database at url, and a transaction of it that reads one instant, changes nothing
// and has no time limit. It takes no lock that blocks a writer, so a server may run meanwhile. It fails with
// MissingFileError where there is no SQLite file, and with SchemaOutdatedError if the schema is older than the
// program.
func OpenSnapshot(ctx context.Context, url string) (*sql.DB, *sql.Tx, error) {
	pool, has, err := readOnly(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	var tx *sql.Tx
	if err = requireCurrent(ctx, pool, has); err == nil {
		tx, err = beginSnapshot(ctx, pool, IsPostgres(url))
	}
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	return pool, tx, nil
}

// beginSnapshot begins a transaction that reads one instant. It sets what it needs for the transaction, because a
// pooler drops settings of a session. A transaction of SQLite always reads one instant.
func beginSnapshot(ctx context.Context, pool *sql.DB, isPostgres bool) (*sql.Tx, error) {
	if !isPostgres {
		return pool.BeginTx(ctx, nil)
	}
	tx, err := pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, stripDSN(err)
	}
	if _, err := tx.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// URLError is the failure of an invalid database URL.
type URLError struct{ text string }

func (e *URLError) Error() string { return e.text }

var (
	errURL         = &URLError{"the database URL must begin with sqlite: or postgres://"}
	errPostgresURL = &URLError{"the database URL is not a valid postgres:// URL"}
)

// readOnly returns a pool on the database at url, and the statement that asks for the table of versions. It fails with
// Missing where there is no SQLite file, and with WrongEncoding.
func readOnly(ctx context.Context, url string) (*sql.DB, string, error) {
	if IsPostgres(url) {
		config, err := parsePostgres(url)
		if err != nil {
			return nil, "", err
		}
		if _, err := pooler.Find(ctx, config, nil); err != nil {
			return nil, "", fmt.Errorf("connect to the database: %w", stripDSN(err))
		}
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe // a pooler may drop prepared statements
		pool := stdlib.OpenDB(*config)
		if err := checkEncoding(ctx, pool); err != nil {
			return nil, "", errors.Join(err, pool.Close())
		}
		return pool, postgresHasTables, nil
	}
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok || path == "" {
		return nil, "", errURL
	}
	if err := checkFile(url); err != nil {
		return nil, "", err
	}
	pool, err := OpenReadOnlyFile(path)
	return pool, sqliteHasTables, err
}

// OpenReadOnlyFile returns a pool that cannot change the database file, and takes no lock that blocks a writer.
func OpenReadOnlyFile(path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := (&url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&_pragma=busy_timeout(10000)&_dqs=0"}).String()
	return sql.Open("sqlite", name)
}
