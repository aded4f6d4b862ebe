package apitest

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/replica"
	"github.com/placard/placard/internal/store/storetest"
)

// openReplicas opens a database with replicas and returns the error.
func openReplicas(t *testing.T, url string, replicas ...string) error {
	t.Helper()
	s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler),
		store.WithReplicas(store.ReplicaSettings{URLs: replicas, MaxLag: 2 * time.Second}))
	if err == nil {
		err = s.Close()
	}
	return err
}

// TestReplicasRefused checks the errors of servers that cannot be replicas, and that a replica that is away is no error.
func TestReplicasRefused(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	pair := storetest.NewReplicated(t, 1)
	primary, follower := pair.Primary.URL.String(), pair.Replicas[0].URL.String()
	pair.Replicas[0].Execute(t, "SELECT pg_wal_replay_pause()")
	begin := time.Now()
	err := openReplicas(t, primary, follower)
	if refused := (*replica.ConfigurationError)(nil); !errors.As(err, &refused) || !strings.Contains(err.Error(), "is behind: its tables are at version 0") {
		t.Errorf("a replica behind by the migrations: %v", err)
	}
	if took := time.Since(begin); took < 5*time.Second {
		t.Errorf("the replica has %s to catch up", took)
	}
	pair.Replicas[0].Execute(t, "SELECT pg_wal_replay_resume()")
	pair.WaitReplayed(t)
	pair.Primary.Execute(t, "CREATE DATABASE other")
	pair.Primary.Execute(t, "CREATE ROLE stranger LOGIN")
	pair.Primary.Execute(t, "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")
	pair.WaitReplayed(t)
	foreign, err := storetest.NewCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(foreign.Remove)
	for name, c := range map[string]struct{ url, want string }{
		"the primary":       {primary, "accepts writes"},
		"another cluster":   {foreign.URL.String(), "belongs to another cluster than --database-url: its system identifier is"},
		"another database":  {strings.Replace(follower, "/postgres?", "/other?", 1), "another database or schema"},
		"no such database":  {strings.Replace(follower, "/postgres?", "/nonsense?", 1), "refuses the connection"},
		"an unknown user":   {strings.Replace(follower, "placard@", "nobody@", 1), "refuses the connection"},
		"a user without":    {strings.Replace(follower, "placard@", "stranger:hunter2@", 1), "refuses the connection"},
		"an unreadable URL": {"postgres://h:port/x?password=hunter2", "--read-database-urls: the database URL is not a valid postgres:// URL"},
	} {
		err := openReplicas(t, primary, follower, c.url)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := openReplicas(t, storetest.SQLite(t), follower); err == nil || !strings.Contains(err.Error(), "SQLite has no replicas") {
		t.Errorf("replicas of SQLite: %v", err)
	}
	if err := openReplicas(t, primary, follower); err != nil {
		t.Errorf("control: %v", err)
	}
	err = openReplicas(t, strings.Replace(primary, "?", "?synchronous_commit=off&", 1), follower)
	if err == nil || !strings.Contains(err.Error(), "need synchronous_commit") {
		t.Errorf("commits that are not flushed: %v", err)
	}
	pair.Replicas[0].StopNow(t)
	if err := openReplicas(t, primary, follower); err != nil {
		t.Errorf("a replica that is away: %v", err)
	}
}

// TestTimelines checks the tokens of a server on a promoted replica: those of before go to the primary, and the replica
// that follows it is left out until it is on the new timeline.
func TestTimelines(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	r := newReplicated(t, 2)
	_, before := r.read(t, "")
	if err := r.Primary.Stop("fast"); err != nil {
		t.Fatal(err)
	}
	promoted, follower := r.Replicas[0], r.Replicas[1]
	promoted.Execute(t, "SELECT pg_promote()")
	s, err := store.Open(t.Context(), promoted.URL.String(), slog.New(slog.DiscardHandler),
		store.WithReplicas(store.ReplicaSettings{URLs: []string{follower.URL.String()}, MaxLag: 2 * time.Second}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := r.store.Close(); err != nil {
		t.Error(err)
	}
	after := &replicated{version: r.version, store: s, Replicated: &storetest.Replicated{Primary: promoted, Replicas: r.Replicas[1:]}}
	if after.api, err = New(s, Options{}); err != nil {
		t.Fatal(err)
	}
	if after.usable() != 0 {
		t.Error("a replica of the old primary is used")
	}
	follower.Execute(t, "ALTER SYSTEM SET primary_conninfo = 'host="+promoted.URL.Query().Get("host")+" user=placard'")
	follower.Execute(t, "SELECT pg_reload_conf()")
	after.waitUsable(t, 1)
	primary, _ := after.answered()
	_, next := after.read(t, before)
	if now, _ := after.answered(); now != primary+1 {
		t.Error("a token of the old timeline is not answered by the primary")
	}
	if old, new := parse(t, before), parse(t, next); new.System != old.System || new.Timeline != old.Timeline+1 {
		t.Errorf("%s follows %s", new, old)
	}
	harness.Eventually(t, "the replica answers with a token of the new timeline", func() bool {
		_, replicas := after.answered()
		after.read(t, next)
		_, now := after.answered()
		return now == replicas+1
	})
}

// TestTokensWithoutReplicas checks the tokens of a server without replicas, and the error of a malformed one.
func TestTokensWithoutReplicas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url    string
		tokens bool
	}{
		"SQLite": {storetest.SQLite(t), true}, "PostgreSQL": {storetest.Postgres(t), true},
		"PostgreSQL without tokens": {storetest.Postgres(t), false},
	} {
		s, err := store.Open(t.Context(), c.url, slog.New(slog.DiscardHandler),
			store.WithReplicas(store.ReplicaSettings{Tokens: c.tokens, MaxLag: time.Second}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		api, err := New(s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		hasTokens := c.tokens && name == "PostgreSQL"
		last := consistency.Token{}
		for _, query := range []string{
			`mutation { createArtifactVersion(input: {artifact: "m"}) { artifactVersion { id } } }`,
			`{ artifactVersions { nodes { id } } }`, `{ __typename }`, `{ artifactVersion(ref: {id: "x"}) { id } }`,
			`mutation { createArtifactVersion(input: {artifact: "m", version: "latest"}) { artifactVersion { id } } }`,
		} {
			got := send(t, api, query, "1:1:0/1")
			if (got.Extensions.Consistency != "") != hasTokens {
				t.Errorf("%s: %s", name, got.text)
			}
			if hasTokens && last.Position > got.token().Position {
				t.Errorf("%s after %s", got.token(), last)
			} else if hasTokens {
				last = got.token()
			}
		}
		for _, token := range []string{"hunter2", "1:1", "1:1:0/0 2:1:0/0", strings.Repeat("9", 1000)} {
			got := send(t, api, `{ __typename }`, token)
			if got.status != http.StatusBadRequest || len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "BAD_INPUT" ||
				!strings.HasPrefix(got.Errors[0].Message, "Placard-Consistency: must be a token of an earlier response, such as ") {
				t.Errorf("%s: %.50s: %d %s", name, token, got.status, got.text)
			}
		}
		twice := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?query={__typename}", nil)
		twice.Header[consistency.Header] = []string{"1:1:0/1", "1:1:0/1"}
		w := httptest.NewRecorder()
		if api.ServeHTTP(w, twice); w.Code != http.StatusBadRequest || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: two headers: %d %s", name, w.Code, w.Body)
		}
	}
}
