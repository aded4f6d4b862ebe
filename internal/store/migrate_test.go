package store_test

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

var quiet = slog.New(slog.DiscardHandler)

// TestManyStartAtOnce: of several servers that start on an empty database one migrates, and none fails.
func TestManyStartAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyPostgres(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			s, err := store.Open(context.Background(), url, quiet)
			if err != nil {
				t.Error(err)
				return
			}
			if project, err := s.Project(context.Background(), "default"); err != nil || project == nil {
				t.Errorf("the default project: %v (%v)", project, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

// TestNewerDatabase: a program does not touch the database of a newer one.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	for driver, url := range map[string]string{"pgx": storetest.Postgres(t), "sqlite": storetest.SQLite(t)} {
		s, err := store.Open(context.Background(), url, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)"); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(context.Background(), url, quiet); err == nil || !strings.Contains(err.Error(), "a newer program has written this database") {
			t.Errorf("%s: %v", driver, err)
		}
	}
}

// TestOneProcessPerFile: the second server on an SQLite file says so, and the first goes on.
func TestOneProcessPerFile(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	first, err := store.Open(context.Background(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(context.Background(), url, quiet); err == nil || !strings.Contains(err.Error(), "another process is serving") {
		t.Errorf("the second: %v", err)
	}
	if err := first.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	again, err := store.Open(context.Background(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestURLs: what is no database is refused, and a password is not repeated.
func TestURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "mysql://x", "sqlite:", "sqlite::memory:", "postgres://user:secret@%zz/x", "postgres://user:secret@127.0.0.1:1/x?connect_timeout=1"} {
		_, err := store.Open(context.Background(), url, quiet)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
