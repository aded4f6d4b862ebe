package store

import (
	"context"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
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
	name := auth.FromContext(ctx).ResolveProject(input.Project)
	call.Input = []string{name, input.Pipeline}
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.PipelineRun),
		func(tx *transaction) (models.ID, *models.PipelineRun, error) {
			project, err := tx.ProjectNamed(at.Child("project"), name)
			if err == nil {
				err = tx.RequireRole(models.ApiKeyRoleWriter, project)
			}
			if err != nil {
				return project, nil, err
			}
			id := models.NewID()
			started, err := tx.insertEvents(project, tx.Dialect.Now(0), runEvent(models.TimelineEventPipelineRunStarted,
				&models.PipelineRun{ID: id, Pipeline: input.Pipeline}))
			if err == nil {
				err = tx.WriteTogether(tx.insertSubjects(project, newSubject{id, models.SubjectPipelineRun, nil}), started)
			}
			if err != nil {
				return project, nil, err
			}
			run, err := access.InsertRow[models.PipelineRun](tx.Tx, "pipeline_runs",
				"project_id, id, pipeline, status, started_at, created_by",
				project, id, input.Pipeline, models.RunStatusRunning, tx.Dialect.Now(0), call.Caller.Name)
			return project, run, err
		})
	return done.Value, done.Replayed, err
}

// FinishPipelineRun ends a pipeline run. It fails with NOT_FOUND, CONFLICT if the run has ended with another status,
// and FORBIDDEN. Repeating it changes nothing.
func (s *Store) FinishPipelineRun(
	ctx context.Context, at *models.Path, input models.FinishPipelineRunInput,
) (*models.PipelineRun, error) {
	table := runTable[models.PipelineRun]{"pipeline_runs", "pipelineRunId", access.PipelineRunsByID,
		func(r *models.PipelineRun) models.RunStatus { return r.Status },
		func(tx *transaction, r *models.PipelineRun) (engine.Expr, error) {
			ended := runEvent(models.TimelineEventPipelineRunFinished, r)
			ended.details.Status = r.Status
			return tx.insertEvents(r.ProjectID, *r.ChangedAt, ended)
		}}
	return table.finish(ctx, s, at, input.PipelineRunID, input.Status)
}

// FinishStepRun ends a step run. It fails with NOT_FOUND, CONFLICT if the run has ended with another status, and
// FORBIDDEN. Repeating it changes nothing.
func (s *Store) FinishStepRun(
	ctx context.Context, at *models.Path, input models.FinishStepRunInput,
) (*models.StepRun, error) {
	table := runTable[models.StepRun]{"step_runs", "stepRunId", access.StepRunsByID,
		func(r *models.StepRun) models.RunStatus { return r.Status },
		func(_ *transaction, r *models.StepRun) (engine.Expr, error) {
			return touchRun(r.ProjectID, r.PipelineRunID, *r.ChangedAt), nil
		}}
	return table.finish(ctx, s, at, input.StepRunID, input.Status)
}

// runTable is a table of runs.
type runTable[T any] struct {
	name string
	// idField is the field of an input with the ID of a run.
	idField string
	load    func(*access.Tx, []models.ID) (map[models.ID]*T, error)
	// status returns the status of a run.
	status func(*T) models.RunStatus
	// note returns the statement that records the end of a run elsewhere.
	note func(*transaction, *T) (engine.Expr, error)
}

// end ends the running run for which a condition holds, and reports whether there is one.
func (t runTable[T]) end(tx *transaction, status models.RunStatus, where engine.Expr) (bool, error) {
	now := tx.Dialect.Now(0)
	ended, err := tx.WriteCount(engine.SQL("UPDATE "+t.name+" SET status = ?, updated_at = "+laterThanUpdate+
		", finished_at = CASE WHEN started_at > ? THEN started_at ELSE ? END WHERE ?", status, now, now, now, now, where))
	return ended > 0, err
}

