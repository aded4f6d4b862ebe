package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type stepInput struct{}

func (stepInput) ArtifactVersion(ctx context.Context, i *models.StepInput) (*models.ArtifactVersion, error) {
	version, err := loadersFrom(ctx).version.Load(ctx, i.ProjectID, i.ArtifactVersionID, toMicros(i.AsOf))
	return dropDeletedNode(ctx, version), err
}
