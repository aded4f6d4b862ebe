package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// dashboardData are mutations that give every page of a dashboard something to show. %q is the ID of the run.
var dashboardData = []string{
	`mutation { createArtifactVersion(input: {artifact: "data", type: "Dataset", tags: ["raw"], aliases: ["prod"], metadata: {framework: "torch", data_rows: 3, metrics: {stage: "x", accuracy: 0.5}}}) { artifactVersion { id } } }`,
	`mutation { startStepRun(input: {pipelineRunId: %q, name: "train", inputs: [{name: "data", artifactVersion: {named: {name: "data", number: 1}}}], outputs: [{name: "model", artifactName: "model"}]}) { stepRun { id } } }`,
}

// TestDashboard checks the queries of a dashboard: each is one request within a tenth of the limit of cost, each page
// has data, and a failing field leaves the rest of the page as it is.
func TestDashboard(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/dashboard/queries.txtar")
	if err != nil || len(archive.Files) != 10 {
		t.Fatalf("%d queries (%v)", len(archive.Files), err)
	}
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		variablesOf := a.fillDashboard()
		for _, file := range archive.Files {
			query, variables := string(file.Data), variablesOf[file.Name]
			got, _ := a.do(query, variables)
			if got["errors"] != nil {
				t.Fatalf("%s: %v", file.Name, got["errors"])
			}
			cost := got["extensions"].(map[string]any)["cost"].(map[string]any)["estimated"].(json.Number)
			if estimated, err := cost.Int64(); err != nil || estimated > int64(models.DefaultLimits().QueryCost)/10 {
				t.Errorf("%s: the cost is %s (%v)", file.Name, cost, err)
			}
			for field, value := range got["data"].(map[string]any) {
				if text := fmt.Sprint(value); value == nil || strings.Contains(text, "nodes:[] ") || strings.HasSuffix(text, "nodes:[]]") {
					t.Errorf("%s: %s is %v", file.Name, field, value)
				}
			}
			last := strings.LastIndex(query, "}")
			partial, _ := a.do(query[:last]+"failing: stepRuns(first: -1) { totalCount } }", variables)
			data, _ := partial["data"].(map[string]any)
			if data == nil || partial["errors"] == nil || data["failing"] != nil {
				t.Fatalf("%s: with a failing field %v", file.Name, partial)
			}
			delete(data, "failing")
			if fmt.Sprint(data) != fmt.Sprint(got["data"]) {
				t.Errorf("%s: a failing field changes the rest:\n%v\nwithout it\n%v", file.Name, data, got["data"])
			}
		}
	})
}

// fillDashboard creates objects, and returns the variables of each query.
func (a *api) fillDashboard() map[string]string {
	a.Helper()
	id := func(query, path string) string {
		got, _ := a.do(query, "")
		var value any = got["data"]
		for name := range strings.SplitSeq(path, ".") {
			object, ok := value.(map[string]any)
			if !ok {
				a.Fatalf("%s: %v", query, got)
			}
			value = object[name]
		}
		return value.(string)
	}
	run := id(`mutation { startPipelineRun(input: {pipeline: "dashboard"}) { pipelineRun { id } } }`, "startPipelineRun.pipelineRun.id")
	data := id(dashboardData[0], "createArtifactVersion.artifactVersion.id")
	step := id(fmt.Sprintf(dashboardData[1], run), "startStepRun.stepRun.id")
	id(fmt.Sprintf(`mutation { finishStepRun(input: {stepRunId: %q, outputs: [{name: "model", type: "Model", tags: ["dash"], metadata: {framework: "jax"}}]}) { stepRun { id } } }`, step),
		"finishStepRun.stepRun.id")
	model := id(`{ artifactVersion(ref: {named: {name: "model"}}) { id } }`, "artifactVersion.id")
	keys := strings.Repeat(`{"key": "framework"}, `, 19) + `{"key": "stage", "card": "metrics"}`
	refs := strings.Repeat(fmt.Sprintf(`{"id": %q}, {"id": %q}, `, data, model), 9) + fmt.Sprintf(`{"id": %q}, {"id": %q}`, data, model)
	return map[string]string{
		"artifacts": fmt.Sprintf(`{"keys": [%s]}`, keys), "version": fmt.Sprintf(`{"id": %q}`, model),
		"compare": fmt.Sprintf(`{"refs": [%s]}`, refs), "run": fmt.Sprintf(`{"id": %q}`, run),
		"lineage": fmt.Sprintf(`{"id": %q}`, model), "search": `{"text": "DA"}`,
	}
}
