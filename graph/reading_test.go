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
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

const createVersion = `mutation($input: CreateArtifactVersionInput!) {
	createArtifactVersion(input: $input) { artifactVersion { id artifact { id } } } }`

// TestPageCosts: a page costs the same number of statements however long it is and however deep its lists are.
func TestPageCosts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		for i := range 100 {
			for _, artifact := range []string{"many", fmt.Sprint("artifact", i/10)} {
				a.do(createVersion, fmt.Sprintf(`{"input": {"artifact": %q, "metadata": {"n": %d, "card": {"x": 1.0}}, "tags": ["t%d"]}}`, artifact, i, i))
			}
		}
		for _, c := range []struct {
			query    string
			most     int64
			wanted   string
			howOften int
		}{
			{`{ artifact(name: "many") { versions(first: 100) { nodes { id version metadata { key value { ... on DisplayValue { display } } } } } } }`, 3, `"display":"1.0"`, 100},
			{`{ artifact(name: "many") { versions(first: 100) { edges { node { cards { name entries { key } } metadataJson artifact { name } } } } } }`, 3, `"name":"card"`, 100},
			{`{ artifacts(first: 11) { nodes { name versions(first: 10) { totalCount nodes { number metadataJson tags aliases } } } } }`, 7, `"number":`, 110},
			{`{ artifacts(first: 11) { nodes { versions(first: 2, where: {metadata: {key: "n", gte: 0}}, orderBy: [{metadata: {key: "n"}, direction: DESC}]) { totalCount nodes { number } } } } }`, 4, `"totalCount":`, 11},
			{`{ artifactVersions(first: 100, where: {artifact: {eq: "many"}, metadata: {key: "n", gte: 0}}, orderBy: [{metadata: {key: "n"}}]) { totalCount nodes { metadataJson artifact { name } } } }`, 5, `"name":"many"`, 100},
			{`{ artifacts(first: 11) { nodes { name latestVersion { number metadataJson } } } }`, 3, `"number":`, 11},
			{`{ artifact(name: "many") { versions(first: 100) { nodes { metadataEntry(key: "n") { value { ... on IntegerValue { integer } } subject { id } } } } } }`, 6, `"integer":`, 100},
			{`{ artifact(name: "many") { versions(first: 100) { nodes { metadataHistory(first: 1, key: "n") { totalCount nodes { key } } } } } }`, 4, `"key":"n"`, 100},
			{`{ artifact(name: "many") { versions(first: 100) { nodes { metadataJson(asOf: "2020-01-01T00:00:00Z") } } } }`, 3, `"metadataJson":{}`, 100},
		} {
			got, statements := a.do(c.query, "")
			text, err := json.Marshal(got)
			if err != nil || strings.Count(string(text), c.wanted) != c.howOften || strings.Contains(string(text), "errors") {
				t.Errorf("%s: %s occurs %d times in %.300s", c.query, c.wanted, strings.Count(string(text), c.wanted), text)
			}
			if statements > c.most {
				t.Errorf("%s costs %d statements, %d are allowed", c.query, statements, c.most)
			}
		}
	})
}

// TestHTTP: what HTTP itself says about a request.
func TestHTTP(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
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

// fragments is a query whose root fields double with each of n fragments.
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
	a := open(t, storetest.SQLite(t))
	get := func(parameters url.Values) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/graphql?"+parameters.Encode(), nil))
		return w
	}
	w := get(url.Values{"query": {"query($n: String!) { artifact(name: $n) { id } }"}, "variables": {`{"n": "x"}`}})
	if w.Code != 200 || w.Body.String() != `{"data":{"artifact":null},"extensions":{"cost":{"estimated":1,"limit":50000}}}` {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w = get(url.Values{"query": {`mutation { createProject(input: {name: "x"}) { project { id } } }`}})
	if w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("a mutation by GET: %d, Allow %s", w.Code, w.Header().Get("Allow"))
	}
}

// TestNothingInternalGetsOut: an internal failure says only that it is one, with the ID of the request.
func TestNothingInternalGetsOut(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	w, _ := a.post(`{"query": "{ artifact(name: \"x\") { id } }"}`)
	if body := w.Body.String(); strings.Contains(body, "sql") || strings.Contains(body, "closed") || !strings.Contains(body, `"code":"`) {
		t.Errorf("got %s", body)
	}
}

