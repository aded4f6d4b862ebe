package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// TestAudit checks that changes of keys, projects, aliases and metadata are audited with their author, and that other
// changes are not.
func TestAudit(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		w.fresh(alpha)
		begin := regexp.MustCompile(`"seq":"(\d+)"`)
		for _, c := range []struct{ caller, change, wanted string }{
			{"writer", `setAlias(input: {artifactVersionId: "{ArtifactVersion}", alias: "best"}) { artifactVersion { id } }`,
				`ALIAS_SET alias "best" of version "1" of "artifact {n}" ArtifactVersion`},
			{"writer", `setAlias(input: {artifactVersionId: "{ArtifactVersion}", alias: "best"}) { artifactVersion { id } }`, ``},
			{"admin", `removeAlias(input: {artifactVersionId: "{ArtifactVersion}", alias: "best"}) { artifactVersion { id } }`,
				`ALIAS_REMOVED alias "best" of version "1" of "artifact {n}" ArtifactVersion`},
			{"writer", `createArtifactVersion(input: {project: "{name}", artifact: "artifact {n}", aliases: ["prod"], tags: ["x"]}) { deduplicated }`,
				`ALIAS_SET alias "prod" of version "2" of "artifact {n}" _`},
			{"writer", `retractMetadata(input: {target: {artifactVersionId: "{ArtifactVersion}"}, keys: [{key: "accuracy"}, {key: "text"}]}) { deduplicated }`,
				`METADATA_RETRACTED "accuracy", "text" of version "1" of "artifact {n}" ArtifactVersion`},
			{"writer", `retractMetadata(input: {target: {stepRunId: "{StepRun}"}, keys: [{key: "accuracy"}]}) { deduplicated }`,
				`METADATA_RETRACTED "accuracy" of step run "step MARK" StepRun`},
			{"writer", `retractMetadata(input: {target: {stepRunId: "{StepRun}"}, keys: [{key: "accuracy"}]}) { deduplicated }`, ``},
			{"writer", `logMetadata(input: {target: {stepRunId: "{StepRun}"}, metadata: {a: 1}}) { deduplicated }`, ``},
			{"writer", `eraseMetadata(input: {entryIds: ["{MetadataEntry}"]}) { deduplicated }`, ``},
			{"admin", `eraseMetadata(input: {entryIds: ["{MetadataEntry}"], reason: "R"}) { deduplicated }`,
				`METADATA_ERASED "accuracy" of version "1" of "artifact {n}", reason "R" ArtifactVersion`},
			{"admin", `eraseMetadata(input: {entryIds: ["{MetadataEntry}"]}) { deduplicated }`, ``},
			{"writer", `updateArtifactVersion(input: {artifactVersionId: "{ArtifactVersion}", description: "a"}) { deduplicated }`,
				`ARTIFACT_VERSION_UPDATED version "1" of "artifact {n}" ArtifactVersion`},
			{"writer", `updateArtifactVersion(input: {artifactVersionId: "{ArtifactVersion}", description: "a"}) { deduplicated }`, ``},
			{"writer", `updateArtifact(input: {artifactId: "{Artifact}", description: "a"}) { deduplicated }`,
				`ARTIFACT_UPDATED artifact "artifact {n}" Artifact`},
			{"writer", `updateProject(input: {projectId: "{Project}", description: "a"}) { deduplicated }`, ``},
			{"admin", `updateProject(input: {projectId: "{Project}", description: "a"}) { deduplicated }`,
				`PROJECT_UPDATED project "{name}" Project`},
			{"writer", `deleteArtifactVersion(input: {artifactVersionId: "{ArtifactVersion}", force: true}) { deletedArtifactVersionId }`, ``},
			{"admin", `removeAlias(input: {artifactVersionId: "{ArtifactVersion}", alias: "old MARK"}) { artifactVersion { id } }`,
				`ALIAS_REMOVED alias "old MARK" of version "1" of "artifact {n}" ArtifactVersion`},
			{"admin", `deleteArtifactVersion(input: {artifactVersionId: "{ArtifactVersion}"}) { deletedArtifactVersionId }`,
				`ARTIFACT_VERSION_DELETED version "1" of "artifact {n}" ArtifactVersion`},
			{"admin", `deleteArtifact(input: {artifactId: "{Artifact}", force: true}) { deletedArtifactId }`, `ARTIFACT_DELETED artifact "artifact {n}" Artifact`},
			{"writer", `deletePipelineRun(input: {pipelineRunId: "{PipelineRun}"}) { deletedPipelineRunId }`, ``},
			{"admin", `deletePipelineRun(input: {pipelineRunId: "{PipelineRun}"}) { deletedPipelineRunId }`,
				`PIPELINE_RUN_DELETED pipeline run "pipeline MARK" PipelineRun`},
			{"admin", `revokeApiKey(input: {apiKeyId: "{ApiKey}"}) { apiKey { id } }`, `API_KEY_REVOKED API key "key {n} MARK" ApiKey`},
			{"admin", `revokeApiKey(input: {apiKeyId: "{ApiKey}"}) { apiKey { id } }`, ``},
			{"admin", `createApiKey(input: {project: "{name}", role: READER, name: "new"}) { apiKey { id } }`, `API_KEY_CREATED API key "new" _`},
			{"admin", `createApiKey(input: {project: "{name}", role: READER, name: "new"}) { apiKey { id } }`, ``},
		} {
			before := w.events(`{}`)
			w.as(c.caller, w.put(alpha, alpha, "mutation { "+c.change+" }"))
			after := w.events(`{}`)
			if c.wanted == "" && len(after) != len(before) || c.wanted != "" && len(after) != len(before)+1 {
				t.Fatalf("%s made %d events", c.change, len(after)-len(before))
			}
			if c.wanted == "" {
				continue
			}
			wanted := w.put(alpha, alpha, c.wanted)
			text, kind := wanted[:strings.LastIndex(wanted, " ")], wanted[strings.LastIndex(wanted, " ")+1:]
			got := after[0]
			if fmt.Sprint(got["action"], " ", got["description"]) != text || got["createdBy"] != c.caller+" ALPHAMARK" ||
				got["project"].(map[string]any)["name"] != alpha {
				t.Errorf("%s: got %v, want %s", c.change, got, wanted)
			}
			object, _ := got["object"].(map[string]any)
			isDeleted := strings.HasSuffix(got["action"].(string), "_DELETED")
			if isDeleted != (object == nil) || !isDeleted && kind != "_" && object["id"] != w.ids[alpha][kind] {
				t.Errorf("%s: the object is %v", c.change, object)
			}
			if kind == "_" {
				continue
			}
			if of := w.events(`{objectId: {eq: "` + w.ids[alpha][kind] + `"}}`); len(of) == 0 || of[0]["id"] != got["id"] {
				t.Errorf("%s: the events of the object are %v", c.change, of)
			}
		}
		w.fresh(alpha)
		answer := w.owner(w.put(alpha, alpha, `mutation { logMetadata(input: {target: {stepRunId: "{StepRun}"}, metadata: {a: 2}}) { entries { loggedBy seq } } }`))
		if !strings.Contains(answer, `"loggedBy":"owner"`) || begin.FindString(answer) == "" {
			t.Error(answer)
		}
		answer, _ = w.as("writer", w.put(alpha, alpha, `mutation { logMetadata(input: {target: {stepRunId: "{StepRun}"}, metadata: {a: 2}}) { entries { loggedBy } } }`))
		if !strings.Contains(answer, `"loggedBy":"writer ALPHAMARK"`) {
			t.Error(answer)
		}
	})
}

