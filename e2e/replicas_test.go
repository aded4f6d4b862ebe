//go:build integration

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// caller sends the highest token that it has seen, unless it forgets tokens.
type caller struct {
	addrs   []string
	token   consistency.Token
	forgets bool
}

// ask sends a request to any of the servers. It returns the data, or an error for any failure.
func (c *caller) ask(query string) (map[string]any, error) {
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+c.addrs[rand.IntN(len(c.addrs))]+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if !c.token.IsZero() && !c.forgets {
		request.Header.Set(consistency.Header, c.token.String())
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var decoded struct {
		Data   map[string]any
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&decoded); err != nil {
		return nil, err
	}
	if len(decoded.Errors) > 0 {
		return nil, fmt.Errorf("%v", decoded.Errors)
	}
	token, err := consistency.Parse(response.Header.Get(consistency.Header))
	c.token = c.token.Later(token)
	return decoded.Data, err
}

// values returns the numbers of a version by key, as a caller sees them.
func (c *caller) values(version string) (map[string]any, error) {
	data, err := c.ask(fmt.Sprintf(`{ artifactVersion(ref: {id: %q}) { metadataJson } }`, version))
	if err != nil {
		return nil, err
	}
	found, _ := data["artifactVersion"].(map[string]any)
	if found == nil {
		return nil, nil // the replica does not have the version yet
	}
	return found["metadataJson"].(map[string]any), nil
}

// consistencyLedger counts what callers of a version have seen.
type consistencyLedger struct {
	mu                         sync.Mutex
	writes, reads              int
	unseen, backwards, failure []string
}

// progress waits until the callers have made more writes and reads.
func (l *consistencyLedger) progress(t *testing.T) {
	t.Helper()
	count := func() (writes, reads int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.writes, l.reads
	}
	writes, reads := count()
	eventually(t, "the callers have made progress", func() bool {
		nowWrites, nowReads := count()
		return nowWrites >= writes+100 && nowReads >= reads+100
	})
}

func (l *consistencyLedger) add(list *[]string, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*list = append(*list, fmt.Sprintf(format, args...))
}

// write logs 1, 2, 3 and so on under a key of its own until stop is closed, and reads after each write. It names the
// version as most callers do, so that the writes share transactions.
func (l *consistencyLedger) write(c *caller, version, name, key string, stop <-chan struct{}) {
	for n := 1; !isClosed(stop); n++ {
		if _, err := c.ask(fmt.Sprintf(`mutation { logMetadata(input: {target: {artifactVersion: {name: "model", version: %q}},
			metadata: {%s: %d}}) { deduplicated } }`, name, key, n)); err != nil {
			l.add(&l.failure, "write %d of %s: %v", n, key, err)
			continue
		}
		values, err := c.values(version)
		switch {
		case err != nil:
			l.add(&l.failure, "read %s: %v", key, err)
		case values[key] != float64(n):
			l.add(&l.unseen, "%s is %v after %d was written", key, values[key], n)
		}
		l.mu.Lock()
		l.writes++
		l.mu.Unlock()
	}
}

// read reads all keys until stop is closed, with a pause after each read.
func (l *consistencyLedger) read(c *caller, version string, pause time.Duration, stop <-chan struct{}) {
	seen := map[string]float64{}
	for ; !isClosed(stop); time.Sleep(pause) {
		values, err := c.values(version)
		if err != nil {
			l.add(&l.failure, "read: %v", err)
			continue
		}
		for key, before := range seen {
			if now, _ := values[key].(float64); now < before {
				l.add(&l.backwards, "%s goes back from %v to %v", key, before, values[key])
			}
		}
		for key, value := range values {
			seen[key] = value.(float64)
		}
		l.mu.Lock()
		l.reads++
		l.mu.Unlock()
	}
}

func isClosed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// runCallers runs four writers, four readers and a reader that makes pauses on a new version while meanwhile runs.
func runCallers(t *testing.T, addrs []string, forgets bool, meanwhile func(l *consistencyLedger)) *consistencyLedger {
	t.Helper()
	first := &caller{addrs: addrs}
	data, err := first.ask(`mutation { createArtifactVersion(input: {artifact: "model"}) { artifactVersion { id version } } }`)
	if err != nil {
		t.Fatal(err)
	}
	created := data["createArtifactVersion"].(map[string]any)["artifactVersion"].(map[string]any)
	version, name := created["id"].(string), created["version"].(string)
	l, stop := &consistencyLedger{}, make(chan struct{})
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() { l.write(&caller{addrs: addrs, forgets: forgets}, version, name, fmt.Sprint("k", n), stop) })
		all.Go(func() { l.read(&caller{addrs: addrs, forgets: forgets, token: first.token}, version, 0, stop) })
	}
	all.Go(func() {
		l.read(&caller{addrs: addrs, forgets: forgets, token: first.token}, version, time.Second, stop)
	})
	meanwhile(l)
	close(stop)
	harness.Wait(t, "the callers end", &all)
	t.Logf("%d writes, %d reads", l.writes, l.reads)
	return l
}

