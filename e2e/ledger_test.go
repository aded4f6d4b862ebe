//go:build integration

package e2e

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
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
	// failures is how often each code was answered, and "" how often there was no answer.
	failures map[string]int
	// refused are the values that were refused at least once.
	refused map[string]bool
	// version is what the entries are about.
	version string
	// keyless says that writes have no idempotency key, for controls.
	keyless bool
	// abandoned makes writers give up writes that are refused, because the test has ended.
	abandoned atomic.Bool
}

func newLedger() *ledger {
	return &ledger{acked: map[string]string{}, sent: map[string]bool{}, failures: map[string]int{}, refused: map[string]bool{}}
}

// writes is how many writes were acknowledged.
func (l *ledger) writes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// failed is how often a code was answered.
func (l *ledger) failed(code string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failures[code]
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
		if err := l.writeOne(addrs, version, fmt.Sprintf("%d-%d", writer, n), writer); err != nil {
			return err
		}
	}
}

// writeOne logs a value, again and again until it is acknowledged. Every refusal must say that this may help.
func (l *ledger) writeOne(addrs []string, version, value string, first int) error {
	l.mu.Lock()
	l.sent[value] = true
	l.mu.Unlock()
	input := map[string]any{
		"target":   map[string]any{"artifactVersionId": version},
		"metadata": map[string]any{"a": value, "b": value},
	}
	if !l.keyless {
		input["idempotencyKey"] = value
	}
	begun := time.Now()
	for attempt := 0; ; attempt++ {
		got := ask(addrs[(first+attempt)%len(addrs)], logQuery, map[string]any{"i": input})
		if got.err == nil && got.code == "" {
			entries := got.data["logMetadata"].(map[string]any)["entries"].([]any)
			l.mu.Lock()
			l.acked[value] = entries[0].(map[string]any)["id"].(string)
			l.mu.Unlock()
			return nil
		}
		l.mu.Lock()
		l.failures[got.code]++
		l.refused[value] = l.refused[value] || got.code != ""
		l.mu.Unlock()
		if got.code != "" && (!got.retryable || got.data["logMetadata"] != nil) {
			return fmt.Errorf("%s: %s, retryable %t, %v", value, got.code, got.retryable, got.data)
		}
		if l.abandoned.Load() {
			return nil
		}
		if time.Since(begun) > harness.Limit {
			return fmt.Errorf("%s is not accepted within %s: %v %s", value, harness.Limit, got.err, got.code)
		}
		time.Sleep(10 * time.Millisecond)
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

// newVersion makes a version to log about, and is its ID.
func newVersion(t *testing.T, addr string) string {
	t.Helper()
	created := ask(addr, `mutation { createArtifactVersion(input: {artifact: "model"}) { artifactVersion { id } } }`, nil)
	if created.err != nil || created.code != "" {
		t.Fatalf("create: %v %s", created.err, created.code)
	}
	return created.data["createArtifactVersion"].(map[string]any)["artifactVersion"].(map[string]any)["id"].(string)
}

// load lets writers work about a new version while meanwhile does something to the server, and returns what they know
// and what is stored.
func (l *ledger) load(t *testing.T, addrs []string, meanwhile func()) (a, b map[string]int, ids map[string]string) {
	t.Helper()
	l.version = newVersion(t, addrs[0])
	writers := l.startWriters(t, addrs, l.version, faultWriters)
	meanwhile()
	writers.stop(t)
	a, ids = stored(t, addrs[0], l.version, "a")
	b, _ = stored(t, addrs[0], l.version, "b")
	return a, b, ids
}

// writerGroup is the goroutines that write to a ledger.
type writerGroup struct {
	group sync.WaitGroup
	once  sync.Once
	// ended is closed when they shall stop.
	ended chan struct{}
}

// startWriters starts n writers about a version. They stop when the test ends at the latest.
func (l *ledger) startWriters(t *testing.T, addrs []string, version string, n int) *writerGroup {
	t.Helper()
	w := &writerGroup{ended: make(chan struct{})}
	for i := range n {
		w.group.Go(func() {
			if err := l.write(addrs, version, i, w.ended); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		l.abandoned.Store(true)
		w.stop(t)
	})
	return w
}

// stop stops the writers, each after the write that it has begun.
func (w *writerGroup) stop(t *testing.T) {
	t.Helper()
	w.once.Do(func() { close(w.ended) })
	harness.Wait(t, "the writers have stopped", &w.group)
}

// waitFor waits until so many writes have been acknowledged, however slow the machine is.
func (l *ledger) waitFor(t *testing.T, writes int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d writes are acknowledged", writes), func() bool { return l.writes() >= writes })
}

// underLoad lets writers work while meanwhile does something to the server, and checks that no acknowledged write is
// lost, none is doubled and none is half there.
func underLoad(t *testing.T, addrs []string, meanwhile func(l *ledger)) {
	t.Helper()
	l := newLedger()
	a, b, ids := l.load(t, addrs, func() { meanwhile(l) })
	for _, violation := range l.violations(a, b, ids) {
		t.Error(violation)
	}
	t.Logf("%d writes acknowledged, failures %v", len(l.acked), l.failures)
	if len(l.acked) < 50 {
		t.Errorf("only %d writes got through: the test proves nothing", len(l.acked))
	}
	l.control(t, a, b, ids)
}

// control shows that the check finds a write that is lost, one that is doubled and one that is torn.
func (l *ledger) control(t *testing.T, a, b map[string]int, ids map[string]string) {
	t.Helper()
	for value := range l.acked {
		lost, doubled, torn := maps.Clone(a), maps.Clone(a), maps.Clone(b)
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
		return
	}
}
