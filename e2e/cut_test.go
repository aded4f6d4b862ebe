//go:build integration

package e2e

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/placard/placard/internal/harness"
)

// cutServer is a server whose connections to PostgreSQL can be cut during a commit.
type cutServer struct {
	*server
	proxy *toxiproxy.Proxy
	// before cuts a connection before PostgreSQL receives the commit, behind after PostgreSQL has committed.
	before, behind *commitCut
}

func startCuts(t *testing.T) *cutServer {
	t.Helper()
	proxy, database, _ := startProxy(t)
	before, behind := add[*commitCut](t, proxy, "cut", stream.Upstream), add[*commitCut](t, proxy, "cut", stream.Downstream)
	before.message, behind.message = commitSent, commitDone
	return &cutServer{start(t, freeAddress(t), database), proxy, before, behind}
}

// TestCommitIsCut cuts connections to PostgreSQL before the commit, after it, and at random. Each write is stored once,
// because writers repeat it with its idempotency key.
func TestCommitIsCut(t *testing.T) {
	t.Parallel()
	s := startCuts(t)
	underLoad(t, []string{s.addr}, func(l *ledger) {
		for _, c := range []*commitCut{s.before, s.behind} {
			c.often.Store(30)
			eventually(t, "a hundred commits are cut", func() bool { return c.done.Load() >= 100 })
			c.often.Store(0)
		}
		for range 15 {
			time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
			s.proxy.Stop()
			// Stop closes the listener asynchronously.
			eventually(t, "the proxy listens again", func() bool { return s.proxy.Start() == nil })
		}
		l.waitFor(t, l.writes()+50) // the server has recovered
		t.Logf("%d commits cut before, %d behind", s.before.done.Load(), s.behind.done.Load())
		if l.failed("UNAVAILABLE") < 150 {
			t.Errorf("no write failed: %v", l.failures)
		}
	})
	s.stillRuns(t)
}

// TestCommitIsCutWithoutKey is the control: without idempotency keys, repeated writes are stored twice, and the check
// reports them.
func TestCommitIsCutWithoutKey(t *testing.T) {
	t.Parallel()
	s := startCuts(t)
	l := newLedger()
	l.keyless = true
	a, b, ids := l.load(t, []string{s.addr}, func() {
		s.behind.often.Store(30)
		eventually(t, "some commits are cut", func() bool { return s.behind.done.Load() >= 20 })
		s.behind.often.Store(0)
	})
	if found := strings.Join(l.violations(a, b, ids), "\n"); strings.Count(found, "is there twice") < 5 || strings.Contains(found, "lost") {
		t.Errorf("the violations of repeated writes without a key:\n%s", found)
	}
}

// TestCommitIsCutForCopies sends copies of a write with an unknown result simultaneously, while connections are being
// cut. Each copy gets the same entry. Other input with the same key is refused.
func TestCommitIsCutForCopies(t *testing.T) {
	t.Parallel()
	s := startCuts(t)
	version := newVersion(t, s.addr)
	const rounds, copies = 12, 16
	l := newLedger()
	for round := range rounds {
		value := fmt.Sprint(round)
		input := map[string]any{"target": map[string]any{"artifactVersionId": version},
			"metadata": map[string]any{"a": value, "b": value}, "idempotencyKey": value}
		one := []*commitCut{s.before, s.behind}[round%2]
		one.often.Store(100)
		if got := ask(s.addr, logQuery, map[string]any{"i": input}); got.code != "UNAVAILABLE" || !got.retryable {
			t.Fatalf("a commit that is cut: %v %s", got.err, got.code)
		}
		one.often.Store(30)
		ledgers := make([]*ledger, copies)
		var all sync.WaitGroup
		for i := range copies {
			ledgers[i] = newLedger()
			all.Go(func() {
				if err := ledgers[i].writeOne([]string{s.addr}, version, value, 0); err != nil {
					t.Error(err)
				}
			})
		}
		harness.Wait(t, "all copies are answered", &all)
		one.often.Store(0)
		l.sent[value], l.acked[value] = true, ledgers[0].acked[value]
		for _, other := range ledgers {
			if other.acked[value] != l.acked[value] {
				t.Errorf("the response to a copy has another entry: %s and %s", other.acked[value], l.acked[value])
			}
		}
		input["metadata"] = map[string]any{"a": "other"}
		if got := ask(s.addr, logQuery, map[string]any{"i": input}); got.code != "IDEMPOTENCY_KEY_REUSED" {
			t.Errorf("other input under the key: %v %s", got.err, got.code)
		}
	}
	a, ids := stored(t, s.addr, version, "a")
	b, _ := stored(t, s.addr, version, "b")
	for _, violation := range l.violations(a, b, ids) {
		t.Error(violation)
	}
	l.control(t, a, b, ids)
}

