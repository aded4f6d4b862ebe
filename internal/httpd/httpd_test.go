package httpd

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/requestid"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// openHandler returns a handler on a new database, which logs as JSON to log.
func openHandler(t *testing.T, log io.Writer) (*Handler, *store.Store) {
	t.Helper()
	logger := slog.New(WithRequestID(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	s, err := store.Open(context.Background(), storetest.SQLite(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	api, err := apitest.New(s, apitest.Options{Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(api, s, HostOptions{}, logger)
	if err != nil {
		t.Fatal(err)
	}
	return h, s
}

func post(h http.Handler, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	small = `{"query": "{ __typename }"}`
	large = `{"query": "{ __schema { types { name description } } }"}`
)

// TestCompression checks that clients that accept gzip get it from a minimum size on, and that Vary names the request
// headers.
func TestCompression(t *testing.T) {
	t.Parallel()
	h, _ := openHandler(t, io.Discard)
	plain := post(h, large)
	for name, c := range map[string]struct {
		body, accepts, media string
		compressed           bool
	}{
		"no header":          {large, "", "", false},
		"gzip":               {large, "gzip", "", true},
		"header of browsers": {large, "gzip, deflate, br, zstd", "", true},
		"GraphQL media type": {large, "gzip", "application/graphql-response+json", true},
		"gzip refused":       {large, "gzip;q=0, br", "", false},
		"other encodings":    {large, "br, zstd", "", false},
		"small response":     {small, "gzip", "", false},
	} {
		headers := []string{"Accept", c.media}
		if c.accepts != "" {
			headers = append(headers, "Accept-Encoding", c.accepts)
		}
		w := post(h, c.body, headers...)
		if w.Code != 200 || (w.Header().Get("Content-Encoding") == "gzip") != c.compressed {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if vary := strings.Join(w.Header().Values("Vary"), ","); vary != "Accept-Encoding,Accept" {
			t.Errorf("%s: Vary is %q", name, vary)
		}
		if media := w.Header().Get("Content-Type"); media != map[bool]string{true: "application/json",
			false: c.media}[c.media == ""]+"; charset=utf-8" {
			t.Errorf("%s: Content-Type is %q", name, media)
		}
		if !c.compressed {
			continue
		}
		reader, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(reader); err != nil || !bytes.Equal(text, plain.Body.Bytes()) ||
			w.Header().Get("Content-Length") != "" {
			t.Errorf("%s: %.100s (%v), %v", name, text, err, w.Header())
		}
	}
}

// TestUncompressedResponses checks that an event stream is flushed uncompressed, and that a panic still becomes an error.
func TestUncompressedResponses(t *testing.T) {
	t.Parallel()
	w := post(compress(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		event := "data: " + strings.Repeat("x", 2*minGzipSize) + "\n\n"
		_, _ = io.WriteString(w, event) // to memory
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	})), "", "Accept-Encoding", "gzip")
	if w.Header().Get("Content-Encoding") != "" || !w.Flushed || !strings.HasPrefix(w.Body.String(), "data: xx") {
		t.Errorf("events: %v %.20q", w.Header(), w.Body)
	}
	h, _ := openHandler(t, io.Discard)
	w = post(h.recoverPanics(compress(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") }))),
		"", "Accept-Encoding", "gzip")
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "internal error") ||
		w.Header().Get("Content-Encoding") != "" {
		t.Errorf("a panic: %d %v %s", w.Code, w.Header(), w.Body)
	}
}

// TestRequestIDs checks that each response has an ID of the server, and that each log record of a request has the ID
// once.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h, s := openHandler(t, &log)
	known, responses := map[string]bool{}, 0
	check := func(w *httptest.ResponseRecorder) {
		t.Helper()
		id := w.Header().Get("X-Request-Id")
		if len(id) != 26 || known[id] {
			t.Errorf("%d has the ID %q", w.Code, id)
		}
		known[id], responses = true, responses+1
	}
	check(post(h, small, "X-Request-Id", "mine"))
	check(post(h, small, "X-Request-Id", "forged\nline"))
	check(post(h, "{", "Content-Type", "text/plain"))
	check(post(h, small, "Sec-Fetch-Site", "cross-site"))
	for _, path := range []string{"/healthz", "/graphiql/", "/nothing", "/"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		check(w)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(post(h, `{"query": "{ artifact(name: \"x\") { id } }"}`))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	check(w)

	lines := map[string]int{}
	for scanner := bufio.NewScanner(&log); scanner.Scan(); {
		var line struct{ Msg, RequestID string }
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil || !known[line.RequestID] ||
			strings.Count(scanner.Text(), `"requestId"`) != 1 {
			t.Errorf("%s (%v)", scanner.Text(), err)
		}
		lines[line.Msg]++
	}
	if lines["request"] != responses || lines["not ready"] != 1 || len(lines) < 3 {
		t.Errorf("%d responses, log records %v", responses, lines)
	}
}

// TestWithRequestID checks that loggers with attributes and groups keep the ID, and that records without a request
// have none.
func TestWithRequestID(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	log := slog.New(WithRequestID(slog.NewTextHandler(&text, nil))).With("a", 1)
	ctx := requestid.NewContext(context.Background(), "ID")
	log.InfoContext(ctx, "one")
	log.WithGroup("g").InfoContext(ctx, "two", "b", 2)
	log.InfoContext(ctx, "three", "requestId", "ID")
	log.Info("four")
	for i, want := range []string{"a=1 requestId=ID", "a=1 g.b=2 g.requestId=ID", "a=1 requestId=ID", "msg=four a=1"} {
		if line := strings.Split(text.String(), "\n")[i]; !strings.HasSuffix(line, want) {
			t.Errorf("got %s, want %s", line, want)
		}
	}
}
