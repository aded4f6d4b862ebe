package store_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

// TestConnectionsAreBounded checks that a store has as many connections to PostgreSQL as WithConnections sets, that the smallest
// number is enough to migrate and to work, and that more calls than connections wait. The control is a greater number.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	for _, n := range []int{store.MinConnections, store.MinConnections + 3} {
		url := storetest.EmptyPostgres(t)
		s, err := store.Open(t.Context(), url, quiet, store.WithConnections(n))
		if err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("pgx", url)
		if err != nil {
			t.Fatal(err)
		}
		lock, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lock.Exec("LOCK TABLE projects IN ACCESS EXCLUSIVE MODE"); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 3 * n {
			all.Go(func() {
				if project, err := s.Project(everyone, "default"); err != nil || project == nil {
					t.Errorf("the default project: %v (%v)", project, err)
				}
			})
		}
		var busy int
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if err := db.QueryRowContext(context.Background(), `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND application_name = 'placard'`).Scan(&busy); err != nil {
				t.Fatal(err)
			}
			pool := s.Pools()[0]
			if pool.Waits >= int64(2*n) && busy >= n || time.Now().After(deadline) {
				if pool.Most != n || pool.InUse != n || busy < n || busy > n+1 { // that of the probe
					t.Errorf("%d connections, of which %d of %d are in use, want %d", busy, pool.InUse, pool.Most, n)
				}
				break
			}
		}
		if err := lock.Rollback(); err != nil {
			t.Error(err)
		}
		all.Wait()
		for _, close := range []func() error{s.Close, db.Close} {
			if err := close(); err != nil {
				t.Error(err)
			}
		}
	}
}
