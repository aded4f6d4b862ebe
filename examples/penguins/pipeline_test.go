package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// writes returns each LogMetadataInput of a request, also those of a batch.
func (r request) writes() (writes []map[string]any) {
	switch r.operation {
	case "LogMetadata":
		return []map[string]any{r.input()}
	case "LogMetadataBatch":
		for _, w := range r.input()["writes"].([]any) {
			writes = append(writes, w.(map[string]any))
		}
	}
	return writes
}

// writes returns the writes of all requests.
func (f *fake) writes() (writes []map[string]any) {
	for _, r := range f.requests {
		writes = append(writes, r.writes()...)
	}
	return writes
}

// count returns the number of requests of an operation whose body contains the text.
func (f *fake) count(operation, text string) (n int) {
	for _, r := range f.requests {
		if r.operation == operation && strings.Contains(r.body, text) {
			n++
		}
	}
	return n
}

// runPipeline runs the pipeline and returns what the server received.
func runPipeline(t *testing.T) *fake {
	t.Helper()
	f, c := newFake(t)
	if err := runAll(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPipeline(t *testing.T) {
	t.Parallel()
	f := runPipeline(t)
	for text, want := range map[string]int{
		"StartPipelineRun": 4, "FinishPipelineRun COMPLETED": 4, "StartStepRun": 20, "FinishStepRun": 20,
		"FinishStepRun COMPLETED": 17, "FinishStepRun CACHED": 3, `FinishStepRun "reuse":{"id":"penguins_raw-saved"}`: 3,
		"FinishStepRun penguins_clean": 4, "FinishStepRun penguins_model": 4, "LogMetadataBatch": 4, "SetAlias": 1,
		"TagArtifactVersion champion": 1, "UpdateArtifactVersion": 1, "UpdateArtifact": 6,
	} {
		operation, part, _ := strings.Cut(text, " ")
		if got := f.count(operation, part); got != want {
			t.Errorf("%s: %d times, want %d", text, got, want)
		}
	}
}

func TestPipelineUsesEachSelector(t *testing.T) {
	t.Parallel()
	f := runPipeline(t)
	forms := map[string]int{}
	for _, w := range f.writes() {
		form, _ := target(w)
		forms[form]++
	}
	for _, form := range []string{"stepContext", "stepContext+artifactName", "artifactVersion+version",
		"artifactVersion+alias", "artifactVersionId", "stepRunId", "pipelineRunId"} {
		if forms[form] == 0 {
			t.Errorf("no write by %s", form)
		}
	}
	// Metadata of an output is logged before its version exists.
	finished := map[any]bool{}
	for _, r := range f.requests {
		if r.operation == "FinishStepRun" {
			finished[r.input()["stepRunId"]] = true
		}
		for _, w := range r.writes() {
			if form, values := target(w); strings.HasPrefix(form, "stepContext") && finished[values["stepRunId"]] {
				t.Errorf("%s is logged after its step", r.body)
			}
		}
	}
}

func TestPipelineWritesAreRepeatable(t *testing.T) {
	t.Parallel()
	f := runPipeline(t)
	keys := map[any]bool{}
	for _, r := range f.requests {
		switch r.operation {
		case "StartPipelineRun", "StartStepRun", "FinishStepRun", "LogMetadata", "LogMetadataBatch":
			key := r.operation + " " + fmt.Sprint(r.input()["idempotencyKey"])
			if r.input()["idempotencyKey"] == nil || keys[key] {
				t.Errorf("%s: no idempotency key, or one used before", key)
			}
			keys[key] = true
		}
	}
	for _, w := range f.writes() {
		entries, typed := w["entries"].([]any)
		if !typed {
			continue
		}
		first := entries[0].(map[string]any)
		accuracy := first["value"].(map[string]any)["float"].(float64)
		if first["key"] != "accuracy" || first["card"] != "metrics" || accuracy < 0.9 || accuracy > 1 {
			t.Errorf("first metric %v", first)
		}
	}
}

func TestPipelineLogsEachKind(t *testing.T) {
	t.Parallel()
	f := runPipeline(t)
	var bodies strings.Builder
	for _, r := range f.requests {
		bodies.WriteString(r.body)
	}
	for _, part := range []string{`"$uri":`, `"$path":"examples/penguins/data/penguins.csv"`, `"$dtype":"float64"`,
		`"$storageSize":15241`, `"$timestamp":`, `"$duration":`, `"$markdown":`, `"$tuple":[344,8]`,
		`"$set":["Adelie","Chinstrap","Gentoo"]`, `"filled_with":null`, `"standardised":true`, `"row_count":344`,
		`"card":"metrics"`, `"confusion_matrix":[[`, `"test_share":0.3`} {
		if !strings.Contains(bodies.String(), part) {
			t.Errorf("nothing is logged with %s", part)
		}
	}
}

func TestFailureFinishesRuns(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	f.respond = func(r request) string {
		if outputs := r.outputs(); r.operation != "FinishStepRun" || len(outputs) == 0 || outputs[0]["name"] != "penguins_clean" {
			return ""
		}
		return `{"data": {"finishStepRun": null}, "errors": [{"message": "an output is saved once",
			"extensions": {"code": "CONFLICT", "path": ["input", "outputs", 0]}}]}`
	}
	err := runAll(t.Context(), c)
	const want = `run 1 of 4: step clean: CONFLICT: an output is saved once (path ["input", "outputs", 0])`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if f.count("FinishStepRun", "FAILED") != 1 || f.count("FinishPipelineRun", "FAILED") != 1 {
		t.Error("step run and pipeline run are not finished as FAILED")
	}
	if f.count("FinishStepRun", "penguins_clean") != 1 {
		t.Error("a permanent error is tried again")
	}
}

func TestStopFinishesRuns(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.respond = func(r request) string {
		if r.operation == "LogMetadataBatch" {
			cancel()
		}
		return ""
	}
	if err := runAll(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if f.count("FinishStepRun", "FAILED") != 1 || f.count("FinishPipelineRun", "FAILED") != 1 {
		t.Error("step run and pipeline run are not finished as FAILED")
	}
}
