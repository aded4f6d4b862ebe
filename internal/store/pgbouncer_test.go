package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// openMessage opens a database through a PgBouncer, and returns the error.
func openMessage(t *testing.T) func(url string) string {
	return func(url string) string {
		err := openError(t, url)
		if err == nil {
			t.Fatal("the control: a database whose user lacks the settings is opened through a PgBouncer")
		}
		return err.Error()
	}
}

// checkMigratedOnce checks that each migration ran once, and that nobody holds an advisory lock of the database.
func checkMigratedOnce(t *testing.T, db *sql.DB) {
	t.Helper()
	var versions, rows, locks int64
	err := db.QueryRow(`SELECT count(DISTINCT version_id), count(*), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) FROM goose_db_version WHERE version_id > 0`).
		Scan(&versions, &rows, &locks)
	if err != nil || versions != engine.TargetSchemaVersion() || rows != versions || locks != 0 {
		t.Errorf("%d migrations ran %d times, and %d locks are held (%v)", versions, rows, locks, err)
	}
}

// TestManyStartBehindPgBouncer checks that six servers that start at once through a PgBouncer run each migration once
// and leave no lock. A pool of transactions needs two connections for it.
func TestManyStartBehindPgBouncer(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	storetest.EachPooler(t, func(t *testing.T, p storetest.Pooler) {
		size := map[string]int{"transaction": 2, "session": 6 * (engine.MinConnections + 3)}[p.Mode]
		direct := storetest.EmptyPostgres(t)
		pooled := p.Through(t, direct, openMessage(t), fmt.Sprint("default_pool_size = ", size))
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				s, err := store.Open(t.Context(), pooled, quiet, store.WithConnections(engine.MinConnections))
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		checkMigratedOnce(t, openDB(t, direct))
	})
}

// TestSettingsBehindPgBouncer checks that the error about missing settings lists exactly those, as the manual does. It
// checks that a database URL can change them, and that statements stay prepared if the PgBouncer manages them. The
// control is that the database is opened with all settings.
func TestSettingsBehindPgBouncer(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	storetest.EachPooler(t, func(t *testing.T, p storetest.Pooler) {
		direct := storetest.EmptyPostgres(t)
		var statements []string
		pooled := p.Through(t, direct, func(url string) string {
			message := openMessage(t)(url)
			statements = storetest.MissingSettings(t, message)
			return message
		})
		manual, err := os.ReadFile("../../docs/how-to/use-postgresql.md")
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range statements {
			_, setting, _ := strings.Cut(statement, " SET ")
			if !strings.Contains(string(manual), "\nALTER ROLE placard IN DATABASE placard SET "+setting+";\n") {
				t.Errorf("docs/how-to/use-postgresql.md lacks %q", statement)
			}
		}
		if n := strings.Count(string(manual), "\nALTER ROLE placard IN DATABASE placard SET "); n != len(statements) {
			t.Errorf("docs/how-to/use-postgresql.md has %d settings, and the error %q", n, statements)
		}
		var log bytes.Buffer
		s, err := store.Open(t.Context(), pooled, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		want := fmt.Sprint("preparedStatements=", p.Mode == "transaction" && p != storetest.NewPooler(t))
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, &log)
		}
		message := openError(t, pooled+"&random_page_cost=2.5&application_name=other")
		if message == nil || !strings.Contains(message.Error(), " SET random_page_cost = '2.5'; then make the pooler reconnect") ||
			strings.Count(message.Error(), "ALTER ROLE") != 1 {
			t.Errorf("a setting of the URL: %v", message)
		}
	})
}