// events returns the audit events of alpha that pass a filter, newest first.
func (w *world) events(where string) []map[string]any {
	return w.nodes(`{ auditEvents(project: "`+alpha+`", where: `+where+`, first: 100) {
		nodes { id action description createdBy object { id __typename } project { name } } } }`, "auditEvents")
}

// TestKeyIsUsed checks that the last use of a key is stored, but not for each request.
func TestKeyIsUsed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		used := func() (at string) {
			for _, key := range w.nodes(`{ apiKeys(first: 100) { nodes { name lastUsedAt } } }`, "apiKeys") {
				if key["name"] == "reader ALPHAMARK" {
					at, _ = key["lastUsedAt"].(string)
				}
			}
			return at
		}
		if at := used(); at != "" {
			t.Fatalf("used at %s", at)
		}
		var at string
		harness.Eventually(t, "the use of the key is stored", func() bool {
			w.as("reader", `{ __typename }`)
			at = used()
			return at != ""
		})
		for range 20 {
			w.as("reader", `{ __typename }`)
		}
		if again := used(); at == "" || again != at {
			t.Errorf("used at %q, and then at %q", at, again)
		}
	})
}

// TestWithoutKeys checks that a server without keys creates none, and audits changes without an author.
func TestWithoutKeys(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := &world{api: open(t, url), keys: map[string]string{}}
		for query, wanted := range map[string]string{
			`mutation { createApiKey(input: {name: "x", owner: true}) { secret } }`: `"code":"FORBIDDEN"`,
			`{ apiKeys { nodes { id } } serverInfo { features } }`:                  `{"data":{"apiKeys":{"nodes":[]},"serverInfo":{"features":["nullableFields","pastIds","persistedQueries","viewer","warnings"]}}}`,
		} {
			if answer, _ := w.as("", query); !strings.Contains(answer, wanted) {
				t.Error(answer)
			}
		}
		w.as("", `mutation { createProject(input: {name: "p"}) { project { id } } }`)
		answer, _ := w.as("", `{ auditEvents { totalCount nodes { action createdBy description project { name } object { ... on Project { name } } } } }`)
		if answer != `{"data":{"auditEvents":{"nodes":[{"action":"PROJECT_CREATED","createdBy":null,"description":"project \"p\"","object":{"name":"p"},"project":{"name":"p"}}],"totalCount":1}}}` {
			t.Error(answer)
		}
	})
}

