package store

import (
	"context"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/clientid"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

var stepRunColumns = engine.Columns[models.StepRun]()

// StepRuns returns the same page of the steps of each pipeline run in order of start, as of an instant or now (nil).
func (s *Store) StepRuns(
	ctx context.Context, project models.ID, runs []models.ID, page models.Page, asOf *models.Time,
) (map[models.ID]*models.StepRunConnection, error) {
	found, err := search.ReadPages(ctx, s.db, search.List[*models.StepRun]{
		Name: "stepRuns", Columns: engine.Qualify("step_runs", stepRunColumns), From: engine.SQL("step_runs"),
		Where: engine.SQL("project_id = ?", project).NotAfter("started_at", asOf), Parent: "pipeline_run_id",
		Order: []string{"started_at", "id"}, Kinds: []search.PositionKind{search.NumberPosition, search.IDPosition},
		Position: func(r *models.StepRun) models.Position {
			return models.Position{r.StartedAt.UnixMicro(), r.ID.String()}
		},
		ParentOf: func(r *models.StepRun) models.ID { return r.PipelineRunID },
	}, runs, page)
	return models.ViewsOfPages(found, asOf), err
}

// StartPipelineRun begins a pipeline run. It fails with NOT_FOUND for an unknown project, and with FORBIDDEN.
func (s *Store) StartPipelineRun(
	ctx context.Context, call Call, at *models.Path, input models.StartPipelineRunInput,
) (*models.PipelineRun, bool, error) {
	name, existed := auth.FromContext(ctx).ResolveProject(input.Project), false
	call.Input = []string{name, input.Pipeline}
	if input.ClientID != nil {
		call.Input = []string{name, input.Pipeline, *input.ClientID}
	}
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.PipelineRun),
		func(tx *transaction) (models.ID, *models.PipelineRun, error) {
			project, err := tx.ProjectNamed(at.Child("project"), name)
			if err == nil {
				err = tx.RequireRole(models.ApiKeyRoleWriter, project)
			}
			if err != nil {
				return project, nil, err
			}
			id, err := clientid.Claim(tx.Tx, project, at.Child("clientId"), input.ClientID)
			if err != nil {
				return project, nil, err
			}
			run, err := clientid.Find(tx.Tx, id, "pipeline_runs", access.PipelineRunsByID,
				func(r *models.PipelineRun) (bool, error) { return r.Pipeline == input.Pipeline, nil })
			if existed = run != nil; existed || err != nil {
				return project, run, err
			}
			started, err := tx.insertEvents(project, tx.Dialect.Now(0), runEvent(models.TimelineEventPipelineRunStarted,
				&models.PipelineRun{ID: id.ID, Pipeline: input.Pipeline}))
			if err == nil {
				err = tx.WriteTogether(tx.insertSubjects(project, newSubject{id.ID, models.SubjectPipelineRun, nil}), started)
			}
			if err != nil {
				return project, nil, err
			}
			run, err = access.InsertRow[models.PipelineRun](tx.Tx, "pipeline_runs",
				"project_id, id, pipeline, status, started_at, created_by",
				project, id.ID, input.Pipeline, models.RunStatusRunning, tx.Dialect.Now(0), call.Caller.Name)
			return project, run, err
		})
	return done.Value, done.Replayed || existed, err
}

// StartStepRun begins a step of a pipeline run and declares its inputs and outputs. It fails with NOT_FOUND for an
// unknown run or input, CONFLICT if the run has ended, and FORBIDDEN.
func (s *Store) StartStepRun(
	ctx context.Context, call Call, at *models.Path, input models.StartStepRunInput,
) (*models.StepRun, bool, error) {
	same := input
	same.Inputs = append([]models.StepInputDeclaration{}, input.Inputs...)
	for i := range same.Inputs {
		one := &same.Inputs[i].ArtifactVersionSelector
		*one = target.CanonicalSelector(auth.FromContext(ctx), *one)
	}
	same.Outputs = append([]models.StepOutputDeclaration{}, input.Outputs...)
	call.Input = same
	existed := false
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.StepRun),
		func(tx *transaction) (models.ID, *models.StepRun, error) {
			run, err := tx.lockPipelineRun(models.ApiKeyRoleWriter, at.Child("pipelineRunId"), input.PipelineRunID)
			if err != nil {
				return run.ProjectID, nil, err
			}
			id, err := clientid.Claim(tx.Tx, run.ProjectID, at.Child("clientId"), input.ClientID)
			if err != nil {
				return run.ProjectID, nil, err
			}
			step, err := clientid.Find(tx.Tx, id, "step_runs", access.StepRunsByID, func(r *models.StepRun) (bool, error) {
				return r.Name == input.Name && r.PipelineRunID == run.ID, nil
			})
			if existed = step != nil; existed && err == nil {
				step.KnownPipelineRun = &run
			}
			if existed || err != nil {
				return run.ProjectID, step, err
			}
			if run.Status != models.RunStatusRunning && !id.ByClient { // a step with an ID may be a late report
				return run.ProjectID, nil, models.Conflict(at.Child("pipelineRunId"), "the pipeline run has ended as %s", run.Status)
			}
			if step, err = tx.addStep(&run, id.ID, input.Name); err != nil {
				return run.ProjectID, nil, err
			}
			if err := tx.addInputs(at.Child("inputs"), step, input.Inputs); err != nil {
				return run.ProjectID, nil, err
			}
			return run.ProjectID, step, tx.addOutputs(step, input.Outputs)
		})
	return done.Value, done.Replayed || existed, err
}

