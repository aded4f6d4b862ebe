package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// replicated is the API on a primary with replicas.
type replicated struct {
	*storetest.Replicated
	api   http.Handler
	store *store.Store
	log   *safeBuffer
	// version is the ID of a version.
	version string
}

// safeBuffer is a buffer for the log of several goroutines.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// newReplicated starts a primary with replicas and the API on them. The replicas are usable.
func newReplicated(t *testing.T, replicas int, options ...store.Option) *replicated {
	t.Helper()
	r := &replicated{Replicated: storetest.NewReplicated(t, replicas), log: &safeBuffer{}}
	log := slog.New(slog.NewTextHandler(r.log, nil))
	var err error
	r.store, err = store.Open(t.Context(), r.Primary.URL.String(), log, append(options,
		store.WithReplicas(store.ReplicaSettings{URLs: r.ReadURLs(), MaxLag: 2 * time.Second}))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.store.Close() })
	if r.api, err = New(r.store, Options{Log: log}); err != nil {
		t.Fatal(err)
	}
	r.version = r.ask(t, `mutation { createArtifactVersion(input: {artifact: "model", metadata: {n: 0}}) { artifactVersion { id } } }`, "").
		field("createArtifactVersion", "artifactVersion", "id")
	r.WaitReplayed(t)
	r.waitUsable(t, replicas)
	return r
}

// usable returns the number of usable replicas.
func (r *replicated) usable() (n int) {
	for _, node := range r.store.DatabaseNodes()[1:] {
		if node.IsUsable {
			n++
		}
	}
	return n
}

func (r *replicated) waitUsable(t *testing.T, want int) {
	t.Helper()
	harness.Eventually(t, fmt.Sprint(want, " replicas are usable"), func() bool { return r.usable() == want })
}

// answered returns how many operations the primary and the replicas have answered.
func (r *replicated) answered() (primary, replicas int64) {
	nodes := r.store.DatabaseNodes()
	for _, node := range nodes[1:] {
		replicas += node.Operations
	}
	return nodes[0].Operations, replicas
}

// response is a response of the API.
type response struct {
	t      testing.TB
	status int
	header http.Header
	text   string
	Data   map[string]any
	Errors []struct {
		Message    string
		Extensions map[string]any
	}
	Extensions struct{ Consistency string }
}

// ask sends a query with a token, which may be empty.
func (r *replicated) ask(t testing.TB, query, token string) *response {
	t.Helper()
	return send(t, r.api, query, token)
}

func send(t testing.TB, api http.Handler, query, token string) *response {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set(consistency.Header, token)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, request)
	got := &response{t: t, status: w.Code, header: w.Header(), text: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if token := got.header.Get(consistency.Header); token != got.Extensions.Consistency {
		t.Errorf("the header is %q and the extension %q", token, got.Extensions.Consistency)
	}
	return got
}

// field returns a text of the data.
func (r *response) field(path ...string) string {
	r.t.Helper()
	var value any = r.Data
	for _, step := range path {
		object, ok := value.(map[string]any)
		if !ok {
			r.t.Fatalf("no %s in %s", step, r.text)
		}
		value = object[step]
	}
	return fmt.Sprint(value)
}

// token returns the token of the response.
func (r *response) token() consistency.Token {
	r.t.Helper()
	token, err := consistency.Parse(r.Extensions.Consistency)
	if err != nil {
		r.t.Fatalf("%v: %s", err, r.text)
	}
	return token
}

// write logs n and returns the token.
func (r *replicated) write(t testing.TB, n int) string {
	t.Helper()
	got := r.ask(t, fmt.Sprintf(`mutation { logMetadata(input: {target: {artifactVersionId: %q}, metadata: {n: %d}}) { deduplicated } }`,
		r.version, n), "")
	if len(got.Errors) > 0 {
		t.Fatal(got.text)
	}
	return got.token().String()
}

// read returns n as a caller with a token sees it, and the token of the response.
func (r *replicated) read(t testing.TB, token string) (n, next string) {
	t.Helper()
	got := r.ask(t, fmt.Sprintf(`{ artifactVersion(ref: {id: %q}) { metadataJson } }`, r.version), token)
	if len(got.Errors) > 0 {
		t.Fatal(got.text)
	}
	return got.field("artifactVersion", "metadataJson", "n"), got.token().String()
}

