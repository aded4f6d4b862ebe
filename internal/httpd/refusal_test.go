package httpd

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
)

// TestRefusalsAreGraphQL checks the body and the media type of each rejected request on the path of the API.
func TestRefusalsAreGraphQL(t *testing.T) {
	t.Parallel()
	_, s := openHandler(t, io.Discard)
	log := slog.New(slog.DiscardHandler)
	api, err := apitest.New(s, apitest.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(api, s, HostOptions{LoopbackOnly: true, Unauthenticated: true}, log)
	if err != nil {
		t.Fatal(err)
	}
	broken := h.recoverPanics(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") }))
	for name, c := range map[string]struct {
		method, path, body string
		change             func(*http.Request)
		handler            http.Handler
		status             int
		code               string
	}{
		"another origin": {"POST", "/graphql", small,
			func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, h, 403, "FORBIDDEN"},
		"another origin GET": {"GET", "/graphql?query=%7B__typename%7D", "",
			func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, h, 403, "FORBIDDEN"},
		"another host": {"POST", "/graphql", small, func(r *http.Request) { r.Host = "evil.example" }, h, 421,
			"FORBIDDEN"},
		"subpath":         {"POST", "/graphql/", small, nil, h, 404, "NOT_FOUND"},
		"PUT":             {"PUT", "/graphql", small, nil, h, 405, "BAD_INPUT"},
		"preflight":       {"OPTIONS", "/graphql", "", nil, h, 405, "BAD_INPUT"},
		"mutation by GET": {"GET", "/graphql?query=mutation%7B__typename%7D", "", nil, h, 405, "BAD_INPUT"},
		"media type": {"POST", "/graphql", small,
			func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, h, 415, "BAD_INPUT"},
		"encoding": {"POST", "/graphql", small,
			func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, h, 415, "BAD_INPUT"},
		"large body": {"POST", "/graphql", `{"query": "` + strings.Repeat(" ", 3<<20) + `"}`, nil, h, 413,
			"LIMIT_EXCEEDED"},
		"invalid JSON": {"POST", "/graphql", "{", nil, h, 400, "BAD_INPUT"},
		"empty body":   {"POST", "/graphql", "", nil, h, 400, "BAD_INPUT"},
		"panic":        {"POST", "/graphql", small, nil, broken, 500, "INTERNAL"},
	} {
		for accept, media := range map[string]string{"": "application/json",
			"application/graphql-response+json": "application/graphql-response+json",
			"text/html":                         "application/json"} {
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Host = "localhost"
			r.Header.Set("Content-Type", "application/json")
			if accept != "" {
				r.Header.Set("Accept", accept)
			}
			if c.change != nil {
				c.change(r)
			}
			w := httptest.NewRecorder()
			c.handler.ServeHTTP(w, r)
			var body map[string]json.RawMessage
			var errs []struct {
				Message    string
				Extensions struct{ Code, RequestID string }
			}
			err := json.Unmarshal(w.Body.Bytes(), &body)
			if err == nil {
				err = json.Unmarshal(body["errors"], &errs)
			}
			status, code := c.status, c.code
			if accept == "text/html" && c.handler == h && status != 403 && status != 421 && status != 404 {
				status, code = 406, "BAD_INPUT"
			}
			if err != nil || len(body) != 1 || len(errs) != 1 || errs[0].Extensions.Code != code ||
				errs[0].Message == "" || w.Code != status ||
				w.Header().Get("Content-Type") != media+"; charset=utf-8" ||
				w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s, %q: %d %v %s (%v)", name, accept, w.Code, w.Header(), w.Body, err)
			}
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
	r.Host = "evil.example"
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 421 || !strings.HasPrefix(w.Body.String(), `{"status":`) {
		t.Errorf("a probe: %d %s", w.Code, w.Body)
	}
}
