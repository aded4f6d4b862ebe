package graph_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/store/storetest"
)

// lately matches the field that reads change.
var lately = regexp.MustCompile(`"ApiKey_lastUsedAt":("[^"]*"|null)`)

// reads asks the questions about alpha as every caller that has something to do with it, and returns the answers.
func (w *world) reads(questions map[string][]string) map[string]string {
	answers, own := map[string]string{}, 0
	for field, texts := range questions {
		for _, text := range texts {
			query := w.put(alpha, alpha, text)
			for _, stranger := range strangers {
				if answer, _ := w.as(stranger, query); answer != unauthenticated {
					w.Errorf("%s: %s\n%s", stranger, query, answer)
				}
			}
			for rank, role := range roles {
				answer, _ := w.as(strings.ToLower(role), query)
				if may := rank >= slices.Index(roles, rules[field].least); !may {
					if !strings.Contains(answer, `"code":"FORBIDDEN"`) || strings.Contains(answer, "MARK") {
						w.Errorf("%s: %s\n%s", role, query, answer)
					}
				} else if strings.Contains(answer, `"errors"`) {
					w.Errorf("%s: %s\n%s", role, query, answer)
				}
				if role == "OWNER" {
					continue
				}
				if strings.Contains(answer, "BETAMARK") {
					w.Errorf("%s sees another project: %s\n%s", role, query, answer)
				}
				own += strings.Count(answer, "ALPHAMARK")
				answers[role+" "+query] = lately.ReplaceAllString(answer, "")
			}
		}
	}
	if own < 1000 {
		w.Errorf("only %d marks were found where they belong", own)
	}
	return answers
}

// blank replaces the marks of a project in a response, and removes the fields that reads change.
func (w *world) blank(project, answer string) string {
	for kind, id := range w.ids[project] {
		if kind != "n" {
			answer = strings.ReplaceAll(answer, id, "<"+kind+">")
		}
	}
	return lately.ReplaceAllString(strings.ReplaceAll(answer, mark[project], "<mark>"), "")
}

// sameAsNothing checks that a caller cannot distinguish objects of a project from missing objects.
func (w *world) sameAsNothing(caller, project, text string) string {
	w.Helper()
	own := map[string]string{alpha: beta, beta: alpha}[project]
	query := w.put(project, own, text)
	answer, cost := w.as(caller, query)
	nothing, nothingCost := w.as(caller, w.put(ghost, own, text))
	if w.blank(project, answer) != w.blank(ghost, nothing) {
		w.Errorf("%s can tell what is not its own from what is not there: %s\n%s\n%s", caller, query, answer, nothing)
	}
	// Parallel fields of the caller's own objects may take a statement more or less. So the cost is not compared if the
	// query reads them: with {own.Artifact}, or without any name of the project.
	if cost != nothingCost && !strings.Contains(text, "{own.Artifact}") && query != w.put(ghost, own, text) {
		w.Errorf("%s can tell what is not its own by its cost, %d and not %d statements: %s", caller, cost, nothingCost, query)
	}
	return answer
}

// foreign asks the questions about a project as those who have a key of the other one.
func (w *world) foreign(questions map[string][]string) {
	for field, texts := range questions {
		for _, text := range texts {
			for _, role := range []string{"reader", "writer", "admin"} {
				answer := w.sameAsNothing("elsewhere "+role, alpha, text)
				if strings.Contains(strings.ReplaceAll(answer, alpha, ""), "ALPHAMARK") {
					w.Errorf("%s, elsewhere %s, shows\n%s", field, role, answer)
				}
				w.sameAsNothing(role, beta, text)
			}
		}
	}
}

// changes tries every mutation on new objects of alpha, those who may not first.
func (w *world) changes(a *asking) {
	for _, field := range a.schema.Mutation.Fields {
		payload := a.below(a.schema.Types[field.Type.Name()], 2)
		for _, try := range rules[field.Name].tries {
			text := "mutation { " + field.Name + "(" + try + ")" + payload + " }"
			w.fresh(alpha)
			w.fresh(beta)
			query := w.put(alpha, alpha, text)
			for _, stranger := range strangers {
				if answer, _ := w.as(stranger, query); answer != unauthenticated {
					w.Errorf("%s: %s\n%s", stranger, query, answer)
				}
			}
			for _, role := range []string{"reader", "writer", "admin"} {
				answer := w.sameAsNothing("elsewhere "+role, alpha, text)
				if !strings.Contains(answer, `"errors"`) || strings.Contains(strings.ReplaceAll(answer, alpha, ""), "ALPHAMARK") {
					w.Errorf("elsewhere %s: %s\n%s", role, query, answer)
				}
			}
			w.permitted(field, text)
		}
	}
}

// permitted tries a mutation on objects of alpha as its reader, writer and admin, and as the owner.
func (w *world) permitted(field *ast.FieldDefinition, text string) {
	for rank, role := range roles {
		answer, _ := w.as(strings.ToLower(role), w.put(alpha, alpha, text))
		if rank < slices.Index(roles, rules[field.Name].least) {
			if !strings.Contains(answer, `"code":"FORBIDDEN"`) || strings.Contains(answer, "MARK") {
				w.Errorf("%s: %s\n%s", role, text, answer)
			}
			continue
		}
		if strings.Contains(answer, `"errors"`) || strings.Contains(answer, "BETAMARK") {
			w.Errorf("%s: %s\n%s", role, text, answer)
		}
		w.fresh(alpha) // what there was may be gone
	}
}