// delay makes the replicas lag by a time.
func (r *replicated) delay(t *testing.T, by string) {
	t.Helper()
	for _, replica := range r.Replicas {
		replica.Execute(t, "ALTER SYSTEM SET recovery_min_apply_delay = '"+by+"'")
		replica.Execute(t, "SELECT pg_reload_conf()")
	}
}

// TestTokens checks who answers requests with tokens: with replicas that lag by a second, a caller that sends its
// token sees its own writes and never an older state. The control is that a caller without a token does.
func TestTokens(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	r := newReplicated(t, 2)
	_, before := r.answered()
	for range 4 {
		r.read(t, "")
	}
	if _, after := r.answered(); after != before+4 {
		t.Errorf("the replicas have answered %d of 4 queries without a token", after-before)
	}
	r.delay(t, "1s")
	stale, primaryBefore := 0, int64(0)
	for n := 1; n <= 5; n++ {
		token := r.write(t, n)
		primaryBefore, _ = r.answered()
		if got, next := r.read(t, token); got != fmt.Sprint(n) || next == "" {
			t.Errorf("after write %d the caller reads %s", n, got)
		}
		if primary, _ := r.answered(); primary != primaryBefore+1 {
			t.Errorf("the primary has answered %d queries with the token of a write that no replica has", primary-primaryBefore)
		}
		if got, old := r.read(t, ""); got != fmt.Sprint(n) {
			stale++
			if got, _ := r.read(t, parse(t, old).Later(parse(t, token)).String()); got != fmt.Sprint(n) {
				t.Errorf("with the later token the caller reads %s after %d", got, n)
			}
		}
	}
	if stale == 0 {
		t.Error("control: no query without a token has seen an older state")
	}
	token := r.write(t, 6)
	r.WaitReplayed(t)
	harness.Eventually(t, "a replica answers with the token", func() bool {
		_, before := r.answered()
		n, _ := r.read(t, token)
		_, after := r.answered()
		return n == "6" && after == before+1
	})
	known := parse(t, token)
	for name, token := range map[string]consistency.Token{
		"another timeline": {System: known.System, Timeline: 7, Position: 1},
		"another cluster":  {System: known.System + 1, Timeline: known.Timeline, Position: 1},
		"the future":       {System: known.System, Timeline: known.Timeline, Position: 1 << 60},
	} {
		before, _ := r.answered()
		r.read(t, token.String())
		if after, _ := r.answered(); after != before+1 {
			t.Errorf("%s: the primary has not answered", name)
		}
	}
}

