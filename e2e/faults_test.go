//go:build integration

package e2e

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// crashUnderLoad calls crash several times while clients write.
func crashUnderLoad(t *testing.T, addrs []string, rounds int, crash func(round int)) {
	underLoad(t, addrs, func(l *ledger) {
		for round := range rounds {
			l.waitFor(t, 10*(round+1))
			time.Sleep(time.Duration(rand.IntN(350)) * time.Millisecond)
			crash(round)
		}
		l.waitFor(t, max(10*(rounds+1), minWrites))
	})
}

// TestServerIsKilled kills the server while clients write, on each engine. On PostgreSQL a second server keeps running.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, database string) {
		servers := []*server{start(t, freeAddress(t), database)}
		addrs := []string{servers[0].addr}
		if strings.HasPrefix(database, "postgres") {
			servers = append(servers, start(t, freeAddress(t), database))
			addrs = append(addrs, servers[1].addr)
		}
		crashUnderLoad(t, addrs, faultRounds, func(round int) {
			i := round % len(servers)
			servers[i].kill(t)
			servers[i] = start(t, servers[i].addr, database)
		})
	})
}

// TestDatabaseIsKilled kills PostgreSQL while clients write, and stops it in the modes immediate and fast. The server
// recovers.
func TestDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	s := start(t, freeAddress(t), cluster.URL.String())
	ends := []func() error{cluster.Kill, func() error { return cluster.Stop("immediate") }, func() error { return cluster.Stop("fast") }}
	crashUnderLoad(t, []string{s.addr}, 2*len(ends), func(round int) {
		if err := ends[round%len(ends)](); err != nil {
			t.Error(err)
		}
		eventually(t, "a read is refused", func() bool {
			got := ask(s.addr, "{ artifacts { totalCount } }", nil)
			if got.err != nil || got.code != "" && (got.code != "UNAVAILABLE" || !got.retryable) {
				t.Fatalf("without a database: %v %s", got.err, got.code)
			}
			return got.code != ""
		})
		if err := cluster.Start(); err != nil {
			t.Fatal(err)
		}
		s.waitReady(t)
	})
	s.stillRuns(t)
}

// TestServerIsFrozen stops the process of a server during a transaction. PostgreSQL releases its locks for another
// server after a timeout. After the process continues, its write fails as retryable.
func TestServerIsFrozen(t *testing.T) {
	t.Parallel()
	database := storetest.Postgres(t)
	serverIsFrozen(t, database, database)
}

// serverIsFrozen runs TestServerIsFrozen with servers that use database, which is that at the URL direct.
func serverIsFrozen(t *testing.T, direct, database string) {
	t.Helper()
	frozen, other := start(t, freeAddress(t), database), start(t, freeAddress(t), database)
	l := freeze(t, direct, frozen, other)
	if err := l.writeOne([]string{other.addr}, l.version, "second", 0); err != nil { // it waits for the first
		t.Error(err)
	}
	if err := frozen.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if got := harness.Receive(t, "the interrupted write has a response", l.frozen); got.code != "UNAVAILABLE" || !got.retryable {
		t.Errorf("the interrupted write: %v %s", got.err, got.code)
	}
	if err := l.writeOne([]string{frozen.addr}, l.version, "first", 0); err != nil {
		t.Error(err)
	}
	a, ids := stored(t, other.addr, l.version, "a")
	b, _ := stored(t, other.addr, l.version, "b")
	for _, violation := range l.violations(a, b, ids) {
		t.Error(violation)
	}
	l.control(t, a, b, ids)
	frozen.stillRuns(t)
}

// frozenLedger is a ledger with the response to the write of a server that stands still.
type frozenLedger struct {
	*ledger
	frozen chan graphQLResponse
}

// freeze stops the process of a server in the transaction of a write, which holds the lock of a version.
func freeze(t *testing.T, direct string, frozen, other *server) frozenLedger {
	t.Helper()
	l := frozenLedger{newLedger(), make(chan graphQLResponse, 1)}
	l.version = newVersion(t, other.addr)
	lock := lockTable(t, direct, "metadata_entries")
	l.sent["first"] = true
	go func() {
		l.frozen <- ask(frozen.addr, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": l.version},
			"metadata": map[string]any{"a": "first", "b": "first"}, "idempotencyKey": "first"}})
	}()
	eventually(t, "the write is in its transaction", func() bool { return countLockWaits(t, lock.db) == 1 })
	if err := frozen.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	lock.release(t)
	return l
}

// newCluster starts a PostgreSQL server for a test.
func newCluster(t *testing.T, settings ...string) *storetest.Cluster {
	t.Helper()
	cluster, err := storetest.NewCluster(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	return cluster
}

// stillRuns checks that the process runs and its log has no internal error.
func (s *server) stillRuns(t *testing.T) {
	t.Helper()
	select {
	case err := <-s.done:
		t.Errorf("the server ended: %v\n%s", err, s.log)
		s.done <- err
	default:
	}
}
