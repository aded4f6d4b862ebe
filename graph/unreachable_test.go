package graph_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// blackHole is a listener in front of PostgreSQL. When it is open, it closes all connections, and accepts new ones
// without a response, like a machine that drops packets.
type blackHole struct {
	net.Listener
	mu          sync.Mutex
	open        bool
	connections []net.Conn
}

// newBlackHole returns a closed hole before the database at url, and the URL that leads through it.
func newBlackHole(t *testing.T, url string) (hole *blackHole, through string) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hole = &blackHole{Listener: listener}
	t.Cleanup(func() { _ = listener.Close(); hole.end() })
	go forward(t, hole, config)
	return hole, fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable&connect_timeout=1", config.User, listener.Addr(), config.Database)
}

// Accept returns the next connection that leads to PostgreSQL.
func (h *blackHole) Accept() (net.Conn, error) {
	for {
		connection, err := h.Listener.Accept()
		if err != nil {
			return nil, err
		}
		h.mu.Lock()
		h.connections = append(h.connections, connection)
		open := h.open
		h.mu.Unlock()
		if !open {
			return connection, nil
		}
	}
}

// end closes all connections.
func (h *blackHole) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, connection := range h.connections {
		_ = connection.Close()
	}
	h.connections = nil
}

func (h *blackHole) swallow() {
	h.mu.Lock()
	h.open = true
	h.mu.Unlock()
	h.end()
}

// TestUnreachableDatabase checks the errors while PostgreSQL cannot be connected to. Reads, writes and look-ups of API
// keys are UNAVAILABLE and retryable, or LIMIT_EXCEEDED with a path if the deadline comes first. The control is that
// they succeed before.
func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	hole, through := newBlackHole(t, storetest.Postgres(t))
	a := open(t, through)
	_, secret, err := a.store.CreateApiKey(auth.NewContext(context.Background(), auth.Anonymous), nil, models.CreateApiKeyInput{Name: "k", Owner: true})
	if err != nil {
		t.Fatal(err)
	}
	keyed := newAPI(t, a.store, apitest.Options{RequireAPIKey: true})
	limits := models.DefaultLimits()
	limits.ReadSeconds, limits.WriteSeconds = 0.25, 0.25
	impatient := newAPI(t, a.store, apitest.Options{Limits: &limits})
	bodies := []string{`{"query": "{ artifacts { totalCount } }"}`, `{"query": "mutation { createArtifactVersion(input: {artifact: \"a\"}) { deduplicated } }"}`}
	each := func(check func(name, body string)) {
		var all sync.WaitGroup
		for range 4 {
			for _, body := range bodies {
				for name, server := range map[string]*api{"open": a, "keys": keyed, "impatient": impatient} {
					all.Go(func() {
						w, _ := server.post(body, "Authorization", "Bearer "+secret)
						check(name, w.Body.String())
					})
				}
			}
		}
		all.Wait()
	}
	for _, body := range bodies {
		for _, server := range []*api{a, keyed} {
			if w, _ := server.post(body, "Authorization", "Bearer "+secret); strings.Contains(w.Body.String(), "errors") {
				t.Fatalf("before: %s", w.Body)
			}
		}
	}
	hole.swallow()
	var late atomic.Int64
	each(func(name, body string) {
		// A connection of before that is broken fails at once.
		isLate := name == "impatient" && strings.Contains(body, `"code":"LIMIT_EXCEEDED"`) && strings.Contains(body, `"path":["`)
		if isLate {
			late.Add(1)
		}
		if !isLate && !strings.Contains(body, `the database is not available; try again`) || !strings.Contains(body, `"retryable":true`) {
			t.Errorf("%s: got %s", name, body)
		}
	})
	if late.Load() == 0 {
		t.Error("no request met its deadline")
	}
}

// TestMissingRights checks that a statement for which the user of PostgreSQL has no right is UNAVAILABLE, and that the
// log names the table and the remedy. The control is the same read before the right is revoked.
func TestMissingRights(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	role := storetest.NewRole(t, url)
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	s, err := store.OpenWithoutMigrating(t.Context(), role.URL, logger)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	a := newAPI(t, s, apitest.Options{Log: logger})
	read := func() string {
		w, _ := a.post(`{"query": "{ artifacts { totalCount } pipelineRuns { totalCount } }"}`)
		return w.Body.String()
	}
	if before := read(); strings.Contains(before, "errors") {
		t.Fatalf("before: %s", before)
	}
	role.Execute("REVOKE SELECT ON artifacts FROM " + role.Name)
	got := read()
	if !strings.Contains(got, `"code":"UNAVAILABLE"`) || strings.Contains(got, "retryable") || !strings.Contains(got, `"artifacts":null,"pipelineRuns":{`) ||
		strings.Contains(got, "table") {
		t.Errorf("got %s", got)
	}
	if text := log.String(); !strings.Contains(text, "permission denied for table artifacts") || !strings.Contains(text, "grant the user of --database-url") {
		t.Errorf("the log is %s", text)
	}
}
