package store_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
)

// TestConnectionsAreBounded checks that a store has as many connections to PostgreSQL as WithConnections sets, that the
// smallest number is enough to migrate and to work, and that more calls than connections wait. The control is a greater
// number.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	for _, n := range []int{engine.MinConnections, engine.MinConnections + 3} {
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
			reads, most := s.Pools()[0], 0
			for _, pool := range s.Pools() {
				most += pool.Most
			}
			if reads.Waiting >= 2*n || time.Now().After(deadline) {
				if most != n || reads.InUse == 0 || reads.Waiting < 2*n || busy > n+2 { // those of the probe and of ANALYZE
					t.Errorf("%d connections of at most %d, want %d; of those of reads %d of %d are in use, and %d calls wait",
						busy, most, n, reads.InUse, reads.Most, reads.Waiting)
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
