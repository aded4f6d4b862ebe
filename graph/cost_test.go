package graph_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// estimated returns the cost in a response.
func estimated(answer map[string]any) string {
	extensions, _ := answer["extensions"].(map[string]any)
	cost, _ := extensions["cost"].(map[string]any)
	return fmt.Sprint(cost["estimated"])
}

// TestCost checks the cost of fields, which are a tenth each as often as the lists around them are long, of fields of
// entries and values, which are a hundredth each, and of all else.
func TestCost(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	const page = 10 // tenths of the cost of a page without its items
	const scan, index, entry = 10_000, 500, 10
	const in = 0.1 // a field of a metadata entry or value
	const version = `artifactVersion(ref: {named: {name: "a"}})`
	for _, c := range []struct {
		name, query, variables string
		// tenths of a unit, 0 for no cost
		want float64
	}{
		{"fields", `{ artifact(name: "a") { id name } }`, "", 3},
		{"introspection", `{ __typename __schema { types { name fields { name } } } }`, "", 2},
		{"a page", `{ artifacts(first: 20) { nodes { id } } }`, "", 1 + 20*2 + page},
		{"both forms of a page", `{ artifacts(last: 3) { edges { cursor node { id } } nodes { id } pageInfo { endCursor } totalCount } }`, "", 1 + 3*4 + 3*2 + 2 + 1 + page},
		{"the size of a page that is absent", `{ artifacts { nodes { id } } }`, "", 1 + 50*2 + page},
		{"a page of null", `{ artifacts(first: null) { nodes { id } } }`, "", 1 + 50*2 + page},
		{"an empty page", `{ artifacts(first: 0) { nodes { id } } }`, "", 1 + page},
		{"a page beyond the limit, which it refuses itself", `{ artifacts(first: 1000000) { nodes { id } } }`, "", 1 + 100*2 + page},
		{"a negative page", `{ artifacts(first: -1) { nodes { id } } }`, "", 1 + page},
		{"pages in a page", `{ artifacts(first: 10) { nodes { versions(first: 5) { nodes { id tags } } } } }`, "", 1 + 10*(1+1+5*(1+1+5)) + 11*page},
		{"a variable", `query($n: Int) { artifacts(first: $n) { nodes { id } } }`, `{"n": 7}`, 1 + 7*2 + page},
		{"a variable that is not sent", `query($n: Int) { artifacts(first: $n) { nodes { id } } }`, "", 1 + 50*2 + page},
		{"a variable with a default", `query($n: Int = 9) { artifacts(first: $n) { nodes { id } } }`, "", 1 + 9*2 + page},
		{"an alias", `{ a: artifacts(first: 2) { n: nodes { id } } b: artifacts(first: 3) { nodes { id } } }`, "", 1 + 2*2 + 1 + 3*2 + 2*page},
		{"a field twice", `{ artifact(name: "a") { id id } }`, "", 3},
		{"IDs", `{ nodes(ids: ["1", "2", "3"]) { id } }`, "", 3 * 2},
		{"no IDs", `{ nodes(ids: []) { id } }`, "", 1},
		{"metadata", `{ ` + version + ` { metadata { key } } }`, "", 1 + 20*(1+in)},
		{"keys", `query($k: [String!]) { ` + version + ` { metadata(keys: $k) { key } } }`, `{"k": ["a", "b"]}`, 1 + 2*(1+in)},
		{"one key, no list", `{ ` + version + ` { metadata(keys: "a") { key } } }`, "", 1 + 1 + in},
		{"columns", `query($k: [MetadataKeyInput!]!) { ` + version + ` { columns(keys: $k) { key display } } }`, `{"k": [{"key": "a"}, {"key": "b"}, {"key": "a"}]}`, 1 + 3*(1+2*in)},
		{"lengths of histories", `{ ` + version + ` { columns(keys: [{key: "a"}, {key: "b"}]) { historyCount } } }`, "", 1 + 2*(1+in+10)},
		{"metadata as extended JSON", `{ ` + version + ` { metadataExtendedJson two: metadataExtendedJson(keys: ["a", "b"]) } }`, "", 1 + 20 + 2},
		{"metadata as JSON", `{ ` + version + ` { metadataJson } }`, "", 1 + 20},
		{"cards", `{ ` + version + ` { cards { name entries { key } } } }`, "", 1 + 5*(1+1+5*(1+in))},
		{"an argument with a default", `{ ` + version + ` { upstream { versions { id } links { to { id } } } } }`, "", 1 + 1 + 50*2 + 50*3 + page + 10*10*10},
		{"a lineage", `{ ` + version + ` { downstream(first: 4) { versions { id } truncated } } }`, "", 1 + 1 + 4*2 + 1 + page + 10*10*10},
		{"a comparison", `{ compareArtifactVersions(refs: [{id: "1"}, {id: "2"}]) { versions { id } rows { key cells { entry { id } } } } }`, "", 1 + 2*2 + 30*(1+1+10*(1+1+in)) + page + 2*200*10},
		{"the inputs of a comparison", `{ compareArtifactVersions(refs: [{id: "1"}, {id: "2"}]) { inputs { name differs versions { id } } } }`, "", 1 + 5*(1+1+1+10*2) + page + 2*200*10},
		{"changes", `{ ` + version + ` { changes { inputs { name } rows { cells { entry { id } } } } } }`, "", 1 + 1 + 5*2 + 30*(1+10*(1+1+in)) + page},
		{"a fragment", `{ artifacts(first: 10) { ...P } } fragment P on ArtifactConnection { nodes { id } totalCount }`, "", 1 + 10*2 + 1 + page},
		{"a fragment in pages of two sizes", `{ a: artifacts(first: 10) { ...P } b: artifacts(first: 20) { ...P } } fragment P on ArtifactConnection { nodes { id } }`, "", 1 + 10*2 + 1 + 20*2 + 2*page},
		{"the member that costs most", `{ ` + version + ` { metadataEntry(key: "k") { value { ... on DisplayValue { display } ... on StringValue { text } ... on ListValue { items { __typename } } } } } }`, "", 1 + 1 + in + in + 5*2*in},
		{"an interface", `{ node(id: "1") { id ... on Artifact { name } ... on ArtifactVersion { tags } } }`, "", 1 + 1 + 5},
		{"left out", `query($no: Boolean!) { artifact(name: "a") { id @include(if: $no) ... @skip(if: true) { name } createdAt @skip(if: $no) } }`, `{"no": false}`, 2},
		{"a mutation", `mutation { logMetadata(input: {target: {artifactVersion: {name: "a", version: "1"}}, metadata: {a: 1, c: {d: 2, e: 3}}, entries: [{key: "f", value: {integer: 1}}]}) { entries { key } deduplicated } }`, "", 1 + 20*(1+in) + 1 + 5*entry},
		{"labels of a mutation", `mutation { createArtifactVersion(input: {artifact: "a", tags: ["a", "b"], aliases: ["c"]}) { deduplicated } }`, "", 1 + 1 + 3*entry},
		{"a condition with an index", `{ artifactVersions(where: {metadata: {key: "a", gt: 1}}) { nodes { id } } }`, "", 1 + 50*2 + page + index},
		{"a condition without an index", `{ artifactVersions(where: {metadata: {key: "a", contains: "x"}}) { nodes { id } } }`, "", 1 + 50*2 + page + scan},
		{"the same with a count", `{ artifactVersions(where: {metadata: {key: "a", contains: "x"}}) { ...C } } fragment C on ArtifactVersionConnection { totalCount }`, "", 1 + 1 + page + 2*scan},
		{"an order by a path", `{ artifactVersions(orderBy: [{metadata: {key: "a", path: ["b"]}}]) { nodes { id } } }`, "", 1 + 50*2 + page + scan},
		{"a question about the past", `{ artifactVersions(where: {tag: {eq: "a"}}, asOf: "2026-01-02T03:04:05Z") { nodes { id } } }`, "", 1 + 50*2 + page + 2*scan},
		{"the keys of a project", `{ metadataKeys(first: 2) { nodes { key kinds } } }`, "", 1 + 2*(1+1+2) + page + 1_200*10},
		{"the keys of artifacts", `{ artifacts(first: 10) { nodes { metadataKeys(first: 2) { nodes { key } } } } }`, "", 1 + 10*(1+1+2*2+page) + page + 2_000*10},
		{"the names of the keys", `{ metadataKeys(first: 2) { nodes { __typename key } } }`, "", 1 + 2*3 + page + 200*10},
		{"the keys of two kinds", `{ metadataKeys(first: 2, kinds: [STRING, URI]) { nodes { key } } }`, "", 1 + 2*(1+1) + page + 400*10},
		{"a facet", `{ tagUsage(first: 2) { nodes { tag versionCount } } }`, "", 1 + 2*(1+1+1) + page + 400*10},
		{"a facet of artifacts", `{ tagUsage(first: 2) { nodes { tag artifactCount } } }`, "", 1 + 2*(1+1+1) + page + 600*10},
		{"a facet over a filter", `{ typeUsage(first: 2, where: {type: {eq: "a"}, tag: {eq: "b"}}) { nodes { type } } }`, "", 1 + 2*(1+1) + page + 400*10 + 200*10 + index},
		{"values", `{ metadataValues(key: "a", first: 2) { nodes { count } } }`, "", 1 + 2*(1+1) + page + 500*10},
		{"one of two operations", `query A { __typename } query B { artifacts(first: 1) { nodes { id } } }`, "", 0},
	} {
		got, _ := a.do(c.query, c.variables)
		if c.want == 0 {
			if estimated(got) != "<nil>" {
				t.Errorf("%s: got %v, want no cost", c.name, got)
			}
		} else if want := fmt.Sprint(math.Ceil(c.want / 10)); estimated(got) != want {
			t.Errorf("%s: got %.300v, want a cost of %s", c.name, got, want)
		}
	}
}

