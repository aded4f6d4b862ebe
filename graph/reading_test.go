package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

const createVersion = `mutation($input: CreateArtifactVersionInput!) {
	createArtifactVersion(input: $input) { artifactVersion { id artifact { id } } } }`

// TestPageCosts checks that the number of statements of a page depends neither on its length nor on the depth of its
// lists.
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
			{`{ artifact(name: "many") { versions(first: 100) { nodes { columns(keys: [{key: "n"}, {card: "card", key: "x"}]) { display historyCount } } } } }`, 4, `"historyCount":1`, 200},
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

func aliases(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, " a%d: __typename", i)
	}
	return text.String()
}

// TestNothingInternalGetsOut checks that an internal error has no details except the ID of the request.
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

// TestAnswersAreBounded checks the limit of fields of a response for nested lists, with and without reads.
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

// TestCursorsBesideSiblings checks that a cursor of one list does not apply to its sibling lists.
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

// TestAnswerBytes checks the limits of bytes of a response and of its reads, for each kind of field. A response at the
// limit is returned.
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
			{`{ artifact(name: "a") { metadataKeys { nodes { %s } } } }`, "lastEntry { value { ... on StringValue { text } } }", ""},
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
		// The mutation stays executed and returns its result, even if the rest of the response is too large.
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
