package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type stepOutput struct{ subject[*models.StepOutput] }

func (stepOutput) StepRun(ctx context.Context, o *models.StepOutput) (*models.StepRun, error) {
	step, err := loadersFrom(ctx).stepRun.Load(ctx, o.ProjectID, o.StepRunID, toMicros(o.AsOf))
	if err == nil && step == nil {
		err = models.NotFound(nil, "the step run has been deleted meanwhile")
	}
	return step, err
}

func (stepOutput) ArtifactVersion(ctx context.Context, o *models.StepOutput) (*models.ArtifactVersion, error) {
	if o.ArtifactVersionID.IsZero() || o.KnownVersion != nil {
		return o.KnownVersion, nil
	}
	version, err := loadersFrom(ctx).version.Load(ctx, o.ProjectID, o.ArtifactVersionID, toMicros(o.AsOf))
	return dropDeletedNode(ctx, version), err
}
