package graph

import (
	"context"

	"github.com/placard/placard/models"
)

func (v artifactVersion) Producer(ctx context.Context, of *models.ArtifactVersion) (*models.Producer, error) {
	output, err := v.Output(ctx, of)
	if output == nil || err != nil {
		return nil, err
	}
	return &models.Producer{Output: output}, nil
}

func (v artifactVersion) Consumers(
	ctx context.Context, of *models.ArtifactVersion, first *int32, after *string, last *int32, before *string,
) (*models.StepRunConnection, error) {
	page, err := v.page(ctx, first, after, last, before)
	if err != nil {
		return nil, err
	}
	return load(ctx).consumers.of(ctx, of.ProjectID, of.ID, pageAsOf{page, micros(of.AsOf)})
}

func (v artifactVersion) Upstream(ctx context.Context, of *models.ArtifactVersion, depth, first int32) (*models.Lineage, error) {
	return v.lineage(ctx, of, depth, first, v.store.Upstream)
}

func (v artifactVersion) Downstream(ctx context.Context, of *models.ArtifactVersion, depth, first int32) (*models.Lineage, error) {
	return v.lineage(ctx, of, depth, first, v.store.Downstream)
}

func (v artifactVersion) lineage(
	ctx context.Context, of *models.ArtifactVersion, depth, first int32,
	follow func(context.Context, *models.ArtifactVersion, int, int) (*models.Lineage, error),
) (*models.Lineage, error) {
	if depth < 1 {
		return nil, models.BadInput(models.At("depth"), "must be 1 or more")
	}
	if depth > models.MaxLineageDepth {
		return nil, models.LimitExceeded(models.At("depth"), "steps of a lineage", models.MaxLineageDepth, int64(depth))
	}
	page, err := models.PageArguments{First: &first}.Page(v.limits.PageSize, false)
	if err != nil {
		return nil, err
	}
	found, err := follow(ctx, of, int(depth), page.Size)
	if found != nil {
		l := load(ctx)
		l.versionsTogether(found.Nodes)
		l.together(ids(found.Edges, func(e *models.LineageEdge) models.ID { return e.StepRunID }))
	}
	return found, err
}

type producer struct{}

func (producer) StepRun(ctx context.Context, p *models.Producer) (*models.StepRun, error) {
	return load(ctx).stepRun.of(ctx, p.Output.ProjectID, p.Output.StepRunID, micros(p.Output.AsOf))
}

type lineageEdge struct{}

func (lineageEdge) StepRun(ctx context.Context, e *models.LineageEdge) (*models.StepRun, error) {
	return load(ctx).stepRun.of(ctx, e.ProjectID, e.StepRunID, micros(e.To.AsOf))
}