// TestAccessOfNear checks that candidates, cursors and idempotency keys belong to the project of the caller.
func TestAccessOfNear(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		w.fill(alpha, 1)
		w.fill(beta, 2)
		for _, text := range []string{
			`mutation { logMetadata(input: {target: {artifactVersion: {project: "{name}", name: "modle", version: "1"}}, metadata: {k: 1}}) { deduplicated } }`,
			`mutation { logMetadata(input: {target: {artifactVersion: {project: "{name}", name: "model", version: "9"}}, metadata: {k: 1}}) { deduplicated } }`,
			`mutation { logMetadata(input: {target: {artifactVersion: {project: "{name}", name: "model", alias: "porch"}}, metadata: {k: 1}}) { deduplicated } }`,
			`mutation { logMetadata(input: {target: {stepContext: {stepRunId: "{StepRun}", artifactName: "outptu"}}, metadata: {k: 1}}) { deduplicated } }`,
			`mutation { logMetadata(input: {target: {stepContext: {stepRunId: "{StepRun}"}}, metadata: {k: 1}}) { deduplicated } }`,
			`mutation { createArtifactVersion(input: {output: {stepRunId: "{StepRun}", name: "outptu"}, artifact: "a"}) { deduplicated } }`,
			`mutation { logMetadata(input: {target: {stepRunId: "{ArtifactVersion}"}, metadata: {k: 1}}) { deduplicated } }`,
			`mutation { startStepRun(input: {pipelineRunId: "{StepRun}", name: "s"}) { deduplicated } }`,
			`mutation { finishStepRun(input: {stepRunId: "{Artifact}", status: FAILED}) { stepRun { id } } }`,
			`mutation { setAlias(input: {artifactVersionId: "{Artifact}", alias: "porch"}) { artifactVersion { id } } }`,
			`mutation { deleteArtifact(input: {artifactId: "{ArtifactVersion}"}) { artifactId } }`,
			`mutation { removeAlias(input: {artifactVersionId: "{ArtifactVersion}", alias: "porch"}) { artifactVersion { id } } }`,
			`mutation { createApiKey(input: {project: "{name}", role: ADMIN, name: "reader MARK"}) { secret } }`,
		} {
			w.sameAsNothing("elsewhere admin", alpha, text)
			if answer, _ := w.as("admin", w.put(alpha, alpha, text)); !strings.Contains(answer, "errors") || strings.Contains(answer, "BETAMARK") {
				t.Errorf("%s\n%s", text, answer)
			}
		}
		cursor := regexp.MustCompile(`"endCursor":"([^"]*)"`)
		for _, text := range []string{
			`{ artifacts(project: "{name}", first: 1 CURSOR) { pageInfo { endCursor } } }`, `{ projects(first: 1 CURSOR) { pageInfo { endCursor } } }`,
			`{ apiKeys(first: 1 CURSOR) { pageInfo { endCursor } } }`, `{ auditEvents(first: 1 CURSOR) { pageInfo { endCursor } } }`,
		} {
			answer, _ := w.as("elsewhere admin", w.put(beta, beta, strings.ReplaceAll(text, "CURSOR", "")))
			given := cursor.FindStringSubmatch(answer)[1]
			theirs, _ := w.as("admin", w.put(alpha, alpha, strings.ReplaceAll(text, "CURSOR", `after: "`+given+`"`)))
			garbage, _ := w.as("admin", w.put(alpha, alpha, strings.ReplaceAll(text, "CURSOR", `after: "garbage"`)))
			if theirs != garbage || !strings.Contains(theirs, "BAD_INPUT") {
				t.Errorf("%s\n%s\n%s", text, theirs, garbage)
			}
		}
		again := `mutation { startPipelineRun(input: {project: "{name}", pipeline: "p", idempotencyKey: "same"}) { deduplicated } }`
		w.keys["writer 2"] = w.newKey(alpha, "WRITER", "writer 2")
		for _, caller := range []string{"writer", "writer 2", "elsewhere writer", "owner"} {
			project := alpha
			if strings.HasPrefix(caller, "elsewhere") {
				project = beta
			}
			for _, want := range []string{`"deduplicated":false`, `"deduplicated":true`} {
				if answer, _ := w.as(caller, w.put(project, project, again)); !strings.Contains(answer, want) {
					t.Errorf("%s: %s, want %s", caller, answer, want)
				}
			}
		}
	})
}

