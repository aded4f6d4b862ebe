package lineage

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// StepInputs returns the inputs of each step run, in the order of declaration.
func (r *Reader) StepInputs(
	ctx context.Context, project models.ID, steps []models.ID,
) (map[models.ID][]*models.StepInput, error) {
	found, err := readOfSteps[models.StepInput](ctx, r, "step_inputs", project, steps)
	inputs := map[models.ID][]*models.StepInput{}
	for _, input := range found {
		inputs[input.StepRunID] = append(inputs[input.StepRunID], input)
	}
	return inputs, err
}

// StepOutputs returns the outputs of each step run, in the order of declaration.
func (r *Reader) StepOutputs(
	ctx context.Context, project models.ID, steps []models.ID,
) (map[models.ID][]*models.StepOutput, error) {
	found, err := readOfSteps[models.StepOutput](ctx, r, "step_outputs", project, steps)
	outputs := map[models.ID][]*models.StepOutput{}
	for _, output := range found {
		outputs[output.StepRunID] = append(outputs[output.StepRunID], output)
	}
	return outputs, err
}

// readOfSteps returns the rows of a table of inputs or outputs of step runs, in the order of declaration.
func readOfSteps[T any](
	ctx context.Context, r *Reader, table string, project models.ID, steps []models.ID,
) (found []*T, err error) {
	wanted := engine.Lookup{Table: table, Alias: "t", Column: "step_run_id", IDs: steps,
		Where: engine.SQL("t.project_id = ?", project)}
	err = r.DB.Read(ctx).Scan(&found, engine.SQL("SELECT "+engine.Qualify("t", engine.Columns[T]())+
		" FROM ? ORDER BY t.step_run_id, t.position", r.DB.Dialect().LookUp(wanted)))
	return found, r.DB.TranslateError(err)
}
