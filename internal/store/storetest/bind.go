package storetest

import (
	"fmt"
	"sync/atomic"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["an output reuses a version"] = outputReuses
	tests["a reused output after a deletion"] = reusedAfterDeletion
	tests["binders of an output race"] = bindersRace
	tests["a binder and a deleter race"] = binderAndDeleterRace
}

func (s *suite) bind(step *models.StepRun, output string, v *models.ArtifactVersion) (*models.StepOutput, error) {
	bound, _, err := s.BindOutput(s.ctx, store.Call{}, root, bindInput(step, output, v))
	return bound, err
}

func bindInput(step *models.StepRun, output string, v *models.ArtifactVersion) models.BindOutputInput {
	return models.BindOutputInput{Output: models.StepOutputRef{StepRunID: step.ID.String(), Name: output},
		ArtifactVersion: models.ArtifactVersionRef{ID: ref(v.ID.String())}}
}

// delete deletes a version.
func (s *suite) delete(in *store.Store, id models.ID) error {
	return second2(in.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{
		ArtifactVersionSelector: Select(id)}))
}

// output returns the present state of the first output of a step.
func (s *suite) output(step *models.StepRun) *models.StepOutput {
	s.Helper()
	outputs, err := s.StepOutputs(s.ctx, step.ProjectID, []models.ID{step.ID})
	s.must(err)
	return outputs[step.ID][0]
}

func outputReuses(s *suite) {
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: "model"}, facts("old", "1", "kept", "1")...)
	s.must(err)
	step := s.step("model")
	first, err := s.log(byContext(step), facts("b", "1", "gone", "1", "kept", "2"))
	s.must(err)
	second2, err := s.log(byContext(step), facts("a", "1", "b", "2"))
	s.must(err)
	_, _, err = s.RetractMetadata(s.ctx, store.Call{}, root,
		store.Retraction{Target: byContext(step), Keys: []models.MetadataKeyInput{{Key: "gone"}}})
	s.must(err)
	_, err = s.log(byID(v), facts("gone", "3"))
	s.must(err)
	waiting := s.output(step)

	bound, err := s.bind(step, "model", v)
	s.must(err)
	s.equal(bound.Reused(), true)
	s.equal(bound.ArtifactVersionID, v.ID)
	s.equal(*s.output(step).BoundAt, *bound.BoundAt)
	const after = `{"old":"1","kept":"2","gone":"3","a":"1","b":"2"}`
	s.equal(s.json(v), after)
	s.equal(s.json(bound), after)
	s.equal(s.json(v, second2.Entries[0].LoggedAt), `{"old":"1","kept":"1"}`) // the past of the version stays
	before := bound.ViewAt(&second2.Entries[0].LoggedAt)
	s.equal(before.Reused(), false)
	s.equal(s.json(before, second2.Entries[0].LoggedAt), `{"b":"2","gone":"1","kept":"2","a":"1"}`)
	s.equal(s.json(waiting), `{"b":"2","kept":"2","a":"1"}`) // the subject of the output keeps its entries
	copies := map[string]*models.MetadataEntry{}
	for _, entry := range s.latest(v) {
		copies[entry.Key] = entry
	}
	for _, old := range s.latest(waiting) {
		entry := copies[old.Key]
		s.equal(entry.StepRunID, step.ID)
		s.equal(entry.LoggedAt, *bound.BoundAt)
		s.equal(entry.ID == old.ID, false)
	}
	s.equal(copies["kept"].Seq < copies["a"].Seq && copies["a"].Seq < copies["b"].Seq, true)
	s.equal(first.Entries[0].LoggedAt.Before(bound.BoundAt.Time), true)

	s.refused(models.CodeConflict, second(s.bind(step, "model", v)))
	_, err = s.create(models.CreateArtifactVersionInput{Artifact: "model",
		Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"}})
	s.refused(models.CodeConflict, err)
	logged, err := s.log(byContext(step), facts("later", "1"))
	s.must(err)
	s.equal(logged.Subject.(*models.ArtifactVersion).ID, v.ID)
	s.equal(s.json(v), `{"old":"1","kept":"2","gone":"3","a":"1","b":"2","later":"1"}`)
	s.equal(s.refused(models.CodeOutputNotFound, second(s.bind(step, "modle", v))).Candidates, []string{"model"})

	other := s.step("model") // several outputs reuse a version
	s.must(second(s.bind(other, "model", v)))
	saved, err := s.create(models.CreateArtifactVersionInput{Artifact: "model",
		Output: &models.StepOutputRef{StepRunID: s.step("model").ID.String(), Name: "model"}}, facts("saved", "1")...)
	s.must(err)
	third := s.step("model")
	bound, err = s.bind(third, "model", saved) // whose subject is an output
	s.must(err)
	s.equal(s.json(bound), `{"saved":"1"}`)
}

func reusedAfterDeletion(s *suite) {
	v, step := s.version("model"), s.step("model")
	waited, err := s.log(byContext(step), facts("a", "1"))
	s.must(err)
	s.must(second(s.bind(step, "model", v)))
	s.must(s.delete(s.Store, v.ID))
	output := s.output(step)
	s.equal(output.ArtifactVersionID.IsZero(), true)
	s.equal(output.Reused(), true)
	s.equal(s.json(output), `{}`)
	at := waited.Entries[0].LoggedAt
	s.equal(s.json(output.ViewAt(&at), at), `{"a":"1"}`)
	_, err = s.log(byContext(step), facts("b", "1"))
	s.refused(models.CodeNotFound, err)
	s.refused(models.CodeConflict, second(s.bind(step, "model", s.version("model"))))
}

func bindersRace(s *suite) {
	stores := s.stores()
	for round := range 5 {
		v, step := s.version("model"), s.step("model")
		_, err := s.log(byContext(step), facts("waited", "x"))
		s.must(err)
		var won atomic.Int64
		s.together(writers, func(w int) {
			at, err := stores[w/2%len(stores)], error(nil)
			switch w % 4 {
			case 0, 2:
				_, _, err = at.BindOutput(s.ctx, store.Call{}, root, bindInput(step, "model", v))
			case 1:
				_, _, err = at.CreateArtifactVersion(s.ctx, store.Call{}, root, models.CreateArtifactVersionInput{
					Artifact: fmt.Sprint("other", round), Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"},
				}, nil)
			case 3:
				if _, err := s.log(byContext(step), facts(fmt.Sprint("k", w), "x")); err != nil {
					s.Errorf("log: %v", err)
				}
				return
			}
			if err == nil {
				won.Add(1)
			} else if models.CodeOf(err) != models.CodeConflict {
				s.Errorf("bind: %v", err)
			}
		})
		s.equal(won.Load(), 1)
		s.equal(len(s.latest(s.output(step))), 1+writers/4) // nothing is lost
	}
}

func binderAndDeleterRace(s *suite) {
	stores := s.stores()
	for range 5 {
		v, step := s.version("model"), s.step("model")
		s.together(2, func(w int) {
			at, err := stores[w%len(stores)], error(nil)
			if w == 0 {
				err = s.delete(at, v.ID)
			} else if _, _, err = at.BindOutput(s.ctx, store.Call{}, root, bindInput(step, "model", v)); err != nil &&
				models.CodeOf(err) == models.CodeNotFound {
				err = nil // the deleter was first
			}
			if err != nil {
				s.Errorf("%v", err)
			}
		})
		output := s.output(step)
		s.equal(output.ArtifactVersionID.IsZero(), true)
		s.equal(s.json(output), `{}`)
	}
}