// TestTransactionsBehindPgBouncer checks that a transaction through a PgBouncer sets its time limits on connections to
// PostgreSQL that lack them. The control is another client of the same pool.
func TestTransactionsBehindPgBouncer(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	storetest.EachPooler(t, func(t *testing.T, p storetest.Pooler) {
		if p.Mode == "session" {
			return // its connections check the settings of each session
		}
		const limit = "&lock_timeout=250ms"
		direct := storetest.EmptyPostgres(t)
		pooled := p.Through(t, direct, func(url string) string { return openMessage(t)(url + limit) })
		s, err := store.Open(t.Context(), pooled+limit, quiet, store.WithConnections(engine.MinConnections))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		db, other := openDB(t, direct), openDB(t, pooled+"&default_query_exec_mode=exec")
		for _, statement := range []string{
			"DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I RESET ALL', current_user, current_database()); END $$",
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
		} {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		harness.Eventually(t, "the control: another client has no lock_timeout", func() bool { // PgBouncer may not have seen the end
			var lockTimeout string
			return other.QueryRow("SELECT current_setting('lock_timeout')").Scan(&lockTimeout) == nil && lockTimeout == "0"
		})
		lock, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lock.Exec("LOCK TABLE projects IN SHARE MODE"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(everyone, harness.Limit)
		defer cancel()
		_, err = s.CreateProject(ctx, models.NewPath("input"), "blocked")
		if failed := (*models.Error)(nil); !errors.As(err, &failed) || !failed.Retryable || ctx.Err() != nil {
			t.Errorf("a blocked write: %v", err)
		}
		if err := lock.Rollback(); err != nil {
			t.Error(err)
		}
		if _, err = s.CreateProject(ctx, models.NewPath("input"), "blocked"); err != nil {
			t.Errorf("after the lock: %v", err)
		}
	})
}

// TestSnapshotBehindPgBouncer checks that an export through a PgBouncer reads one instant and changes nothing. The
// control is a statement outside the transaction.
func TestSnapshotBehindPgBouncer(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	storetest.EachPooler(t, func(t *testing.T, p storetest.Pooler) {
		direct := storetest.Postgres(t)
		pool, tx, err := engine.OpenSnapshot(t.Context(), p.Start(t, direct))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = pool.Close() }()
		type querier interface {
			QueryRow(text string, args ...any) *sql.Row
		}
		for _, in := range []struct {
			querier
			want int
		}{{tx, 1}, {pool, 2}, {tx, 1}} {
			var n int
			if err := in.QueryRow("SELECT count(*) FROM projects").Scan(&n); err != nil || n != in.want {
				t.Fatalf("%d projects instead of %d (%v)", n, in.want, err)
			}
			if _, err := openDB(t, direct).Exec(`INSERT INTO projects (id, name, created_at, description)
				SELECT gen_random_uuid(), 'other', created_at, '' FROM projects ON CONFLICT DO NOTHING`); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tx.Exec("DELETE FROM projects"); err == nil || !strings.Contains(err.Error(), "25006") {
			t.Errorf("a write of the snapshot: %v", err)
		}
	})
}

// TestPoolsAreRefused checks that a pool of statements is refused, and that a pool of sessions is refused that is too
// small for a server.
func TestPoolsAreRefused(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	direct := storetest.EmptyPostgres(t)
	p := storetest.NewPooler(t)
	pooled := p.Through(t, direct, openMessage(t))
	for mode, want := range map[string]string{
		"statement": "transaction blocks not allowed in statement pooling mode",
		"session":   "the pooler gave 7 of the 8 connections of this server: ",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p.Mode = mode
			_, err := store.Open(t.Context(), p.Start(t, direct, "default_pool_size = 7"), quiet, store.WithConnections(engine.MinConnections))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
	s, err := store.Open(t.Context(), pooled, quiet, store.WithConnections(engine.MinConnections))
	if err != nil {
		t.Fatalf("the control: a pool of transactions: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestConformanceBehindPgBouncer runs the conformance suite through a PgBouncer that drops prepared statements.
func TestConformanceBehindPgBouncer(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	p := storetest.NewPooler(t)
	statements := storetest.MissingSettings(t, openMessage(t)(p.Start(t, storetest.EmptyPostgres(t))))
	// Transactions of the suite pause.
	statements = append(statements, "ALTER ROLE CURRENT_USER IN DATABASE x SET idle_in_transaction_session_timeout = 0")
	pooler, err := url.Parse(p.Start(t, storetest.EmptyPostgres(t), "max_client_conn = 5000"))
	if err != nil {
		t.Fatal(err)
	}
	storetest.Exercise(t, func(t testing.TB) string {
		direct, err := url.Parse(storetest.Postgres(t))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(direct.Path, "/")
		db := openDB(t, direct.String())
		for _, statement := range statements {
			if _, err := db.Exec(regexp.MustCompile(`DATABASE \S+`).ReplaceAllString(statement, "DATABASE "+name)); err != nil {
				t.Fatal(err)
			}
		}
		pooled := *pooler
		pooled.Path = direct.Path
		return pooled.String()
	})
}

// TestWaitingMigrationEnds checks that a process that waits for another migration ends with its context, directly and
// behind a PgBouncer, and that a current database is opened without the lock.
func TestWaitingMigrationEnds(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	direct := storetest.EmptyPostgres(t)
	pooled := storetest.NewPooler(t).Through(t, direct, openMessage(t))
	db := openDB(t, direct)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("SELECT pg_advisory_xact_lock(4097083626)"); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{direct, pooled} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		begun := time.Now()
		_, err := store.Open(ctx, url, quiet)
		if took := time.Since(begun); err == nil || ctx.Err() == nil || took > 20*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		cancel()
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	open := func() {
		s, err := store.Open(t.Context(), pooled, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	open()
	checkMigratedOnce(t, db)
	if _, err := db.Exec("SELECT pg_advisory_lock(4097083626)"); err != nil {
		t.Fatal(err)
	}
	open()
}
