package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"time"
)

// parameters are the parameters of a pipeline run.
type parameters struct {
	features  []string
	k         int
	testShare float64
}

// experiments has the parameters of each pipeline run.
var experiments = []parameters{
	{[]string{"bill_length_mm", "body_mass_g"}, 1, 0.4},
	{[]string{"bill_length_mm", "bill_depth_mm"}, 5, 0.3},
	{[]string{"bill_length_mm", "bill_depth_mm", "flipper_length_mm"}, 5, 0.3},
	{measures, 7, 0.3},
}

const seed = 42 // of the split

// card returns the parameters as a card.
func (p parameters) card() object {
	return object{{"k", p.k}, {"features", p.features}, {"standardised", true}, {"test_share", p.testShare},
		{"seed", seed}}
}

// A run is a pipeline run, with the results of its steps.
type run struct {
	*client
	parameters
	id                              string
	versions                        map[string]node // the saved version of each artifact
	raw, cleaned, trainSet, testSet table
	model                           *model
	accuracy                        float64
}

// A step reads and produces artifacts. Its work returns the FinishStepOutputInput of each output, without the name.
type step struct {
	name            string
	inputs, outputs []string
	work            func(ctx context.Context, id string) ([]fields, error)
}

// descriptions has the description of each artifact, in Markdown.
var descriptions = map[string]string{
	"penguins_raw":        "The published table, with a row per penguin.",
	"penguins_clean":      "The rows of `penguins_raw` with **all four** measures.",
	"penguins_train":      "The rows that the model learns from.",
	"penguins_test":       "The rows that the model does not see before the evaluation.",
	"penguins_model":      "Predicts the **species** of a penguin from its measures.",
	"penguins_evaluation": "The result of a model on its test set.",
}

// runAll runs the pipeline once per experiment, promotes the best model and describes the artifacts.
func runAll(ctx context.Context, c *client) error {
	var best *run
	for i, p := range experiments {
		r := &run{client: c, parameters: p, versions: map[string]node{}}
		if err := r.execute(ctx); err != nil {
			return fmt.Errorf("run %d of %d: %w", i+1, len(experiments), err)
		}
		if best == nil || r.accuracy > best.accuracy {
			best = r
		}
	}
	return best.promote(ctx)
}

// execute starts a pipeline run, executes its steps and finishes it.
func (r *run) execute(ctx context.Context) error {
	started, err := r.mutate(ctx, "startPipelineRun",
		fields{"pipeline": "penguins", "idempotencyKey": rand.Text()}, "pipelineRun { id }")
	if err != nil {
		return err
	}
	r.id = started.PipelineRun.ID
	err = r.log(ctx, fields{"pipelineRunId": r.id}, r.id, object{{"source", mark("uri", sourceURI)}, {"parameters", r.card()}})
	for _, s := range []step{
		{"load", nil, []string{"penguins_raw"}, r.load},
		{"clean", []string{"penguins_raw"}, []string{"penguins_clean"}, r.clean},
		{"split", []string{"penguins_clean"}, []string{"penguins_train", "penguins_test"}, r.split},
		{"train", []string{"penguins_train"}, []string{"penguins_model"}, r.train},
		{"evaluate", []string{"penguins_test", "penguins_model"}, []string{"penguins_evaluation"}, r.evaluate},
	} {
		if err == nil {
			err = r.executeStep(ctx, s)
		}
	}
	return r.finish(ctx, "finishPipelineRun", fields{"pipelineRunId": r.id}, err)
}

// executeStep starts a step run, does the work and finishes the step run.
func (r *run) executeStep(ctx context.Context, s step) error {
	inputs, outputs := []fields{}, []fields{}
	for _, artifact := range s.inputs {
		inputs = append(inputs, fields{"name": artifact, "artifactVersionId": r.versions[artifact].ID})
	}
	for _, artifact := range s.outputs {
		outputs = append(outputs, fields{"name": artifact, "artifactName": artifact})
	}
	started, err := r.mutate(ctx, "startStepRun", fields{"pipelineRunId": r.id, "name": s.name, "inputs": inputs,
		"outputs": outputs, "idempotencyKey": r.id + "/" + s.name}, "stepRun { id }")
	if id := started.StepRun.ID; err == nil {
		if err = r.produce(ctx, s, id); err == nil {
			return nil
		}
		err = r.finish(ctx, "finishStepRun", fields{"stepRunId": id}, err)
	}
	return fmt.Errorf("step %s: %w", s.name, err)
}

