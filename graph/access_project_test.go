package graph_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/store/storetest"
)

// callerProjects are callers with the project of their calls without the argument `project`.
var callerProjects = []struct{ caller, project string }{{"admin", alpha}, {"elsewhere admin", beta}, {"owner", "default"}}

// ok sends a query as a caller and returns the response. The test ends if the response has errors.
func (w *world) ok(caller, query string) string {
	w.Helper()
	answer, _ := w.as(caller, query)
	if strings.Contains(answer, `"errors"`) {
		w.Fatalf("%s: %s\n%s", caller, query, answer)
	}
	return answer
}

// TestAbsentProject checks that an absent project means that of the API key, in every read and every write by name.
func TestAbsentProject(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		for _, c := range callerProjects {
			w.absentInWrites(c.caller, c.project)
			in := fmt.Sprintf("project: %q", c.project)
			for _, query := range []string{
				`{ artifact(name: "m", %s) { id project { name } versions { nodes { id } } } }`,
				`{ artifacts(%s) { nodes { id } } }`, `{ artifactVersions(%s) { nodes { id } } }`,
				`{ artifactVersion(ref: {named: {name: "m", version: "1" %s}}) { id } }`,
				`{ compareArtifactVersions(refs: [{named: {name: "m", version: "1" %[1]s}}, {named: {name: "m", alias: "latest" %[1]s}}]) { versions { id } } }`,
				`{ pipelineRuns(%s) { nodes { id } } }`, `{ stepRuns(%s) { nodes { id } } }`, `{ metadataKeys(%s) { nodes { key versionCount } } }`,
			} {
				absent, explicit := fmt.Sprintf(query, ""), fmt.Sprintf(query, in)
				absent = strings.NewReplacer("%!(EXTRA string=)", "", "()", "").Replace(absent)
				got, want := w.ok(c.caller, absent), w.ok(c.caller, explicit)
				if got != want || strings.Contains(got, "[]") || strings.Contains(got, "null") {
					t.Errorf("%s: %s: got %s, with %s %s", c.caller, absent, got, in, want)
				}
			}
		}
		if answer, _ := w.as("writer", `{ artifact(name: "m", project: "default") { id } artifacts(project: "`+beta+`") { nodes { id } } }`); answer != `{"data":{"artifact":null,"artifacts":{"nodes":[]}}}` {
			t.Errorf("a key of %s: %s", alpha, answer)
		}
	})
}

// absentInWrites sends each write by name without a project and checks where it went.
func (w *world) absentInWrites(caller, project string) {
	w.Helper()
	want := fmt.Sprintf(`"project":{"name":%q}`, project)
	for _, mutation := range []string{
		`createArtifactVersion(input: {artifact: "m", metadata: {k: 1}}) { artifactVersion { artifact { project { name } } } }`,
		`logMetadata(input: {target: {artifactVersion: {name: "m", version: "1"}}, metadata: {k: 2}}) { subject { ... on ArtifactVersion { artifact { project { name } } } } }`,
		`logMetadataBatch(input: {writes: [{target: {artifactVersion: {name: "m", alias: "latest"}}, metadata: {k: 3, l: 4}}]}) {
			results { subject { ... on ArtifactVersion { artifact { project { name } } } } } }`,
		`retractMetadata(input: {target: {artifactVersion: {name: "m", version: "1"}}, keys: [{key: "l"}]}) { subject { ... on ArtifactVersion { artifact { project { name } } } } }`,
		`startPipelineRun(input: {pipeline: "p"}) { pipelineRun { id project { name } } }`,
		`createApiKey(input: {name: "new of ` + caller + `", role: READER}) { apiKey { project { name } } }`,
	} {
		answer := w.ok(caller, "mutation { "+mutation+" }")
		if !strings.Contains(answer, want) {
			w.Errorf("%s: %s: %s, want %s", caller, mutation, answer, want)
		}
		if strings.HasPrefix(mutation, "startPipelineRun") {
			w.ok(caller, `mutation { startStepRun(input: {pipelineRunId: "`+w.id(answer)+`", name: "s", outputs: [{name: "o"}]}) { stepRun { id } } }`)
		}
	}
	answer, _ := w.as(caller, `mutation { logMetadata(input: {target: {artifactVersion: {name: "x", version: "1"}}, metadata: {k: 2}}) { deduplicated } }`)
	if !strings.Contains(answer, `there is no artifact \"x\"`) {
		w.Errorf("%s: %s", caller, answer)
	}
}

// TestAbsentProjectOfLists checks that apiKeys and auditEvents without a project list all that the caller may manage.
func TestAbsentProjectOfLists(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		for caller, want := range map[string]string{"admin": "ALPHAMARK", "elsewhere admin": "BETAMARK", "owner": "ALPHAMARK BETAMARK"} {
			answer := w.ok(caller, `{ apiKeys(first: 100) { nodes { name } } auditEvents(first: 100) { nodes { description } } }`)
			for _, text := range []string{"ALPHAMARK", "BETAMARK"} {
				if strings.Contains(answer, text) != strings.Contains(want, text) {
					t.Errorf("%s: %s", caller, answer)
				}
			}
		}
	})
}