// TestForbiddenFieldAlone checks that a root field that a caller may not read leaves the others.
func TestForbiddenFieldAlone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		w.fill(alpha, 1)
		query := w.put(alpha, alpha, `{ artifact(name: "model", project: "{name}") { name } auditEvents { nodes { id } } apiKeys { nodes { id } } }`)
		answer, _ := w.as("reader", query)
		if !strings.Contains(answer, `"data":{"apiKeys":null,"artifact":{"name":"model"},"auditEvents":null}`) ||
			strings.Count(answer, `"code":"FORBIDDEN"`) != 2 || !strings.Contains(answer, `"path":["auditEvents"]`) {
			t.Error(answer)
		}
		if answer, _ := w.as("admin", query); strings.Contains(answer, "null") || strings.Contains(answer, "errors") {
			t.Error(answer)
		}
	})
}

// TestRevocation checks that a key which is revoked on one server is refused by another one at once, and that its name
// stays taken.
func TestRevocation(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	w := emptyWorld(t, url)
	other := open(t, url)
	other.configure(apitest.Options{RequireAPIKey: true})
	elsewhere := &world{api: other, keys: w.keys}
	const query = `{ serverInfo { features } }`
	answer := w.owner(`mutation { createApiKey(input: {project: "` + alpha + `", role: READER, name: "brief"}) { secret apiKey { id prefix } } }`)
	w.keys["brief"] = regexp.MustCompile(`"secret":"(\w+)"`).FindStringSubmatch(answer)[1]
	if !strings.Contains(answer, `"prefix":"`+w.keys["brief"][:8]+`"`) {
		t.Error(answer)
	}
	if got, _ := elsewhere.as("brief", query); got != `{"data":{"serverInfo":{"features":["apiKeys","nullableFields","pastIds","persistedQueries","viewer","warnings"]}}}` {
		t.Error(got)
	}
	w.owner(`mutation { revokeApiKey(input: {apiKeyId: "` + w.id(answer) + `"}) { apiKey { revokedAt } } }`)
	if got, _ := elsewhere.as("brief", query); got != unauthenticated {
		t.Error(got)
	}
	for _, body := range []string{
		`project: "` + alpha + `", role: READER, name: "brief"`, `name: "brief", owner: true`, `project: "` + beta + `", role: READER, name: "owner"`,
	} {
		if got, _ := w.as("owner", `mutation { createApiKey(input: {`+body+`}) { secret } }`); !strings.Contains(got, `"CONFLICT"`) {
			t.Error(got)
		}
	}
	for _, body := range []string{
		`name: "x", project: "` + alpha + `"`, `name: "x", owner: true, role: READER`, `name: "x", owner: true, project: "` + alpha + `"`,
		`name: " x", owner: true`, `name: "x", owner: true, expiresAt: "2020-01-01T00:00:00Z"`,
	} {
		if got, _ := w.as("owner", `mutation { createApiKey(input: {`+body+`}) { secret } }`); !strings.Contains(got, `"BAD_INPUT"`) {
			t.Error(got)
		}
	}
	if got, _ := w.as("admin", `mutation { createApiKey(input: {name: "x", owner: true}) { secret } }`); !strings.Contains(got, `"FORBIDDEN"`) {
		t.Error(got)
	}
}

// late is a body whose end arrives after a function has been called.
type late struct {
	text string
	done func()
}

func (l *late) Read(part []byte) (int, error) {
	if l.text == "" {
		return 0, io.EOF
	}
	n := copy(part, l.text[:1])
	if l.text = l.text[n:]; l.text == "" {
		l.done()
	}
	return n, nil
}

// TestRevokedMeanwhile checks that a request has no effect if its key is revoked while its body arrives.
func TestRevokedMeanwhile(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, storetest.SQLite(t))
	answer := w.owner(`mutation { createApiKey(input: {project: "` + alpha + `", role: ADMIN, name: "brief"}) { secret apiKey { id } } }`)
	secret := regexp.MustCompile(`"secret":"(\w+)"`).FindStringSubmatch(answer)[1]
	id := w.id(answer)
	const body = `{"query": "mutation { createApiKey(input: {project: \"` + alpha + `\", role: ADMIN, name: \"later\"}) { secret } }"}`
	for _, revoke := range []bool{false, true} {
		r := httptest.NewRequest(http.MethodPost, "/graphql", &late{strings.Replace(body, "later", fmt.Sprint("later ", revoke), 1), func() {
			if revoke {
				w.owner(`mutation { revokeApiKey(input: {apiKeyId: "` + id + `"}) { apiKey { revokedAt } } }`)
			}
			time.Sleep(300 * time.Millisecond) // as long as a request may take before its key is looked up again
		}})
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+secret)
		recorder := httptest.NewRecorder()
		w.ServeHTTP(recorder, r)
		if got := recorder.Body.String(); revoke != strings.Contains(got, `"UNAUTHENTICATED"`) || revoke == strings.Contains(got, `"secret":"plc_`) {
			t.Errorf("revoked: %t, got %s", revoke, got)
		}
	}
}

// TestWithoutPrincipal checks that a call without a principal reads and writes nothing.
func TestWithoutPrincipal(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url).store
		project, err := s.Project(context.Background(), "default")
		if project != nil || err != nil {
			t.Errorf("%v, %v", project, err)
		}
		if _, err := s.CreateProject(context.Background(), nil, "x"); err == nil {
			t.Error("a project was created")
		}
	})
}
