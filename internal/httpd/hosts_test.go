package httpd

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/consistency"
)

// openWhere returns a handler with host names and origins.
func openWhere(t *testing.T, where HostOptions) http.Handler {
	t.Helper()
	_, s := openHandler(t, io.Discard)
	api, err := apitest.New(s, apitest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(api, s, where,
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestNames checks which host names a server accepts, depending on its address and on authentication.
func TestNames(t *testing.T) {
	t.Parallel()
	const public = "https://Placard.example"
	hosts := []string{"other.example", "Second"}
	for name, c := range map[string]struct {
		where              HostOptions
		accepted, rejected string
	}{
		"loopback": {HostOptions{LoopbackOnly: true, Unauthenticated: true, PublicURL: public},
			"localhost LOCALHOST localhost:8080 127.0.0.1 127.9.9.9:1 [::1] [::1]:80 placard.example PLACARD.example:443",
			"evil.example evil.example:80 localhost.evil.example localhost. 127.0.0.1.evil.example 192.0.2.1 [2001:db8::1] 0.0.0.0 2130706433 other.example placard.example."},
		"loopback, with keys": {HostOptions{LoopbackOnly: true}, "localhost 127.0.0.1", "evil.example 192.0.2.1"},
		"public, no keys": {HostOptions{Unauthenticated: true, AllowedHosts: hosts},
			"localhost 192.0.2.1:8080 [2001:db8::1]:8080 other.example OTHER.example:1 second",
			"evil.example other.example.evil 1.2.3 placard.example"},
		"public, with keys": {HostOptions{}, "localhost 192.0.2.1 evil.example", ""},
		"public, with keys and names": {HostOptions{AllowedHosts: hosts, PublicURL: public},
			"localhost 192.0.2.1 other.example placard.example",
			"evil.example"},
	} {
		h := openWhere(t, c.where)
		get := func(host string) int {
			r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
			r.Host = host
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
		for _, host := range strings.Fields(c.accepted) {
			if status := get(host); status != http.StatusOK {
				t.Errorf("%s: %s is rejected with %d", name, host, status)
			}
		}
		for _, host := range strings.Fields(c.rejected) {
			if status := get(host); status != http.StatusMisdirectedRequest {
				t.Errorf("%s: %s is accepted with %d", name, host, status)
			}
		}
		if status := get(""); c.where.LoopbackOnly && status != http.StatusMisdirectedRequest {
			t.Errorf("%s: an empty name is accepted with %d", name, status)
		}
	}
}

// TestQueriesOfOthers checks that a page of another origin cannot execute a query by GET, as with an image, and that
// pages and probes are served to all origins.
func TestQueriesOfOthers(t *testing.T) {
	t.Parallel()
	const query, friend = "/graphql?query=%7B__typename%7D", "https://dashboard.example"
	h := openWhere(t, HostOptions{AllowedOrigins: []string{friend}})
	for _, c := range []struct {
		path, site, origin string
		status             int
	}{
		{query, "", "", 200}, {query, "same-origin", "", 200}, {query, "none", "", 200},
		{query, "cross-site", friend, 200},
		{query, "cross-site", "", 403}, {query, "same-site", "", 403},
		{query, "cross-site", "https://evil.example", 403},
		{query, "", "https://evil.example", 403}, {query, "", "null", 403},
		{"/graphiql/", "cross-site", "", 200}, {"/healthz", "cross-site", "", 200},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != c.status {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
	}
}

// TestRedirectBrowsers checks that a browser that opens the path of the API gets the page, and that clients do not.
func TestRedirectBrowsers(t *testing.T) {
	t.Parallel()
	const page = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	const query = "/graphql?query=%7B__typename%7D"
	h := openWhere(t, HostOptions{})
	for name, c := range map[string]struct {
		method, path, accept, site string
		status                     int
	}{
		"browser":                    {"GET", "/graphql", page, "none", 307},
		"link from another site":     {"GET", "/graphql", page, "cross-site", 307},
		"browser with a query":       {"GET", query, page, "none", 200},
		"another site with a query":  {"GET", query, page, "cross-site", 403},
		"client":                     {"GET", "/graphql", "*/*", "", 400},
		"client without a header":    {"GET", "/graphql", "", "", 400},
		"client with a query":        {"GET", query, "application/json", "", 200},
		"another method":             {"PUT", "/graphql", page, "", 405},
		"form":                       {"POST", "/graphql", page, "", 415},
		"path below that of the API": {"GET", "/graphql/", page, "", 404},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		for header, value := range map[string]string{"Accept": c.accept, "Sec-Fetch-Site": c.site} {
			if value != "" {
				r.Header.Set(header, value)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		location, vary := w.Header().Get("Location"), strings.Join(w.Header().Values("Vary"), ",")
		if w.Code != c.status || (location == "graphiql/") != (c.status == 307) || !strings.Contains(vary, "Accept") {
			t.Errorf("%s: %d to %q, Vary is %q: %s", name, w.Code, location, vary, w.Body)
		}
	}
}

// TestCORS checks that pages of allowed origins can read responses, that requests of other origins are rejected, and
// that no CORS header is sent without allowed origins.
func TestCORS(t *testing.T) {
	t.Parallel()
	const friend, evil = "https://dashboard.example", "https://evil.example"
	some, none := openWhere(t, HostOptions{AllowedOrigins: []string{friend, "http://127.0.0.1:5173"}}), openWhere(t, HostOptions{})
	for _, c := range []struct {
		name, method, path, origin string
		h                          http.Handler
		status                     int
		allowed                    string
	}{
		{"query of an allowed origin", http.MethodPost, "/graphql", friend, some, 200, friend},
		{"query of another allowed origin", http.MethodPost, "/graphql", "http://127.0.0.1:5173", some, 200,
			"http://127.0.0.1:5173"},
		{"preflight of an allowed origin", http.MethodOptions, "/graphql", friend, some, 204, friend},
		{"query of another origin", http.MethodPost, "/graphql", evil, some, 403, ""},
		{"preflight of another origin", http.MethodOptions, "/graphql", evil, some, 204, ""},
		{"another scheme", http.MethodPost, "/graphql", "http://dashboard.example", some, 403, ""},
		{"another port", http.MethodPost, "/graphql", friend + ":8443", some, 403, ""},
		{"common suffix", http.MethodPost, "/graphql", "https://evil-dashboard.example", some, 403, ""},
		{"origin null", http.MethodPost, "/graphql", "null", some, 403, ""},
		{"another path", http.MethodGet, "/healthz", friend, some, 200, ""},
		{"query without allowed origins", http.MethodPost, "/graphql", friend, none, 403, ""},
		{"preflight without allowed origins", http.MethodOptions, "/graphql", friend, none, 405, ""},
	} {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(small))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", c.origin)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if c.method == http.MethodOptions {
			r.Header.Set("Access-Control-Request-Method", http.MethodPost)
			r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,placard-consistency")
		}
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, r)
		if got := w.Header().Get("Access-Control-Allow-Origin"); w.Code != c.status || got != c.allowed ||
			w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d, %v", c.name, w.Code, w.Header())
		}
		if exposed := w.Header().Get("Access-Control-Expose-Headers"); c.allowed != "" && c.method == http.MethodPost &&
			!strings.Contains(exposed, consistency.Header) {
			t.Errorf("%s: pages cannot read the token: %s", c.name, exposed)
		}
	}
}

// TestNamesOfMetrics checks that /metrics rejects host names that are not allowed, also with --auth=keys. The control
// is the accepted names.
func TestNamesOfMetrics(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		where              HostOptions
		local              bool
		accepted, rejected string
	}{
		"loopback": {HostOptions{PublicURL: "https://placard.example"}, true,
			"localhost 127.0.0.1:9090 [::1]:9090 placard.example", "evil.example 192.0.2.1 other.example"},
		"public": {HostOptions{LoopbackOnly: true, AllowedHosts: []string{"other.example"}}, false,
			"localhost 192.0.2.1:9090 other.example:9090", "evil.example"},
	} {
		guard, err := c.where.MetricsGuard(c.local)
		if err != nil {
			t.Fatal(err)
		}
		h := guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
		for hosts, want := range map[string]int{c.accepted: http.StatusOK, c.rejected: http.StatusMisdirectedRequest} {
			for _, host := range strings.Fields(hosts) {
				r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
				r.Host = host
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, r); w.Code != want {
					t.Errorf("%s: %s has status %d, want %d", name, host, w.Code, want)
				}
			}
		}
	}
}