// TestUnauthenticated checks the status of a request without a valid API key. It is refused before its body and its
// method are checked.
func TestUnauthenticated(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, storetest.SQLite(t))
	for _, c := range []struct {
		method, accept, authorization, body string
		status                              int
	}{
		{"POST", "application/graphql-response+json", "", `{"query": "{ __typename }"}`, 401},
		{"POST", "application/graphql-response+json", "Bearer " + w.keys["wrong"], `{"query": "{ __typename }"}`, 401},
		{"POST", "application/graphql-response+json", "Bearer " + w.keys["expired"], `{"query": "{ __typename }"}`, 401},
		{"POST", "application/graphql-response+json", "Basic " + w.keys["owner"], `{"query": "{ __typename }"}`, 401},
		{"POST", "application/graphql-response+json", "Bearer", `nonsense`, 401},
		{"GET", "application/graphql-response+json", "", ``, 401},
		{"POST", "application/json", "", `{"query": "{ __typename }"}`, 200},
		{"POST", "", "Bearer x", `{"query": "{ __schema { types { name } } }"}`, 200},
		{"POST", "text/html", "", ``, 406},
	} {
		r := httptest.NewRequest(c.method, "/graphql", strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", c.accept)
		if c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		recorder := httptest.NewRecorder()
		w.ServeHTTP(recorder, r)
		asked := recorder.Header().Get("WWW-Authenticate") != ""
		if recorder.Code != c.status || asked != (c.status != http.StatusNotAcceptable) {
			t.Errorf("%+v: %d, asked for a key: %v", c, recorder.Code, asked)
		}
		if asked && recorder.Body.String() != `{"errors":[{"message":"a valid API key is required: Authorization: Bearer plc_…","extensions":{"code":"UNAUTHENTICATED"}}]}` {
			t.Errorf("%+v: %s", c, recorder.Body)
		}
	}
	recorder, statements := w.post(`{"query": "{ __typename }"}`, "Authorization", "Bearer "+w.keys["reader"])
	if recorder.Code != 200 || statements != 1 || recorder.Body.String()[:8] != `{"data":` {
		t.Errorf("%d, %d statements: %s", recorder.Code, statements, recorder.Body)
	}
}

// TestNodesOfAdmins checks that node returns API keys and audit events to admins of their project and owners only.
func TestNodesOfAdmins(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		w.fresh(alpha)
		key := w.ids[alpha]["ApiKey"]
		event, _ := w.events(`{objectId: {eq: "` + key + `"}}`)[0]["id"].(string)
		query := `{ nodes(ids: ["` + key + `", "` + event + `"]) { __typename ... on AuditEvent { object { __typename id } } } }`
		all := `{"data":{"nodes":[{"__typename":"ApiKey"},{"__typename":"AuditEvent","object":{"__typename":"ApiKey","id":"` + key + `"}}]}}`
		const none = `{"data":{"nodes":[null,null]}}`
		for caller, want := range map[string]string{"reader": none, "writer": none, "admin": all, "elsewhere admin": none, "owner": all} {
			if got := w.ok(caller, query); got != want {
				t.Errorf("%s: got %s, want %s", caller, got, want)
			}
		}
	})
}