// finish ends the run with the ID text.
func (t runTable[T]) finish(
	ctx context.Context, s *Store, at *models.Path, text string, status models.RunStatus,
) (run *T, err error) {
	id, _ := models.ParseID(text)
	err = s.write(ctx, func(tx *transaction) (err error) {
		may := tx.Who.HasRoleInAnyProject(models.ApiKeyRoleWriter)
		where := access.VisibleTo(tx.Who, "project_id", engine.SQL("id = ? AND status = ?", id, models.RunStatusRunning))
		ended := false
		if may {
			if ended, err = t.end(tx, status, where); err != nil {
				return err
			}
		}
		found, err := t.load(tx.Tx, []models.ID{id})
		if run = found[id]; err == nil && run == nil {
			return tx.UnknownID(at.Child(t.idField), access.TypeName(t.name), text)
		}
		if err == nil && !may {
			return access.ErrReadOnlyRole
		}
		if err == nil && t.status(run) != status {
			return models.Conflict(at.Child("status"), "the run has ended as %s", t.status(run))
		}
		if err != nil || !ended {
			return err
		}
		note, err := t.note(tx, run)
		if err != nil {
			return err
		}
		return tx.Write(note)
	})
	return run, err
}

// StepInputs returns the inputs of each step run, in the order of declaration.
func (s *Store) StepInputs(
	ctx context.Context, project models.ID, steps []models.ID,
) (map[models.ID][]*models.StepInput, error) {
	found, err := lookUpRows[models.StepInput](ctx, s, engine.Lookup{Table: "step_inputs", Column: "step_run_id", IDs: steps},
		project, " ORDER BY t.step_run_id, t.position")
	inputs := map[models.ID][]*models.StepInput{}
	for _, input := range found {
		inputs[input.StepRunID] = append(inputs[input.StepRunID], input)
	}
	return inputs, err
}

// StepOutputs returns the outputs of each step run, in the order of declaration.
func (s *Store) StepOutputs(
	ctx context.Context, project models.ID, steps []models.ID,
) (map[models.ID][]*models.StepOutput, error) {
	found, err := lookUpRows[models.StepOutput](ctx, s, engine.Lookup{Table: "step_outputs", Column: "step_run_id", IDs: steps},
		project, " ORDER BY t.step_run_id, t.position")
	outputs := map[models.ID][]*models.StepOutput{}
	for _, output := range found {
		outputs[output.StepRunID] = append(outputs[output.StepRunID], output)
	}
	return outputs, err
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
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.StepRun),
		func(tx *transaction) (models.ID, *models.StepRun, error) {
			runID, _ := models.ParseID(input.PipelineRunID)
			run, err := access.SelectForUpdate[models.PipelineRun](tx.Tx, runID) // so that nobody ends it
			if err != nil {
				return models.ID{}, nil, err
			}
			if run == nil {
				return models.ID{}, nil, tx.UnknownID(at.Child("pipelineRunId"), "pipeline run", input.PipelineRunID)
			}
			if err := tx.RequireRole(models.ApiKeyRoleWriter, run.ProjectID); err != nil {
				return run.ProjectID, nil, err
			}
			if run.Status != models.RunStatusRunning {
				return run.ProjectID, nil, models.Conflict(at.Child("pipelineRunId"), "the pipeline run has ended as %s", run.Status)
			}
			step, err := tx.addStep(run, input.Name)
			if err != nil {
				return run.ProjectID, nil, err
			}
			step.KnownPipelineRun = run
			if err := tx.addInputs(at.Child("inputs"), step, input.Inputs); err != nil {
				return run.ProjectID, nil, err
			}
			return run.ProjectID, step, tx.addOutputs(step, input.Outputs)
		})
	return done.Value, done.Replayed, err
}

func (tx *transaction) addStep(run *models.PipelineRun, name string) (*models.StepRun, error) {
	id, now := models.NewID(), tx.Dialect.Now(run.StartedAt.UnixMicro())
	err := tx.WriteTogether(tx.insertSubjects(run.ProjectID, newSubject{id, models.SubjectStepRun, nil}),
		touchRun(run.ProjectID, run.ID, now))
	if err != nil {
		return nil, err
	}
	return access.InsertRow[models.StepRun](tx.Tx, "step_runs",
		"project_id, id, pipeline_run_id, name, status, started_at, created_by",
		run.ProjectID, id, run.ID, name, models.RunStatusRunning, now, tx.Who.AuthorName())
}

// laterThanUpdate is the time of a change of a run: an instant, but later than the change before it.
const laterThanUpdate = "CASE WHEN updated_at >= ? THEN updated_at + 1 ELSE ? END"

// touchRun returns the statement that records a change of a pipeline run at an instant.
func touchRun(project, run models.ID, at any) engine.Expr {
	return engine.SQL("UPDATE pipeline_runs SET updated_at = "+laterThanUpdate+" WHERE project_id = ? AND id = ?",
		at, at, project, run)
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
