package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/store/storetest"
)

const (
	faultWriters = 8
	faultRounds  = 6
)

const logQuery = `mutation($i: LogMetadataInput!) { logMetadata(input: $i) { deduplicated entries { id } } }`

// ledger is what the writers know: every value that was acknowledged, with the ID of its entry.
type ledger struct {
	mu    sync.Mutex
	acked map[string]string
	sent  map[string]bool
}

// write logs values until stop is closed, each of them with an idempotency key and again until it is acknowledged.
// Two keys go with each write, so that half a write would show.
func (l *ledger) write(addrs []string, version string, writer int, stop <-chan struct{}) error {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		value := fmt.Sprintf("%d-%d", writer, n)
		l.mu.Lock()
		l.sent[value] = true
		l.mu.Unlock()
		input := map[string]any{
			"target":   map[string]any{"artifactVersionId": version},
			"metadata": map[string]any{"a": value, "b": value}, "idempotencyKey": value,
		}
		for attempt := 0; ; attempt++ {
			got := ask(addrs[(writer+attempt)%len(addrs)], logQuery, map[string]any{"i": input})
			if got.err == nil && got.code == "" {
				entries := got.data["logMetadata"].(map[string]any)["entries"].([]any)
				l.mu.Lock()
				l.acked[value] = entries[0].(map[string]any)["id"].(string)
				l.mu.Unlock()
				break
			}
			if got.code != "" && got.code != "UNAVAILABLE" && got.code != "CONFLICT" && got.code != "OVERLOADED" {
				return fmt.Errorf("%s: %s", value, got.code)
			}
			if attempt == 2000 {
				return fmt.Errorf("%s is never accepted: %v %s", value, got.err, got.code)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// stored reads the whole history of a key: how often each value is there, and the ID of its entry.
func stored(t *testing.T, addr, version, key string) (counts map[string]int, ids map[string]string) {
	t.Helper()
	counts, ids = map[string]int{}, map[string]string{}
	var after any
	for {
		got := ask(addr, `query($id: ID!, $key: String!, $after: String) { artifactVersion(ref: {id: $id}) {
			metadataHistory(key: $key, first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { id value { ... on StringValue { text } } } } } }`,
			map[string]any{"id": version, "key": key, "after": after})
		if got.err != nil || got.code != "" {
			t.Fatalf("read: %v %s", got.err, got.code)
		}
		history := got.data["artifactVersion"].(map[string]any)["metadataHistory"].(map[string]any)
		for _, node := range history["nodes"].([]any) {
			value := node.(map[string]any)["value"].(map[string]any)["text"].(string)
			counts[value]++
			ids[value] = node.(map[string]any)["id"].(string)
		}
		page := history["pageInfo"].(map[string]any)
		if page["hasNextPage"] == false {
			return counts, ids
		}
		after = page["endCursor"]
	}
}

// violations compares the ledger with what is stored.
func (l *ledger) violations(a, b map[string]int, ids map[string]string) []string {
	var found []string
	for value, id := range l.acked {
		if a[value] == 0 {
			found = append(found, value+" was acknowledged and is lost")
		} else if ids[value] != id {
			found = append(found, value+" was acknowledged as another entry")
		}
	}
	for value, n := range a {
		if n > 1 {
			found = append(found, value+" is there twice")
		}
		if !l.sent[value] {
			found = append(found, value+" was never sent")
		}
		if b[value] != n {
			found = append(found, value+" is only half there")
		}
	}
	return found
}

// crashes lets writers work while crash happens again and again, and checks that no acknowledged write is lost, none
// is doubled and none is half there.
func crashes(t *testing.T, addrs []string, crash func(round int)) {
	created := ask(addrs[0], `mutation { createArtifactVersion(input: {artifact: "model"}) { artifactVersion { id } } }`, nil)
	if created.err != nil || created.code != "" {
		t.Fatalf("create: %v %s", created.err, created.code)
	}
	version := created.data["createArtifactVersion"].(map[string]any)["artifactVersion"].(map[string]any)["id"].(string)
	l := &ledger{acked: map[string]string{}, sent: map[string]bool{}}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range faultWriters {
		writers.Go(func() {
			if err := l.write(addrs, version, w, stop); err != nil {
				t.Error(err)
			}
		})
	}
	for round := range faultRounds {
		time.Sleep(time.Duration(150+rand.IntN(350)) * time.Millisecond)
		crash(round)
	}
	time.Sleep(200 * time.Millisecond)
	close(stop)
	writers.Wait()
	a, ids := stored(t, addrs[0], version, "a")
	b, _ := stored(t, addrs[0], version, "b")
	for _, violation := range l.violations(a, b, ids) {
		t.Error(violation)
	}
	t.Logf("%d crashes, %d writes acknowledged", faultRounds, len(l.acked))
	if len(l.acked) < 50*faultRounds/6 {
		t.Errorf("only %d writes got through: the test proves nothing", len(l.acked))
	}
	// The control: the same check finds a write that is lost, one that is doubled and one that is torn.
	for value := range l.acked {
		lost, doubled, torn := clone(a), clone(a), clone(b)
		delete(lost, value)
		doubled[value]++
		delete(torn, value)
		for what, found := range map[string][]string{
			"lost": l.violations(lost, b, ids), "twice": l.violations(doubled, b, ids), "half": l.violations(a, torn, ids),
		} {
			if !strings.Contains(strings.Join(found, "\n"), what) {
				t.Errorf("the check does not see a write that is %s", what)
			}
		}
		break
	}
}

func clone(counts map[string]int) map[string]int {
	other := make(map[string]int, len(counts))
	for value, n := range counts {
		other[value] = n
	}
	return other
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
		crashes(t, addrs, func(round int) {
			i := round % len(servers)
			if err := servers[i].Process.Kill(); err != nil {
				t.Error(err)
			}
			<-servers[i].done
			servers[i] = start(t, servers[i].addr, database)
		})
	})
}

// TestDatabaseIsKilled kills PostgreSQL under a server that goes on.
func TestDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	cluster, err := storetest.NewCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	s := start(t, freeAddress(t), cluster.URL.String())
	crashes(t, []string{s.addr}, func(int) {
		if err := cluster.Kill(); err != nil {
			t.Error(err)
		}
		if err := cluster.Start(); err != nil {
			t.Error(err)
		}
		s.waitReady(t)
	})
	select {
	case err := <-s.done:
		t.Errorf("the server ended: %v\n%s", err, s.log)
	default:
	}
}

// TestDrain stops the server under load: every request that was accepted is answered.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	var torn, answered int
	var mu sync.Mutex
	var writers sync.WaitGroup
	for w := range faultWriters {
		writers.Go(func() {
			for n := 0; ; n++ {
				got := ask(s.addr, `mutation($a: String!) { createArtifactVersion(input: {artifact: $a}) { artifactVersion { id } } }`,
					map[string]any{"a": fmt.Sprint(w)})
				mu.Lock()
				if got.err == nil && got.code == "" {
					answered++
				} else if got.code != "" || strings.Contains(got.err.Error(), "unexpected EOF") {
					torn++
				}
				mu.Unlock()
				if got.err != nil || got.code != "" {
					return
				}
			}
		})
	}
	time.Sleep(300 * time.Millisecond)
	err := s.stop(t)
	writers.Wait()
	if err != nil || torn > 0 || answered == 0 {
		t.Errorf("ended with %v, %d answered, %d torn\n%s", err, answered, torn, s.log)
	}
}
