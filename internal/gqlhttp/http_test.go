package gqlhttp_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

const newer = "application/graphql-response+json"

// server is a handler on an empty database.
type server struct {
	testing.TB
	*gqlhttp.Handler
	store *store.Store
}

func open(t *testing.T) *server {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.SQLite(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	a := &server{TB: t, store: s}
	a.configure(apitest.Options{})
	return a
}

// configure replaces the handler by one with other options.
func (a *server) configure(o apitest.Options) {
	a.Helper()
	handler, err := apitest.New(a.store, o)
	if err != nil {
		a.Fatal(err)
	}
	a.Handler = handler
}

// post sends a body with headers.
func (a *server) post(body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

func (a *server) get(parameters url.Values) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/graphql?"+parameters.Encode(), nil))
	return w
}

// wants checks the status of a response and a part of its body.
func (a *server) wants(what string, w *httptest.ResponseRecorder, status int, part string) {
	a.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), part) {
		a.Errorf("%s: %d %.300s", what, w.Code, w.Body)
	}
}

// byHash returns the body of a request with the hash of a query, and with the query unless it is empty.
func byHash(text, hash, variables string) string {
	body := fmt.Sprintf(`{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": %q}}, "variables": %s`, hash, variables)
	if text != "" {
		quoted, _ := json.Marshal(text) // text always becomes JSON
		body += `, "query": ` + string(quoted)
	}
	return body + "}"
}

