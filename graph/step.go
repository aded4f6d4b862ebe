package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type stepRun struct{ subject[*models.StepRun] }

func (stepRun) PipelineRun(ctx context.Context, r *models.StepRun) (*models.PipelineRun, error) {
	return load(ctx).pipelineRun.of(ctx, r.ProjectID, r.PipelineRunID, none{})
}

func (stepRun) Inputs(ctx context.Context, r *models.StepRun) ([]*models.StepInput, error) {
	return load(ctx).inputs.of(ctx, r.ProjectID, r.ID, none{})
}

func (stepRun) Outputs(ctx context.Context, r *models.StepRun) ([]*models.StepOutput, error) {
	return load(ctx).outputs.of(ctx, r.ProjectID, r.ID, none{})
}

type stepInput struct{}

func (stepInput) ArtifactVersion(ctx context.Context, i *models.StepInput) (*models.ArtifactVersion, error) {
	return load(ctx).version.of(ctx, i.ProjectID, i.ArtifactVersionID, none{})
}

type stepOutput struct{ subject[*models.StepOutput] }

func (stepOutput) StepRun(ctx context.Context, o *models.StepOutput) (*models.StepRun, error) {
	return load(ctx).stepRun.of(ctx, o.ProjectID, o.StepRunID, none{})
}

func (stepOutput) ArtifactVersion(ctx context.Context, o *models.StepOutput) (*models.ArtifactVersion, error) {
	if o.ArtifactVersionID.IsZero() {
		return nil, nil
	}
	version, err := load(ctx).version.of(ctx, o.ProjectID, o.ArtifactVersionID, none{})
	if version == nil || o.AsOf == nil {
		return version, err
	}
	if version.CreatedAt.After(o.AsOf.Time) {
		return nil, nil // it was not there yet
	}
	then := *version
	then.AsOf = o.AsOf
	return &then, nil
}
