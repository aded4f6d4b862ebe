package storetest

import (
	"slices"
	"sync/atomic"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["a step ends with its outputs"] = stepEndsWithOutputs
	tests["a refused end of a step saves nothing"] = refusedEndSavesNothing
	tests["steps with permuted outputs end at once"] = permutedOutputsRace
}

// finishWith finishes a step run with outputs. facts are those of each output.
func (s *suite) finishWith(
	call store.Call, step *models.StepRun, outputs []models.FinishStepOutputInput, facts ...[]models.Fact,
) ([]*models.StepOutput, bool, error) {
	for len(facts) < len(outputs) {
		facts = append(facts, nil)
	}
	input := models.FinishStepRunInput{StepRunID: step.ID.String(), Status: models.RunStatusFailed, Outputs: outputs}
	finished, again, err := s.FinishStepRun(s.ctx, call, root, input, facts)
	return finished.Outputs, again, err
}

func reuseOf(v *models.ArtifactVersion) *models.ArtifactVersionRef {
	return &models.ArtifactVersionRef{ID: ref(v.ID.String())}
}

func stepEndsWithOutputs(s *suite) {
	cached := s.version("cache")
	step := s.stepIn(s.run().ID, "train", "model", "report", "cached", "twice")
	for _, name := range []string{"model", "cached", "twice"} {
		_, err := s.log(byContext(step, name), facts("waited", "1", "n", "0"))
		s.must(err)
	}
	id := models.NewID().String()
	outputs := []models.FinishStepOutputInput{
		{Name: "report", Artifact: ref("report"), Version: ref("v1"), Type: ref("Report"), ClientID: &id, Tags: []string{"t"}},
		{Name: "cached", Reuse: reuseOf(cached), Aliases: []string{"best"}, Tags: []string{"hit"}},
		{Name: "model", Artifact: ref("model")},
		{Name: "twice", Reuse: reuseOf(cached)},
	}
	call := store.Call{Operation: "finishStepRun", Key: ref("end"), KeyPath: root.Child("idempotencyKey")}
	saved, again, err := s.finishWith(call, step, outputs, nil, facts("n", "1"), facts("n", "2"), facts("m", "3"))
	s.must(err)
	s.equal(again, false)
	ended := s.stepNow(step)
	s.equal(ended.Status, models.RunStatusFailed)
	s.equal(saved[0].ArtifactVersionID.String(), id)
	for i, want := range []string{`{}`, `{"waited":"1","n":"0","m":"3"}`, `{"waited":"1","n":"2"}`, `{"waited":"1","n":"0","m":"3"}`} {
		s.equal(saved[i].Name, outputs[i].Name)
		s.equal(*saved[i].BoundAt, *ended.FinishedAt)
		s.equal(saved[i].Reused(), outputs[i].Reuse != nil)
		s.equal(s.json(saved[i]), want)
		s.equal(s.json(saved[i].KnownVersion, *ended.FinishedAt), want) // all at one instant
		s.equal(saved[i].KnownVersion.KnownArtifact.ViewAt(ended.FinishedAt) != nil, true)
	}
	s.equal(saved[0].KnownVersion.Version, "v1")
	s.equal(saved[2].KnownVersion.CreatedAt, *ended.FinishedAt)
	tags, err := s.Tags(s.ctx, step.ProjectID, []models.ID{cached.ID}, nil)
	s.must(err)
	s.equal(tags[cached.ID], []string{"hit"})
	for _, entry := range s.latest(cached) {
		s.equal(entry.StepRunID, step.ID)
	}

	s.must(s.delete(s.Store, saved[2].ArtifactVersionID))
	repeated, again, err := s.finishWith(call, step, outputs, nil, facts("n", "1"), facts("n", "2"), facts("m", "3"))
	s.must(err)
	s.equal(again, true)
	for i, output := range repeated {
		s.equal(output.KnownVersion.ID, saved[i].KnownVersion.ID)
		s.equal(output.KnownVersion.KnownArtifact.Name, saved[i].KnownVersion.KnownArtifact.Name)
		s.equal(*output.BoundAt, *saved[i].BoundAt)
	}
	_, _, err = s.finishWith(store.Call{}, step, outputs[:1])
	s.refused(models.CodeConflict, err)
	empty := s.step("model")
	s.must(second(s.finishStep(empty, models.RunStatusFailed)))
	_, _, err = s.finishWith(store.Call{}, empty, []models.FinishStepOutputInput{{Name: "model", Artifact: ref("model")}})
	s.equal(s.refused(models.CodeConflict, err).Path, []any{"input", "stepRunId"})
}