func parse(t *testing.T, text string) consistency.Token {
	t.Helper()
	token, err := consistency.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestPrimaryOnly checks that writes and reads of the recent past are answered by the primary, also if a replica has
// begun to answer, and that the distant past is not.
func TestPrimaryOnly(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	r := newReplicated(t, 1)
	at := func(ago time.Duration) string {
		return time.Now().Add(-ago).UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	version := func(alias, arguments string) string {
		return fmt.Sprintf(`%s: artifactVersion(ref: {id: %q}%s) { id metadataJson }`, alias, r.version, arguments)
	}
	for name, c := range map[string]struct {
		query   string
		primary bool
	}{
		"now":                {"{" + version("a", "") + "}", false},
		"an hour ago":        {"{" + version("a", `, asOf: "`+at(time.Hour)+`"`) + "}", false},
		"31 seconds ago":     {"{" + version("a", `, asOf: "`+at(31*time.Second)+`"`) + "}", false},
		"25 seconds ago":     {"{" + version("a", `, asOf: "`+at(25*time.Second)+`"`) + "}", true},
		"the future":         {"{" + version("a", `, asOf: "`+at(-time.Hour)+`"`) + "}", true},
		"a view":             {fmt.Sprintf(`{ node(id: "%s@%s") { id } }`, r.version, at(time.Second)), true},
		"the past of a card": {fmt.Sprintf(`{ artifactVersion(ref: {id: %q}) { metadataJson(asOf: "%s") } }`, r.version, at(time.Second)), true},
		"now and the past":   {"{" + version("a", "") + version("b", `, asOf: "`+at(time.Second)+`"`) + "}", true},
		"a replayed write": {fmt.Sprintf(`mutation { logMetadata(input: {target: {artifactVersionId: %q}, metadata: {k: 1},
			idempotencyKey: "k"}) { deduplicated } }`, r.version), true},
	} {
		for range 2 {
			primary, replicas := r.answered()
			got := r.ask(t, c.query, "")
			if len(got.Errors) > 0 {
				t.Errorf("%s: %s", name, got.text)
			}
			primaryAfter, replicasAfter := r.answered()
			if (primaryAfter == primary+1) != c.primary || (replicasAfter == replicas+1) == c.primary {
				t.Errorf("%s: the primary has answered %d and the replica %d operations", name, primaryAfter-primary, replicasAfter-replicas)
			}
		}
	}
	if got := r.ask(t, "{ __typename }", ""); got.token().IsZero() {
		t.Errorf("a query without statements has no token: %s", got.text)
	}
}

// TestUnusable checks that a replica that is paused, stands still, is dead or was promoted is left out within a second,
// that no query fails meanwhile, and that the replica comes back.
func TestUnusable(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	r := newReplicated(t, 2)
	replica := r.Replicas[0]
	for name, c := range map[string]struct{ leave, comeBack func() }{
		"paused": {func() { replica.Execute(t, "SELECT pg_wal_replay_pause()") },
			func() { replica.Execute(t, "SELECT pg_wal_replay_resume()") }},
		"dead": {func() { replica.StopNow(t) }, func() {
			if err := replica.Start(); err != nil {
				t.Fatal(err)
			}
		}},
		"stopped": {func() { replica.Freeze(t, true) }, func() { replica.Freeze(t, false) }},
	} {
		t.Run(name, func(t *testing.T) {
			r.waitUsable(t, 2)
			c.leave()
			left := time.Now()
			slowest := time.Duration(0)
			for r.usable() == 2 {
				begin := time.Now()
				if got := r.ask(t, `{ artifactVersions { nodes { id } } }`, ""); len(got.Errors) > 0 {
					t.Fatal(got.text)
				}
				slowest = max(slowest, time.Since(begin))
			}
			if took := time.Since(left); took > time.Second {
				t.Errorf("the replica is left out after %s", took)
			} else {
				t.Logf("left out after %s, slowest query %s", took, slowest)
			}
			c.comeBack()
			r.waitUsable(t, 2)
			t.Logf("back %s after it left", time.Since(left))
		})
	}
	r.Replicas[1].Execute(t, "SELECT pg_promote()")
	r.waitUsable(t, 1)
	if log := r.log.String(); !strings.Contains(log, "accepts writes") || !strings.Contains(log, "replay is paused") ||
		!strings.Contains(log, "does not answer") {
		t.Errorf("the log does not name the reasons:\n%s", log)
	}
}

// TestCacheOfTwoNodes checks that the cache of latest metadata, which all nodes share, returns the state of the node
// that answers: neither the newer one of the primary to a reader of a replica, nor the other way round.
func TestCacheOfTwoNodes(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	r := newReplicated(t, 1)
	r.delay(t, "1s")
	both := fmt.Sprintf(`{ artifactVersion(ref: {id: %q}) { metadataJson metadata { json } } }`, r.version)
	for n := 1; n <= 3; n++ {
		token := r.write(t, n)
		begin := time.Now()
		for _, c := range []struct {
			token string
			want  int
		}{{token, n}, {token, n}, {"", n - 1}, {"", n - 1}, {token, n}, {"", n - 1}} {
			got := r.ask(t, both, c.token)
			if time.Since(begin) > 900*time.Millisecond {
				break // the machine is too busy
			}
			if got.field("artifactVersion", "metadataJson", "n") != fmt.Sprint(c.want) ||
				!strings.Contains(got.text, fmt.Sprintf(`"json":%d`, c.want)) {
				t.Errorf("write %d: the state is %s instead of %d", n, got.text, c.want)
			}
		}
		r.WaitReplayed(t)
		harness.Eventually(t, "the replica shows the write", func() bool { got, _ := r.read(t, ""); return got == fmt.Sprint(n) })
	}
	if stats := r.store.CacheStats(); stats.Hits == 0 {
		t.Errorf("the cache was not used: %+v", stats)
	}
}