// produce does the work of a step. One call saves all outputs with their metadata and completes the step run.
func (r *run) produce(ctx context.Context, s step, id string) error {
	start, status := time.Now(), "COMPLETED"
	outputs, err := s.work(ctx, id)
	if err != nil {
		return err
	}
	for i, output := range outputs {
		if output["name"] = s.outputs[i]; output["reuse"] != nil {
			status = "CACHED"
		}
	}
	took := time.Since(start).Seconds()
	if err := r.log(ctx, fields{"stepRunId": id}, id, object{{"duration", mark("duration", took)}}); err != nil {
		return err
	}
	input := fields{"stepRunId": id, "status": status, "outputs": outputs, "idempotencyKey": id + "/finish"}
	finished, err := r.mutate(ctx, "finishStepRun", input, "outputs { artifactVersion { id version artifact { id } } }")
	for i, output := range finished.Outputs {
		r.versions[s.outputs[i]] = output.ArtifactVersion
	}
	return err
}

// finish finishes a run as COMPLETED, or as FAILED after an error, even if the program is being stopped.
func (r *run) finish(ctx context.Context, mutation string, input fields, err error) error {
	input["status"] = "COMPLETED"
	if err != nil {
		input["status"] = "FAILED"
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
	}
	_, failure := r.mutate(ctx, mutation, input, "__typename")
	return errors.Join(err, failure)
}

// log logs metadata to a target.
func (r *run) log(ctx context.Context, target fields, idempotencyKey string, metadata object) error {
	_, err := r.mutate(ctx, "logMetadata", fields{"target": target, "metadata": metadata, "idempotencyKey": idempotencyKey},
		"deduplicated")
	return err
}

// profile returns the metadata of a table.
func profile(t table) object {
	types := object{}
	for i, column := range columns {
		types = append(types, member{column, mark("dtype", dtypes[i])})
	}
	return object{{"row_count", len(t)}, {"shape", mark("tuple", []int{len(t), len(columns)})},
		{"species", mark("set", t.species())}, {"columns", types}}
}

// load loads the published table. It reuses a version that was saved from the same bytes.
func (r *run) load(ctx context.Context, _ string) ([]fields, error) {
	lines, err := csv.NewReader(bytes.NewReader(rawCSV)).ReadAll()
	if err != nil {
		return nil, err
	}
	r.raw = lines[1:]
	checksum := fmt.Sprintf("%x", sha256.Sum256(rawCSV))
	where := fields{"artifact": fields{"eq": "penguins_raw"}, "metadata": fields{"key": "sha256", "eq": checksum}}
	var cache struct{ ArtifactVersions struct{ Nodes []node } }
	query := "query Cached($where: ArtifactVersionFilter) { artifactVersions(where: $where, first: 1) { nodes { id } } }"
	err = r.query(ctx, query, fields{"where": where}, &cache)
	if err != nil {
		return nil, err
	}
	if found := cache.ArtifactVersions.Nodes; len(found) > 0 {
		return []fields{{"reuse": fields{"id": found[0].ID}}}, nil
	}
	note := "**Palmer Penguins**. Please cite [Horst, Hill and Gorman (2020)](" + sourceURI + ")."
	return []fields{{"type": "Dataset", "metadata": append(profile(r.raw), object{
		{"path", mark("path", "examples/penguins/data/penguins.csv")}, {"size", mark("storageSize", len(rawCSV))},
		{"sha256", checksum}, {"source", mark("uri", sourceURI)}, {"licence", "CC0-1.0"},
		{"loaded_at", timestamp(time.Now())}, {"note", mark("markdown", note)}}...)}}, nil
}

// clean drops incomplete rows.
func (r *run) clean(context.Context, string) ([]fields, error) {
	r.cleaned = r.raw.complete()
	cleaning := object{{"rows_dropped", len(r.raw) - len(r.cleaned)}, {"filled_with", nil}}
	return []fields{{"type": "Dataset", "metadata": append(profile(r.cleaned), member{"cleaning", cleaning})}}, nil
}

