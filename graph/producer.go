package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type producer struct{}

func (producer) StepRun(ctx context.Context, p *models.Producer) (*models.StepRun, error) {
	return loadersFrom(ctx).stepRun.Load(ctx, p.Output.ProjectID, p.Output.StepRunID, toMicros(p.Output.AsOf))
}
