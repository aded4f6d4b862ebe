package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// refusal is an operation with its only error. Without a query, variables are the whole body. A message may end with
// " …" in place of the rest of a long list.
type refusal struct{ name, query, variables, code, path, message string }

// refuses checks the code, the path and the message of each refusal.
func (a *api) refuses(cases []refusal) {
	a.Helper()
	for _, c := range cases {
		response := a.respond(c.query, c.variables)
		errors, _ := response["errors"].([]any)
		if len(errors) != 1 {
			a.Errorf("%s: got %v, want one error", c.name, response)
			continue
		}
		failure := errors[0].(map[string]any)
		extensions := failure["extensions"].(map[string]any)
		path, err := json.Marshal(extensions["path"])
		if err != nil {
			a.Fatal(err)
		}
		want := c.code + " " + c.path + " " + c.message
		prefix, isPrefix := strings.CutSuffix(want, " …")
		got := fmt.Sprintf("%v %s %v", extensions["code"], path, failure["message"])
		if got != want && !(isPrefix && strings.HasPrefix(got, prefix)) {
			a.Errorf("%s:\ngot  %s\nwant %s", c.name, got, want)
		}
	}
}

// respond sends an operation, or a body if query is empty.
func (a *api) respond(query, variables string) map[string]any {
	a.Helper()
	if query != "" {
		response, _ := a.do(query, variables)
		return response
	}
	w, _ := a.post(variables)
	return decode(a, w.Body.Bytes()).(map[string]any)
}

// TestEmptyCards sends an empty card by every way in.
func TestEmptyCards(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	if got, _ := a.do(`mutation { createArtifactVersion(input: {artifact: "a", metadata: {k: 1}}) { deduplicated } }`, ""); got["errors"] != nil {
		t.Fatal(got)
	}
	const target = `"target": {"artifactVersion": {"name": "a", "version": "1"}}`
	log := `mutation($i: LogMetadataInput!) { logMetadata(input: $i) { deduplicated } }`
	find := `query($w: ArtifactVersionFilter, $o: [ArtifactVersionOrder!]) { artifactVersions(where: $w, orderBy: $o) { totalCount } }`
	cases := []refusal{
		{"metadata", log, `{"i": {` + target + `, "metadata": {"": {"k": 1}}}}`, "BAD_INPUT", `["input","metadata",""]`, `input.metadata[""]: a card must not be empty`},
		{"entries", log, `{"i": {` + target + `, "entries": [{"key": "k", "card": "", "value": {"integer": 1}}]}}`,
			"BAD_INPUT", `["input","entries",0,"card"]`, `input.entries[0].card: must not be empty`},
		{"a batch", `mutation($i: LogMetadataBatchInput!) { logMetadataBatch(input: $i) { deduplicated } }`,
			`{"i": {"writes": [{` + target + `, "entries": [{"key": "k", "card": "", "value": {"integer": 1}}]}]}}`,
			"BAD_INPUT", `["input","writes",0,"entries",0,"card"]`, `input.writes[0].entries[0].card: must not be empty`},
		{"a new version", `mutation($i: CreateArtifactVersionInput!) { createArtifactVersion(input: $i) { deduplicated } }`,
			`{"i": {"artifact": "a", "entries": [{"key": "k", "card": "", "value": {"integer": 1}}]}}`,
			"BAD_INPUT", `["input","entries",0,"card"]`, `input.entries[0].card: must not be empty`},
		{"a retraction", `mutation($i: RetractMetadataInput!) { retractMetadata(input: $i) { deduplicated } }`,
			`{"i": {` + target + `, "keys": [{"key": "k", "card": ""}]}}`, "BAD_INPUT", `["input","keys",0,"card"]`, `input.keys[0].card: must not be empty`},
		{"a filter", find, `{"w": {"metadata": {"card": "", "key": "k", "exists": true}}}`, "BAD_INPUT", `["where","metadata","card"]`, `where.metadata.card: must not be empty`},
		{"an order", find, `{"o": [{"metadata": {"card": "", "key": "k"}}]}`, "BAD_INPUT", `["orderBy",0,"metadata","card"]`, `orderBy[0].metadata.card: must not be empty`},
		{"a series of an artifact", `{ artifact(name: "a") { metadataSeries(key: "k", card: "") { missingCount } } }`, "", "BAD_INPUT", `["card"]`, `card: must not be empty`},
		{"a mark for a card", log, `{"i": {` + target + `, "entries": [{"key": "k", "card": "$uri", "value": {"integer": 1}}]}}`,
			"BAD_INPUT", `["input","entries",0,"card"]`, `input.entries[0].card: must not begin with $, which marks kinds`},
		{"an empty key", log, `{"i": {` + target + `, "metadata": {"": 1}}}`, "BAD_INPUT", `["input","metadata",""]`, `input.metadata[""]: a key must not be empty`},
		{"an empty key in a filter", find, `{"w": {"metadata": {"key": "", "exists": true}}}`, "BAD_INPUT", `["where","metadata","key"]`, `where.metadata.key: must not be empty`},
	}
	for _, field := range []string{
		`metadata(card: "") { key }`, `metadataEntry(key: "k", card: "") { key }`, `metadataExtendedJson(card: "")`, `metadataHistory(card: "") { totalCount }`,
		`metadataSeries(key: "k", card: "") { missingCount }`, `metadataChanges(from: "2026-01-01T00:00:00Z", card: "") { key }`,
	} {
		cases = append(cases, refusal{field, `{ artifactVersion(ref: {named: {name: "a"}}) { ` + field + ` } }`, "", "BAD_INPUT", `["card"]`, `card: must not be empty`})
	}
	a.refuses(cases)
}