// TestCostIsBounded checks that a query above the limit of cost is refused with its cost, before any SQL.
func TestCostIsBounded(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	nest := func(levels int) string {
		return `{ artifacts(first: 100) { nodes { ` + strings.Repeat("versions(first: 100) { nodes { artifact { ", levels) + "id" + strings.Repeat(" } } }", levels) + " } } }"
	}
	got, statements := a.do(nest(2), "")
	errors, _ := got["errors"].([]any)
	if _, executed := got["data"]; executed || len(errors) != 1 || statements != 0 {
		t.Fatalf("got %.300v after %d statements", got, statements)
	}
	const cost = "313122"
	extensions := errors[0].(map[string]any)["extensions"].(map[string]any)
	if fmt.Sprint(extensions) != "map[actual:"+cost+" code:LIMIT_EXCEEDED limit:50000]" || estimated(got) != cost {
		t.Errorf("got %v", got)
	}
	limits := models.DefaultLimits()
	limits.QueryDepth, limits.QueryCost = math.MaxInt32, math.MaxInt32
	a.configure(apitest.Options{Limits: &limits})
	if got, _ = a.do(nest(50), ""); estimated(got) != fmt.Sprint((1<<53-1)/100) {
		t.Errorf("got %.300v, want the greatest cost", got)
	}
	if got, _ = a.do(doubling(60), ""); !strings.Contains(encoded(t, got), "comparisons of fields") {
		t.Errorf("got %.300v, want a refusal before the validation", got)
	}
}

