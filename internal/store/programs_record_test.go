package store_test

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

var record = flag.Bool("record", false, "record the writes of this program into testdata/programs")

// transaction is the statements of one call of a program, as its driver sent them.
type transaction struct {
	Call       string      `json:"call"`
	Statements []statement `json:"statements"`
}

type statement struct {
	SQL  string `json:"sql"`
	Args []any  `json:"args"`
}

// hexadecimal is an argument of bytes.
type hexadecimal struct {
	Hex string `json:"hex"`
}

// TestRecordWrites records what this program writes, with the flag -record. Each migration needs a recording.
func TestRecordWrites(t *testing.T) {
	if !*record {
		t.Skip("only with the flag -record: it replaces testdata")
	}
	for name, open := range storetest.Engines {
		s, err := store.Open(context.Background(), open(t), quiet)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.Create(filepath.Join("testdata", "programs",
			fmt.Sprintf("%04d.%s.jsonl", engine.TargetSchemaVersion(), name)))
		if err != nil {
			t.Fatal(err)
		}
		calls := &recorder{T: t, s: s, out: json.NewEncoder(file)}
		calls.out.SetEscapeHTML(false)
		calls.writeAll()
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

type recorder struct {
	*testing.T
	s   *store.Store
	out *json.Encoder
}

// call records the statements of one call.
func (r *recorder) call(name string, call func(ctx context.Context) error) {
	r.Helper()
	sent := transaction{Call: name}
	meter := &storetest.Meter{Record: func(text string, args []any) {
		one := statement{SQL: text}
		for _, arg := range args {
			value, err := driver.DefaultParameterConverter.ConvertValue(arg)
			if err != nil {
				r.Fatal(err)
			}
			if bytes, ok := value.([]byte); ok {
				value = hexadecimal{hex.EncodeToString(bytes)}
			}
			one.Args = append(one.Args, value)
		}
		sent.Statements = append(sent.Statements, one)
	}}
	err := call(storetest.WithMeter(everyone, meter))
	if err == nil {
		err = r.out.Encode(sent)
	}
	if err != nil {
		r.Fatalf("%s: %v", name, err)
	}
}

// writeAll makes each kind of write once or more. The last call has an idempotency key.
func (r *recorder) writeAll() {
	key := "key"
	var run *models.PipelineRun
	var step *models.StepRun
	r.call("startPipelineRun", func(ctx context.Context) (err error) {
		run, _, err = r.s.StartPipelineRun(ctx, store.Call{}, nil, models.StartPipelineRunInput{Pipeline: "p"})
		return err
	})
	first := r.createVersion(models.CreateArtifactVersionInput{Artifact: "a", Tags: []string{"kept", "gone"},
		Aliases: []string{"production"}}, "n", "1", "text", "é")
	r.call("startStepRun", func(ctx context.Context) (err error) {
		step, _, err = r.s.StartStepRun(ctx, store.Call{}, nil,
			models.StartStepRunInput{PipelineRunID: run.ID.String(), Name: "s",
				Inputs:  []models.StepInputDeclaration{{Name: "i", ArtifactVersionSelector: storetest.Select(first.ID)}},
				Outputs: []models.StepOutputDeclaration{{Name: "saved"}, {Name: "empty"}, {Name: "waiting"}}})
		return err
	})
	id, runID, stepID := first.ID.String(), run.ID.String(), step.ID.String()
	output := func(name string) models.MetadataTarget {
		return models.MetadataTarget{StepContext: &models.StepContext{StepRunID: stepID, ArtifactName: &name}}
	}
	for _, target := range []models.MetadataTarget{
		{ArtifactVersionID: &id}, {PipelineRunID: &runID}, {StepRunID: &stepID}, output("saved"), output("waiting"),
	} {
		r.log(target, store.Call{}, "n", "2", "loss", "0.5")
	}
	for _, name := range []string{"saved", "empty"} {
		r.createVersion(models.CreateArtifactVersionInput{Artifact: name,
			Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: name}})
	}
	r.call("retractMetadata", func(ctx context.Context) error {
		_, _, err := r.s.RetractMetadata(ctx, store.Call{}, nil, store.Retraction{
			Target: models.MetadataTarget{ArtifactVersionID: &id}, Keys: []models.MetadataKeyInput{{Key: "text"}}})
		return err
	})
	r.changeLabels(first.ID)
	r.finish(run, step)
	r.remove()
	r.log(models.MetadataTarget{ArtifactVersionID: &id}, store.Call{Operation: "logMetadata", Key: &key}, "n", "3")
}

func (r *recorder) createVersion(
	input models.CreateArtifactVersionInput, keysAndValues ...string,
) (version *models.ArtifactVersion) {
	r.Helper()
	r.call("createArtifactVersion", func(ctx context.Context) (err error) {
		version, _, err = r.s.CreateArtifactVersion(ctx, store.Call{Operation: "createArtifactVersion"}, nil, input,
			r.facts(keysAndValues))
		return err
	})
	return version
}

func (r *recorder) log(target models.MetadataTarget, call store.Call, keysAndValues ...string) {
	r.Helper()
	r.call("logMetadata", func(ctx context.Context) error {
		_, _, err := r.s.LogMetadata(ctx, call, []store.Write{{Target: target, Facts: r.facts(keysAndValues)}})
		return err
	})
}

// facts reads numbers and texts.
func (r *recorder) facts(keysAndValues []string) []models.Fact {
	var object models.Object
	for i := 0; i < len(keysAndValues); i += 2 {
		var value any = keysAndValues[i+1]
		if keysAndValues[i] != "text" {
			value = json.Number(keysAndValues[i+1])
		}
		object = append(object, models.Member{Key: keysAndValues[i], Value: value})
	}
	limits := models.DefaultLimits()
	facts, err := models.ReadFacts(&limits, nil, &models.Tree{Node: object}, nil)
	if err != nil {
		r.Fatal(err)
	}
	return facts
}

func (r *recorder) changeLabels(version models.ID) {
	selector := storetest.Select(version)
	r.call("tagArtifactVersion", func(ctx context.Context) error {
		_, _, err := r.s.TagArtifactVersion(ctx, store.Call{}, nil,
			models.TagArtifactVersionInput{ArtifactVersionSelector: selector, Tags: []string{"added"}})
		return err
	})
	r.call("untagArtifactVersion", func(ctx context.Context) error {
		_, _, err := r.s.UntagArtifactVersion(ctx, store.Call{}, nil,
			models.UntagArtifactVersionInput{ArtifactVersionSelector: selector, Tags: []string{"gone"}})
		return err
	})
	r.call("setAlias", func(ctx context.Context) error {
		_, _, err := r.s.SetAlias(ctx, store.Call{}, nil, models.SetAliasInput{ArtifactVersionSelector: selector, Alias: "best"})
		return err
	})
	r.call("removeAlias", func(ctx context.Context) error {
		_, _, err := r.s.RemoveAlias(ctx, store.Call{}, nil, models.RemoveAliasInput{ArtifactVersionSelector: selector, Alias: "production"})
		return err
	})
}

func (r *recorder) finish(run *models.PipelineRun, step *models.StepRun) {
	r.call("finishStepRun", func(ctx context.Context) error {
		_, _, err := r.s.FinishStepRun(ctx, store.Call{}, nil,
			models.FinishStepRunInput{StepRunID: step.ID.String(), Status: models.RunStatusCompleted}, nil)
		return err
	})
	r.call("finishPipelineRun", func(ctx context.Context) error {
		_, _, err := r.s.FinishPipelineRun(ctx, store.Call{}, nil,
			models.FinishPipelineRunInput{PipelineRunID: run.ID.String(), Status: models.RunStatusCompleted})
		return err
	})
}

// remove makes a project, two artifacts and three versions, and deletes a version and an artifact.
func (r *recorder) remove() {
	r.call("createProject", func(ctx context.Context) error {
		_, err := r.s.CreateProject(ctx, nil, "other")
		return err
	})
	version := r.createVersion(models.CreateArtifactVersionInput{Artifact: "deleted"}, "n", "1")
	r.call("deleteArtifactVersion", func(ctx context.Context) error {
		_, _, err := r.s.DeleteArtifactVersion(ctx, store.Call{}, nil, models.DeleteArtifactVersionInput{ArtifactVersionSelector: storetest.Select(version.ID)})
		return err
	})
	version = r.createVersion(models.CreateArtifactVersionInput{Artifact: "deleted"}, "n", "1")
	r.call("deleteArtifact", func(ctx context.Context) error {
		_, _, err := r.s.DeleteArtifact(ctx, store.Call{}, nil, models.DeleteArtifactInput{ArtifactID: version.ArtifactID.String()})
		return err
	})
}
