package store

import (
	"context"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/models"
)

var pipelineRunColumns = engine.Columns[models.PipelineRun]()

// lockPipelineRun returns a pipeline run and locks it until the end of the transaction. It fails with NOT_FOUND and
// FORBIDDEN, and with CONFLICT if several projects have the ID. It returns the project of the run also with FORBIDDEN.
//
// A transaction locks the pipeline run before it changes step runs, so that no two of them wait for each other.
func (tx *transaction) lockPipelineRun(
	role models.ApiKeyRole, at *models.Path, text string,
) (models.PipelineRun, error) {
	id, _ := models.ParseID(text)
	project, err := tx.ProjectOf(at, "pipeline_runs", id)
	if err != nil {
		return models.PipelineRun{}, err
	}
	run, err := access.LockRow[models.PipelineRun](tx.Tx, project, id)
	if err == nil && run == nil {
		err = tx.UnknownID(at, "pipeline run", text)
	}
	if err != nil {
		return models.PipelineRun{}, err
	}
	return *run, tx.RequireRole(role, run.ProjectID)
}

// lockStepRun returns a step run with its pipeline run, which it locks until the end of the transaction. It fails like
// lockPipelineRun. The step run may have changed since it was read.
func (tx *transaction) lockStepRun(at *models.Path, text string) (step models.StepRun, run models.PipelineRun, err error) {
	id, _ := models.ParseID(text)
	steps, err := access.StepRunsByID(tx.Tx, []models.ID{id})
	if err == nil {
		err = tx.RefuseShared(at, id)
	}
	if err == nil && steps[id] == nil {
		err = tx.UnknownID(at, "step run", text)
	}
	if err != nil {
		return step, run, err
	}
	locked, err := access.LockRow[models.PipelineRun](tx.Tx, steps[id].ProjectID, steps[id].PipelineRunID)
	if err == nil && locked == nil {
		err = engine.ErrRetry // the run has just been deleted
	}
	if err != nil {
		return *steps[id], run, err
	}
	return *steps[id], *locked, tx.RequireRole(models.ApiKeyRoleWriter, locked.ProjectID)
}

// FinishPipelineRun ends a pipeline run, and its running steps as CANCELLED. It fails with NOT_FOUND, CONFLICT if the
// run has ended with another status, IDEMPOTENCY_KEY_REUSED and FORBIDDEN. Repeating it changes nothing.
func (s *Store) FinishPipelineRun(
	ctx context.Context, call Call, at *models.Path, input models.FinishPipelineRunInput,
) (*models.PipelineRun, bool, error) {
	call.Input = input
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.PipelineRun),
		func(tx *transaction) (models.ID, *models.PipelineRun, error) {
			run, err := tx.lockPipelineRun(models.ApiKeyRoleWriter, at.Child("pipelineRunId"), input.PipelineRunID)
			switch {
			case err != nil || run.Status == input.Status:
				return run.ProjectID, &run, err
			case run.Status != models.RunStatusRunning:
				return run.ProjectID, nil, models.Conflict(at.Child("status"), "the run has ended as %s", run.Status)
			}
			ended, err := tx.endPipelineRun(run, input.Status)
			return run.ProjectID, ended, err
		})
	return done.Value, done.Replayed, err
}

// laterThanUpdate is the time of a change of a run: an instant, but later than the change before it. Citus allows the
// clock inside CASE only in a subquery.
const laterThanUpdate = "CASE WHEN updated_at >= (SELECT CAST(? AS bigint)) THEN updated_at + 1 ELSE (SELECT CAST(? AS bigint)) END"

// endRun ends a run of a table at an instant.
const endRun = " SET status = ?, updated_at = CASE WHEN updated_at >= m.moment THEN updated_at + 1 ELSE m.moment END," +
	" finished_at = m.moment FROM (SELECT CAST(? AS bigint) AS moment) m WHERE project_id = ? AND id = ?"

