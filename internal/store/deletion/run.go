package deletion

import (
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// PipelineRun deletes a locked pipeline run with its steps, their inputs and outputs, and the metadata of all of them.
// Versions that were saved from its outputs stay, and keep the subjects of the outputs. revision is the new revision of
// these subjects.
func PipelineRun(tx *access.Tx, run *models.PipelineRun, revision int64) error {
	project := run.ProjectID
	var steps, outputs []models.ID
	err := tx.Read(&steps, engine.SQL("SELECT id FROM step_runs WHERE project_id = ? AND pipeline_run_id = ?",
		project, run.ID))
	if err != nil {
		return err
	}
	if len(steps) > 0 {
		err = tx.Read(&outputs, engine.SQL("SELECT o.id FROM ?", tx.Dialect.LookUp(engine.Lookup{Table: "step_outputs",
			Alias: "o", Column: "step_run_id", IDs: steps, Where: engine.SQL("o.project_id = ?", project)})))
		if err != nil {
			return err
		}
	}
	locked, err := lockSubjects(tx, project, append(append([]models.ID{run.ID}, steps...), outputs...))
	if err != nil {
		return err
	}
	var gone, kept []models.ID
	for _, subject := range locked {
		if subject.ArtifactVersionID.IsZero() {
			gone = append(gone, subject.ID)
		} else {
			kept = append(kept, subject.ID)
		}
	}
	if err := deleteRows(tx, run, steps); err != nil {
		return err
	}
	if len(kept) > 0 {
		if err := tx.Write(tx.ReviseSubjects(project, kept, revision, "")); err != nil {
			return err
		}
	}
	return deleteLocked(tx, project, gone)
}

// deleteRows deletes a pipeline run and its steps without their subjects.
func deleteRows(tx *access.Tx, run *models.PipelineRun, steps []models.ID) error {
	if len(steps) > 0 {
		for _, rows := range []struct{ table, step string }{
			{"step_inputs", "step_run_id"}, {"step_outputs", "step_run_id"}, {"step_runs", "id"},
		} {
			if err := deleteIn(tx, run.ProjectID, rows.table, rows.step, steps); err != nil {
				return err
			}
		}
	}
	return tx.Write(engine.SQL("DELETE FROM pipeline_runs WHERE project_id = ? AND id = ?", run.ProjectID, run.ID))
}
