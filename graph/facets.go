package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// facetArgs are the arguments of a facet.
type facetArgs struct {
	project *string
	where   models.FilterInput
	first   *int32
	after   *string
}

// facet checks the arguments of a facet. It returns the name of the project, the filter, nil for none, and the page.
func (q query) facet(ctx context.Context, args facetArgs) (string, *models.Filter, models.Page, error) {
	name, page, err := q.projectPage(ctx, args.project, pageArgs(args.first, args.after, nil, nil))
	if err != nil || args.where == nil {
		return name, nil, page, err
	}
	filter, err := models.ReadFilter(&q.limits, models.NewPath("where"), args.where)
	return name, filter, page, err
}

// usage returns a page of a facet of names.
func usage[T any](
	ctx context.Context, q query, args facetArgs,
	read func(context.Context, string, store.NameQuery) (*models.Connection[T], error),
) (*models.Connection[T], error) {
	project, filter, page, err := q.facet(ctx, args)
	if err != nil {
		return nil, err
	}
	found, err := read(ctx, project, store.NameQuery{
		Filter: filter, Page: page, Artifacts: graphql.AnyFieldRequested(ctx, "nodes.artifactCount", "edges.node.artifactCount"),
	})
	if err == nil {
		noteList(ctx, args.project, project, models.ListQuery{Filter: filter}, len(found.Edges))
	}
	return found, err
}

func (q query) TagUsage(
	ctx context.Context, project *string, where models.FilterInput, first *int32, after *string,
) (*models.TagUsageConnection, error) {
	return usage(ctx, q, facetArgs{project, where, first, after}, q.store.TagUsage)
}

func (q query) TypeUsage(
	ctx context.Context, project *string, where models.FilterInput, first *int32, after *string,
) (*models.TypeUsageConnection, error) {
	return usage(ctx, q, facetArgs{project, where, first, after}, q.store.TypeUsage)
}

func (q query) AliasUsage(
	ctx context.Context, project *string, first *int32, after *string,
) (*models.AliasUsageConnection, error) {
	return usage(ctx, q, facetArgs{project: project, first: first, after: after}, q.store.AliasUsage)
}

func (q query) PipelineUsage(
	ctx context.Context, project *string, first *int32, after *string,
) (*models.PipelineUsageConnection, error) {
	return usage(ctx, q, facetArgs{project: project, first: first, after: after}, q.store.PipelineUsage)
}

func (q query) MetadataValues(
	ctx context.Context, project, artifact, card *string, key string, search *string, where models.FilterInput,
	first *int32, after *string,
) (*models.MetadataValueUsageConnection, error) {
	name, filter, page, err := q.facet(ctx, facetArgs{project, where, first, after})
	if err != nil {
		return nil, err
	}
	of, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	text, err := checkSearch(search)
	if err != nil {
		return nil, err
	}
	if artifact != nil {
		if err := models.CheckName(models.NewPath("artifact"), *artifact); err != nil {
			return nil, err
		}
	}
	named := models.MetadataKey{Card: of.Name, Key: key}
	found, err := q.store.MetadataValues(ctx, name, store.ValueQuery{
		Key: named, Artifact: artifact, Search: text, Filter: filter, Page: page,
	})
	if err == nil {
		noteValues(ctx, name, named, filter, len(found.Edges))
	}
	return found, err
}