// TestHTTP checks the status of requests that differ in method, headers and body.
func TestHTTP(t *testing.T) {
	t.Parallel()
	a := open(t)
	ok := `{"query": "{ __typename }"}`
	for name, c := range map[string]struct {
		method, body, contentType, accept string
		status                            int
		wantType, want                    string
	}{
		"POST":                        {"POST", ok, "application/json", "", 200, "application/json; charset=utf-8", `{"data":{"__typename":"Query"},`},
		"with charset":                {"POST", ok, "application/json; charset=UTF-8", "*/*", 200, "application/json; charset=utf-8", ""},
		"the newer media type":        {"POST", ok, "application/json", "application/graphql-response+json, application/json;q=0.9", 200, "application/graphql-response+json; charset=utf-8", ""},
		"not acceptable":              {"POST", ok, "application/json", "text/html", 406, "", ""},
		"a form":                      {"POST", "query=x", "application/x-www-form-urlencoded", "", 415, "", `"code":"BAD_INPUT"`},
		"no content type":             {"POST", ok, "", "", 415, "", ""},
		"another charset":             {"POST", ok, "application/json; charset=latin1", "", 415, "", ""},
		"no JSON":                     {"POST", "{", "application/json", "", 400, "", `"code":"BAD_INPUT"`},
		"trailing text":               {"POST", ok + "x", "application/json", "", 400, "", `"code":"BAD_INPUT"`},
		"a list":                      {"POST", "[" + ok + "]", "application/json", "", 400, "", `"code":"BAD_INPUT"`},
		"no query":                    {"POST", "{}", "application/json", "", 400, "", `"path":["query"]`},
		"a key twice":                 {"POST", `{"query": "{ __typename }", "query": "x"}`, "application/json", "", 400, "", `"code":"BAD_INPUT"`},
		"a variable twice":            {"POST", `{"query": "{ __typename }", "variables": {"a": 1, "a": 2}}`, "application/json", "", 400, "", `"path":["variables","a"]`},
		"bad UTF-8":                   {"POST", "{\"query\": \"\xff\"}", "application/json", "", 400, "", `"code":"BAD_INPUT"`},
		"a surrogate":                 {"POST", `{"query": "{ artifact(name: \"\ud83e\") { id } }"}`, "application/json", "", 200, "", `"code":"GRAPHQL_PARSE_FAILED"`},
		"an escaped surrogate":        {"POST", `{"query": "{ artifact(name: \"\\ud83e\") { id } }"}`, "application/json", "", 200, "", `"code":"GRAPHQL_PARSE_FAILED"`},
		"an escaped surrogate far in": {"POST", `{"query": "{ a: artifact(name: \"éééééééééé\") { id } b: artifact(name: \"\\ud83e\") { id } }"}`, "application/json", "", 200, "", `"code":"GRAPHQL_PARSE_FAILED"`},
		"a key twice, unread":         {"POST", `{"query": "{ __typename }", "extensions": {"a": {"b": 1, "b": 2}}}`, "application/json", "", 400, "", `"path":["extensions","a","b"]`},
		"an unused variable, twice":   {"POST", `{"query": "{ __typename }", "variables": {"a": {"b": 1, "b": 2}}}`, "application/json", "", 200, "", `"path":["variables","a","b"]`},
		"fragments in fragments":      {"POST", `{"query": "` + fragments(60) + `"}`, "application/json", "", 200, "", `"code":"LIMIT_EXCEEDED","limit":20`},
		"nothing accepted in words":   {"POST", ok, "application/json", " ", 200, "", ""},
		"an escaped pair":             {"POST", `{"query": "{ artifact(name: \"\\ud83e\\udd86\") { id } }"}`, "application/json", "", 200, "", `{"data":{"artifact":null},`},
		"a syntax error":              {"POST", `{"query": "{"}`, "application/json", "", 200, "", `"code":"GRAPHQL_PARSE_FAILED"`},
		"a syntax error, newer":       {"POST", `{"query": "{"}`, "application/json", "application/graphql-response+json", 400, "", `"code":"GRAPHQL_PARSE_FAILED"`},
		"an unknown field":            {"POST", `{"query": "{ x }"}`, "application/json", "", 200, "", `"code":"GRAPHQL_VALIDATION_FAILED"`},
		"no such operation":           {"POST", `{"query": "query A { __typename }", "operationName": "B"}`, "application/json", "", 200, "", `"path":["operationName"]`},
		"defer":                       {"POST", `{"query": "{ ... @defer { __typename } }"}`, "application/json", "", 200, "", `"code":"GRAPHQL_VALIDATION_FAILED"`},
		"too large":                   {"POST", `{"query": "` + strings.Repeat(" ", 2<<20) + `"}`, "application/json", "", 413, "", `"code":"LIMIT_EXCEEDED","limit":2097152`},
		"too many tokens":             {"POST", `{"query": "{` + strings.Repeat(" a", 2001) + `}"}`, "application/json", "", 200, "", `"actual":2003,"code":"LIMIT_EXCEEDED","limit":2000`},
		"too deep":                    {"POST", `{"query": "{ artifact(name: \"x\") ` + strings.Repeat("{ latestVersion { artifact ", 6) + "{ id " + strings.Repeat("}", 13) + `}"}`, "application/json", "", 200, "", `"actual":14,"code":"LIMIT_EXCEEDED","limit":12`},
		"too many aliases":            {"POST", `{"query": "{ serverInfo {` + aliases(101) + `} }"}`, "application/json", "", 200, "", `"actual":101,"code":"LIMIT_EXCEEDED","limit":100`},
		"too many root fields":        {"POST", `{"query": "{` + aliases(21) + `}"}`, "application/json", "", 200, "", `"actual":21,"code":"LIMIT_EXCEEDED","limit":20`},
		"PUT":                         {"PUT", ok, "application/json", "", 405, "", ""},
	} {
		r := httptest.NewRequest(c.method, "/graphql", strings.NewReader(c.body))
		if c.contentType != "" {
			r.Header.Set("Content-Type", c.contentType)
		}
		if c.accept != "" {
			r.Header.Set("Accept", c.accept)
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != c.status || c.wantType != "" && w.Header().Get("Content-Type") != c.wantType || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: got %d %s %.300s", name, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s: no Allow", name)
		}
	}
}

// fragments returns a query with n fragments, each of which doubles the number of root fields.
func fragments(n int) string {
	var text strings.Builder
	text.WriteString("{ ...F0 }")
	for i := range n {
		fmt.Fprintf(&text, " fragment F%d on Query { ...F%d ...F%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&text, " fragment F%d on Query { __typename }", n)
	return text.String()
}

func aliases(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, " a%d: __typename", i)
	}
	return text.String()
}

