package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// keys runs `placard keys` on a database and returns its standard output and standard error.
func keys(t *testing.T, database string, args ...string) (out, notes string, err error) {
	t.Helper()
	command := program(t, append([]string{"keys"}, append(args, "--database-url="+database)...)...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	return stdout.String(), stderr.String(), err
}

// TestKeys creates the first key by command, sends a request with it, and revokes it by command.
func TestKeys(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, database string) {
		for _, args := range [][]string{{"create", "x"}, {"create", "x", "--owner", "--role=admin"}, {"create", "x", "--role=king"},
			{"create", "x", "--role=admin", "--project=none"}, {"revoke", "x"}, {"create", "--owner"}} {
			if out, _, err := keys(t, database, args...); err == nil || out != "" {
				t.Errorf("%v: %q", args, out)
			}
		}
		out, notes, err := keys(t, database, "create", "first", "--owner")
		if err != nil || !regexp.MustCompile(`^plc_\w{43}\n$`).MatchString(out) || strings.Contains(notes, out[:10]) {
			t.Fatalf("%v: %q, %q", err, out, notes)
		}
		if _, _, err := keys(t, database, "create", "ci", "--role=writer", "--expires-in=24h"); err != nil {
			t.Error(err)
		}
		addr := freeAddress(t)
		server := start(t, addr, database, "--auth=keys")
		reads := func() bool {
			r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/graphql", strings.NewReader(`{"query": "{ projects { nodes { name } } }"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(out))
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			var answer struct{ Data map[string]any }
			return json.NewDecoder(response.Body).Decode(&answer) == nil && answer.Data["projects"] != nil
		}
		if !reads() || ask(addr, "{ serverInfo { version } }", nil).code != "UNAUTHENTICATED" {
			t.Error("the first key must open the server, and nothing else")
		}
		_, notes, err = keys(t, database, "list")
		if sqlite := strings.HasPrefix(database, "sqlite:"); sqlite != (err != nil) || sqlite && !strings.Contains(notes, "another process is serving") {
			t.Errorf("with a running server: %v, %s", err, notes)
		}
		if strings.HasPrefix(database, "sqlite:") {
			if err := server.stop(t); err != nil {
				t.Fatal(err)
			}
		}
		list, _, err := keys(t, database, "list")
		id := regexp.MustCompile(`(?m)^(\S+) +` + out[:8] + ` +"first" +owner `).FindStringSubmatch(list)
		if err != nil || id == nil || !strings.Contains(list, `"ci"`) || strings.Contains(list, strings.TrimSpace(out)) {
			t.Fatalf("%v\n%s", err, list)
		}
		if _, _, err := keys(t, database, "revoke", id[1]); err != nil {
			t.Error(err)
		}
		if strings.HasPrefix(database, "sqlite:") {
			start(t, addr, database, "--auth=keys")
		}
		if reads() {
			t.Error("a revoked key opens the server")
		}
	})
}
