package main

import (
	"bytes"
	"context"
	"crypto/rand"
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

// A step reads and produces artifacts. Its work returns the metadata of each output.
type step struct {
	name            string
	inputs, outputs []string
	outputType      string
	work            func(ctx context.Context, id string) ([]object, error)
}

// runAll runs the pipeline once per experiment and promotes the best model.
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
	r.id = started.ID
	err = r.log(ctx, fields{"pipelineRunId": r.id}, r.id, object{{"source", mark("uri", sourceURI)}, {"parameters", r.card()}})
	for _, s := range []step{
		{"load", nil, []string{"penguins_raw"}, "Dataset", r.load},
		{"clean", []string{"penguins_raw"}, []string{"penguins_clean"}, "Dataset", r.clean},
		{"split", []string{"penguins_clean"}, []string{"penguins_train", "penguins_test"}, "Dataset", r.split},
		{"train", []string{"penguins_train"}, []string{"penguins_model"}, "Model", r.train},
		{"evaluate", []string{"penguins_test", "penguins_model"}, []string{"penguins_evaluation"}, "Evaluation", r.evaluate},
	} {
		if err == nil {
			err = r.executeStep(ctx, s)
		}
	}
	return r.finish(ctx, "finishPipelineRun", fields{"pipelineRunId": r.id}, err)
}

// executeStep starts a step run, does the work, logs the metadata of the outputs, saves them and finishes the step run.
func (r *run) executeStep(ctx context.Context, s step) error {
	inputs, outputs := []fields{}, []fields{}
	for _, artifact := range s.inputs {
		inputs = append(inputs, fields{"name": artifact, "artifactVersionId": r.versions[artifact].ID})
	}
	for _, artifact := range s.outputs {
		outputs = append(outputs, fields{"name": artifact})
	}
	started, err := r.mutate(ctx, "startStepRun", fields{"pipelineRunId": r.id, "name": s.name, "inputs": inputs,
		"outputs": outputs, "idempotencyKey": r.id + "/" + s.name}, "stepRun { id }")
	if err == nil {
		err = r.finish(ctx, "finishStepRun", fields{"stepRunId": started.ID}, r.produce(ctx, s, started.ID))
	}
	if err != nil {
		return fmt.Errorf("step %s: %w", s.name, err)
	}
	return nil
}

// produce does the work of a step and saves its outputs.
func (r *run) produce(ctx context.Context, s step, id string) error {
	start := time.Now()
	outputs, err := s.work(ctx, id)
	if err != nil {
		return err
	}
	var writes []fields
	for i, metadata := range outputs {
		target := fields{"stepRunId": id}
		if len(outputs) > 1 { // the only output of a step needs no name
			target["artifactName"] = s.outputs[i]
		}
		writes = append(writes, fields{"target": fields{"stepContext": target}, "metadata": metadata})
	}
	batch := fields{"writes": writes, "idempotencyKey": id + "/outputs"} // stored whole or not at all
	if _, err := r.mutate(ctx, "logMetadataBatch", batch, "deduplicated"); err != nil {
		return err
	}
	for _, artifact := range s.outputs {
		input := fields{"artifact": artifact, "type": s.outputType, "idempotencyKey": id + "/save/" + artifact,
			"output": fields{"stepRunId": id, "name": artifact}}
		if s.outputType == "Model" {
			input["tags"] = []string{"knn"}
		}
		r.versions[artifact], err = r.mutate(ctx, "createArtifactVersion", input, "artifactVersion { id version }")
		if err != nil {
			return err
		}
	}
	return r.log(ctx, fields{"stepRunId": id}, id, object{{"duration", mark("duration", time.Since(start).Seconds())}})
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

// describe returns the metadata of a table.
func describe(t table) object {
	types := object{}
	for i, column := range columns {
		types = append(types, member{column, mark("dtype", dtypes[i])})
	}
	return object{{"row_count", len(t)}, {"shape", mark("tuple", []int{len(t), len(columns)})},
		{"species", mark("set", t.species())}, {"columns", types}}
}

// load loads the published table.
func (r *run) load(context.Context, string) ([]object, error) {
	lines, err := csv.NewReader(bytes.NewReader(rawCSV)).ReadAll()
	if err != nil {
		return nil, err
	}
	r.raw = lines[1:]
	note := "**Palmer Penguins**. Please cite [Horst, Hill and Gorman (2020)](" + sourceURI + ")."
	return []object{append(describe(r.raw), object{{"path", mark("path", "examples/penguins/data/penguins.csv")},
		{"size", mark("storageSize", len(rawCSV))}, {"source", mark("uri", sourceURI)}, {"licence", "CC0-1.0"},
		{"loaded_at", timestamp(time.Now())}, {"note", mark("markdown", note)}}...)}, nil
}

// clean drops incomplete rows.
func (r *run) clean(context.Context, string) ([]object, error) {
	r.cleaned = r.raw.complete()
	cleaning := object{{"rows_dropped", len(r.raw) - len(r.cleaned)}, {"filled_with", nil}}
	return []object{append(describe(r.cleaned), member{"cleaning", cleaning})}, nil
}

// split splits the table into a training and a test set.
func (r *run) split(context.Context, string) ([]object, error) {
	r.trainSet, r.testSet = r.cleaned.split(r.testShare, seed)
	return []object{describe(r.trainSet), describe(r.testSet)}, nil
}

// train trains the model.
func (r *run) train(context.Context, string) (_ []object, err error) {
	start := time.Now()
	if r.model, err = train(r.trainSet, r.features, r.k); err != nil {
		return nil, err
	}
	return []object{{{"algorithm", "k nearest neighbours"}, {"species", mark("set", r.trainSet.species())},
		{"training_shape", mark("tuple", []int{len(r.trainSet), len(r.features)})}, {"trained_at", timestamp(start)},
		{"training_time", mark("duration", time.Since(start).Seconds())}, {"parameters", r.card()}}}, nil
}

// evaluate tests the model and logs metrics to its version: by ID as an entry with a kind, and by name as JSON.
func (r *run) evaluate(ctx context.Context, id string) ([]object, error) {
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
	return []object{{{"row_count", len(r.testSet)}, {"wrong", len(r.testSet) - right}, {"accuracy", r.accuracy}}},
		r.log(ctx, byName, id+"/confusion", object{{"metrics", metrics}})
}

// promote gives the model the alias best and the tag champion. Its note is logged twice, so the key has a history.
func (r *run) promote(ctx context.Context) error {
	id := r.versions["penguins_model"].ID
	candidate := object{{"note", mark("markdown", "Candidate for **best**.")}}
	if err := r.log(ctx, fields{"artifactVersionId": id}, r.id+"/candidate", candidate); err != nil {
		return err
	}
	if _, err := r.mutate(ctx, "setAlias", fields{"artifactVersionId": id, "alias": "best"}, "__typename"); err != nil {
		return err
	}
	tag := fields{"artifactVersionId": id, "tags": []string{"champion"}}
	if _, err := r.mutate(ctx, "tagArtifactVersion", tag, "__typename"); err != nil {
		return err
	}
	note := fmt.Sprintf("Best of %d runs by accuracy. **One or two penguins** are within chance.", len(experiments))
	byAlias := fields{"artifactVersion": fields{"name": "penguins_model", "alias": "best"}}
	return r.log(ctx, byAlias, r.id+"/promote", object{{"note", mark("markdown", note)}})
}
