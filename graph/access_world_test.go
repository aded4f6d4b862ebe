package graph_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// The projects. Each has the same names, and its mark in every text that may differ.
const (
	alpha = "alpha ALPHAMARK"
	beta  = "beta BETAMARK"
	ghost = "ghost GHOSTMARK" // is not there
)

var mark = map[string]string{alpha: "ALPHAMARK", beta: "BETAMARK", ghost: "GHOSTMARK"}

// world is a server that requires API keys, with two filled projects.
type world struct {
	*api
	// keys are secrets by the names of callers.
	keys map[string]string
	// ids are texts for objects by project and type. Those of ghost identify no object.
	ids map[string]map[string]string
	n   int
}

// emptyWorld has the projects, without anything in beta, and an owner.
func emptyWorld(t testing.TB, url string) *world {
	quiet := slog.New(slog.DiscardHandler)
	s, err := store.Open(context.Background(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	limits := models.DefaultLimits()
	limits.QueryTokens, limits.QueryAliases, limits.QueryCost = 50_000, 10_000, 1<<30
	_, owner, err := s.CreateApiKey(auth.NewContext(context.Background(), auth.Anonymous), nil, models.CreateApiKeyInput{Name: "owner", Owner: true})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		api:  newAPI(t, s, apitest.Options{Limits: &limits, RequireAPIKey: true}),
		keys: map[string]string{"owner": owner, "wrong": auth.NewSecret(), "nobody": ""},
		ids:  map[string]map[string]string{ghost: {}},
	}
	w.ids[ghost]["name"] = ghost
	for _, name := range []string{alpha, beta} {
		w.ids[name] = map[string]string{"name": name, "Project": w.id(w.owner(`mutation { createProject(input: {name: "` + name + `"}) { project { id } } }`))}
	}
	for _, role := range []string{"READER", "WRITER", "ADMIN"} {
		w.keys[strings.ToLower(role)] = w.newKey(alpha, role, strings.ToLower(role)+" ALPHAMARK")
		w.keys["elsewhere "+strings.ToLower(role)] = w.newKey(beta, role, strings.ToLower(role)+" BETAMARK")
	}
	w.keys["expired"] = w.newKey(alpha, "ADMIN", "expired ALPHAMARK")
	w.keys["revoked"] = w.newKey(alpha, "ADMIN", "revoked ALPHAMARK")
	var revoked string
	for _, key := range w.nodes(`{ apiKeys(first: 100) { nodes { id name } } }`, "apiKeys") {
		if key["name"] == "revoked ALPHAMARK" {
			revoked = key["id"].(string)
		}
	}
	w.owner(`mutation { revokeApiKey(input: {apiKeyId: "` + revoked + `"}) { apiKey { revokedAt } } }`)
	w.sql(url, "UPDATE api_keys SET expires_at = 1 WHERE name = 'expired ALPHAMARK'")
	return w
}

// sql changes the database without the store.
func (w *world) sql(url, statement string) {
	w.Helper()
	driver := "pgx"
	if strings.HasPrefix(url, "sqlite:") {
		driver, url = "sqlite", strings.TrimPrefix(url, "sqlite:")
	}
	db, err := sql.Open(driver, url)
	if err == nil {
		_, err = db.Exec(statement)
		_ = db.Close()
	}
	if err != nil {
		w.Fatal(err)
	}
}

// as sends a query as a caller, and returns the answer without its extensions, and how many statements it took.
func (w *world) as(caller, query string) (string, int64) {
	w.Helper()
	var headers []string
	if secret := w.keys[caller]; secret != "" {
		headers = []string{"Authorization", "Bearer " + secret}
	}
	recorder, statements := w.post(bodyOf(w, query), headers...)
	answer, _ := decode(w, recorder.Body.Bytes()).(map[string]any)
	delete(answer, "extensions")
	text, err := json.Marshal(answer)
	if err != nil {
		w.Fatal(err)
	}
	return string(text), statements
}

// owner sends what must not fail.
func (w *world) owner(query string) string {
	w.Helper()
	answer, _ := w.as("owner", query)
	if strings.Contains(answer, `"errors"`) {
		w.Fatalf("%s\n%s", query, answer)
	}
	return answer
}

var idMember = regexp.MustCompile(`"id":"([^"]*)"`)

// id returns the first ID in a response.
func (w *world) id(answer string) string {
	w.Helper()
	found := idMember.FindStringSubmatch(answer)
	if found == nil {
		w.Fatalf("no ID in %s", answer)
	}
	return found[1]
}

func (w *world) nodes(query, field string) []map[string]any {
	var nodes []map[string]any
	answer := decode(w, []byte(w.owner(query))).(map[string]any)["data"].(map[string]any)
	for _, node := range answer[field].(map[string]any)["nodes"].([]any) {
		nodes = append(nodes, node.(map[string]any))
	}
	return nodes
}

// newKey creates a key and returns its secret.
func (w *world) newKey(project, role, name string) string {
	w.Helper()
	answer := w.owner(fmt.Sprintf(`mutation { createApiKey(input: {project: %q, role: %s, name: %q}) { secret } }`, project, role, name))
	return regexp.MustCompile(`plc_\w+`).FindString(answer)
}

// fill puts everything into a project, n times, as its writer or admin would.
func (w *world) fill(project string, n int) {
	for range n {
		w.fresh(project)
		ids := w.ids[project]
		w.owner(w.put(project, project, `mutation {
			a: createArtifactVersion(input: {project: "{name}", artifact: "model", type: "T MARK", tags: ["tag MARK"], aliases: ["alias MARK", "prod"],
				output: {stepRunId: "{StepRun}", name: "saved"}, metadata: {accuracy: 0.5, same: "MARK"}}) { deduplicated }
			b: logMetadata(input: {target: {artifactVersion: {project: "{name}", name: "model", alias: "prod"}}, entries: [
				{key: "accuracy", value: {float: 0.75}}, {key: "integer", value: {integer: 1}}, {key: "text", value: {string: "MARK"}},
				{key: "flag", value: {boolean: true}}, {key: "nothing", value: {null: true}}, {key: "list", value: {list: [{string: "MARK"}]}},
				{key: "size", value: {storageSize: 5}}, {key: "uri", value: {uri: "u:MARK"}}, {key: "path", value: {path: "MARK"}},
				{key: "dtype", value: {dtype: "MARK"}}, {key: "at", value: {timestamp: "2026-01-02T03:04:05Z"}}, {key: "took", value: {duration: 5}},
				{key: "notes", value: {markdown: "MARK"}}, {key: "pair", value: {tuple: [{string: "MARK"}]}}, {key: "set", value: {set: [{string: "MARK"}]}},
				{key: "inside", card: "card MARK", value: {string: "MARK"}}, {key: "MARK", value: {dict: [{key: "MARK", value: {string: "MARK"}}]}}]}) { deduplicated }
			c: logMetadata(input: {target: {stepContext: {stepRunId: "{StepRun}", artifactName: "output"}}, metadata: {accuracy: 1, waits: "MARK"}}) { deduplicated }
			d: retractMetadata(input: {target: {artifactVersion: {project: "{name}", name: "model", alias: "prod"}}, keys: [{key: "same"}], reason: "MARK"}) { deduplicated }
			e: removeAlias(input: {artifactVersionId: "{ArtifactVersion}", alias: "old MARK"}) { artifactVersion { id } }
		}`))
		ids["Artifact"] = w.id(w.owner(w.put(project, project, `{ artifact(name: "model", project: "{name}") { id } }`)))
		ids["ArtifactVersion"] = w.id(w.owner(w.put(project, project,
			`{ artifactVersion(ref: {named: {project: "{name}", name: "model", alias: "prod"}}) { id } }`)))
		ids["StepOutput"] = w.id(w.owner(w.put(project, project, `{ stepRun(id: "{StepRun}") { outputs { id } } }`)))
		ids["MetadataEntry"] = w.id(w.owner(w.put(project, project, `{ node(id: "{ArtifactVersion}") { ... on Subject { metadata { id } } } }`)))
		// The reading step creates another version, so that the version has a lineage.
		w.owner(w.put(project, project, `mutation { startStepRun(input: {pipelineRunId: "{PipelineRun}", name: "evaluate MARK",
			inputs: [{name: "in MARK", artifactVersionId: "{ArtifactVersion}"}]}) { stepRun { id } } }`))
	}
}

// fresh creates objects in a project for mutations to change, and stores their IDs.
func (w *world) fresh(project string) {
	w.n++
	ids := w.ids[project]
	ids["n"] = fmt.Sprint(w.n)
	made := func(kind, mutation string) { ids[kind] = w.id(w.owner(w.put(project, project, mutation))) }
	made("ArtifactVersion", `mutation { createArtifactVersion(input: {project: "{name}", artifact: "artifact {n}", tags: ["t"], aliases: ["old MARK", "prod"],
		metadata: {accuracy: 1, text: "MARK"}}) { artifactVersion { id } } }`)
	made("MetadataEntry", `{ node(id: "{ArtifactVersion}") { ... on Subject { metadataEntry(key: "accuracy") { id } } } }`)
	made("Artifact", `{ artifact(name: "artifact {n}", project: "{name}") { id } }`)
	made("PipelineRun", `mutation { startPipelineRun(input: {project: "{name}", pipeline: "pipeline MARK"}) { pipelineRun { id } } }`)
	made("StepRun", `mutation { startStepRun(input: {pipelineRunId: "{PipelineRun}", name: "step MARK",
		inputs: [{name: "in MARK", artifactVersionId: "{ArtifactVersion}"}],
		outputs: [{name: "output"}, {name: "saved"}]}) { stepRun { id } } }`)
	made("ApiKey", `mutation { createApiKey(input: {project: "{name}", role: READER, name: "key {n} MARK"}) { apiKey { id } } }`)
	made("Doomed", `mutation { createProject(input: {name: "doomed {n} MARK"}) { project { id } } }`)
	w.owner(w.put(project, project, `mutation {
		a: logMetadata(input: {target: {stepRunId: "{StepRun}"}, metadata: {accuracy: 1, text: "MARK"}}) { deduplicated }
		b: logMetadata(input: {target: {pipelineRunId: "{PipelineRun}"}, metadata: {accuracy: 1, text: "MARK"}}) { deduplicated } }`))
	for kind := range ids {
		if w.ids[ghost][kind] == "" {
			w.ids[ghost][kind] = models.NewID().String()
		}
	}
	w.ids[ghost]["n"] = ids["n"]
}

var placeholder = regexp.MustCompile(`\{(own\.)?(name|n|[A-Z]\w+)\}`)

// put replaces {Type} by an ID of the project, {name} by its name, and {own.Type} by an ID of the caller's own project.
func (w *world) put(project, own, text string) string {
	text = strings.ReplaceAll(text, "MARK", mark[project])
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		ids := w.ids[project]
		if parts[1] != "" {
			ids = w.ids[own]
		}
		if ids[parts[2]] == "" {
			w.Fatalf("%s stands for nothing in %s", found, project)
		}
		return ids[parts[2]]
	})
}
