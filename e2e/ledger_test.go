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
	// minWrites is the number of acknowledged writes without which a test under load proves nothing.
	minWrites = 50
)

const logQuery = `mutation($i: LogMetadataInput!) { logMetadata(input: $i) { deduplicated entries { id } } }`

// ledger records each acknowledged value with the ID of its entry.
type ledger struct {
	mu    sync.Mutex
	acked map[string]string
	sent  map[string]bool
	// failures counts errors by code; "" counts missing responses.
	failures map[string]int
	// refused contains the values that were refused at least once.
	refused map[string]bool
	// version is the ID of the version with the entries.
	version string
	// keyless means that writes have no idempotency key, for controls.
	keyless bool
	// abandoned is set when the test has ended: writers then do not repeat refused writes.
	abandoned atomic.Bool
}

func newLedger() *ledger {
	return &ledger{acked: map[string]string{}, sent: map[string]bool{}, failures: map[string]int{}, refused: map[string]bool{}}
}

// writes returns the number of acknowledged writes.
func (l *ledger) writes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// failed returns the number of errors with a code.
func (l *ledger) failed(code string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failures[code]
}

// failuresByCode returns the number of errors by code.
func (l *ledger) failuresByCode() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.failures)
}

// write logs values until stop is closed. It repeats each value with the same idempotency key until it is acknowledged.
// Each write has two keys, so that a partial write is detected.
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

// writeOne logs a value and repeats it until it is acknowledged. Each error must be retryable.
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

// stored reads the history of a key. It returns how often each value occurs, and the ID of its entry.
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

// violations returns the differences between acknowledged and stored values.
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

// newVersion creates a version and returns its ID.
func newVersion(t *testing.T, addr string) string {
	t.Helper()
	created := ask(addr, `mutation { createArtifactVersion(input: {artifact: "model"}) { artifactVersion { id } } }`, nil)
	if created.err != nil || created.code != "" {
		t.Fatalf("create: %v %s", created.err, created.code)
	}
	return created.data["createArtifactVersion"].(map[string]any)["artifactVersion"].(map[string]any)["id"].(string)
}

// load writes to a new version while meanwhile runs, and returns the stored values.
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

// writerGroup is a group of goroutines that write.
type writerGroup struct {
	group sync.WaitGroup
	once  sync.Once
	// ended is closed to stop them.
	ended chan struct{}
}

// startWriters starts n writers to a version. They stop when the test ends at the latest.
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

// stop stops each writer after its current write.
func (w *writerGroup) stop(t *testing.T) {
	t.Helper()
	w.once.Do(func() { close(w.ended) })
	harness.Wait(t, "the writers have stopped", &w.group)
}

// waitFor waits until a number of writes has been acknowledged.
func (l *ledger) waitFor(t *testing.T, writes int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d writes are acknowledged", writes), func() bool { return l.writes() >= writes })
}

// underLoad writes while meanwhile runs. It checks that no acknowledged write is lost, stored twice, or partial.
func underLoad(t *testing.T, addrs []string, meanwhile func(l *ledger)) {
	t.Helper()
	l := newLedger()
	a, b, ids := l.load(t, addrs, func() { meanwhile(l) })
	for _, violation := range l.violations(a, b, ids) {
		t.Error(violation)
	}
	t.Logf("%d writes acknowledged, failures %v", len(l.acked), l.failures)
	if len(l.acked) < minWrites {
		t.Errorf("only %d writes succeeded: the test proves nothing", len(l.acked))
	}
	l.control(t, a, b, ids)
}

// control checks that violations detects a lost write, a write that is stored twice, and a partial write.
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
				t.Errorf("the check does not detect a write that is %s", what)
			}
		}
		return
	}
}
