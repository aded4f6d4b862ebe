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
	return loadersFrom(ctx).stepRun.Load(ctx, e.ProjectID, e.StepRunID, toMicros(e.AsOf))
}

func (metadataEntry) HistoryCount(ctx context.Context, e *models.MetadataEntry) (int32, error) {
	return loadersFrom(ctx).historyCount.Load(ctx, e.ProjectID, e.ID, toMicros(e.AsOf))
}

func (metadataEntry) Subject(ctx context.Context, e *models.MetadataEntry) (models.Subject, error) {
	subject, err := loadersFrom(ctx).subject.Load(ctx, e.ProjectID, e.SubjectID, toMicros(e.AsOf))
	return dropDeletedNode(ctx, subject), err
}