// TestAnswersAreBounded: lists inside lists end where the limit says, whether anything is read or not.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	metadata := make(map[string]int)
	for i := range 60 {
		metadata[fmt.Sprint("k", i)] = i
	}
	text, err := json.Marshal(metadata)
	if err != nil {
		t.Fatal(err)
	}
	a.do(createVersion, `{"input": {"artifact": "a", "metadata": `+string(text)+`}}`)
	deep := func(levels int) string {
		return `{ artifactVersion(ref: {named: {name: "a"}}) { ` + strings.Repeat("... on Subject { metadata { key subject { ", levels) + "__typename" + strings.Repeat("} } }", levels) + " } }"
	}
	got, _ := a.do(deep(2), "")
	if got["errors"] != nil {
		t.Errorf("3,600 entries: %v", got["errors"])
	}
	got, _ = a.do(deep(3), "")
	answer, err := json.Marshal(got)
	if err != nil || len(answer) > 1000 || !strings.Contains(string(answer), `"code":"LIMIT_EXCEEDED"`) || !strings.Contains(string(answer), `"data":null`) {
		t.Errorf("216,000 entries: %.300s (%v)", answer, err)
	}
	keys := strings.Repeat(`"k",`, 1000) + `"k"`
	got, _ = a.do(`query($k: [String!]) { artifactVersion(ref: {named: {name: "a"}}) { metadata(keys: $k) { key } } }`, `{"k": [`+keys+`]}`)
	if answer := fmt.Sprint(got); !strings.Contains(answer, "LIMIT_EXCEEDED") {
		t.Errorf("1,001 keys: %.300s", answer)
	}
}

// TestCursorsBesideSiblings: a cursor of one list is not held against the lists beside it.
func TestCursorsBesideSiblings(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		for range 3 {
			a.do(createVersion, `{"input": {"artifact": "a", "metadata": {"x": 1, "y": 2}}}`)
		}
		got, _ := a.do(`{ artifactVersion(ref: {named: {name: "a"}}) { metadataHistory(first: 1) { pageInfo { endCursor } } } }`, "")
		version := got["data"].(map[string]any)["artifactVersion"].(map[string]any)
		cursor := version["metadataHistory"].(map[string]any)["pageInfo"].(map[string]any)["endCursor"]
		for range 20 {
			got, _ = a.do(fmt.Sprintf(`{ artifact(name: "a") { versions { nodes { id } } latestVersion { metadataHistory(first: 1, after: %q) { nodes { key } } } } }`, cursor), "")
			if text := fmt.Sprint(got); !strings.Contains(text, "map[key:x]") || strings.Contains(text, "errors") {
				t.Fatalf("got %s", text)
			}
		}
	})
}