func refusedEndSavesNothing(s *suite) {
	v := s.version("model")
	_, err := s.CreateProject(s.ctx, root, "other")
	s.must(err)
	foreign, err := s.create(models.CreateArtifactVersionInput{Project: ref("other"), Artifact: "model"})
	s.must(err)
	step := s.stepIn(s.run().ID, "train", "a", "b")
	good := models.FinishStepOutputInput{Name: "a", Artifact: ref("fresh"), Aliases: []string{"best"}}
	for _, c := range []struct {
		code  models.Code
		input models.FinishStepOutputInput
		path  []any
	}{
		{models.CodeConflict, models.FinishStepOutputInput{Name: "b", Artifact: ref("model"), Version: ref("1")}, []any{"version"}},
		{models.CodeBadInput, models.FinishStepOutputInput{Name: "b"}, []any{"artifact"}},
		{models.CodeOutputNotFound, models.FinishStepOutputInput{Name: "c", Artifact: ref("model")}, []any{"name"}},
		{models.CodeNotFound, models.FinishStepOutputInput{Name: "b", Reuse: &models.ArtifactVersionRef{ID: ref("x")}}, []any{"reuse", "id"}},
		{models.CodeNotFound, models.FinishStepOutputInput{Name: "b", Reuse: reuseOf(foreign)}, []any{"reuse"}},
		{models.CodeConflict, models.FinishStepOutputInput{Name: "b", Artifact: ref("model"), ClientID: ref(v.ID.String())}, []any{"clientId"}},
	} {
		_, _, err := s.finishWith(store.Call{}, step, []models.FinishStepOutputInput{good, c.input})
		s.equal(s.refused(c.code, err).Path, append([]any{"input", "outputs", 1}, c.path...))
	}
	s.equal(s.stepNow(step).Status, models.RunStatusRunning)
	artifact, err := s.Artifact(s.ctx, "default", "fresh")
	s.must(err)
	s.equal(artifact == nil, true)
	next := s.version("model")
	s.equal(next.Number, 2)
}

// permutedOutputsRace ends steps at once whose outputs are saved and reused in different orders.
func permutedOutputsRace(s *suite) {
	stores := s.stores()
	versions := []*models.ArtifactVersion{s.version("cache a"), s.version("cache b")}
	for round := range 5 {
		steps := make([]*models.StepRun, writers)
		for i := range steps {
			steps[i] = s.step("a", "b", "c", "d")
			_, err := s.log(byContext(steps[i], "c"), facts("waited", "x"))
			s.must(err)
		}
		var saved atomic.Int64
		s.together(writers, func(w int) {
			outputs := []models.FinishStepOutputInput{
				{Name: "a", Artifact: ref("a")}, {Name: "b", Artifact: ref("b")},
				{Name: "c", Reuse: reuseOf(versions[0])}, {Name: "d", Reuse: reuseOf(versions[1])},
			}
			if w%2 == 1 {
				slices.Reverse(outputs)
			}
			finished, _, err := stores[w%len(stores)].FinishStepRun(s.ctx, store.Call{}, root, models.FinishStepRunInput{
				StepRunID: steps[w].ID.String(), Status: models.RunStatusCompleted, Outputs: outputs,
			}, [][]models.Fact{facts("n", "1"), nil, facts("n", "2"), nil})
			if err != nil {
				s.Errorf("finish: %v", err)
			}
			saved.Add(int64(len(finished.Outputs)))
		})
		s.equal(saved.Load(), 4*writers)
		last, err := s.ArtifactVersion(s.ctx, models.ArtifactVersionRef{Named: &models.ArtifactVersionName{Name: "a"}}, nil)
		s.must(err)
		s.equal(last.Number, (round+1)*writers)
	}
}
