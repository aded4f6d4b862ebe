package operation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/placard/placard/graph/exec"
	"github.com/placard/placard/models"
)

// newExecutor returns an executor that can prepare operations of the schema. It has no resolvers.
func newExecutor(t *testing.T) *Executor {
	t.Helper()
	e, err := New(Options{Schema: exec.NewExecutableSchema(exec.Config{}), Limits: models.DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// prepare prepares the operation of a query without variables.
func prepare(t *testing.T, e *Executor, query string) (*Operation, *Response) {
	t.Helper()
	r, err := ParseRequest(fmt.Appendf(nil, `{"query": %q}`, query))
	if err != nil {
		t.Fatal(err)
	}
	return e.Prepare(r)
}

// TestDocumentsAreBounded checks that the cache of documents takes a bounded part of the memory, for any length of
// queries.
func TestDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	e := newExecutor(t)
	check := func(query string) {
		t.Helper()
		if _, refusal := prepare(t, e, query); refusal != nil {
			t.Fatalf("%.100s: %v", query, refusal.Errors)
		}
		if size := e.documents.Size(); size > maxCachedBytes {
			t.Fatalf("the cache has %d bytes", size)
		}
	}
	for i := range 200 {
		check(fmt.Sprintf("query Q%d { serverInfo {%s } }", i, strings.Repeat(" version", 600)))
	}
	if size := e.documents.Size(); size < maxCachedBytes/2 {
		t.Errorf("the cache has only %d bytes of long queries", size)
	}
	for i := range 60 {
		check(fmt.Sprintf("query Q%d { __typename } #%s", i, strings.Repeat("x", 1<<20)))
	}
}

// TestOverlappingFields checks which fields of one response name conflict.
func TestOverlappingFields(t *testing.T) {
	t.Parallel()
	e := newExecutor(t)
	artifact := func(selection string) string { return `{ artifact(name: "a") { ` + selection + ` } }` }
	node := func(selection string) string { return `{ node(id: "a") { ` + selection + ` } }` }
	for _, c := range []struct{ name, query, want string }{
		{"the same field", artifact(`x: name x: name`), ""},
		{"two fields", artifact(`x: name x: id`), `Fields "x" conflict: name and id are different fields; give one of them another alias.`},
		{"the same arguments in another order", artifact(`versions(first: 1, where: {}) { totalCount } versions(where: {}, first: 1) { totalCount }`), ""},
		{"other arguments", artifact(`versions(first: 1) { totalCount } versions(first: 2) { totalCount }`),
			`Fields "versions" conflict: they have different arguments; give one of them another alias.`},
		{"no arguments", artifact(`versions(first: 1) { totalCount } versions { totalCount }`), "different arguments"},
		{"an object in another order", artifact(`versions(where: {tag: {eq: "a"}, number: {gt: 1}}) { totalCount } versions(where: {number: {gt: 1}, tag: {eq: "a"}}) { totalCount }`), ""},
		{"another object", artifact(`versions(where: {tag: {eq: "a"}}) { totalCount } versions(where: {tag: {eq: "b"}}) { totalCount }`), "different arguments"},
		{"below one field", artifact(`latestVersion { x: id } latestVersion { x: version }`), `Fields "x" conflict: id and version`},
		{"in a fragment", artifact(`x: name ...F`) + ` fragment F on Artifact { x: id }`, `Fields "x" conflict`},
		{"in an inline fragment", artifact(`x: name ... { x: id }`), `Fields "x" conflict`},
		{"in a fragment below a field", artifact(`latestVersion { x: id } ...F`) + ` fragment F on Artifact { latestVersion { x: version } }`, `Fields "x" conflict`},
		{"of two types", node(`... on Artifact { x: name } ... on ArtifactVersion { x: version }`), ""},
		{"of a type and its interface", node(`x: id ... on Artifact { x: name }`), `Fields "x" conflict`},
		{"of two types and their interface", node(`... on Artifact { x: name } ... on StepRun { x: name } x: id`), `Fields "x" conflict`},
		{"other types of two types", node(`... on Artifact { x: name } ... on ArtifactVersion { x: number }`),
			`Fields "x" conflict: they have the types String! and Int!; give one of them another alias.`},
		{"a list of two types", node(`... on Artifact { x: name } ... on ArtifactVersion { x: tags }`), "they have the types"},
		{"other types below two types", node(`... on Artifact { x: latestVersion { y: version } } ... on StepRun { x: pipelineRun { y: startedAt } }`), "they have the types"},
		{"a fragment that spreads itself", artifact(`...F`) + ` fragment F on Artifact { latestVersion { artifact { ...F } } latestVersion { artifact { ...F } } }`,
			"comparisons of fields with the same name in a query"},
	} {
		_, refusal := prepare(t, e, c.query)
		switch {
		case c.want == "" && refusal != nil:
			t.Errorf("%s: %v", c.name, refusal.Errors)
		case c.want != "" && (refusal == nil || !strings.Contains(refusal.Errors.Error(), c.want)):
			t.Errorf("%s: %+v, want %s", c.name, refusal, c.want)
		}
	}
}
