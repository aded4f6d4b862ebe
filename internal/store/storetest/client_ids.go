package storetest

import (
	"sync/atomic"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["client-made IDs"] = clientIDs
	tests["client-made IDs race"] = clientIDsRace
	tests["client-made IDs in several projects"] = clientIDsOfProjects
}

// start starts a run with a client-made ID.
func (s *suite) start(project, pipeline, id string) (*models.PipelineRun, bool, error) {
	return s.StartPipelineRun(s.ctx, store.Call{}, root,
		models.StartPipelineRunInput{Project: &project, Pipeline: pipeline, ClientID: &id})
}

// createWithID creates a version with a client-made ID.
func (s *suite) createWithID(input models.CreateArtifactVersionInput, id string) (*models.ArtifactVersion, bool, error) {
	input.ClientID = &id
	return s.CreateArtifactVersion(s.ctx, store.Call{}, root, input, facts("n", "1"))
}

func clientIDs(s *suite) {
	runID, stepID, versionID := models.NewID().String(), models.NewID().String(), models.NewID().String()
	run, again, err := s.start("default", "training", runID)
	s.must(err)
	s.equal(run.ID.String(), runID)
	s.equal(again, false)
	same, again, err := s.start("default", "training", runID)
	s.must(err)
	s.equal(*same, *run)
	s.equal(again, true)
	_, _, err = s.start("default", "other", runID)
	s.equal(s.refused(models.CodeConflict, err).Path, []any{"input", "clientId"})

	s.must(second(s.finishRun(run.ID, models.RunStatusCompleted)))
	step := models.StartStepRunInput{PipelineRunID: runID, Name: "late", ClientID: &stepID,
		Outputs: []models.StepOutputDeclaration{{Name: "model"}}}
	started, again, err := s.StartStepRun(s.ctx, store.Call{}, root, step)
	s.must(err)
	s.equal(again, false)
	same2, again, err := s.StartStepRun(s.ctx, store.Call{}, root, step)
	s.must(err)
	s.equal(same2.ID, started.ID)
	s.equal(same2.StartedAt, started.StartedAt)
	s.equal(again, true)
	runs, err := s.PipelineRunsByID(s.ctx, []models.ID{run.ID})
	s.must(err)
	s.equal(runs[run.ID].Status, models.RunStatusCompleted)
	for _, other := range []models.StartStepRunInput{
		{PipelineRunID: runID, Name: "other", ClientID: &stepID},
		{PipelineRunID: s.run().ID.String(), Name: "late", ClientID: &stepID},
		{PipelineRunID: runID, Name: "late", ClientID: &runID},
	} {
		_, _, err := s.StartStepRun(s.ctx, store.Call{}, root, other)
		s.refused(models.CodeConflict, err)
	}

	output := &models.StepOutputRef{StepRunID: stepID, Name: "model"}
	input := models.CreateArtifactVersionInput{Artifact: "model", Version: ref("v1"), Output: output}
	version, again, err := s.createWithID(input, versionID)
	s.must(err)
	s.equal(again, false)
	s.equal(version.SubjectID == version.ID, false)
	for _, name := range []*string{nil, ref("v1")} {
		input.Version = name
		found, again, err := s.createWithID(input, versionID)
		s.must(err)
		s.equal(found.ID.String(), versionID)
		s.equal(again, true)
	}
	s.equal(s.json(version), `{"n":"1"}`)
	for _, other := range []models.CreateArtifactVersionInput{
		{Artifact: "model"}, {Artifact: "other", Output: output}, {Artifact: "model", Version: ref("v2"), Output: output},
	} {
		_, _, err := s.createWithID(other, versionID)
		s.refused(models.CodeConflict, err)
	}
	for _, taken := range []models.ID{models.DefaultProjectID, version.ArtifactID, version.SubjectID, started.ID} {
		_, _, err := s.start("default", "training", taken.String())
		s.refused(models.CodeConflict, err)
	}
	s.must(s.delete(s.Store, version.ID))
	fresh, again, err := s.createWithID(models.CreateArtifactVersionInput{Artifact: "other"}, versionID)
	s.must(err)
	s.equal(again, false)
	s.equal(fresh.ID.String(), versionID)
}

// clientIDsRace sends copies of a call, and calls of another type, with one ID at once.
func clientIDsRace(s *suite) {
	stores := s.stores()
	for range 5 {
		run := s.run()
		step := s.stepIn(run.ID, "train", "model")
		id := models.NewID().String()
		var fresh, conflicts atomic.Int64
		s.together(writers, func(w int) {
			at, again, err := stores[w%len(stores)], false, error(nil)
			if w%2 == 0 {
				_, again, err = at.StartStepRun(s.ctx, store.Call{}, root,
					models.StartStepRunInput{PipelineRunID: run.ID.String(), Name: "copy", ClientID: &id})
			} else {
				_, again, err = at.CreateArtifactVersion(s.ctx, store.Call{}, root, models.CreateArtifactVersionInput{
					Artifact: "model", ClientID: &id, Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"},
				}, nil)
			}
			switch {
			case models.CodeOf(err) == models.CodeConflict && err != nil:
				conflicts.Add(1)
			case err != nil:
				s.Errorf("%v", err)
			case !again:
				fresh.Add(1)
			}
		})
		s.equal(fresh.Load(), 1)
		s.equal(conflicts.Load(), writers/2)
	}
}

// clientIDsOfProjects uses an ID in two projects: each finds its own object, and an owner the oldest one.
func clientIDsOfProjects(s *suite) {
	other, err := s.CreateProject(s.ctx, root, "other")
	s.must(err)
	id := models.NewID()
	old, again, err := s.start("other", "training", id.String())
	s.must(err)
	s.equal(again, false)
	version, again, err := s.createWithID(models.CreateArtifactVersionInput{Artifact: "model"}, id.String())
	s.must(err)
	s.equal(again, false)
	nodes, err := s.Nodes(s.ctx, []models.ID{id})
	s.must(err)
	s.equal(nodes[id].(*models.PipelineRun).Pipeline, old.Pipeline)

	young, again, err := s.start("other", "late", models.NewID().String())
	s.must(err)
	s.equal(again, false)
	here, _, err := s.start("default", "here", young.ID.String())
	s.must(err)
	runs, err := s.PipelineRunsByID(s.ctx, []models.ID{young.ID})
	s.must(err)
	s.equal(runs[young.ID].ProjectID, other.ID)
	runs, err = s.PipelineRunsByID(auth.WithProject(s.ctx, models.DefaultProjectID), []models.ID{young.ID})
	s.must(err)
	s.equal(*runs[young.ID], *here)

	s.refused(models.CodeConflict, second(s.finishRun(young.ID, models.RunStatusFailed)))
	_, _, err = s.StartStepRun(s.ctx, store.Call{}, root,
		models.StartStepRunInput{PipelineRunID: young.ID.String(), Name: "train"})
	s.refused(models.CodeConflict, err)
	_, err = s.log(models.MetadataTarget{PipelineRunID: ref(young.ID.String())}, facts("n", "1"))
	s.equal(s.refused(models.CodeConflict, err).Path, []any{"input", "target", "pipelineRunId"})
	_, err = s.log(byID(version), facts("n", "2")) // the only version with this ID
	s.must(err)
	member := *s
	member.ctx = auth.NewContext(s.ctx, auth.Principal{Name: "key", Project: other.ID, ProjectName: "other",
		Role: models.ApiKeyRoleWriter})
	ended, err := member.finishRun(young.ID, models.RunStatusFailed)
	s.must(err)
	s.equal(ended.ProjectID, other.ID)
}
