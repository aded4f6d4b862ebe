package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type producer struct{}

func (producer) StepRun(ctx context.Context, p *models.Producer) (*models.StepRun, error) {
	return stepOutput{}.StepRun(ctx, p.Output)
}
