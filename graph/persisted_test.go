package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/store/storetest"
)

const newer = "application/graphql-response+json"

// byHash is the body of a request by the hash of a text; with the text, too, unless that is empty.
func byHash(text, hash, variables string) string {
	body := fmt.Sprintf(`{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": %q}}, "variables": %s`, hash, variables)
	if text != "" {
		quoted, _ := json.Marshal(text) // text always becomes JSON
		body += `, "query": ` + string(quoted)
	}
	return body + "}"
}

func (a *api) get(parameters url.Values) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/graphql?"+parameters.Encode(), nil))
	return w
}

// wants checks the status of an answer, and a part of its body.
func (a *api) wants(what string, w *httptest.ResponseRecorder, status int, part string) {
	a.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), part) {
		a.Errorf("%s: %d %.300s", what, w.Code, w.Body)
	}
}

// TestHTTPPersisted: a query is sent by its hash, with its text when the server does not know it, and by its hash
// again.
func TestHTTPPersisted(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	post := func(body string, headers ...string) *httptest.ResponseRecorder {
		w, _ := a.post(body, headers...)
		return w
	}
	query, name := `query($n: String!) { artifact(name: $n) { name } }`, `{"n": "x"}`
	hash := operation.Hash(query)
	const unknown = `{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}`
	a.wants("unknown", post(byHash("", hash, name)), 200, unknown)
	a.wants("unknown, newer type", post(byHash("", hash, name), "Accept", newer), 200, unknown)
	a.wants("with its text", post(byHash(query, hash, name)), 200, `{"data":{"artifact":null},`)
	a.wants("known", post(byHash("", hash, name)), 200, `{"data":{"artifact":null},`)
	a.wants("other variables", post(byHash("", hash, "{}")), 200, `"code":"BAD_INPUT"`)

	extensions := `{"persistedQuery": {"version": 1, "sha256Hash": "` + hash + `"}}`
	a.wants("by GET", a.get(url.Values{"extensions": {extensions}, "variables": {name}}), 200, `{"data":{"artifact":null},`)
	query = `{ __typename }`
	extensions = `{"persistedQuery": {"version": 1, "sha256Hash": "` + operation.Hash(query) + `"}}`
	a.wants("by GET, unknown", a.get(url.Values{"extensions": {extensions}}), 200, unknown)
	a.wants("by GET, with its text", a.get(url.Values{"extensions": {extensions}, "query": {query}}), 200, `"Query"`)
	a.wants("by GET, known", a.get(url.Values{"extensions": {extensions}}), 200, `"Query"`)

	mutation := `mutation { createProject(input: {name: "p"}) { project { name } } }`
	extensions = `{"persistedQuery": {"version": 1, "sha256Hash": "` + operation.Hash(mutation) + `"}}`
	a.wants("a mutation", post(byHash(mutation, operation.Hash(mutation), "{}")), 200, `"name":"p"`)
	a.wants("a mutation by GET", a.get(url.Values{"extensions": {extensions}}), 405, `"code":"BAD_INPUT"`)
}

// TestHTTPPersistedRefused: what is no good hash, or no good query, is refused and not kept.
func TestHTTPPersistedRefused(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	query := "{ __typename }"
	hash := operation.Hash(query)
	for _, invalid := range []string{"{", "{ x }", "", "{" + aliases(101) + "}"} {
		w, _ := a.post(byHash(invalid, operation.Hash(invalid), "{}"), "Accept", newer)
		if invalid != "" {
			a.wants(invalid, w, 400, `"code":`)
		}
		w, _ = a.post(byHash("", operation.Hash(invalid), "{}"))
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
		w, _ := a.post(c.body)
		a.wants(name, w, c.status, c.want)
	}
	w, _ := a.post(byHash("", hash, "{}"))
	a.wants("what came with another hash", w, 200, `"code":"PERSISTED_QUERY_NOT_FOUND"`)
}

// TestHTTPTrusted: with trusted documents these are executed, by text or by hash, and nothing else is.
func TestHTTPTrusted(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
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
		w, _ := a.post(c.body)
		a.wants(name, w, 200, c.want)
		w, _ = a.post(c.body, "Accept", newer)
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

// TestHTTPBodies: a compressed body is refused, and the answer says what is taken.
func TestHTTPBodies(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	for coding, status := range map[string]int{"": 200, "identity": 200, "Identity": 200, "gzip": 415, "br": 415, "identity, gzip": 415, "x": 415} {
		w, _ := a.post(`{"query": "{ __typename }"}`, "Content-Encoding", coding)
		a.wants(coding, w, status, map[int]string{200: `"Query"`, 415: `"code":"BAD_INPUT"`}[status])
		if status == 415 && w.Header().Get("Accept-Encoding") != "identity" {
			t.Errorf("%s: the answer does not say what is taken", coding)
		}
	}
}
