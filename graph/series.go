package graph

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/internal/batch"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// seriesArgs are the arguments of a series.
type seriesArgs struct {
	key  string
	card *string
	page models.PageArguments
	asOf *models.Time
	// where is the filter of the versions, nil for none.
	where models.FilterInput
}

// seriesPage is a page of a series. view is the instant of the object that has the series.
type seriesPage struct {
	key store.EntryKey
	models.Page
	view epochMicros
}

// seriesPage checks the arguments of a series and returns its page.
func (r *Resolver) seriesPage(ctx context.Context, args seriesArgs, view *models.Time) (seriesPage, error) {
	filter, err := cardFilter(ctx, args.card)
	if err != nil {
		return seriesPage{}, err
	}
	instant, err := r.effectiveAsOf(ctx, models.NewPath("asOf"), args.asOf, view)
	if err != nil {
		return seriesPage{}, err
	}
	where, err := r.seriesFilter(ctx, args.where)
	if err != nil {
		return seriesPage{}, err
	}
	page, err := args.page.SeriesPage()
	key := store.EntryKey{Card: filter.Name, Key: args.key, AsOf: int64(toMicros(instant)), Where: where}
	return seriesPage{key, page, toMicros(view)}, err
}

// seriesFilter checks the filter of a series. Equal filters of an operation have one pointer, so that one statement
// serves siblings.
func (r *Resolver) seriesFilter(ctx context.Context, where models.FilterInput) (*models.Filter, error) {
	if where == nil {
		return nil, nil
	}
	filter, err := models.ReadFilter(&r.limits, models.NewPath("where"), where)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(where)
	return loadersFrom(ctx).registerFilter(string(text), filter), err
}

// loadSeries returns a series. It reads only the parts that the query selects.
func loadSeries(
	ctx context.Context, project, id models.ID, page seriesPage,
	pages *batch.Loader[seriesPage, *models.MetadataSeries],
	summaries *batch.Loader[store.EntryKey, *models.SeriesSummary],
) (*models.MetadataSeries, error) {
	series := &models.MetadataSeries{Points: []*models.MetadataPoint{}}
	if graphql.AnyFieldRequested(ctx, "points", "pageInfo") || page.HasCursor() {
		shared, err := pages.Load(ctx, project, id, page)
		if err != nil {
			return nil, err
		}
		*series = *shared
	}
	if graphql.AnyFieldRequested(ctx, "missingCount", "statistics") {
		summary, err := summaries.Load(ctx, project, id, page.key)
		if err != nil {
			return nil, err
		}
		if summary == nil {
			summary = new(models.SeriesTally).Summary()
		}
		series.MissingCount, series.Statistics = summary.MissingCount, summary.Statistics
	}
	return series, nil
}