// endPipelineRun ends a locked run. The steps that are running end at the same time, so that lateReport finds them.
func (tx *transaction) endPipelineRun(run models.PipelineRun, status models.RunStatus) (*models.PipelineRun, error) {
	floor := run.StartedAt.UnixMicro()
	if run.ChangedAt != nil {
		floor = max(floor, run.ChangedAt.UnixMicro()+1)
	}
	var rows []*models.PipelineRun
	err := tx.Read(&rows, engine.SQL("UPDATE pipeline_runs"+endRun+" RETURNING "+
		engine.Qualify("pipeline_runs", pipelineRunColumns), status, tx.Dialect.Now(floor), run.ProjectID, run.ID))
	if err != nil {
		return nil, err
	}
	ended := rows[0]
	finished := runEvent(models.TimelineEventPipelineRunFinished, ended)
	finished.details.Status = status
	noted, err := tx.insertEvents(run.ProjectID, *ended.FinishedAt, finished)
	if err != nil {
		return nil, err
	}
	at := *ended.FinishedAt
	return ended, tx.WriteTogether(noted, engine.SQL("UPDATE step_runs SET status = ?, updated_at = "+laterThanUpdate+
		", finished_at = "+endWithRun+" WHERE project_id = ? AND pipeline_run_id = ? AND status = ?",
		models.RunStatusCancelled, at, at, at, at, run.ProjectID, run.ID, models.RunStatusRunning))
}

// endWithRun is the time at which a step run ends that is running when its pipeline run ends.
const endWithRun = "CASE WHEN started_at > ? THEN started_at ELSE ? END"

// endStepRun ends a step of a locked run at floor or later, and returns it. changed is false if it has ended with the
// status before.
func (tx *transaction) endStepRun(
	at *models.Path, step models.StepRun, run models.PipelineRun, status models.RunStatus, floor int64,
) (ended *models.StepRun, changed bool, err error) {
	floor, open := max(floor, step.StartedAt.UnixMicro()), engine.SQL("status = ?", models.RunStatusRunning)
	if end := run.FinishedAt; end != nil { // later than endWithRun, so that lateReport does not find the step again
		floor = max(floor, end.UnixMicro()+1, step.StartedAt.UnixMicro()+1)
		open = engine.Any([]engine.Expr{open, lateReport(*end)})
	}
	var rows []*models.StepRun
	err = tx.Read(&rows, engine.SQL("UPDATE step_runs"+endRun+" AND ? RETURNING "+
		engine.Qualify("step_runs", stepRunColumns), status, tx.Dialect.Now(floor), run.ProjectID, step.ID, open))
	if err == nil && len(rows) > 0 {
		var runs []*models.PipelineRun
		err = tx.Read(&runs, touchRun(run.ProjectID, run.ID, *rows[0].ChangedAt).Concat(engine.SQL(" RETURNING "+
			engine.Qualify("pipeline_runs", pipelineRunColumns))))
		rows[0].KnownPipelineRun = access.FirstOrNil(runs)
		return rows[0], true, err
	}
	if err != nil {
		return nil, false, err
	}
	now, err := access.LockRow[models.StepRun](tx.Tx, run.ProjectID, step.ID)
	switch {
	case err != nil:
		return nil, false, err
	case now == nil:
		return nil, false, engine.ErrRetry
	case now.Status != status:
		return nil, false, models.Conflict(at, "the run has ended as %s", now.Status)
	}
	now.KnownPipelineRun = &run
	return now, false, nil
}

// lateReport is the condition that a step run ended with its pipeline run at an instant. Its own call was earlier or
// later, because both lock the pipeline run and get different times.
func lateReport(end models.Time) engine.Expr {
	return engine.SQL("(status = ? AND finished_at = "+endWithRun+")", models.RunStatusCancelled, end, end)
}

// touchRun returns the statement that records a change of a pipeline run at an instant.
func touchRun(project, run models.ID, at any) engine.Expr {
	return engine.SQL("UPDATE pipeline_runs SET updated_at = "+laterThanUpdate+" WHERE project_id = ? AND id = ?",
		at, at, project, run)
}