// TestScansAreBounded checks that a filter has at most 20 conditions without an index, unless an index answers another
// one.
func TestScansAreBounded(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	ask := func(scans int, other string) string {
		branches := strings.TrimSuffix(strings.Repeat(`{metadata: {key: "k", contains: "x"}}, `, scans), ", ")
		got, statements := a.do(fmt.Sprintf(`{ artifactVersions(where: {or: [%s]%s}) { nodes { id } } }`, branches, other), "")
		errors, _ := got["errors"].([]any)
		if len(errors) == 0 {
			return "answered"
		}
		if statements > 0 {
			t.Errorf("%d statements before the refusal", statements)
		}
		extensions := errors[0].(map[string]any)["extensions"].(map[string]any)
		return fmt.Sprint(extensions["code"], " ", extensions["limit"], " ", extensions["actual"], " ", extensions["path"])
	}
	for _, c := range []struct {
		scans       int
		other, want string
	}{
		{20, "", "answered"},
		{21, "", "LIMIT_EXCEEDED 20 21 [where]"},
		{21, `, artifact: {eq: "a"}`, "answered"},
		{21, `, artifact: {contains: "a"}`, "LIMIT_EXCEEDED 20 22 [where]"},
	} {
		if got := ask(c.scans, c.other); got != c.want {
			t.Errorf("%d scans%s: got %s, want %s", c.scans, c.other, got, c.want)
		}
	}
}

// TestCostBesideErrors checks that a response which omits errors has their number and its cost.
func TestCostBesideErrors(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	var query strings.Builder
	for i := range 12 {
		fmt.Fprintf(&query, ` a%d: artifacts(first: -1) { totalCount }`, i)
	}
	got, _ := a.do("{"+query.String()+" }", "")
	if text := fmt.Sprint(got["extensions"]); text != "map[cost:map[estimated:15 limit:50000] errorsOmitted:2]" {
		t.Errorf("got %s", text)
	}
}

// doubling returns a query with n fragments, each of which doubles the number of fields.
func doubling(n int) string {
	var text strings.Builder
	text.WriteString(`{ artifact(name: "a") { ...F0 } }`)
	for i := range n {
		fmt.Fprintf(&text, " fragment F%d on Artifact { ...F%d latestVersion { artifact { ...F%d } } }", i, i+1, i+1)
	}
	fmt.Fprintf(&text, " fragment F%d on Artifact { id }", n)
	return text.String()
}
