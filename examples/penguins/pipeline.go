package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// The artifacts of the pipeline.
const (
	rawArtifact        = "penguins_raw"
	cleanArtifact      = "penguins_clean"
	trainArtifact      = "penguins_train"
	testArtifact       = "penguins_test"
	modelArtifact      = "penguins_model"
	evaluationArtifact = "penguins_evaluation"
)

// parameters are what differs between pipeline runs.
type parameters struct {
	features []string
	// k is the number of neighbours that vote.
	k int
	// require says which rows count as complete.
	require requirement
	// minKeep is the share of rows that cleaning must keep; if dropping keeps fewer, gaps are filled instead.
	minKeep float64
	// testShare is the share of each species that is kept from training.
	testShare float64
	// seed decides which rows these are.
	seed uint64
}

// experiments are the parameter sets, one pipeline run each. They take both ways through the quality gate: of the 344
// rows, 333 have every column (0.968) and 342 have every measure (0.994).
var experiments = []parameters{
	{[]string{"bill_length_mm", "body_mass_g"}, 1, everyColumn, 0.95, 0.3, 42},
	{[]string{"bill_length_mm", "bill_depth_mm"}, 5, everyMeasure, 0.99, 0.3, 42},
	{[]string{"bill_length_mm", "bill_depth_mm", "flipper_length_mm"}, 5, everyMeasure, 0.99, 0.3, 42},
	{measures, 3, everyColumn, 0.99, 0.3, 42},
}

// A run is one pipeline run: the state that its steps hand on.
type run struct {
	client     *client
	id         string
	parameters parameters
	// folder is the working folder; logged paths are relative to it.
	folder string

	raw, cleaned, train, test, model, evaluation version
	accuracy                                     float64
}

// runAll runs the pipeline once per parameter set and then points the alias best at the best model. Files go to folders
// below work.
func runAll(ctx context.Context, c *client, work string) error {
	// A fresh token makes every invocation start runs of its own, while a start that is sent again stays one start.
	token := rand.Text()
	var best *run
	for i, p := range experiments {
		name := fmt.Sprintf("run %d of %d", i+1, len(experiments))
		r := &run{client: c, parameters: p, folder: filepath.Join(work, fmt.Sprintf("run-%d", i+1))}
		if err := r.execute(ctx, fmt.Sprintf("%s/%d", token, i+1)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if best == nil || r.accuracy > best.accuracy {
			best = r
		}
	}
	if err := best.promote(ctx); err != nil {
		return fmt.Errorf("promote: %w", err)
	}
	return nil
}

// execute runs the steps in order and ends the pipeline run as it went.
func (r *run) execute(ctx context.Context, idempotencyKey string) error {
	if err := os.MkdirAll(filepath.Join(r.folder, "artifacts"), 0o700); err != nil {
		return err
	}
	var err error
	if r.id, err = r.client.startPipelineRun(ctx, "penguins", idempotencyKey); err != nil {
		return err
	}
	err = r.steps(ctx)
	return r.finish(ctx, err, func(ctx context.Context, status string) error {
		return r.client.finishPipelineRun(ctx, r.id, status)
	})
}

// steps logs what holds for the whole run and goes through the steps.
func (r *run) steps(ctx context.Context) error {
	err := r.client.logMetadata(ctx, toPipelineRun(r.id), object{
		{"go_version", runtime.Version()},
		{"seed", r.parameters.seed},
		{"source", asURI(sourceURI)},
		{"parameters", r.parameters.card()},
	}, r.id+"/facts")
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.load, r.clean, r.split, r.fit, r.evaluate} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// card shows the parameters as the card of that name.
func (p parameters) card() object {
	return object{
		{"k", p.k},
		{"features", p.features},
		{"standardised", true},
		{"require", string(p.require)},
		{"min_keep_share", float(p.minKeep)},
		{"test_share", float(p.testShare)},
		{"seed", p.seed},
	}
}
