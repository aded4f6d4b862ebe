package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/placard/placard/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// A fake is a server that records operations and sends fixed responses by the name of the operation. The e2e tests run
// the pipeline against the program.
type fake struct {
	mu       sync.Mutex
	requests []request
	// polls counts the requests to /readyz; the response to the first has status 503.
	polls int
	// respond, if set, may return a response in place of the fixed one.
	respond func(request) string
	// saved means that a version of penguins_raw exists.
	saved bool
	// stored means that a model has the alias best from the beginning.
	stored bool
}

// A request is an operation that the fake received.
type request struct {
	operation string
	body      string
	variables map[string]any
}

// input returns the input of a mutation.
func (r request) input() map[string]any {
	in, _ := r.variables["input"].(map[string]any)
	return in
}

// outputs returns the outputs that a FinishStepRun saves.
func (r request) outputs() (outputs []map[string]any) {
	values, _ := r.input()["outputs"].([]any)
	for _, value := range values {
		outputs = append(outputs, value.(map[string]any))
	}
	return outputs
}

// target returns the name of the selector of a write, and its fields.
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

// newFake starts a fake and returns a client for it.
func newFake(t *testing.T) (*fake, *client) {
	t.Helper()
	f := &fake{}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL + "/graphql")
	if err != nil {
		t.Fatal(err)
	}
	return f, &client{endpoint: endpoint}
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
	received := request{operationName.FindStringSubmatch(body.Query)[1], string(raw), body.Variables}
	f.requests = append(f.requests, received)
	response := ""
	if f.respond != nil {
		response = f.respond(received)
	}
	if response == "" {
		response = fmt.Sprintf(`{"data": %s}`, f.data(received))
	}
	fmt.Fprint(w, response)
}

// data returns the data of a response. The number of the request is part of each ID.
func (f *fake) data(r request) string {
	n := len(f.requests)
	switch r.operation {
	case "StartPipelineRun":
		return fmt.Sprintf(`{"startPipelineRun": {"pipelineRun": {"id": "pipeline-run-%d"}}}`, n)
	case "StartStepRun":
		return fmt.Sprintf(`{"startStepRun": {"stepRun": {"id": "step-run-%d"}}}`, n)
	case "FinishStepRun":
		var outputs []string
		for _, output := range r.outputs() {
			outputs = append(outputs, fmt.Sprintf(`{"artifactVersion": {"id": "%s-%d", "version": "%d", "artifact": {"id": "%[1]s"}}}`,
				output["name"], n, n))
		}
		return fmt.Sprintf(`{"finishStepRun": {"outputs": [%s]}}`, strings.Join(outputs, ", "))
	case "Cached":
		if f.saved {
			return `{"artifactVersions": {"nodes": [{"id": "penguins_raw-saved"}]}}`
		}
		f.saved = true
	case "SetAlias":
		f.stored = true
	case "Best":
		if f.stored {
			return storedModel
		}
	}
	return `{}`
}

// storedModel is the model with the alias best; testdata/report.golden is its report.
const storedModel = `{
  "artifactVersion": {"version": "3", "aliases": ["best"], "tags": ["champion", "knn"], "cards": [
    {"name": null, "entries": [
      {"key": "algorithm", "kind": "STRING", "display": "k nearest neighbours"},
      {"key": "size", "kind": "STORAGE_SIZE", "display": "21.4 kB"},
      {"key": "note", "kind": "MARKDOWN",
        "display": "Best of 4 runs by accuracy on its test set of unseen rows.\n\nA **long** note."},
      {"key": "hostile\u001b[2J\u202ekey", "kind": "STRING", "display": "a\u0007b"}]},
    {"name": "parameters", "entries": [
      {"key": "k", "kind": "INTEGER", "display": "5"},
      {"key": "a key that is much longer than its column", "kind": "BOOLEAN", "display": "true"}]},
    {"name": "class Adelie", "entries": [
      {"key": "precision", "kind": "FLOAT", "display": "0.98"},
      {"key": "support", "kind": "INTEGER", "display": "45"}]}]}}`
