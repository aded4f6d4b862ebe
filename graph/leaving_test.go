package graph_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// blocked keeps every write of the database waiting until release is called: on PostgreSQL at its last table, so that
// half of it is there already, on SQLite before it begins.
func blocked(t *testing.T, url string) (release func()) {
	t.Helper()
	driver, statements := "pgx", []string{"BEGIN", "LOCK TABLE metadata_entries IN EXCLUSIVE MODE"}
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, url, statements = "sqlite", "file:"+path, []string{"BEGIN IMMEDIATE"}
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		_ = conn.Close()
	}
}

const createA = `mutation { createArtifactVersion(input: {artifact: "a", metadata: {x: 1}}) { deduplicated } }`

// checkNothing: of the writes that were given up nothing is there, and the same write goes through now.
func (a *api) checkNothing() {
	a.Helper()
	if got, _ := a.do(`{ artifacts { totalCount } }`, ""); fmt.Sprint(got["data"]) != "map[artifacts:map[totalCount:0]]" {
		a.Errorf("something is there: %v", got)
	}
	if got, _ := a.do(createA, ""); got["errors"] != nil {
		a.Errorf("afterwards: %v", got)
	}
}

// TestWriteDeadline checks that a write which waits too long for others ends, also in the database, and leaves no rows.
func TestWriteDeadline(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		limits := models.DefaultLimits()
		limits.WriteSeconds = 0.25
		patient := a.Handler
		a.configure(apitest.Options{Limits: &limits})
		release := blocked(t, url)
		got, _ := a.do(createA, "")
		failure := fmt.Sprint(got["errors"])
		if fmt.Sprint(got["data"]) != "map[createArtifactVersion:<nil>]" || !strings.Contains(failure, "LIMIT_EXCEEDED") ||
			!strings.Contains(failure, "0.25 seconds") || !strings.Contains(failure, "retryable:true") {
			t.Errorf("got %v", got)
		}
		if strings.HasPrefix(url, "postgres") {
			waitUntilIdle(t, url)
		}
		release()
		a.Handler = patient
		a.checkNothing()
	})
}

// leave sends a request and leaves when it has sent its statements; it returns when the server is done with it.
func (a *api) leave(statements int64, query, variables string) {
	a.Helper()
	meter := &storetest.Meter{}
	ctx, cancel := context.WithCancel(storetest.WithMeter(context.Background(), meter))
	defer cancel()
	text, err := json.Marshal(query)
	if err != nil {
		a.Fatal(err)
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(`{"query": `+string(text)+`, "variables": `+variables+`}`))
	r.Header.Set("Content-Type", "application/json")
	w, done := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(done)
		a.ServeHTTP(w, r)
	}()
	harness.Eventually(a, "the statements are sent", func() bool {
		select {
		case <-done:
			a.Fatalf("answered before anybody left: %.300s", w.Body)
		default:
		}
		return meter.Statements() >= statements
	})
	cancel()
	harness.Receive(a, "the server gives up what nobody waits for", done)
	if !strings.Contains(w.Body.String(), "CANCELLED") {
		a.Errorf("got %.300s", w.Body)
	}
}

// TestClientLeaves checks that a search whose client leaves also ends in the database, even during its first statement,
// the look-up of the project. Each search would take minutes, and there are more of them than connections.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		limits := models.DefaultLimits()
		limits.QueryCost = math.MaxInt32
		a.configure(apitest.Options{Limits: &limits})
		long := strings.Repeat("é", 30_000)
		for range 40 {
			if got, _ := a.do(createVersion, `{"input": {"artifact": "b", "metadata": {"text": "`+long+`"}}}`); got["errors"] != nil {
				t.Fatal(got["errors"])
			}
		}
		none := make([]string, 199)
		for i := range none {
			none[i] = fmt.Sprintf(`{"metadata": {"key": "text", "contains": "x%d", "ignoreCase": true}}`, i)
		}
		none[198] = `{"metadata": {"key": "text", "contains": "é"}}` // what is there, should it ever be found
		for range 25 {
			a.leave(1, `query($w: ArtifactVersionFilter) { artifactVersions(where: $w) { nodes { id } } }`, `{"w": {"artifact": {"eq": "b"}, "or": [`+strings.Join(none, ",")+`]}}`)
		}
		if strings.HasPrefix(url, "postgres") {
			waitUntilIdle(t, url)
		}
		if got, _ := a.do(`{ artifact(name: "b") { versions { totalCount } } }`, ""); fmt.Sprint(got["data"]) != "map[artifact:map[versions:map[totalCount:40]]]" {
			t.Errorf("got %.500v", got)
		}
	})
}

// TestWriterLeaves checks that a waiting write ends when its client leaves, and leaves no rows.
func TestWriterLeaves(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		release := blocked(t, url)
		statements := int64(0) // an SQLite write has not begun
		if strings.HasPrefix(url, "postgres") {
			statements = 5
		}
		for range 25 {
			a.leave(statements, createA, "null")
		}
		if strings.HasPrefix(url, "postgres") {
			waitUntilIdle(t, url)
		}
		release()
		a.checkNothing()
	})
}

// codes is an observer that records the codes of operations.
type codes struct{ all []string }

func (c *codes) StartRequest(r *http.Request) (context.Context, func(*gqlhttp.Summary)) {
	return r.Context(), func(s *gqlhttp.Summary) { c.all = append(c.all, s.Code) }
}

func (c *codes) StartBatch(ctx context.Context, _ string, _ int) (context.Context, func(error)) {
	return ctx, func(error) {}
}

// TestLeavingIsLoggedOnce checks that a request whose client leaves has the code CANCELLED and one line in the log, at
// DEBUG.
func TestLeavingIsLoggedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		var log bytes.Buffer
		seen := &codes{}
		a.configure(apitest.Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Observer: seen})
		queries := []string{`{ artifacts { totalCount } pipelineRuns { totalCount } }`, createA}
		if strings.HasPrefix(url, "sqlite") {
			queries[1] = queries[0] // a write that SQLite has begun is done
		}
		for _, query := range queries {
			ctx, cancel := context.WithCancel(t.Context())
			meter := &storetest.Meter{Hold: func(context.Context, string) { cancel() }}
			a.postMetered(ctx, meter, bodyOf(t, query))
		}
		if got := strings.Join(seen.all, " "); got != "CANCELLED CANCELLED" {
			t.Errorf("the codes are %s", got)
		}
		if text := log.String(); strings.Count(text, "\n") != 2 || strings.Count(text, "level=DEBUG") != 2 {
			t.Errorf("the log is\n%s", text)
		}
	})
}
