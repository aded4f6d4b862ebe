//go:build integration

package e2e

import (
	"database/sql"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// failoverURL returns the URL of the one of two servers that accepts writes.
func failoverURL(a, b *storetest.Cluster) string {
	u, query := *a.URL, a.URL.Query()
	query.Set("host", query.Get("host")+","+b.URL.Query().Get("host"))
	query.Set("target_session_attrs", "read-write")
	u.RawQuery = query.Encode()
	return u.String()
}

// TestFailover kills a primary under load and promotes its synchronous replica. The server goes on without a restart,
// and each acknowledged write is there once.
func TestFailover(t *testing.T) {
	t.Parallel()
	servers := storetest.NewReplicated(t, 1)
	primary, replica := servers.Primary, servers.Replicas[0]
	setSynchronous(t, primary, "*")
	s := start(t, freeAddress(t), failoverURL(primary, replica))
	underLoad(t, []string{s.addr}, func(l *ledger) {
		l.waitFor(t, 50)
		if state := primary.Text(t, "SELECT sync_state FROM pg_stat_replication"); state != "sync" {
			t.Fatalf("the replica is %s", state)
		}
		primary.StopNow(t)
		begun, before := time.Now(), l.writes()
		replica.Execute(t, "SELECT pg_promote()")
		l.waitFor(t, before+1)
		t.Logf("writes go on after %s", time.Since(begun).Round(time.Millisecond))
		l.waitFor(t, before+50)
		if l.failed("UNAVAILABLE") == 0 {
			t.Error("the control: no write failed during the failover")
		}
	})
}

// setSynchronous sets the names of the standbys for which commits wait.
func setSynchronous(t *testing.T, primary *storetest.Cluster, names string) {
	t.Helper()
	primary.Execute(t, "ALTER SYSTEM SET synchronous_standby_names = '"+names+"'")
	primary.Execute(t, "SELECT pg_reload_conf()")
}

// TestUnreplicatedCommit cancels the wait of a commit for its standby: PostgreSQL reports success with a warning, and
// the server reports a failure. The same call with the same key then waits for the standby.
func TestUnreplicatedCommit(t *testing.T) {
	t.Parallel()
	primary, err := storetest.NewCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Remove)
	s := start(t, freeAddress(t), primary.URL.String())
	version := newVersion(t, s.addr)
	requireStandby(t, primary)
	for name, query := range map[string]string{
		"log":    logQuery,
		"create": `mutation($i: CreateArtifactVersionInput!) { createArtifactVersion(input: $i) { deduplicated } }`,
	} {
		input := map[string]any{"idempotencyKey": name, "artifact": "another model"}
		if name == "log" {
			input = map[string]any{"idempotencyKey": name, "target": map[string]any{"artifactVersionId": version},
				"metadata": map[string]any{"a": 1}}
		}
		call := func() chan graphQLResponse {
			done := make(chan graphQLResponse, 1)
			go func() { done <- ask(s.addr, query, map[string]any{"i": input}) }()
			eventually(t, "a commit waits", func() bool { return primary.Text(t, "SELECT count(*)::text FROM ("+waiting+") w") != "0" })
			return done
		}
		first := call()
		primary.Execute(t, "SELECT pg_cancel_backend(pid) FROM ("+waiting+") w")
		if got := harness.Receive(t, "a response", first); got.code != "UNAVAILABLE" || !got.retryable {
			t.Errorf("%s: a commit that was not replicated: %v %s", name, got.data, got.code)
		}
		if stored := primary.Text(t, "SELECT count(*)::text FROM idempotency_keys WHERE key = '"+name+"'"); stored != "1" {
			t.Errorf("the control: %s has %s rows", name, stored)
		}
		second := call()
		select {
		case got := <-second:
			t.Errorf("%s: a replay did not wait: %v %s", name, got.data, got.code)
		default:
		}
		setSynchronous(t, primary, "")
		got := harness.Receive(t, "a response", second)
		payload, _ := got.data[map[string]string{"log": "logMetadata", "create": "createArtifactVersion"}[name]].(map[string]any)
		if got.code != "" || payload["deduplicated"] != true {
			t.Errorf("%s: the replay: %v %s", name, got.data, got.code)
		}
		requireStandby(t, primary)
	}
	setSynchronous(t, primary, "")
}

// requireStandby makes commits wait for a standby that does not exist. PostgreSQL applies the setting some time after it
// was changed: transactions of this function are committed until one waits.
func requireStandby(t *testing.T, primary *storetest.Cluster) {
	t.Helper()
	setSynchronous(t, primary, "nobody")
	db, err := sql.Open("pgx", primary.URL.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var commits sync.WaitGroup
	eventually(t, "a commit waits", func() bool {
		commits.Go(func() {
			if _, err := db.Exec("SELECT pg_logical_emit_message(true, 'test', '')"); err != nil {
				t.Error(err)
			}
		})
		return primary.Text(t, "SELECT count(*)::text FROM ("+waiting+") w") != "0"
	})
	eventually(t, "no commit waits", func() bool {
		primary.Execute(t, "SELECT pg_cancel_backend(pid) FROM ("+waiting+") w")
		return primary.Text(t, "SELECT count(*)::text FROM ("+waiting+") w") == "0"
	})
	harness.Wait(t, "all transactions have ended", &commits)
}

// waiting selects the processes that wait for a standby.
const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

// TestReadOnlyConnections lets connections lead to a server that accepts no writes, and then new connections to one that
// does. The server replaces the old connections.
func TestReadOnlyConnections(t *testing.T) {
	t.Parallel()
	database := storetest.Postgres(t)
	s := start(t, freeAddress(t), database)
	version := newVersion(t, s.addr)
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	execute := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	name := u.Path[1:]
	write := func() graphQLResponse {
		return ask(s.addr, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": version},
			"metadata": map[string]any{"a": 1}}})
	}
	execute("ALTER DATABASE " + name + " SET default_transaction_read_only = on")
	execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'placard' AND datname = current_database()")
	eventually(t, "writes are refused", func() bool { got := write(); return got.code == "UNAVAILABLE" && got.retryable })
	execute("SET default_transaction_read_only = off; ALTER DATABASE " + name + " RESET default_transaction_read_only")
	eventually(t, "writes go on", func() bool { return write().code == "" })
}
