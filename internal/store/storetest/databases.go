// Package storetest is the conformance suite that every engine of the store runs whole, with the databases that
// tests need: SQLite files, and databases of a throw-away PostgreSQL cluster.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/sqllint"
)

// DatabaseVariable names the environment variable with the URL of a PostgreSQL server to test on. Its user must be
// allowed to create databases. Without it the tests start a cluster of their own, with PostgreSQL's programs.
const DatabaseVariable = "PLACARD_TEST_DATABASE_URL"

// Engines are the databases that every test runs on: each makes the URL of a new, empty one.
var Engines = map[string]func(t testing.TB) string{"sqlite": SQLite, "postgres": Postgres}

// Each runs a test on each engine.
func Each(t *testing.T, run func(t *testing.T, databaseURL string)) {
	for name, open := range Engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open(t))
		})
	}
}

// SQLite is the URL of a new database file.
func SQLite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "placard.db") }

// cluster is the one that the tests of a package share.
var cluster struct {
	once sync.Once
	err  error
	own  *Cluster
	// admin is the URL of the database to create others from.
	admin *url.URL
	n     atomic.Int64
	// version is server_version_num, such as 150004.
	version int
	// tracer checks the statements on the databases.
	tracer *sqllint.Tracer
}

// template is the database that all others are copies of: with tables, and otherwise empty. Packages are tested side by
// side and may share a given server, so each process has its own.
var template = fmt.Sprintf("placard_template_%d", os.Getpid())

// Main runs the tests of a package, stops the cluster that they started, and cleans up what else there is.
func Main(m *testing.M, cleanUp ...func()) {
	harness.Main(m, append(cleanUp, dropCitusTemplates, func() {
		switch {
		case cluster.own != nil:
			cluster.own.Remove()
		case cluster.admin != nil:
			_ = execute("DROP DATABASE IF EXISTS " + template + " WITH (FORCE)") // a given server is left as it was
		}
	})...)
}

// Postgres is the URL of a new database with tables, which is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t, template)
}

// EmptyPostgres is the URL of a new database without tables, which is dropped when the test ends.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t, "template1")
}

// EncodedPostgres returns the URL of a new database without tables that has an encoding, such as LATIN1. It is dropped
// when the test ends.
func EncodedPostgres(t testing.TB, encoding string) string {
	t.Helper()
	return newDatabase(t, "template0 ENCODING '"+encoding+"' LC_COLLATE 'C' LC_CTYPE 'C'")
}

// newDatabase makes a database that is a copy of another, and returns its URL.
func newDatabase(t testing.TB, source string) string {
	t.Helper()
	cluster.once.Do(func() { cluster.err = startCluster() })
	if cluster.err != nil {
		t.Fatalf("a PostgreSQL server to test on: %v", cluster.err)
	}
	name := fmt.Sprintf("placard_test_%d_%d", os.Getpid(), cluster.n.Add(1))
	if err := copyDatabase(name, source); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, problem := range TakeProblems(name) {
			t.Errorf("a statement must restrict each table to the same constant project: %s", problem)
		}
		if err := execute("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
	})
	return databaseNamed(name)
}

// TakeProblems returns the statements on a database so far that violate the rule of one project, each once.
func TakeProblems(database string) []string { return cluster.tracer.TakeProblems(database) }

func databaseNamed(name string) string {
	u := *cluster.admin
	u.Path = "/" + name
	return u.String()
}

// templates are copied one at a time: PostgreSQL refuses to copy a database that another session is copying.
var templates sync.Mutex

// copyDatabase makes a database that is a copy of source. Files are copied without the write-ahead log, which costs
// half the time; PostgreSQL before 15 always copies them so.
func copyDatabase(name, source string) error {
	templates.Lock()
	defer templates.Unlock()
	statement := "CREATE DATABASE " + name + " TEMPLATE " + source
	if cluster.version >= 150_000 {
		statement += " STRATEGY FILE_COPY"
	}
	if err := execute(statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func execute(statement string) error { return executeAt(cluster.admin.String(), statement) }

func executeAt(url, statement string) error {
	return withConnection(url, func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, statement)
		return err
	})
}

// withConnection runs fn with a connection to a database, for at most harness.Limit.
func withConnection(url string, fn func(ctx context.Context, db *sql.DB) error) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), harness.Limit)
	defer cancel()
	return fn(ctx, db)
}

func startCluster() (err error) {
	go sqllint.StartParser()
	if given := os.Getenv(DatabaseVariable); given != "" {
		if cluster.admin, err = url.Parse(given); err != nil {
			return fmt.Errorf("%s is no URL", DatabaseVariable)
		}
	} else {
		if cluster.own, err = NewCluster(); err != nil {
			return err
		}
		cluster.admin = cluster.own.URL
	}
	err = withConnection(cluster.admin.String(), func(ctx context.Context, db *sql.DB) error {
		return db.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&cluster.version)
	})
	if err != nil {
		return err
	}
	if err := execute("DROP DATABASE IF EXISTS " + template + " WITH (FORCE)"); err != nil {
		return err
	}
	if err := execute("CREATE DATABASE " + template); err != nil {
		return err
	}
	s, err := store.Open(context.Background(), databaseNamed(template), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	return traceStatements()
}

// traceStatements checks the statements on databases that are opened from now on: each table with the column project_id
// is distributed, except those that belong to no project, too.
func traceStatements() error {
	return withConnection(databaseNamed(template), func(ctx context.Context, db *sql.DB) error {
		var tables string
		err := db.QueryRowContext(ctx, `SELECT string_agg(c.table_name, ' ') FROM information_schema.columns c
			JOIN information_schema.tables t USING (table_schema, table_name)
			WHERE c.column_name = $1 AND c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
				AND c.table_name NOT IN ('api_keys', 'audit_events')`, sqllint.Column).Scan(&tables)
		cluster.tracer = sqllint.NewTracer(strings.Fields(tables))
		engine.Tracer = cluster.tracer
		return err
	})
}

// completeVariable names the environment variable that, when it is set, makes a failure of a test that would be skipped
// for what the machine lacks. `.ci/run` sets it.
const completeVariable = "PLACARD_TEST_COMPLETE"

// Lacks skips a test for which the machine has not what it takes, or fails it where none may be skipped.
func Lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(completeVariable) != "" {
		t.Fatalf("this test needs %s", what)
	}
	t.Skipf("this test needs %s", what)
}
