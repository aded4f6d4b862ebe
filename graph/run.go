package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type pipelineRun struct{ subject[*models.PipelineRun] }

func (pipelineRun) Project(ctx context.Context, r *models.PipelineRun) (*models.Project, error) {
	return load(ctx).project.of(ctx, r.ProjectID, r.ProjectID, none{})
}

// mostSteps is how many steps PipelineRun.steps lists.
const mostSteps = 1000

func (pipelineRun) Steps(ctx context.Context, r *models.PipelineRun) ([]*models.StepRun, error) {
	found, err := load(ctx).stepRuns.of(ctx, r.ProjectID, r.ID, pageAsOf{models.Page{Size: mostSteps, Count: true}, micros(r.AsOf)})
	if err != nil {
		return nil, err
	}
	if found.PageInfo.HasNextPage {
		return nil, models.LimitExceeded(nil, "steps in a list; page through stepRuns", mostSteps, int64(found.TotalCount))
	}
	return found.Nodes(), nil
}

func (p pipelineRun) StepRuns(
	ctx context.Context, r *models.PipelineRun, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.StepRunConnection, error) {
	page, err := p.page(ctx, first, after, last, before)
	if err != nil {
		return nil, err
	}
	question, err := p.question(ctx, where, orderBy, nil, r.AsOf)
	if err != nil {
		return nil, err
	}
	if where == nil && orderBy == nil {
		return load(ctx).stepRuns.of(ctx, r.ProjectID, r.ID, pageAsOf{page, micros(r.AsOf)})
	}
	found, err := p.store.SearchStepRunsOf(ctx, r, question, page)
	if found != nil {
		load(ctx).stepRunsTogether(found.Nodes())
	}
	return found, err
}
