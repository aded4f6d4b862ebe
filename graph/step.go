package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type stepRun struct{ subject[*models.StepRun] }

func (stepRun) PipelineRun(ctx context.Context, r *models.StepRun) (*models.PipelineRun, error) {
	return load(ctx).pipelineRun.of(ctx, r.ProjectID, r.PipelineRunID, micros(r.AsOf))
}

func (stepRun) Inputs(ctx context.Context, r *models.StepRun) ([]*models.StepInput, error) {
	return load(ctx).inputs.of(ctx, r.ProjectID, r.ID, micros(r.AsOf))
}

func (stepRun) Outputs(ctx context.Context, r *models.StepRun) ([]*models.StepOutput, error) {
	return load(ctx).outputs.of(ctx, r.ProjectID, r.ID, micros(r.AsOf))
}

type stepInput struct{}

func (stepInput) ArtifactVersion(ctx context.Context, i *models.StepInput) (*models.ArtifactVersion, error) {
	return load(ctx).version.of(ctx, i.ProjectID, i.ArtifactVersionID, micros(i.AsOf))
}

type stepOutput struct{ subject[*models.StepOutput] }

func (stepOutput) StepRun(ctx context.Context, o *models.StepOutput) (*models.StepRun, error) {
	return load(ctx).stepRun.of(ctx, o.ProjectID, o.StepRunID, micros(o.AsOf))
}

func (stepOutput) ArtifactVersion(ctx context.Context, o *models.StepOutput) (*models.ArtifactVersion, error) {
	if o.ArtifactVersionID.IsZero() {
		return nil, nil
	}
	return load(ctx).version.of(ctx, o.ProjectID, o.ArtifactVersionID, micros(o.AsOf))
}
