package e2e

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// TestFirstStart starts the server and runs the example pipeline as `make run` does, on a new database and on the same
// one again.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	addr, database := freeAddress(t), storetest.SQLite(t)
	s := start(t, addr, database)
	penguins := func() string {
		demo := harness.Command(t, harness.Limit, filepath.Join(programs, "penguins"), "-once", "-url", "http://"+addr+"/graphql")
		out, err := demo.CombinedOutput()
		if err != nil {
			t.Fatalf("penguins: %v: %s", err, out)
		}
		return string(out)
	}
	first := penguins()
	for _, wanted := range []string{"penguins_model version", "accuracy", "confusion_matrix", "curl ", "shows it in a browser", "Ctrl-C"} {
		if !strings.Contains(first, wanted) {
			t.Errorf("the terminal does not show %q:\n%s", wanted, first)
		}
	}
	if path := strings.TrimPrefix(database, "sqlite:"); !strings.Contains(s.log.String(), path) {
		t.Errorf("the log lacks the path of the database (%s):\n%s", path, s.log)
	}
	if err := s.stop(t); err != nil {
		t.Errorf("stop: %v\n%s", err, s.log)
	}
	start(t, addr, database)
	if second := penguins(); second != first {
		t.Errorf("the report has changed:\n%s\nwas\n%s", second, first)
	}
	versions := ask(addr, `{ a: artifact(name: "penguins_clean") { versions { totalCount } } b: artifact(name: "penguins_model") { versions { totalCount } } }`, nil)
	if text := fmt.Sprint(versions.data); text != "map[a:map[versions:map[totalCount:4]] b:map[versions:map[totalCount:4]]]" {
		t.Errorf("got %s (%v)", text, versions.err)
	}
}

// TestPortTaken checks that a server ends when another process listens on one of its addresses, and names the flag for it.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	for _, c := range []struct {
		addr, part string
		args       []string
	}{
		{s.addr, "(--addr or PLACARD_ADDR sets another address)", nil},
		{freeAddress(t), "(--metrics-addr or PLACARD_METRICS_ADDR sets another address)", []string{"--metrics-addr=" + s.addr}},
	} {
		second := launch(t, c.addr, storetest.SQLite(t), c.args...)
		if err := second.exit(t); second.ProcessState.ExitCode() != 1 || !strings.Contains(second.log.String(), "address already in use") ||
			!strings.Contains(second.log.String(), c.part) {
			t.Errorf("%v: %s", err, second.log)
		}
	}
}

// TestFileTaken checks that a server ends when another process uses its database.
func TestFileTaken(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	start(t, freeAddress(t), database)
	second := launch(t, freeAddress(t), database)
	if err := second.exit(t); err == nil || !strings.Contains(second.log.String(), "another process is serving") {
		t.Errorf("%v: %s", err, second.log)
	}
}

// TestPages requests pages and probes, and checks that another origin cannot post.
func TestPages(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/graphiql/": "<title>", "/": "<title>", "/graphql?query=%7B__typename%7D": "Query"} {
		response, err := client.Get("http://" + s.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), want) || response.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d %.100s (%v)", path, response.StatusCode, body, err)
		}
	}
	for what, c := range map[string]struct {
		origin, host string
		want         int
	}{
		"here":         {"http://" + s.addr, s.addr, http.StatusOK},
		"the proxy":    {"https://placard.example", "placard.example", http.StatusOK},
		"another site": {"https://evil.example", s.addr, http.StatusForbidden},
		"another name": {"http://rebound.example", "rebound.example", http.StatusMisdirectedRequest},
	} {
		r, err := http.NewRequest(http.MethodPost, "http://"+s.addr+"/graphql", strings.NewReader(`{"query": "{ __typename }"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", c.origin)
		r.Host = c.host
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("a post from %s: %d", what, response.StatusCode)
		}
	}
}
