package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writes lists every LogMetadataInput that was sent, those of batches too.
func (f *fake) writes() []map[string]any {
	var all []map[string]any
	for _, r := range f.asked {
		switch r.operation {
		case "LogMetadata":
			all = append(all, r.input())
		case "LogMetadataBatch":
			for _, w := range r.input()["writes"].([]any) {
				all = append(all, w.(map[string]any))
			}
		}
	}
	return all
}

// count counts the requests of an operation whose body holds the text.
func (f *fake) count(operation, text string) int {
	n := 0
	for _, r := range f.asked {
		if r.operation == operation && strings.Contains(r.body, text) {
			n++
		}
	}
	return n
}

func TestPipeline(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	work := t.TempDir()
	if err := c.waitReady(t.Context(), 5*time.Second); err != nil || f.polls != 2 {
		t.Fatalf("ready after %d polls (%v), want 2", f.polls, err)
	}
	if err := runAll(t.Context(), c, work); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"StartPipelineRun": 4, "FinishPipelineRun COMPLETED": 4, "StartStepRun": 20, "FinishStepRun COMPLETED": 20,
		"CreateArtifactVersion penguins_clean": 4, "CreateArtifactVersion penguins_model": 4,
		"CreateArtifactVersion": 24, "LogMetadataBatch": 4, "Gate": 4, "Promote": 1, "Demote": 0,
		"LogMetadata fill gaps": 1, "LogMetadata drop incomplete rows": 3,
	} {
		operation, part, _ := strings.Cut(text, " ")
		if got := f.count(operation, part); got != want {
			t.Errorf("%s: %d times, want %d", text, got, want)
		}
	}
	for _, r := range f.asked {
		if strings.Contains(r.body, work) {
			t.Errorf("%s tells a path of this machine", r.operation)
		}
	}
}

func TestPipelineUsesEverySelector(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	if err := runAll(t.Context(), c, t.TempDir()); err != nil {
		t.Fatal(err)
	}
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
	// Facts of an output are sent while its version does not exist yet.
	waiting := map[any]bool{}
	for _, r := range f.asked {
		if r.operation == "LogMetadata" {
			if form, values := target(r.input()); form == "stepContext" {
				waiting[values["stepRunId"]] = true
			}
		}
		if r.operation == "CreateArtifactVersion" {
			step := r.input()["output"].(map[string]any)["stepRunId"]
			artifact := r.input()["artifact"]
			if !waiting[step] && artifact != trainArtifact && artifact != testArtifact {
				t.Errorf("%s was saved before its facts were logged", artifact)
			}
		}
	}
}

func TestPipelineWritesAreRepeatable(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	if err := runAll(t.Context(), c, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	keys := map[any]bool{}
	for _, r := range f.asked {
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

func TestPipelineLogsEveryKind(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	work := t.TempDir()
	if err := runAll(t.Context(), c, work); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, r := range f.asked {
		all.WriteString(r.body)
	}
	for _, part := range []string{`"$uri":`, `"$path":"artifacts/penguins_clean.csv"`, `"$dtype":"float64"`, `"$storageSize":`,
		`"$timestamp":`, `"$duration":`, `"$markdown":`, `"$tuple":[344,8]`, `"$set":["Adelie","Chinstrap","Gentoo"]`,
		`"filled_with":null`, `"standardised":true`, `"row_count":344`, `"card":"metrics"`, `"class Adelie":{"precision":`,
		`"min_keep_share":0.95`} {
		if !strings.Contains(all.String(), part) {
			t.Errorf("nothing was logged with %s", part)
		}
	}
	// The sizes that are told are those of the files.
	for i := range experiments {
		info, err := os.Stat(filepath.Join(work, fmt.Sprintf("run-%d", i+1), "artifacts", "penguins_clean.csv"))
		if err != nil {
			t.Fatal(err)
		}
		if f.count("LogMetadata", fmt.Sprintf(`"size":{"$storageSize":%d}`, info.Size())) == 0 {
			t.Errorf("no size of %d bytes was logged for the clean table of run %d", info.Size(), i+1)
		}
	}
}

func TestPipelineMovesChampion(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	f.stored = true
	if err := runAll(t.Context(), c, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if f.count("Promote", `"alias":"best"`) != 1 || f.count("Demote", "champion-of-before") != 1 {
		t.Error("the better model did not take alias and tag from the earlier champion")
	}
}

func TestFailureIsToldAndEndsTheRuns(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	f.refuse = func(r request) (int, string) {
		if r.operation != "CreateArtifactVersion" || r.input()["artifact"] != cleanArtifact {
			return 0, ""
		}
		return http.StatusOK, `{"data": {"createArtifactVersion": null}, "errors": [{"message": "an output is saved once",
			"extensions": {"code": "CONFLICT", "path": ["input", "output", 0]}}]}`
	}
	err := runAll(t.Context(), c, t.TempDir())
	want := `run 1 of 4: step clean: CONFLICT: an output is saved once (at ["input","output",0])`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if f.count("FinishStepRun", "FAILED") != 1 || f.count("FinishPipelineRun", "FAILED") != 1 {
		t.Error("step and pipeline run were not ended as FAILED")
	}
	if f.count("CreateArtifactVersion", cleanArtifact) != 1 {
		t.Error("an error that cannot go away was tried again")
	}
}

func TestStoppingEndsTheRuns(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.refuse = func(r request) (int, string) {
		if r.operation == "Gate" {
			cancel()
		}
		return 0, ""
	}
	if err := runAll(ctx, c, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if f.count("FinishStepRun", "FAILED") != 1 || f.count("FinishPipelineRun", "FAILED") != 1 {
		t.Error("step and pipeline run were not ended as FAILED")
	}
}
