package baseline

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/workload"
	"github.com/placard/placard/models"
)

// File is an SQLite database.
type File struct {
	// Path is that of the database of the server.
	Path string
}

// openFile returns a pool of connections with pragmas.
func openFile(path string, connections int, pragmas ...string) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas, "_dqs": {"0"}}.Encode()}
	pool, err := sql.Open("sqlite", name.String())
	if err == nil {
		pool.SetMaxOpenConns(connections)
		pool.SetMaxIdleConns(connections)
	}
	return pool, err
}

// reader is the side that reads rows by one prepared statement per connection.
type reader struct {
	File
	statement Statement
}

// sqliteExpressions are those of SQLite. A cross join keeps the order of the tables, which SQLite would choose badly
// without statistics.
var sqliteExpressions = expressions{project: "?1", artifact: "?2", version: "?3", join: "CROSS JOIN"}

// Read returns the side that executes a statement with random arguments.
func (f File) Read(s Statement) measure.Side { return &reader{f, s} }

// Name returns the name of the side.
func (r *reader) Name() string { return "SQLite read" }

// Turn reads with a connection for each client, with the settings of the connections of the server.
func (r *reader) Turn(ctx context.Context, clients int, duration time.Duration) (t measure.Turn, err error) {
	pool, err := openFile(r.Path, clients, "busy_timeout(10000)", "cache_size(-4000)", "query_only(1)")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	latencies, failures := make([][]time.Duration, clients), make([]error, clients)
	before, err := process.OwnCPU()
	if err != nil {
		return t, err
	}
	begin := time.Now()
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			latencies[i], failures[i] = r.repeat(ctx, pool, begin.Add(duration))
		})
	}
	all.Wait()
	t.Elapsed = time.Since(begin)
	after, err := process.OwnCPU()
	sorted := slices.Sorted(slices.Values(slices.Concat(latencies...)))
	t.Operations, t.Database = len(sorted), after-before
	t.P50, t.P99 = measure.Percentile(sorted, 0.5), measure.Percentile(sorted, 0.99)
	return t, errors.Join(append(failures, err)...)
}

// repeat executes the statement on one connection until end.
func (r *reader) repeat(ctx context.Context, pool *sql.DB, end time.Time) (latencies []time.Duration, err error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	statement, err := conn.PrepareContext(ctx, r.statement.text(sqliteExpressions))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, statement.Close()) }()
	project := models.DefaultProjectID
	for begin := time.Now(); begin.Before(end); begin = time.Now() {
		args := []any{project[:], r.statement.Data.ArtifactName(rand.IntN(r.statement.Data.Artifacts))}
		if !r.statement.Page {
			args = append(args, strconv.Itoa(1+rand.IntN(workload.VersionsPerArtifact)))
		}
		if err := r.readRows(ctx, statement, args); err != nil {
			return latencies, err
		}
		latencies = append(latencies, time.Since(begin))
	}
	return latencies, nil
}

// readRows executes the statement and requires its number of rows.
func (r *reader) readRows(ctx context.Context, statement *sql.Stmt, args []any) error {
	rows, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	columns, err := rows.Columns()
	if err != nil {
		return errors.Join(err, rows.Close())
	}
	row := make([]any, len(columns))
	for i := range row {
		row[i] = &sql.RawBytes{}
	}
	n := 0
	for rows.Next() {
		if err := rows.Scan(row...); err != nil {
			return errors.Join(err, rows.Close())
		}
		n++
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	if n != r.statement.Rows() {
		return fmt.Errorf("%d rows instead of %d", n, r.statement.Rows())
	}
	return nil
}

// copyTables returns the path of an empty database with the tables of the entries.
func (f File) copyTables(ctx context.Context) (path string, err error) {
	path = filepath.Join(filepath.Dir(f.Path), "limits.db")
	from, err := openFile(f.Path, 1, "query_only(1)")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := openFile(path, 1, "journal_mode(WAL)")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	rows, err := from.QueryContext(ctx, `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL
		AND tbl_name IN ('metadata_entries', 'metadata_latest') AND type IN ('table', 'index') ORDER BY type DESC`)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			return "", err
		}
		if _, err := to.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	return path, rows.Err()
}

// SQLiteVersion returns the version of the driver.
func SQLiteVersion(ctx context.Context) (version string, err error) {
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	err = pool.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version)
	return version, err
}