// TestIdempotencyOfAbsentProject checks that the own project of a caller and an absent one are the same input under an
// idempotency key, whichever comes first.
func TestIdempotencyOfAbsentProject(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		for _, c := range callerProjects {
			w.ok(c.caller, `mutation { createArtifactVersion(input: {artifact: "m", metadata: {k: 1, l: 2}}) { deduplicated } }`)
			for name, mutation := range map[string]string{
				"run":     `startPipelineRun(input: {pipeline: "p", idempotencyKey: "KEY" %s}) { deduplicated }`,
				"version": `createArtifactVersion(input: {artifact: "n", idempotencyKey: "KEY" %s}) { deduplicated }`,
				"log":     `logMetadata(input: {target: {artifactVersion: {name: "m", version: "1" %s}}, metadata: {k: 1}, idempotencyKey: "KEY"}) { deduplicated }`,
				"batch":   `logMetadataBatch(input: {writes: [{target: {artifactVersion: {name: "m", version: "1" %s}}, metadata: {k: 1}}], idempotencyKey: "KEY"}) { deduplicated }`,
				"retract": `retractMetadata(input: {target: {artifactVersion: {name: "m", version: "1" %s}}, keys: [{key: "RETRACTED"}], idempotencyKey: "KEY"}) { deduplicated }`,
				"output":  `createArtifactVersion(input: {artifact: "m", output: {stepRunId: "STEP", name: "o"}, idempotencyKey: "KEY" %s}) { deduplicated }`,
			} {
				if name == "output" && c.caller == "owner" {
					continue // for an owner an absent project means that of the output
				}
				for order, arguments := range [][]string{{"", fmt.Sprintf(" project: %q", c.project)}, {fmt.Sprintf(" project: %q", c.project), ""}} {
					key := fmt.Sprint(c.caller, name, order)
					step := ""
					if name == "output" {
						run := w.id(w.ok(c.caller, `mutation { startPipelineRun(input: {pipeline: "p"}) { pipelineRun { id } } }`))
						step = w.id(w.ok(c.caller, `mutation { startStepRun(input: {pipelineRunId: "`+run+`", name: "s", outputs: [{name: "o"}]}) { stepRun { id } } }`))
					}
					text := strings.NewReplacer("KEY", key, "STEP", step, "RETRACTED", []string{"k", "l"}[order]).Replace(mutation)
					for i, argument := range arguments {
						answer := w.ok(c.caller, "mutation { "+fmt.Sprintf(text, argument)+" }")
						if want := fmt.Sprintf(`"deduplicated":%t`, i == 1); !strings.Contains(answer, want) {
							t.Errorf("%s, %s, project%s: %s, want %s", c.caller, name, argument, answer, want)
						}
					}
				}
			}
		}
	})
}

// TestViewer checks Query.viewer as every kind of caller.
func TestViewer(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		const query = `{ viewer { name role project { name } isOwner } }`
		for caller, want := range map[string]string{
			"reader":          `{"isOwner":false,"name":"reader ALPHAMARK","project":{"name":"alpha ALPHAMARK"},"role":"READER"}`,
			"writer":          `{"isOwner":false,"name":"writer ALPHAMARK","project":{"name":"alpha ALPHAMARK"},"role":"WRITER"}`,
			"elsewhere admin": `{"isOwner":false,"name":"admin BETAMARK","project":{"name":"beta BETAMARK"},"role":"ADMIN"}`,
			"owner":           `{"isOwner":true,"name":"owner","project":null,"role":null}`,
		} {
			if answer := w.ok(caller, query); answer != `{"data":{"viewer":`+want+`}}` {
				t.Errorf("%s: %s", caller, answer)
			}
		}
		got, statements := open(t, storetest.SQLite(t)).do(query, "")
		if fmt.Sprint(got["data"]) != "map[viewer:map[isOwner:true name:<nil> project:<nil> role:<nil>]]" || statements != 0 {
			t.Errorf("without keys: %v, %d statements", got, statements)
		}
	})
}

// TestFeatures checks that each conditional feature is listed exactly when it is on, and that docs/reference/http.md and
// the schema describe every feature.
func TestFeatures(t *testing.T) {
	t.Parallel()
	const query = `{ serverInfo { features } }`
	always := []string{"nullableFields", "pastIds", "persistedQueries", "viewer", "warnings"}
	schema, err := os.ReadFile("../graph/schema/server.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/reference/http.md")
	if err != nil {
		t.Fatal(err)
	}
	for options := range 8 {
		keys, rate, trusted := options&1 != 0, options&2 != 0, options&4 != 0
		w := emptyWorld(t, storetest.SQLite(t))
		secret := w.keys["owner"]
		if !keys {
			w.api, secret = open(t, storetest.SQLite(t)), ""
		}
		want := slices.Clone(always)
		if keys {
			want = append(want, "apiKeys")
		}
		o := w.options
		if rate {
			o.RateLimit = 1_000_000
		}
		if rate && keys { // without keys there is nothing that the rate could limit
			want = append(want, "rateLimit")
		}
		if trusted {
			o.TrustedDocuments = operation.TrustedDocuments{operation.Hash(query): query}
			want = append(want, "trustedDocuments")
		}
		w.configure(o)
		slices.Sort(want)
		w.keys["caller"] = secret
		if answer := w.ok("caller", query); answer != `{"data":{"serverInfo":{"features":["`+strings.Join(want, `","`)+`"]}}}` {
			t.Errorf("keys %t, rate %t, trusted %t: %s, want %s", keys, rate, trusted, answer, want)
		}
		for _, name := range want {
			if !strings.Contains(string(page), "\n| `"+name+"` | ") || !strings.Contains(string(schema), "`"+name+"` (") {
				t.Errorf("docs/reference/http.md and ServerInfo.features must describe %s", name)
			}
		}
	}
}
