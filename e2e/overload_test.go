//go:build integration

package e2e

import (
	"database/sql"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// TestOverload fills the queue with writes of one client that wait for a lock. Another write is refused immediately,
// probes and pages are served, and each waiting write gets a response. A third of the slots is reserved for other
// clients.
func TestOverload(t *testing.T) {
	t.Parallel()
	database := storetest.Postgres(t)
	measured := freeAddress(t)
	s := startWith(t, database, "PLACARD_LIMIT_CONCURRENT_OPERATIONS=3", "PLACARD_LIMIT_QUEUED_OPERATIONS=3", "PLACARD_METRICS_ADDR="+measured)
	lock := lockTable(t, database, "artifacts")
	db := lock.db
	const write = `mutation { createArtifactVersion(input: {artifact: "a"}) { deduplicated } }`
	var all sync.WaitGroup
	answers := make(chan graphQLResponse, 100)
	codes := map[string]int{}
	for n := range 5 { // the others wait in the database or in the queue
		all.Go(func() { answers <- ask(s.addr, write, nil) })
		if n == 1 {
			eventually(t, "two writes wait in the database", func() bool { return countLockWaits(t, db) == 2 })
		}
	}
	eventually(t, "a write is refused", func() bool { // a write that arrives too early enters the queue
		all.Go(func() { answers <- ask(s.addr, write, nil) })
		select {
		case got := <-answers:
			codes[got.code]++
		case <-time.After(time.Second):
		}
		return codes["OVERLOADED"] > 0
	})
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/graphiql/": 200, "/graphql?query=%7B__typename%7D": 503} {
		response, err := client.Get("http://" + s.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != want || want == http.StatusServiceUnavailable && (response.Header.Get("Retry-After") == "" || !strings.Contains(string(text), `"retryable":true`)) {
			t.Errorf("%s: %d %.300s", path, response.StatusCode, text)
		}
	}
	if n := countLockWaits(t, db); n != 2 {
		t.Errorf("%d writes are in the database", n)
	}
	if got := metrics(t, measured); got["placard_operations_executing"] != 2 || got["placard_operations_waiting"] != 3 ||
		got[`placard_operations_refused_total{reason="queue_full"}`] < 1 {
		t.Errorf("the metrics of the queue: %v", got)
	}
	lock.release(t)
	harness.Wait(t, "all writes are answered", &all)
	close(answers)
	for got := range answers {
		codes[got.code]++
	}
	if codes[""] != 5 || len(codes) != 2 {
		t.Errorf("got %v, want 5 without a code", codes)
	}
	if got := metrics(t, measured); got["placard_operation_wait_seconds_count"] != 5 || got["placard_operation_wait_seconds_sum"] <= 0 ||
		got["placard_operations_executing"]+got["placard_operations_waiting"] != 0 {
		t.Errorf("the metrics of the queue afterwards: %v", got)
	}
}

// TestBusyIsReady occupies all write connections to PostgreSQL with the writes of one client. /readyz succeeds, because
// other servers would be as busy. Reads have their own connections. The control: most of the writes get no connection.
func TestBusyIsReady(t *testing.T) {
	t.Parallel()
	database := storetest.Postgres(t)
	s := startWith(t, database, "PLACARD_LIMIT_CONCURRENT_OPERATIONS=64", "PLACARD_LIMIT_READ_SECONDS=1")
	lock := lockTable(t, database, "artifacts")
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			ask(s.addr, `mutation { createArtifactVersion(input: {artifact: "a"}) { deduplicated } }`, nil)
		})
	}
	const connections = 6 // three quarters of those of mutations
	eventually(t, "all connections wait", func() bool { return countLockWaits(t, lock.db) == connections })
	if got := ask(s.addr, "{ pipelineRuns { totalCount } }", nil); got.err != nil || got.code != "" {
		t.Errorf("a read: %v %s", got.err, got.code)
	}
	if got, text := status(s.addr, "/readyz"); got != http.StatusOK {
		t.Errorf("/readyz: %d %s", got, text)
	}
	if n := countLockWaits(t, lock.db); n != connections {
		t.Errorf("the control: %d writes are in the database", n)
	}
	lock.release(t)
	harness.Wait(t, "all writes are answered", &all)
}

// lock is an exclusive lock of a table.
type lock struct {
	db *sql.DB
	tx *sql.Tx
}

func lockTable(t *testing.T, database, table string) lock {
	t.Helper()
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.Begin()
	if err == nil {
		_, err = tx.Exec("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE")
	}
	if err != nil {
		t.Fatal(err)
	}
	return lock{db, tx}
}

func (l lock) release(t *testing.T) {
	t.Helper()
	if err := l.tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// countLockWaits returns the number of statements that wait for a lock.
func countLockWaits(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
