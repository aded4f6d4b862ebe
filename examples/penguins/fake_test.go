package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"

	"github.com/placard/placard/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// A fake is a server that notes what it is asked and answers from a table. It knows no GraphQL beyond the name of the
// operation; the real schema is checked where the real server runs.
type fake struct {
	mu    sync.Mutex
	asked []request
	// polls counts the requests to /readyz; the first is answered 503.
	polls int
	// refuse, if set, may answer a request with errors of its own: a status and a body.
	refuse func(request) (int, string)
	// stored says that the model exists already.
	stored bool
}

// A request is one operation that the fake was asked.
type request struct {
	operation string
	body      string
	variables map[string]any
}

// input is the one input of a mutation.
func (r request) input() map[string]any {
	in, _ := r.variables["input"].(map[string]any)
	return in
}

// target is the selector of a write, as its field names: stepContext.stepRunId.
func target(write map[string]any) (form string, values map[string]any) {
	for field, value := range write["target"].(map[string]any) {
		inner, ok := value.(map[string]any)
		if !ok {
			return field, map[string]any{field: value}
		}
		for _, name := range []string{"artifactName", "version", "alias"} {
			if inner[name] != nil {
				return field + "+" + name, inner
			}
		}
		return field, inner
	}
	return "", nil
}

var operationName = regexp.MustCompile(`^(?:query|mutation) (\w+)`)

// newFake starts a fake and a client for it that does not pause between attempts.
func newFake(t *testing.T) (*fake, *client) {
	t.Helper()
	f := &fake{}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	c, err := newClient(server.URL+"/graphql", "")
	if err != nil {
		t.Fatal(err)
	}
	clear(c.pauses)
	return f, c
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/readyz" {
		if f.polls++; f.polls == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/graphql" || r.Header.Get("Content-Type") != "application/json" {
		http.Error(w, "not a GraphQL request", http.StatusBadRequest)
		return
	}
	var raw json.RawMessage
	var body struct {
		Query     string
		Variables map[string]any
	}
	if json.NewDecoder(r.Body).Decode(&raw) != nil || json.Unmarshal(raw, &body) != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	asked := request{operation: operationName.FindStringSubmatch(body.Query)[1], body: string(raw), variables: body.Variables}
	f.asked = append(f.asked, asked)
	if f.refuse != nil {
		if status, answer := f.refuse(asked); status != 0 {
			w.WriteHeader(status)
			fmt.Fprint(w, answer)
			return
		}
	}
	fmt.Fprintf(w, `{"data": %s}`, f.answer(asked))
}

// answer gives the data of an operation. IDs are numbered by request, so that each differs.
func (f *fake) answer(r request) string {
	n := len(f.asked)
	switch r.operation {
	case "StartPipelineRun":
		return fmt.Sprintf(`{"startPipelineRun": {"pipelineRun": {"id": "pipeline-run-%d"}}}`, n)
	case "StartStepRun":
		return fmt.Sprintf(`{"startStepRun": {"stepRun": {"id": "step-run-%d"}}}`, n)
	case "CreateArtifactVersion":
		return fmt.Sprintf(`{"createArtifactVersion": {"artifactVersion": {"id": "%s-%d", "version": "%d"}}}`,
			r.input()["artifact"], n, n)
	case "Gate":
		incomplete := map[any]string{"every column": "11", "every measure": "2"}[r.variables["require"]]
		return fmt.Sprintf(`{"artifactVersion": {"rows": {"value": {"integer": "344"}},
			"incomplete": {"value": {"integer": "%s"}}}}`, incomplete)
	case "Champion":
		if f.stored {
			return `{"artifactVersion": {"id": "champion-of-before", "accuracy": {"value": {"float": 0.5}}}}`
		}
		return `{"artifactVersion": null}`
	case "HasModel":
		if f.stored {
			return `{"artifact": {"id": "artifact-1"}}`
		}
		return `{"artifact": null}`
	case "Summary":
		return storedSummary
	}
	return `{}`
}

// storedSummary is what the fake says is stored; the golden report shows it.
const storedSummary = `{
  "best": {"version": "3", "aliases": ["best"], "tags": ["champion", "knn"], "cards": [
    {"name": null, "entries": [
      {"key": "algorithm", "kind": "STRING", "value": {"display": "k nearest neighbours"}},
      {"key": "size", "kind": "STORAGE_SIZE", "value": {"display": "21.4 kB"}},
      {"key": "note", "kind": "MARKDOWN", "value": {"display": "Best of 4 runs by accuracy on its test set of unseen rows.\n\nA **long** note."}},
      {"key": "hostile\u001b[2J\u202ekey", "kind": "STRING", "value": {"display": "a\u0007b"}}]},
    {"name": "parameters", "entries": [
      {"key": "k", "kind": "INTEGER", "value": {"display": "5"}},
      {"key": "a key that is much longer than its column", "kind": "BOOLEAN", "value": {"display": "true"}}]},
    {"name": "class Adelie", "entries": [
      {"key": "precision", "kind": "FLOAT", "value": {"display": "0.98"}},
      {"key": "support", "kind": "INTEGER", "value": {"display": "45"}}]}]},
  "latest": {"version": "4", "aliases": [], "tags": ["knn"], "cards": []},
  "artifact": {"versions": {"nodes": [
    {"version": "4", "aliases": [], "accuracy": null, "k": {"value": {"display": "3"}}, "features": null},
    {"version": "3", "aliases": ["best"], "accuracy": {"value": {"display": "0.990196"}},
     "k": {"value": {"display": "5"}}, "features": {"value": {"display": "[bill_length_mm, bill_depth_mm, flipper_length_mm]"}}}],
    "pageInfo": {"hasNextPage": true}}}}`