// TestMissingVariables leaves out variables: the refusal names the variable, and those that were sent under another
// name.
func TestMissingVariables(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	log := `mutation($i: LogMetadataInput!) { logMetadata(input: $i) { deduplicated } }`
	const missing = `["variables","i"]`
	a.refuses([]refusal{
		{"another name", log, `{"input": {"target": {}}}`, "BAD_INPUT", missing,
			`variables.i: is not given, but required as LogMetadataInput!; the request has variables that the operation does not declare: "input"`},
		{"two other names", log, `{"b": 1, "a": 2}`, "BAD_INPUT", missing,
			`variables.i: is not given, but required as LogMetadataInput!; the request has variables that the operation does not declare: "b", "a"`},
		{"no variables", log, "", "BAD_INPUT", missing, "variables.i: is not given, but required as LogMetadataInput!"},
		{"null", log, `{"i": null}`, "BAD_INPUT", `["input"]`, "input: must not be null"},
		{"inside an input", `mutation($i: MetadataTarget!) { logMetadata(input: {target: $i, metadata: {k: 1}}) { deduplicated } }`, `{}`,
			"BAD_INPUT", missing, "variables.i: is not given, but required as MetadataTarget!"},
		{"inside JSON", `mutation($i: Int!) { createArtifactVersion(input: {artifact: "a", metadata: {k: $i}}) { deduplicated } }`, `{"j": 1}`,
			"BAD_INPUT", missing, `variables.i: is not given, but required as Int!; the request has variables that the operation does not declare: "j"`},
		{"nullable inside JSON", `mutation($i: Int) { createArtifactVersion(input: {artifact: "a", metadata: {k: [$i]}}) { deduplicated } }`, `{}`,
			"BAD_INPUT", `["input","metadata","k",0]`, "input.metadata.k[0]: the variable $i is not given"},
		{"of a directive", `query($i: Boolean!) { serverInfo { version @include(if: $i) } }`, `{}`, "BAD_INPUT", missing, "variables.i: is not given, but required as Boolean!"},
		{"the second of two", `query($j: ID!, $i: ID!) { a: node(id: $j) { id } b: node(id: $i) { id } }`, `{"j": "x"}`, "BAD_INPUT", missing,
			"variables.i: is not given, but required as ID!"},
	})
	// A nullable variable leaves an argument with a default at its default.
	got, _ := a.do(`mutation { createArtifactVersion(input: {artifact: "a"}) { artifactVersion { id } } }`, "")
	if got["errors"] != nil {
		t.Fatal(got)
	}
	got, _ = a.do(`query($d: Int) { artifactVersion(ref: {named: {name: "a"}}) { upstream(depth: $d) { truncated } } }`, `{}`)
	if got["errors"] != nil {
		t.Errorf("an argument with a default: %v", got)
	}
}

// TestReversedRanges sends ranges whose first value is greater than the second.
func TestReversedRanges(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	const message = "where.not.metadata.between: must have the smaller value first, but the first value is greater than the second"
	find := `query($w: ArtifactVersionFilter) { artifactVersions(where: $w) { totalCount } }`
	between := func(ends string) string { return `{"w": {"not": {"metadata": {"key": "k", "between": ` + ends + `}}}}` }
	const path = `["where","not","metadata","between"]`
	a.refuses([]refusal{
		{"variables", find, between(`[2, 1]`), "BAD_INPUT", path, message},
		{"literals", `{ artifactVersions(where: {metadata: {key: "k", between: ["b", "a"]}}) { totalCount } }`, "",
			"BAD_INPUT", `["where","metadata","between"]`, strings.Replace(message, "not.", "", 1)},
		{"two sorts", find, between(`[2, "a"]`), "BAD_INPUT", path, "where.not.metadata.between: must be two values of the same type: two numbers, two strings or two instants"},
		{"numbers of a field", find, `{"w": {"number": {"between": [2, 1]}}}`, "BAD_INPUT", `["where","number","between"]`,
			strings.Replace(message, "not.metadata", "number", 1)},
		{"texts of a field", find, `{"w": {"tag": {"between": ["b", "a"]}}}`, "BAD_INPUT", `["where","tag","between"]`,
			strings.Replace(message, "not.metadata", "tag", 1)},
		{"instants of a field", find, `{"w": {"createdAt": {"between": ["2026-01-02T00:00:00.000000001Z", "2026-01-02T00:00:00Z"]}}}`,
			"BAD_INPUT", `["where","createdAt","between"]`, strings.Replace(message, "not.metadata", "createdAt", 1)},
		{"one number of a field", find, `{"w": {"number": {"between": 2}}}`, "BAD_INPUT", `["where","number","between"]`,
			"where.number.between: must be two values, the minimum and the maximum"},
		{"an order without regard to case", find, `{"w": {"version": {"gt": "a", "ignoreCase": true}}}`, "BAD_INPUT",
			`["where","version","gt"]`, "where.version.gt: cannot be combined with ignoreCase"},
		{"one value", find, between(`[2]`), "BAD_INPUT", path, "where.not.metadata.between: must be two values, the minimum and the maximum"},
	})
	for _, ends := range []string{`[1, 1]`, `[{"$float": "NaN"}, 1]`, `["200 MB", "1 GB"]`} {
		if got, _ := a.do(find, between(ends)); got["errors"] != nil {
			t.Errorf("%s: %v", ends, got)
		}
	}
}
