package e2e

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/store/storetest"
)

// crashes lets writers work while crash happens again and again.
func crashes(t *testing.T, addrs []string, rounds int, crash func(round int)) {
	underLoad(t, addrs, func(*ledger) {
		for round := range rounds {
			time.Sleep(time.Duration(150+rand.IntN(350)) * time.Millisecond)
			crash(round)
		}
		time.Sleep(200 * time.Millisecond)
	})
}

// TestServerIsKilled kills the server, on each engine; on PostgreSQL another server process goes on meanwhile.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, database string) {
		servers := []*server{start(t, freeAddress(t), database)}
		addrs := []string{servers[0].addr}
		if strings.HasPrefix(database, "postgres") {
			servers = append(servers, start(t, freeAddress(t), database))
			addrs = append(addrs, servers[1].addr)
		}
		crashes(t, addrs, faultRounds, func(round int) {
			i := round % len(servers)
			if err := servers[i].Process.Kill(); err != nil {
				t.Error(err)
			}
			<-servers[i].done
			servers[i] = start(t, servers[i].addr, database)
		})
	})
}

// TestDatabaseIsKilled kills PostgreSQL under a server that goes on, and stops it as an operator would: at once, and with
// a way for what is running to end.
func TestDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	s := start(t, freeAddress(t), cluster.URL.String())
	ends := []func() error{cluster.Kill, func() error { return cluster.Stop("immediate") }, func() error { return cluster.Stop("fast") }}
	crashes(t, []string{s.addr}, 2*len(ends), func(round int) {
		if err := ends[round%len(ends)](); err != nil {
			t.Error(err)
		}
		for got := (answer{}); got.code == ""; { // a read, too, says what is the matter
			if got = ask(s.addr, "{ artifacts { totalCount } }", nil); got.err != nil || got.code != "" && (got.code != "UNAVAILABLE" || !got.retryable) {
				t.Errorf("without a database: %v %s", got.err, got.code)
				break
			}
		}
		if err := cluster.Start(); err != nil {
			t.Error(err)
		}
		s.waitReady(t)
	})
	s.stillRuns(t)
}

// newCluster is a PostgreSQL server for one test.
func newCluster(t *testing.T, settings ...string) *storetest.Cluster {
	t.Helper()
	cluster, err := storetest.NewCluster(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	return cluster
}

// stillRuns: the process has not ended, and no mistake of it stands in its log.
func (s *server) stillRuns(t *testing.T) {
	t.Helper()
	select {
	case err := <-s.done:
		t.Errorf("the server ended: %v\n%s", err, s.log)
		s.done <- err
	default:
	}
}