// addStep adds a step to a locked run. The run changes at the time when the step starts.
func (tx *transaction) addStep(run *models.PipelineRun, id models.ID, name string) (*models.StepRun, error) {
	var started []models.Time
	touched := touchRun(run.ProjectID, run.ID, tx.Dialect.Now(run.StartedAt.UnixMicro()))
	err := tx.ReadTogether(&started, tx.insertSubjects(run.ProjectID, newSubject{id, models.SubjectStepRun, nil}),
		touched.Concat(engine.SQL(" RETURNING updated_at")))
	if err != nil {
		return nil, err
	}
	step, err := access.InsertRow[models.StepRun](tx.Tx, "step_runs",
		"project_id, id, pipeline_run_id, name, status, started_at, created_by",
		run.ProjectID, id, run.ID, name, models.RunStatusRunning, started[0], tx.Who.AuthorName())
	if err == nil {
		run.ChangedAt, step.KnownPipelineRun = &step.StartedAt, run
	}
	return step, err
}

func (tx *transaction) addInputs(at *models.Path, step *models.StepRun, inputs []models.StepInputDeclaration) error {
	if len(inputs) == 0 {
		return nil
	}
	selectors := make([]models.ArtifactVersionSelector, len(inputs))
	for i, input := range inputs {
		selectors[i] = input.ArtifactVersionSelector
	}
	found, err := target.Versions(tx.Tx, at, selectors)
	if err != nil {
		return err
	}
	rows := make([]any, len(inputs))
	for i, input := range inputs {
		if found[i].Project != step.ProjectID {
			field := "artifactVersionId"
			if input.ArtifactVersion != nil {
				field = "artifactVersion"
			}
			return models.NotFound(at.Child(i).Child(field), "is a version of another project than the pipeline run")
		}
		rows[i] = map[string]any{"position": i, "name": input.Name, "version": found[i].Version}
	}
	return tx.Write(engine.SQL(`INSERT INTO step_inputs (project_id, step_run_id, position, name, artifact_version_id)
		SELECT ?, ?, position, name, version FROM ?`, step.ProjectID, step.ID,
		tx.Dialect.JSONRows(rows, engine.NumberColumn("position"), engine.TextColumn("name"), engine.IDColumn("version"))))
}

func (tx *transaction) addOutputs(step *models.StepRun, outputs []models.StepOutputDeclaration) error {
	if len(outputs) == 0 {
		return nil
	}
	subjects := make([]newSubject, len(outputs))
	rows := make([]any, len(outputs))
	for i, output := range outputs {
		subjects[i] = newSubject{models.NewID(), models.SubjectStepOutput, nil}
		rows[i] = map[string]any{
			"id": subjects[i].ID, "position": i, "name": output.Name, "artifact_name": output.ArtifactName,
		}
	}
	return tx.WriteTogether(tx.insertSubjects(step.ProjectID, subjects...), engine.SQL(`INSERT INTO step_outputs (project_id, id, step_run_id, position, name, artifact_name)
		SELECT ?, id, ?, position, name, artifact_name FROM ?`, step.ProjectID, step.ID,
		tx.Dialect.JSONRows(rows, engine.IDColumn("id"), engine.NumberColumn("position"), engine.TextColumn("name"),
			engine.TextColumn("artifact_name"))))
}
