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
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
)

// openReplicas opens a database with replicas and returns the error.
func openReplicas(t *testing.T, url string, replicas ...string) error {
	t.Helper()
	s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler),
		store.WithReplicas(store.ReplicaOptions{URLs: replicas, MaxLag: 2 * time.Second}))
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
	primary, replica := pair.Primary.URL.String(), pair.Replicas[0].URL.String()
	pair.Replicas[0].Execute(t, "SELECT pg_wal_replay_pause()")
	begin := time.Now()
	err := openReplicas(t, primary, replica)
	if refused := (*engine.ReplicaError)(nil); !errors.As(err, &refused) || !strings.Contains(err.Error(), "is behind: its tables are at version 0") {
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
		"another database":  {strings.Replace(replica, "/postgres?", "/other?", 1), "another database or schema"},
		"no such database":  {strings.Replace(replica, "/postgres?", "/nonsense?", 1), "refuses the connection"},
		"an unknown user":   {strings.Replace(replica, "placard@", "nobody@", 1), "refuses the connection"},
		"a user without":    {strings.Replace(replica, "placard@", "stranger:hunter2@", 1), "refuses the connection"},
		"an unreadable URL": {"postgres://h:port/x?password=hunter2", "--read-database-urls: the database URL is not a valid postgres:// URL"},
	} {
		err := openReplicas(t, primary, replica, c.url)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := openReplicas(t, storetest.SQLite(t), replica); err == nil || !strings.Contains(err.Error(), "SQLite has no replicas") {
		t.Errorf("replicas of SQLite: %v", err)
	}
	if err := openReplicas(t, primary, replica); err != nil {
		t.Errorf("control: %v", err)
	}
	pair.Replicas[0].StopNow(t)
	if err := openReplicas(t, primary, replica); err != nil {
		t.Errorf("a replica that is away: %v", err)
	}
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
			store.WithReplicas(store.ReplicaOptions{Tokens: c.tokens, MaxLag: time.Second}))
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