// TestAnswerBytes: an answer and what is read for it have bounded sizes, whichever fields make them large and however
// often; what is at the limit is answered.
func TestAnswerBytes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		limits := models.DefaultLimits()
		limits.AnswerBytes = 100_000
		a.configure(apitest.Options{Limits: &limits})
		const values, bytes = 6, 15_000
		metadata := map[string]string{}
		for i := range values {
			metadata[fmt.Sprint("k", i)] = strings.Repeat("x", bytes)
		}
		for range 4 {
			a.do(createVersion, `{"input": {"artifact": "a", "metadata": `+encoded(t, metadata)+`}}`)
		}
		const one, all = `{ artifactVersion(ref: {named: {name: "a"}}) { %s } }`, `{ artifact(name: "a") { versions { nodes { %s } } } }`
		for _, c := range []struct{ query, fields, refused string }{
			{one, "metadataJson", ""},
			{one, "a: metadataJson b: metadataJson", "bytes of a response"},
			{one, strings.ReplaceAll(aliases(90), "__typename", "metadataJson"), "bytes of a response"},
			{one, "metadata { value { ... on StringValue { text } } }", ""},
			{one, "metadata { value { ... on StringValue { text display } } }", "bytes of a response"},
			{one, "metadata { value { ... on DisplayValue { json } } }", ""},
			{one, "metadata { value { ... on DisplayValue { json extendedJson } } }", "bytes of a response"},
			{one, "cards { entries { value { ... on DisplayValue { extendedJson } } } }", ""},
			{one, "metadataHistory { nodes { value { ... on StringValue { text } } } }", ""},
			{all, "metadata(keys: [\"k0\"]) { value { ... on StringValue { text } } }", ""},
			{all, "metadataEntry(key: \"k0\") { value { ... on StringValue { text } } }", ""},
			{all, "metadata { key }", "bytes of metadata that an operation reads"},
			{all, "metadataHistory(first: 5) { nodes { key } }", "bytes of metadata that an operation reads"},
			{`{ artifact(name: "a") { %s } }`, "metadataSeries(key: \"k0\") { points { entry { key } } }", ""},
			{`{ artifact(name: "a") { %s } }`, strings.Join([]string{
				"a: metadataSeries(key: \"k0\") { points { entry { key } } }", "b: metadataSeries(key: \"k1\") { points { entry { key } } }",
				"c: metadataSeries(key: \"k2\") { points { entry { key } } }", "d: metadataSeries(key: \"k3\") { points { entry { key } } }",
			}, " "), "bytes of metadata that an operation reads"},
			{`{ artifact(name: "a") { metadataKeys { %s } } }`, "lastEntry { value { ... on StringValue { text } } }", ""},
			{`{ a%s: serverInfo { version } }`, strings.Repeat("a", 200), ""},
		} {
			got, _ := a.do(fmt.Sprintf(c.query, c.fields), "")
			answer := encoded(t, got)
			switch {
			case c.refused == "" && (got["errors"] != nil || len(answer) > 110_000):
				t.Errorf("%.100s: %d bytes, %.300s", c.fields, len(answer), answer)
			case c.refused != "" && (len(answer) > 1000 || !strings.Contains(answer, c.refused) || !strings.Contains(answer, `"data":null`) ||
				strings.Count(answer, `"LIMIT_EXCEEDED"`) != 1):
				t.Errorf("%.100s: %.500s", c.fields, answer)
			}
		}
		// What a mutation has done stays, and is answered, even if the rest of the answer is too much.
		got, _ := a.do(`mutation { logMetadata(input: {target: {artifactVersion: {name: "a", version: "1"}}, metadata: {n: 1}}) {
			entries { key } subject { ... on ArtifactVersion { `+strings.ReplaceAll(aliases(90), "__typename", "metadataJson")+` } } } }`, "")
		if answer := encoded(t, got); !strings.Contains(answer, "bytes of a response") || len(answer) > 110_000 {
			t.Errorf("a mutation: %.500s", answer)
		}
		got, _ = a.do(`{ artifactVersion(ref: {named: {name: "a", version: "1"}}) { metadataEntry(key: "n") { key } } }`, "")
		if answer := encoded(t, got); !strings.Contains(answer, `"key":"n"`) {
			t.Errorf("what a mutation has stored is gone: %s", answer)
		}
		for _, c := range []struct {
			fields  string
			counted int // bytes of the answer, or of what is read
			perByte int // of the limit
		}{
			{`metadataEntry(key: "k0") { value { ... on StringValue { text } } }`, 3*len(`"":,null`) + len("artifactVersionmetadataEntryvalue") + len(`"text":"",`) + bytes, 1},
			{`metadataHistory(first: 6) { nodes { key } }`, values * (256 + len(`k0""`) + bytes), 2},
		} {
			for _, limits.AnswerBytes = range []int32{int32(c.counted / c.perByte), int32(c.counted/c.perByte) - 1} {
				a.configure(apitest.Options{Limits: &limits})
				got, _ := a.do(fmt.Sprintf(one, c.fields), "")
				checkLimit(t, c.fields, got, c.perByte*int(limits.AnswerBytes), c.counted)
				got, _ = a.do("{ serverInfo { limits { answerBytes } } }", "")
				if want := fmt.Sprintf(`"answerBytes":%d}`, limits.AnswerBytes); !strings.Contains(encoded(t, got), want) {
					t.Errorf("published is %v, not %s", got, want)
				}
			}
		}
	})
}
