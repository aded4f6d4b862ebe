package store

import (
	"context"
	"encoding/json"

	"github.com/placard/placard/models"
)

var (
	pipelineRunColumns = []string{"id", "project_id", "pipeline", "status", "started_at", "finished_at"}
	stepRunColumns     = []string{"id", "project_id", "pipeline_run_id", "name", "status", "started_at", "finished_at"}
)

var pipelineRunsByID = byIDs("pipeline_runs", pipelineRunColumns, func(o *models.PipelineRun) models.ID { return o.ID })

var stepRunsByID = byIDs("step_runs", stepRunColumns, func(o *models.StepRun) models.ID { return o.ID })

// PipelineRuns is a page of the pipeline runs of a project, newest first; of one pipeline when it is named.
func (s *Store) PipelineRuns(
	ctx context.Context, project string, pipeline *string, page models.Page,
) (*models.PipelineRunConnection, error) {
	l := list[*models.PipelineRun]{
		name: "pipelineRuns", columns: of("r", pipelineRunColumns),
		table: "pipeline_runs r JOIN projects p ON p.id = r.project_id",
		where: "p.name = ?", args: []any{project},
		order: []string{"r.started_at", "r.id"}, descending: true, kinds: []positionKind{numberPosition, idPosition},
		position: func(r *models.PipelineRun) models.Position {
			return models.Position{r.StartedAt.UnixMicro(), r.ID.String()}
		},
	}
	if pipeline != nil {
		l.where, l.args = l.where+" AND r.pipeline = ?", append(l.args, *pipeline)
	}
	found, err := pages(ctx, s, l, nil, page)
	return found[models.ID{}], err
}

// StepRuns is the same page of the steps of each pipeline run, in order of start.
func (s *Store) StepRuns(
	ctx context.Context, project models.ID, runs []models.ID, page models.Page,
) (map[models.ID]*models.StepRunConnection, error) {
	return pages(ctx, s, list[*models.StepRun]{
		name: "stepRuns", columns: of("step_runs", stepRunColumns), table: "step_runs",
		where: "project_id = ?", args: []any{project}, parent: "pipeline_run_id",
		order: []string{"started_at", "id"}, kinds: []positionKind{numberPosition, idPosition},
		position: func(r *models.StepRun) models.Position {
			return models.Position{r.StartedAt.UnixMicro(), r.ID.String()}
		},
		of: func(r *models.StepRun) models.ID { return r.PipelineRunID },
	}, runs, page)
}

// StartPipelineRun begins a pipeline run. NOT_FOUND for an unknown project.
func (s *Store) StartPipelineRun(
	ctx context.Context, call Call, at *models.Path, input models.StartPipelineRunInput,
) (*models.PipelineRun, bool, error) {
	call.Input = []string{models.ProjectName(input.Project), input.Pipeline}
	return once(ctx, s, call, func(tx *transaction) (models.ID, *models.PipelineRun, error) {
		project, err := tx.projectNamed(at.In("project"), models.ProjectName(input.Project))
		if err != nil {
			return project, nil, err
		}
		id := models.NewID()
		if err := tx.addSubjects(project, id); err != nil {
			return project, nil, err
		}
		var made []*models.PipelineRun
		err = tx.Raw("INSERT INTO pipeline_runs (project_id, id, pipeline, status, started_at) VALUES (?, ?, ?, ?, ?) RETURNING "+
			of("pipeline_runs", pipelineRunColumns), project, id, input.Pipeline, models.RunStatusRunning, tx.dialect.now(0)).
			Scan(&made).Error
		return project, first(made), err
	})
}

// addSubjects makes room for entries about new objects.
func (tx *transaction) addSubjects(project models.ID, ids ...models.ID) error {
	text, err := json.Marshal(objects(ids, func(id models.ID) any { return map[string]any{"id": id} }))
	if err != nil {
		return err
	}
	return tx.Exec("INSERT INTO subjects (project_id, id) SELECT ?, id FROM "+tx.dialect.rows(column{"id", idColumn}),
		project, string(text)).Error
}

func objects[T any](items []T, object func(T) any) []any {
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = object(item)
	}
	return list
}

// FinishPipelineRun ends a pipeline run. NOT_FOUND when there is none, CONFLICT when it has ended in another way; to
// end it again in the same way changes nothing.
func (s *Store) FinishPipelineRun(
	ctx context.Context, at *models.Path, input models.FinishPipelineRunInput,
) (*models.PipelineRun, error) {
	return finish(ctx, s, "pipeline_runs", pipelineRunsByID, input.PipelineRunID, at.In("pipelineRunId"), input.Status, at.In("status"),
		func(r *models.PipelineRun) models.RunStatus { return r.Status })
}

// FinishStepRun ends a step run. NOT_FOUND when there is none, CONFLICT when it has ended in another way; to end it
// again in the same way changes nothing.
func (s *Store) FinishStepRun(
	ctx context.Context, at *models.Path, input models.FinishStepRunInput,
) (*models.StepRun, error) {
	return finish(ctx, s, "step_runs", stepRunsByID, input.StepRunID, at.In("stepRunId"), input.Status, at.In("status"),
		func(r *models.StepRun) models.RunStatus { return r.Status })
}

// finish ends a run of a table of runs.
func finish[T any](
	ctx context.Context, s *Store, table string, load func(*transaction, []models.ID) (map[models.ID]*T, error),
	text string, idAt *models.Path, status models.RunStatus, statusAt *models.Path, statusOf func(*T) models.RunStatus,
) (run *T, err error) {
	id, _ := models.ParseID(text)
	err = s.write(ctx, func(tx *transaction) error {
		ended := tx.Exec("UPDATE "+table+" SET status = ?, finished_at = ? WHERE id = ? AND status = ?",
			status, tx.dialect.now(0), id, models.RunStatusRunning)
		if ended.Error != nil {
			return ended.Error
		}
		found, err := load(tx, []models.ID{id})
		if run = found[id]; err == nil && run == nil {
			return models.NotFound(idAt, "there is no run with this ID")
		}
		if err == nil && statusOf(run) != status {
			return models.Conflict(statusAt, "the run has ended as %s", statusOf(run))
		}
		return err
	})
	return run, err
}