func TestGET(t *testing.T) {
	t.Parallel()
	a := open(t)
	w := a.get(url.Values{"query": {"query($n: String!) { artifact(name: $n) { id } }"}, "variables": {`{"n": "x"}`}})
	if w.Code != 200 || w.Body.String() != `{"data":{"artifact":null},"extensions":{"cost":{"estimated":1,"limit":50000}}}` {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w = a.get(url.Values{"query": {`mutation { createProject(input: {name: "x"}) { project { id } } }`}})
	if w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("a mutation by GET: %d, Allow %s", w.Code, w.Header().Get("Allow"))
	}
}

// TestHTTPPersisted sends a query by its hash, then with its text, and by its hash again.
func TestHTTPPersisted(t *testing.T) {
	t.Parallel()
	a := open(t)
	query, name := `query($n: String!) { artifact(name: $n) { name } }`, `{"n": "x"}`
	hash := operation.Hash(query)
	const unknown = `{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}`
	a.wants("unknown", a.post(byHash("", hash, name)), 200, unknown)
	a.wants("unknown, newer type", a.post(byHash("", hash, name), "Accept", newer), 200, unknown)
	a.wants("with its text", a.post(byHash(query, hash, name)), 200, `{"data":{"artifact":null},`)
	a.wants("known", a.post(byHash("", hash, name)), 200, `{"data":{"artifact":null},`)
	a.wants("other variables", a.post(byHash("", hash, "{}")), 200, `"code":"BAD_INPUT"`)

	extensions := `{"persistedQuery": {"version": 1, "sha256Hash": "` + hash + `"}}`
	a.wants("by GET", a.get(url.Values{"extensions": {extensions}, "variables": {name}}), 200, `{"data":{"artifact":null},`)
	query = `{ __typename }`
	extensions = `{"persistedQuery": {"version": 1, "sha256Hash": "` + operation.Hash(query) + `"}}`
	a.wants("by GET, unknown", a.get(url.Values{"extensions": {extensions}}), 200, unknown)
	a.wants("by GET, with its text", a.get(url.Values{"extensions": {extensions}, "query": {query}}), 200, `"Query"`)
	a.wants("by GET, known", a.get(url.Values{"extensions": {extensions}}), 200, `"Query"`)

	mutation := `mutation { createProject(input: {name: "p"}) { project { name } } }`
	extensions = `{"persistedQuery": {"version": 1, "sha256Hash": "` + operation.Hash(mutation) + `"}}`
	a.wants("a mutation", a.post(byHash(mutation, operation.Hash(mutation), "{}")), 200, `"name":"p"`)
	a.wants("a mutation by GET", a.get(url.Values{"extensions": {extensions}}), 405, `"code":"BAD_INPUT"`)
}

// TestHTTPPersistedRefused checks that invalid hashes and invalid queries are refused and not stored.
func TestHTTPPersistedRefused(t *testing.T) {
	t.Parallel()
	a := open(t)
	query := "{ __typename }"
	hash := operation.Hash(query)
	for _, invalid := range []string{"{", "{ x }", "", "{" + aliases(101) + "}"} {
		w := a.post(byHash(invalid, operation.Hash(invalid), "{}"), "Accept", newer)
		if invalid != "" {
			a.wants(invalid, w, 400, `"code":`)
		}
		w = a.post(byHash("", operation.Hash(invalid), "{}"))
		a.wants(invalid+" by its hash", w, 200, `"code":"PERSISTED_QUERY_NOT_FOUND"`)
	}
	const place = `"path":["extensions","persistedQuery"`
	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"another hash":     {byHash(query, operation.Hash("x"), "{}"), 200, place + `,"sha256Hash"]`},
		"an empty text":    {`{"query": "", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + hash + `"}}}`, 200, place + `,"sha256Hash"]`},
		"no hash":          {`{"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1}}}`, 400, place + `,"sha256Hash"]`},
		"a short hash":     {byHash("", hash[1:], "{}"), 400, place + `,"sha256Hash"]`},
		"an upper hash":    {byHash("", strings.ToUpper(hash), "{}"), 400, place + `,"sha256Hash"]`},
		"a number":         {`{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 7}}}`, 400, place + `,"sha256Hash"]`},
		"no version":       {`{"extensions": {"persistedQuery": {"sha256Hash": "` + hash + `"}}}`, 400, place + `,"version"]`},
		"another version":  {strings.Replace(byHash("", hash, "{}"), "1", "2", 1), 400, place + `,"version"]`},
		"a version twice":  {strings.Replace(byHash("", hash, "{}"), "1", `1, "version": 1`, 1), 400, place + `,"version"]`},
		"no object":        {`{"query": "{ __typename }", "extensions": {"persistedQuery": []}}`, 400, place + `]`},
		"none":             {`{"extensions": {"persistedQuery": null}}`, 400, `"path":["query"]`},
		"none but a query": {`{"query": "{ __typename }", "extensions": {"persistedQuery": null}}`, 200, `"Query"`},
	} {
		w := a.post(c.body)
		a.wants(name, w, c.status, c.want)
	}
	w := a.post(byHash("", hash, "{}"))
	a.wants("what came with another hash", w, 200, `"code":"PERSISTED_QUERY_NOT_FOUND"`)
}