// split splits the table into a training and a test set. It logs the share of each set before the set is saved.
func (r *run) split(ctx context.Context, id string) ([]fields, error) {
	share := func(output string, share float64) fields {
		target := fields{"stepContext": fields{"stepRunId": id, "artifactName": output}}
		return fields{"target": target, "metadata": object{{"share", share}, {"seed", seed}}}
	}
	writes := []fields{share("penguins_train", 1-r.testShare), share("penguins_test", r.testShare)}
	batch := fields{"writes": writes, "idempotencyKey": id + "/shares"} // stored whole or not at all
	if _, err := r.mutate(ctx, "logMetadataBatch", batch, "deduplicated"); err != nil {
		return nil, err
	}
	r.trainSet, r.testSet = r.cleaned.split(r.testShare, seed)
	return []fields{{"type": "Dataset", "metadata": profile(r.trainSet)}, {"type": "Dataset", "metadata": profile(r.testSet)}}, nil
}

// train trains the model. It logs the parameters before the model exists; the only output of a step needs no name.
func (r *run) train(ctx context.Context, id string) (_ []fields, err error) {
	start, output := time.Now(), fields{"stepContext": fields{"stepRunId": id}}
	if err = r.log(ctx, output, id+"/parameters", object{{"parameters", r.card()}}); err != nil {
		return nil, err
	}
	if r.model, err = train(r.trainSet, r.features, r.k); err != nil {
		return nil, err
	}
	metadata := object{{"algorithm", "k nearest neighbours"}, {"species", mark("set", r.trainSet.species())},
		{"training_shape", mark("tuple", []int{len(r.trainSet), len(r.features)})}, {"trained_at", timestamp(start)},
		{"training_time", mark("duration", time.Since(start).Seconds())}}
	return []fields{{"type": "Model", "tags": []string{"knn"}, "metadata": metadata}}, nil
}

// evaluate tests the model and logs metrics to its version: by ID as an entry with a kind, and by name as JSON.
func (r *run) evaluate(ctx context.Context, id string) ([]fields, error) {
	species, right := r.trainSet.species(), 0
	confusion := make([][]int, len(species)) // rows by true and by predicted species
	for i := range confusion {
		confusion[i] = make([]int, len(species))
	}
	for _, row := range r.testSet {
		predicted, err := r.model.predict(row)
		if err != nil {
			return nil, err
		}
		if confusion[slices.Index(species, row[0])][slices.Index(species, predicted)]++; predicted == row[0] {
			right++
		}
	}
	r.accuracy = float64(right) / float64(len(r.testSet))
	model := r.versions["penguins_model"]
	entries := []fields{{"card": "metrics", "key": "accuracy", "value": fields{"float": r.accuracy}}}
	byID := fields{"artifactVersionId": model.ID}
	input := fields{"target": byID, "entries": entries, "idempotencyKey": id + "/accuracy"}
	if _, err := r.mutate(ctx, "logMetadata", input, "deduplicated"); err != nil {
		return nil, err
	}
	byName := fields{"artifactVersion": fields{"name": "penguins_model", "version": model.Version}}
	metrics := object{{"confusion_labels", species}, {"confusion_matrix", confusion}}
	result := object{{"row_count", len(r.testSet)}, {"wrong", len(r.testSet) - right}, {"accuracy", r.accuracy}}
	return []fields{{"type": "Evaluation", "metadata": result}}, r.log(ctx, byName, id+"/confusion", object{{"metrics", metrics}})
}

// promote describes the artifacts, and gives the model the alias best, the tag champion and a description. The note of
// the model is logged twice, so the key has a history.
func (r *run) promote(ctx context.Context) error {
	id, note := r.versions["penguins_model"].ID, fmt.Sprintf("Best of %d runs by accuracy.", len(experiments))
	err := r.log(ctx, fields{"artifactVersionId": id}, r.id+"/candidate", object{{"note", mark("markdown", "Candidate for **best**.")}})
	change := func(mutation string, input fields) {
		if err == nil {
			_, err = r.mutate(ctx, mutation, input, "__typename")
		}
	}
	change("setAlias", fields{"artifactVersionId": id, "alias": "best"})
	change("tagArtifactVersion", fields{"artifactVersionId": id, "tags": []string{"champion"}})
	change("updateArtifactVersion", fields{"artifactVersionId": id, "description": note})
	for name, description := range descriptions {
		change("updateArtifact", fields{"artifactId": r.versions[name].Artifact.ID, "description": description})
	}
	if err != nil {
		return err
	}
	byAlias := fields{"artifactVersion": fields{"name": "penguins_model", "alias": "best"}}
	return r.log(ctx, byAlias, r.id+"/promote", object{{"note", mark("markdown", note+" **One or two penguins** are within chance.")}})
}
