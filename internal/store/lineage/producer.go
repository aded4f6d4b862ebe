package lineage

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// joinProducers returns the item of FROM with the rows v of versions, each joined with the output o that produced it as
// of an instant, or now for nil. That is the output that the version was saved from, else the first one bound to it.
func (r *Reader) joinProducers(project models.ID, versions []models.ID, asOf *models.Time) engine.Expr {
	saved := engine.SQL("c.project_id = ? AND c.id = v.subject_id", project).NotAfter("c.bound_at", asOf)
	bound := engine.SQL("b.project_id = ? AND b.artifact_version_id = v.id", project).NotAfter("b.bound_at", asOf)
	return r.DB.Dialect().LookUp(engine.Lookup{Table: "artifact_versions", Alias: "v", Column: "id", IDs: versions,
		Where: engine.SQL("v.project_id = ?", project)}).Concat(r.DB.Dialect().LateralJoin("step_outputs o", "o",
		engine.SQL(`o.project_id = ? AND o.id = COALESCE((SELECT c.id FROM step_outputs c WHERE ?),
			(SELECT b.id FROM step_outputs b WHERE ? ORDER BY b.bound_at, b.id LIMIT 1))`, project, saved, bound)))
}

// ProducingOutputs returns the output that produced each version as of an instant, or now for nil.
func (r *Reader) ProducingOutputs(
	ctx context.Context, project models.ID, versions []models.ID, asOf *models.Time,
) (map[models.ID]*models.StepOutput, error) {
	var found []*models.StepOutput
	err := r.DB.Read(ctx).Scan(&found, engine.SQL("SELECT "+engine.Qualify("o", engine.Columns[models.StepOutput]())+
		" FROM ?", r.joinProducers(project, versions, asOf)))
	outputs := make(map[models.ID]*models.StepOutput, len(found))
	for _, output := range found {
		outputs[output.ArtifactVersionID] = output.ViewAt(asOf)
	}
	return outputs, r.DB.TranslateError(err)
}

// ProducerInputs returns the inputs of the step that produced each version, in the order of declaration, as of an
// instant or now for nil.
func (r *Reader) ProducerInputs(
	ctx context.Context, project models.ID, versions []models.ID, asOf *models.Time,
) (map[models.ID][]*models.StepInput, error) {
	var found []*struct {
		models.StepInput
		ProducedID models.ID
	}
	from := r.joinProducers(project, versions, asOf).Concat(r.DB.Dialect().LateralJoin("step_inputs i", "i",
		engine.SQL("i.project_id = ? AND i.step_run_id = o.step_run_id", project)))
	err := r.DB.Read(ctx).Scan(&found, engine.SQL("SELECT "+engine.Qualify("i", engine.Columns[models.StepInput]())+
		", v.id AS produced_id FROM ? ORDER BY v.id, i.position", from))
	inputs := map[models.ID][]*models.StepInput{}
	for _, row := range found {
		inputs[row.ProducedID] = append(inputs[row.ProducedID], row.StepInput.ViewAt(asOf))
	}
	return inputs, r.DB.TranslateError(err)
}
