package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type lineageLink struct{}

func (lineageLink) StepRun(ctx context.Context, l *models.LineageLink) (*models.StepRun, error) {
	return loadersFrom(ctx).stepRun.Load(ctx, l.ProjectID, l.StepRunID, toMicros(l.To.AsOf))
}
