package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// writes returns each LogMetadataInput, also those of batches.
func (f *fake) writes() (writes []map[string]any) {
	for _, r := range f.requests {
		switch r.operation {
		case "LogMetadata":
			writes = append(writes, r.input())
		case "LogMetadataBatch":
			for _, w := range r.input()["writes"].([]any) {
				writes = append(writes, w.(map[string]any))
			}
		}
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
		"StartPipelineRun": 4, "FinishPipelineRun COMPLETED": 4, "StartStepRun": 20, "FinishStepRun COMPLETED": 20,
		"CreateArtifactVersion penguins_clean": 4, "CreateArtifactVersion penguins_model": 4,
		"CreateArtifactVersion": 24, "LogMetadataBatch": 20, "SetAlias": 1, "TagArtifactVersion champion": 1,
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
	// The metadata of an output is logged before its version exists.
	logged := map[any]bool{}
	for _, r := range f.requests {
		if r.operation == "LogMetadataBatch" {
			_, values := target(r.input()["writes"].([]any)[0].(map[string]any))
			logged[values["stepRunId"]] = true
		}
		if r.operation == "CreateArtifactVersion" && !logged[r.input()["output"].(map[string]any)["stepRunId"]] {
			t.Errorf("%s is saved before its metadata is logged", r.input()["artifact"])
		}
	}
}

func TestPipelineWritesAreRepeatable(t *testing.T) {
	t.Parallel()
	f := runPipeline(t)
	keys := map[any]bool{}
	for _, r := range f.requests {
		switch r.operation {
		case "StartPipelineRun", "StartStepRun", "CreateArtifactVersion", "LogMetadata", "LogMetadataBatch":
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
		if r.operation != "CreateArtifactVersion" || r.input()["artifact"] != "penguins_clean" {
			return ""
		}
		return `{"data": {"createArtifactVersion": null}, "errors": [{"message": "an output is saved once",
			"extensions": {"code": "CONFLICT", "path": ["input", "output", 0]}}]}`
	}
	err := runAll(t.Context(), c)
	const want = `run 1 of 4: step clean: CONFLICT: an output is saved once (path ["input", "output", 0])`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if f.count("FinishStepRun", "FAILED") != 1 || f.count("FinishPipelineRun", "FAILED") != 1 {
		t.Error("step run and pipeline run are not finished as FAILED")
	}
	if f.count("CreateArtifactVersion", "penguins_clean") != 1 {
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