// TestHTTPTrusted checks that only trusted documents are executed, by text or by hash.
func TestHTTPTrusted(t *testing.T) {
	t.Parallel()
	a := open(t)
	const trusted, other = "query A { __typename }", "query B { __typename }"
	a.configure(apitest.Options{TrustedDocuments: operation.TrustedDocuments{operation.Hash(trusted): trusted}})
	plain := func(text string) string { return fmt.Sprintf(`{"query": %q}`, text) }
	const forbidden = `"code":"FORBIDDEN"`
	for name, c := range map[string]struct{ body, want string }{
		"trusted by text":          {plain(trusted), `"Query"`},
		"trusted by hash":          {byHash("", operation.Hash(trusted), "{}"), `"Query"`},
		"trusted by both":          {byHash(trusted, operation.Hash(trusted), "{}"), `"Query"`},
		"another by text":          {plain(other), forbidden},
		"another by hash":          {byHash("", operation.Hash(other), "{}"), forbidden},
		"another by both":          {byHash(other, operation.Hash(other), "{}"), forbidden},
		"another, trusted hash":    {byHash(other, operation.Hash(trusted), "{}"), `"code":"BAD_INPUT"`},
		"almost the same":          {plain(trusted + " "), forbidden},
		"what would be invalid":    {plain("{"), forbidden},
		"another operation of one": {strings.Replace(plain(trusted), "{", `{"operationName": "B", `, 1), `"code":"BAD_INPUT"`},
	} {
		w := a.post(c.body)
		a.wants(name, w, 200, c.want)
		w = a.post(c.body, "Accept", newer)
		a.wants(name+", newer type", w, map[bool]int{true: 200, false: 400}[c.want == `"Query"`], c.want)
	}
	a.wants("another by GET", a.get(url.Values{"query": {other}}), 200, forbidden)
	for _, invalid := range []string{"{", "{ x }", "fragment F on Query { __typename }"} {
		_, err := apitest.New(a.store, apitest.Options{TrustedDocuments: operation.TrustedDocuments{operation.Hash(invalid): invalid}})
		if err == nil || !strings.Contains(err.Error(), invalid) {
			t.Errorf("%s is trusted: %v", invalid, err)
		}
	}
}

// TestHTTPBodies checks that a compressed body is refused with the accepted encoding.
func TestHTTPBodies(t *testing.T) {
	t.Parallel()
	a := open(t)
	for coding, status := range map[string]int{"": 200, "identity": 200, "Identity": 200, "gzip": 415, "br": 415, "identity, gzip": 415, "x": 415} {
		w := a.post(`{"query": "{ __typename }"}`, "Content-Encoding", coding)
		a.wants(coding, w, status, map[int]string{200: `"Query"`, 415: `"code":"BAD_INPUT"`}[status])
		if status == 415 && w.Header().Get("Accept-Encoding") != "identity" {
			t.Errorf("%s: the answer does not say what is taken", coding)
		}
	}
}
