package store_test

import (
	"context"
	"database/sql"
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
)

// throughPooler returns the URL of a new empty database through a PgBouncer, and the URL of the database itself. The
// PgBouncer has the settings that the error message of the program and docs/how-to/use-postgresql.md name. The control
// is the refusal of a PgBouncer without them.
func throughPooler(t *testing.T) (pooled, direct string) {
	t.Helper()
	direct = storetest.EmptyPostgres(t)
	refusing, told := storetest.PgBouncer(t, direct), ""
	for how, open := range map[string]func(string) error{
		"Open":       func(url string) error { _, err := store.Open(t.Context(), url, quiet); return err },
		"ReadSchema": func(url string) error { _, err := engine.ReadSchema(t.Context(), url); return err },
	} {
		err := open(refusing)
		if err == nil {
			t.Fatalf("the control: %s works with a PgBouncer that is not set", how)
		}
		line := regexp.MustCompile(`ignore_startup_parameters = [a-z_,]+`).FindString(err.Error())
		if line == "" || told != "" && line != told {
			t.Fatalf("%s: the message is %v", how, err)
		}
		told = line
	}
	text, err := os.ReadFile("../../docs/how-to/use-postgresql.md")
	if err != nil || !strings.Contains(string(text), "\n"+told+"\n") {
		t.Errorf("docs/how-to/use-postgresql.md lacks the line %q (%v)", told, err)
	}
	return storetest.PgBouncer(t, direct, told) + "&default_query_exec_mode=exec", direct
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

// TestManyStartBehindPgBouncer checks that six servers that start at once through a PgBouncer in transaction mode run
// each migration once and leave no lock.
func TestManyStartBehindPgBouncer(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	pooled, direct := throughPooler(t)
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
	db, err := sql.Open("pgx", direct)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	checkMigratedOnce(t, db)
}

// TestWaitingMigrationEnds checks that a process that waits for another migration ends with its context, directly and
// behind a PgBouncer, and that a current database is opened without the lock.
func TestWaitingMigrationEnds(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	pooled, direct := throughPooler(t)
	db, err := sql.Open("pgx", direct)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
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
