package storetest

import (
	"errors"
	"fmt"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["deletion of a pipeline run"] = deletePipelineRun
	tests["deletion of a pipeline run in a race"] = deletePipelineRunRaces
	tests["deletion of a project in a race"] = deleteProjectRaces
}

func (s *suite) deleteRun(in *store.Store, run models.ID) error {
	return second2(in.DeletePipelineRun(s.ctx, store.Call{}, root, models.DeletePipelineRunInput{PipelineRunID: run.String()}))
}

func deletePipelineRun(s *suite) {
	source := s.version("data")
	step := s.step("saved", "deleted", "waiting")
	next, _, err := s.StartStepRun(s.ctx, store.Call{}, root, models.StartStepRunInput{PipelineRunID: step.PipelineRunID.String(),
		Name: "next", Inputs: []models.StepInputDeclaration{{Name: "data", ArtifactVersionSelector: Select(source.ID)}}})
	s.must(err)
	made := map[string]*models.ArtifactVersion{}
	for _, name := range []string{"saved", "deleted"} {
		s.must(second(s.log(byContext(step, name), facts("waited", "x"))))
		made[name], err = s.create(models.CreateArtifactVersionInput{Artifact: name,
			Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: name}}, facts("a", "1")...)
		s.must(err)
	}
	s.must(second2(s.DeleteArtifactVersion(s.ctx, store.Call{}, root,
		models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(made["deleted"].ID)})))
	s.must(second(s.log(byContext(step, "waiting"), facts("lost", "x"))))
	s.must(second(s.log(models.MetadataTarget{StepRunID: ref(next.ID.String())}, facts("lost", "x"))))
	s.must(second(s.log(models.MetadataTarget{PipelineRunID: ref(step.PipelineRunID.String())}, facts("lost", "x"))))
	other := s.step("waiting")
	s.must(second(s.log(byContext(other, "waiting"), facts("stays", "x"))))

	s.must(s.deleteRun(s.Store, step.PipelineRunID))
	s.refused(models.CodeNotFound, s.deleteRun(s.Store, step.PipelineRunID))
	s.refused(models.CodeNotFound, second(s.log(byContext(step, "saved"), facts("a", "2"))))
	s.refused(models.CodeNotFound, second2(s.StartStepRun(s.ctx, store.Call{}, root,
		models.StartStepRunInput{PipelineRunID: step.PipelineRunID.String(), Name: "late"})))
	s.equal(s.json(made["saved"]), `{"waited":"x","a":"1"}`)
	s.must(second(s.log(byID(made["saved"]), facts("a", "2"))))
	found, err := s.Nodes(s.ctx, []models.ID{step.PipelineRunID, step.ID, next.ID, made["saved"].ID, source.ID, other.ID})
	s.must(err)
	s.equal(len(found), 3)
	s.equal(s.countRows("step_runs", "step_outputs", "step_inputs", "subjects", "metadata_latest"),
		map[string]int{"step_runs": 1, "step_outputs": 1, "step_inputs": 0, "subjects": 5, "metadata_latest": 3})
}

// countRows returns the number of rows of tables.
func (s *suite) countRows(tables ...string) map[string]int {
	db, _ := s.database()
	defer func() { _ = db.Close() }()
	counts := map[string]int{}
	for _, table := range tables {
		var n int
		s.must(db.QueryRow("SELECT count(*) FROM " + table).Scan(&n))
		counts[table] = n
	}
	return counts
}

