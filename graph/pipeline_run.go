package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type pipelineRun struct{ subject[*models.PipelineRun] }

func (pipelineRun) Project(ctx context.Context, r *models.PipelineRun) (*models.Project, error) {
	return loadersFrom(ctx).project.Load(ctx, r.ProjectID, r.ProjectID, noArgs{})
}

// maxListedSteps is the number of steps that PipelineRun.steps lists.
const maxListedSteps = 1000

func (pipelineRun) Steps(ctx context.Context, r *models.PipelineRun) ([]*models.StepRun, error) {
	page := pageAsOf{models.Page{Size: maxListedSteps, Count: true}, toMicros(r.AsOf)}
	steps, err := loadersFrom(ctx).stepRuns.Load(ctx, r.ProjectID, r.ID, page)
	if err != nil {
		return nil, err
	}
	if steps.PageInfo.HasNextPage {
		return nil, models.LimitExceeded(nil, "steps in a list; page through stepRuns",
			maxListedSteps, int64(steps.TotalCount))
	}
	return steps.Nodes(), nil
}

func (p pipelineRun) StepRuns(
	ctx context.Context, r *models.PipelineRun, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.StepRunConnection, error) {
	page, err := p.page(ctx, pageArgs(first, after, last, before))
	if err != nil {
		return nil, err
	}
	args := queryArgs{where: where, orderBy: orderBy}
	query, err := p.listQuery(ctx, args, r.AsOf)
	if err != nil {
		return nil, err
	}
	if args.isPlain() {
		return loadersFrom(ctx).stepRuns.Load(ctx, r.ProjectID, r.ID, pageAsOf{page, toMicros(r.AsOf)})
	}
	steps, err := p.store.SearchStepRunsOf(ctx, r, query, page)
	if steps != nil {
		addSiblings(loadersFrom(ctx), steps.Nodes())
		noteListOf(ctx, r.ProjectID, query, len(steps.Edges))
	}
	return steps, err
}
