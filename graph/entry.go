package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type metadataEntry struct{}

func (metadataEntry) StepRun(ctx context.Context, e *models.MetadataEntry) (*models.StepRun, error) {
	if e.StepRunID.IsZero() {
		return nil, nil
	}
	return load(ctx).stepRun.of(ctx, e.ProjectID, e.StepRunID, none{})
}

func (metadataEntry) Subject(ctx context.Context, e *models.MetadataEntry) (models.Subject, error) {
	return load(ctx).subject.of(ctx, e.ProjectID, e.SubjectID, none{})
}