// deletePipelineRunRaces deletes runs while others start steps in them, log to their outputs, save versions from them and
// end them. Each call succeeds or fails with NOT_FOUND, and the rows that stay belong to the versions.
func deletePipelineRunRaces(s *suite) {
	stores := s.stores()
	const rounds = 12
	for round := range rounds {
		step := s.step("a", "b")
		at := func(i int) *store.Store { return stores[i%len(stores)] }
		calls := []func(in *store.Store) error{
			func(in *store.Store) error { return s.deleteRun(in, step.PipelineRunID) },
			func(in *store.Store) error {
				return second2(in.StartStepRun(s.ctx, store.Call{}, root, models.StartStepRunInput{
					PipelineRunID: step.PipelineRunID.String(), Name: "late", Outputs: []models.StepOutputDeclaration{{Name: "c"}}}))
			},
			func(in *store.Store) error {
				return second2(in.LogMetadata(s.ctx, store.Call{}, []store.Write{
					{Target: byContext(step, "a"), Facts: facts("k", "1"), Path: root},
					{Target: byContext(step, "b"), Facts: facts("k", "1"), Path: root}}))
			},
			func(in *store.Store) error {
				return second2(in.CreateArtifactVersion(s.ctx, store.Call{}, root, models.CreateArtifactVersionInput{
					Artifact: fmt.Sprint("model ", round), Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "a"},
				}, facts("own", "1")))
			},
			func(in *store.Store) error {
				return second2(in.FinishStepRun(s.ctx, store.Call{}, root,
					models.FinishStepRunInput{StepRunID: step.ID.String(), Status: models.RunStatusCompleted}, nil))
			},
			func(in *store.Store) error {
				return second2(in.FinishPipelineRun(s.ctx, store.Call{}, root,
					models.FinishPipelineRunInput{PipelineRunID: step.PipelineRunID.String(), Status: models.RunStatusFailed}))
			},
		}
		s.together(len(calls), func(i int) {
			i = (i + round) % len(calls)
			err := calls[i](at(i + round))
			var failure *models.Error
			ended := errors.As(err, &failure) && failure.Code == models.CodeConflict && !failure.Retryable
			if err != nil && (i == 0 || !ended && models.CodeOf(err) != models.CodeNotFound) {
				s.Errorf("round %d, call %d: %v", round, i, err)
			}
		})
	}
	counts := s.countRows("artifact_versions", "subjects", "step_runs", "step_outputs", "pipeline_runs")
	s.equal(counts["subjects"], counts["artifact_versions"])
	s.equal(counts["step_runs"]+counts["step_outputs"]+counts["pipeline_runs"], 0)
	var orphans int
	db, _ := s.database()
	defer func() { _ = db.Close() }()
	s.must(db.QueryRow(`SELECT count(*) FROM metadata_entries e WHERE NOT EXISTS
		(SELECT 1 FROM artifact_versions v WHERE v.project_id = e.project_id AND v.subject_id = e.subject_id)`).Scan(&orphans))
	s.equal(orphans, 0)
}

// deleteProjectRaces deletes projects while others write to them. Each call succeeds or fails with NOT_FOUND, and a purge
// leaves no rows.
func deleteProjectRaces(s *suite) {
	stores := s.stores()
	before := s.countRows("subjects", "artifacts", "events", "api_keys", "projects")
	for round := range 8 {
		name := fmt.Sprint("doomed ", round)
		project, err := s.CreateProject(s.ctx, root, name)
		s.must(err)
		v, err := s.create(models.CreateArtifactVersionInput{Project: &name, Artifact: "model"})
		s.must(err)
		run, _, err := s.StartPipelineRun(s.ctx, store.Call{}, root, models.StartPipelineRunInput{Project: &name, Pipeline: "p"})
		s.must(err)
		role := models.ApiKeyRoleReader
		calls := []func(in *store.Store) error{
			func(in *store.Store) error {
				return second(in.DeleteProject(s.ctx, root, models.DeleteProjectInput{ProjectID: project.ID.String(), Name: name}))
			},
			func(in *store.Store) error {
				return second2(in.CreateArtifactVersion(s.ctx, store.Call{}, root,
					models.CreateArtifactVersionInput{Project: &name, Artifact: "other"}, facts("a", "1")))
			},
			func(in *store.Store) error {
				return second2(in.LogMetadata(s.ctx, store.Call{}, []store.Write{
					{Target: byID(v), Facts: facts("a", "1"), Path: root}}))
			},
			func(in *store.Store) error {
				return second2(in.StartStepRun(s.ctx, store.Call{}, root,
					models.StartStepRunInput{PipelineRunID: run.ID.String(), Name: "s"}))
			},
			func(in *store.Store) error {
				return second2(in.SetAlias(s.ctx, store.Call{}, root,
					models.SetAliasInput{ArtifactVersionSelector: Select(v.ID), Alias: "prod"}))
			},
			func(in *store.Store) error {
				_, _, err := in.CreateApiKey(s.ctx, root, models.CreateApiKeyInput{Project: &name, Role: &role, Name: "k"})
				return err
			},
		}
		s.together(len(calls), func(i int) {
			i = (i + round) % len(calls)
			err := calls[i](stores[(i+round)%len(stores)])
			if err != nil && (i == 0 || models.CodeOf(err) != models.CodeNotFound) {
				s.Errorf("round %d, call %d: %v", round, i, err)
			}
		})
	}
	s.must(s.PurgeProjects(s.ctx, 0))
	s.equal(s.countRows("subjects", "artifacts", "events", "api_keys", "projects"), before)
}
