package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type stepRun struct{ subject[*models.StepRun] }

func (stepRun) PipelineRun(ctx context.Context, r *models.StepRun) (*models.PipelineRun, error) {
	if r.KnownPipelineRun != nil {
		return r.KnownPipelineRun, nil
	}
	run, err := loadersFrom(ctx).pipelineRun.Load(ctx, r.ProjectID, r.PipelineRunID, toMicros(r.AsOf))
	if err == nil && run == nil {
		err = models.NotFound(nil, "the pipeline run has been deleted meanwhile")
	}
	return run, err
}

func (stepRun) Inputs(ctx context.Context, r *models.StepRun) ([]*models.StepInput, error) {
	return loadersFrom(ctx).inputs.Load(ctx, r.ProjectID, r.ID, toMicros(r.AsOf))
}

func (stepRun) Outputs(ctx context.Context, r *models.StepRun) ([]*models.StepOutput, error) {
	return loadersFrom(ctx).outputs.Load(ctx, r.ProjectID, r.ID, toMicros(r.AsOf))
}