// TestDatabaseIsSilent drops all packets between the server and PostgreSQL. Requests fail at their deadline, and
// /readyz fails. When new connections pass again, the server recovers without a restart. PostgreSQL releases the locks
// of lost connections after 15 seconds.
func TestDatabaseIsSilent(t *testing.T) {
	t.Parallel()
	proxy, database, _ := startProxy(t)
	holes := []*blackhole{add[*blackhole](t, proxy, "hole", stream.Upstream), add[*blackhole](t, proxy, "hole", stream.Downstream)}
	s := startWith(t, database, "PLACARD_LIMIT_READ_SECONDS=2", "PLACARD_LIMIT_WRITE_SECONDS=3", "PLACARD_LIMIT_CONCURRENT_OPERATIONS=64")
	underLoad(t, []string{s.addr}, func(l *ledger) {
		eventually(t, "writes succeed", func() bool { return l.writes() > 100 })
		for _, h := range holes {
			h.open.Store(true)
		}
		silent := time.Now()
		waitForStatus(t, s.addr, "/readyz", http.StatusServiceUnavailable, "the database does not answer")
		noticed := time.Since(silent)
		for _, query := range []string{"{ artifacts { totalCount } }", `mutation { createArtifactVersion(input: {artifact: "x"}) { deduplicated } }`} {
			begun := time.Now()
			got := ask(s.addr, query, nil)
			if got.code != "LIMIT_EXCEEDED" && got.code != "UNAVAILABLE" || !got.retryable || time.Since(begun) > 10*time.Second {
				t.Errorf("after %s: %v %s", time.Since(begun), got.err, got.code)
			}
		}
		if health, _ := status(s.addr, "/healthz"); health != http.StatusOK {
			t.Errorf("/healthz: %d", health)
		}
		for _, h := range holes {
			h.open.Store(false)
		}
		again, n := time.Now(), l.writes()
		waitForStatus(t, s.addr, "/readyz", http.StatusOK, "ok")
		for range 20 { // one per pooled connection
			if got := ask(s.addr, "{ artifacts { totalCount } }", nil); got.code != "" || got.err != nil {
				t.Errorf("a read after the recovery: %v %s", got.err, got.code)
			}
		}
		if got := ask(s.addr, `mutation { createArtifactVersion(input: {artifact: "y"}) { deduplicated } }`, nil); got.code != "" || got.err != nil {
			t.Errorf("a write after the recovery: %v %s", got.err, got.code)
		}
		healed := time.Since(again)
		eventually(t, "writes succeed again", func() bool { return l.writes() > n+100 })
		t.Logf("noticed after %s, well after %s, without old locks after %s", noticed, healed, time.Since(again))
		if noticed > 5*time.Second || healed > 5*time.Second || time.Since(silent) > 25*time.Second {
			t.Error("this took too long")
		}
	})
	s.stillRuns(t)
}

// TestConnectionsAreForgotten drops idle connections silently, as a NAT gateway does. One request takes a second
// longer; the others do not.
func TestConnectionsAreForgotten(t *testing.T) {
	t.Parallel()
	proxy, database, cluster := startProxy(t)
	holes := []*blackhole{add[*blackhole](t, proxy, "hole", stream.Upstream), add[*blackhole](t, proxy, "hole", stream.Downstream)}
	s := startWith(t, database, "PLACARD_LIMIT_READ_SECONDS=4", "PLACARD_LIMIT_CONCURRENT_OPERATIONS=64")
	db, err := sql.Open("pgx", cluster.URL.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	count := func() (n int) {
		if err := db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'placard'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	eventually(t, "the server has ten connections", func() bool {
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				ask(s.addr, fmt.Sprintf(`mutation { createArtifactVersion(input: {artifact: "a%d"}) { deduplicated } }`, i), nil)
			})
		}
		harness.Wait(t, "all writes are answered", &all)
		return count() >= 10
	})
	if got := ask(s.addr, "{ artifacts { totalCount } }", nil); got.code != "" || got.err != nil { // connections for reads
		t.Errorf("a read: %v %s", got.err, got.code)
	}
	time.Sleep(1500 * time.Millisecond) // the server checks connections that were idle for a second
	for _, h := range holes {
		h.forgotten.Add(1)
	}
	begun := time.Now()
	for range 30 {
		if got := ask(s.addr, "{ artifacts { totalCount } }", nil); got.code != "" || got.err != nil {
			t.Errorf("a read: %v %s", got.err, got.code)
		}
	}
	if took := time.Since(begun); took < time.Second || took > 10*time.Second {
		t.Errorf("thirty reads took %s, of which one should have waited for a second", took)
	}
	s.stillRuns(t)
}

// TestDatabaseIsSlow delays each response of PostgreSQL. Writes succeed or fail at their deadline, and no acknowledged
// write is lost. The control checks the delay.
func TestDatabaseIsSlow(t *testing.T) {
	t.Parallel()
	proxy, database, _ := startProxy(t)
	s := start(t, freeAddress(t), database)
	underLoad(t, []string{s.addr}, func(l *ledger) {
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(`{"type": "latency", "attributes": {"latency": 200, "jitter": 50}}`)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			begun := time.Now()
			got := ask(s.addr, "{ artifacts { totalCount } }", nil)
			if took := time.Since(begun); got.err != nil || got.code != "" || took < 150*time.Millisecond || took > 10*time.Second {
				t.Errorf("a read with a slow database: %v %s after %s", got.err, got.code, took)
			}
		}
		n := l.writes()
		eventually(t, "writes succeed", func() bool { return l.writes() > n })
		proxy.Toxics.ResetToxics(t.Context())
		n = l.writes()
		eventually(t, "writes are fast", func() bool { return l.writes() > n+50 })
	})
	s.stillRuns(t)
}