// TestReplicasLedger checks with two servers and two replicas that callers with tokens read their writes and never see
// an older state, while one replica lags, is paused and continues, and the other one dies and comes back. No request
// fails. The control is that callers that forget their tokens see both faults.
func TestReplicasLedger(t *testing.T) {
	t.Parallel()
	pair := storetest.NewReplicated(t, 2)
	pair.Replicas[0].Execute(t, "ALTER SYSTEM SET recovery_min_apply_delay = '300ms'")
	pair.Replicas[0].Execute(t, "SELECT pg_reload_conf()")
	database, urls := pair.Primary.URL.String(), strings.Join(pair.ReadURLs(), ",")
	var addrs []string
	var servers []*server
	measured := freeAddress(t)
	for n := range 2 {
		settings := []string{"PLACARD_READ_DATABASE_URLS=" + urls}
		if n == 0 {
			settings = append(settings, "PLACARD_METRICS_ADDR="+measured)
		}
		servers = append(servers, startWith(t, database, settings...))
		addrs = append(addrs, servers[n].addr)
	}
	l := runCallers(t, addrs, false, func(l *consistencyLedger) {
		l.progress(t)
		pair.Replicas[0].Execute(t, "SELECT pg_wal_replay_pause()")
		l.progress(t)
		pair.Replicas[0].Execute(t, "SELECT pg_wal_replay_resume()")
		l.progress(t)
		pair.Replicas[1].StopNow(t)
		l.progress(t)
		if err := pair.Replicas[1].Start(); err != nil {
			t.Fatal(err)
		}
		l.progress(t)
	})
	for _, violation := range append(append(l.unseen, l.backwards...), l.failure...) {
		t.Error(violation)
	}
	for _, node := range []string{"primary", "replica_2"} {
		if got := metrics(t, measured); got[`placard_node_operations_total{node="`+node+`"}`] == 0 {
			t.Errorf("%s has answered nothing", node)
		} else {
			t.Logf("%s has answered %.0f operations", node, got[`placard_node_operations_total{node="`+node+`"}`])
		}
	}
	control := runCallers(t, addrs, true, func(l *consistencyLedger) {
		eventually(t, "control: callers without tokens miss writes and see older states", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return len(l.unseen) > 0 && len(l.backwards) > 0
		})
	})
	t.Logf("control: %d writes were not seen, %d reads went back", len(control.unseen), len(control.backwards))
	for _, s := range servers {
		if err := s.stop(t); err != nil {
			t.Errorf("%v:\n%s", err, s.log)
		}
	}
}

// TestReplicasRefusedAtStart checks that the program names a server that is no replica, ends with code 2 and does not
// show a password.
func TestReplicasRefusedAtStart(t *testing.T) {
	t.Parallel()
	database := storetest.Postgres(t)
	code, out := run(t, database, "serve", "--addr=127.0.0.1:0", "--read-database-urls="+strings.Replace(database, "@", ":hunter2@", 1))
	if code != 2 || !strings.Contains(out, "accepts writes, so it is no replica") || strings.Contains(out, "hunter2") {
		t.Errorf("code %d: %s", code, out)
	}
}
