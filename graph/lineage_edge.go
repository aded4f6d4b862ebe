package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type lineageEdge struct{}

func (lineageEdge) StepRun(ctx context.Context, e *models.LineageEdge) (*models.StepRun, error) {
	return loadersFrom(ctx).stepRun.Load(ctx, e.ProjectID, e.StepRunID, toMicros(e.To.AsOf))
}
