package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// seriesRelations are the relations of series, and that of versions to those before them.
type seriesRelations struct {
	ofArtifact, ofSubject               relation[seriesPage, *models.MetadataSeries]
	artifactSummaries, subjectSummaries relation[store.EntryKey, *models.SeriesSummary]
	previous                            relation[int64, *models.ArtifactVersion]
}

// seriesPage are the arguments of a page of a series.
type seriesPage struct {
	key  store.EntryKey
	page models.Page
}

// readSeries says how the relations of series are read.
func (l *loaders) readSeries(st *store.Store) {
	r := &l.series
	r.ofArtifact.fetch = func(ctx context.Context, project models.ID, ids []models.ID, s seriesPage) (map[models.ID]*models.MetadataSeries, error) {
		return st.ArtifactSeries(ctx, project, ids, s.key, s.page)
	}
	r.ofSubject.fetch = func(ctx context.Context, project models.ID, ids []models.ID, s seriesPage) (map[models.ID]*models.MetadataSeries, error) {
		return st.SubjectSeries(ctx, project, ids, s.key, s.page)
	}
	r.artifactSummaries.fetch, r.subjectSummaries.fetch = st.ArtifactSummaries, st.SubjectSummaries
	r.previous.fetch = asOfMicros(st.PreviousVersions)
	alone := func(s seriesPage) bool { return s.page.HasCursor() }
	r.ofArtifact.alone, r.ofSubject.alone = alone, alone
	r.ofArtifact.arrived = func(found map[models.ID]*models.MetadataSeries) {
		versions, entries := pointsOf(values(found))
		l.versionsTogether(versions)
		l.entriesTogether(entries)
	}
	r.ofSubject.arrived = func(found map[models.ID]*models.MetadataSeries) {
		_, entries := pointsOf(values(found))
		l.entriesTogether(entries)
	}
	r.previous.arrived = l.version.arrived
}

// pointsOf are the versions and the entries of the points of several series.
func pointsOf(series []*models.MetadataSeries) (versions []*models.ArtifactVersion, entries []*models.MetadataEntry) {
	for _, s := range series {
		for _, point := range s.Points {
			entries = append(entries, point.Entry)
			if point.Version != nil {
				versions = append(versions, point.Version)
			}
		}
	}
	return versions, entries
}

// seriesArguments are the arguments of a series, checked.
func seriesArguments(
	ctx context.Context, key string, card *string, arguments models.PageArguments, asOf *models.Time,
) (seriesPage, error) {
	filter, err := cardFilter(ctx, card)
	if err != nil {
		return seriesPage{}, err
	}
	page, err := arguments.SeriesPage()
	return seriesPage{store.EntryKey{Card: filter.Name, Key: key, AsOf: micros(asOf)}, page}, err
}

// seriesOf is a series with what the query asks of it.
func seriesOf(
	ctx context.Context, project, id models.ID, asked seriesPage,
	pages *relation[seriesPage, *models.MetadataSeries], summaries *relation[store.EntryKey, *models.SeriesSummary],
) (*models.MetadataSeries, error) {
	series := &models.MetadataSeries{Points: []*models.MetadataPoint{}}
	if graphql.AnyFieldRequested(ctx, "points", "pageInfo") || asked.page.HasCursor() {
		page, err := pages.of(ctx, project, id, asked)
		if err != nil {
			return nil, err
		}
		*series = *page // siblings share it
	}
	if graphql.AnyFieldRequested(ctx, "missing", "statistics") {
		summary, err := summaries.of(ctx, project, id, asked.key)
		if err != nil {
			return nil, err
		}
		if summary == nil {
			summary = new(models.SeriesTally).Summary()
		}
		series.Missing, series.Statistics = summary.Missing, summary.Statistics
	}
	return series, nil
}

// MetadataSeries resolves Artifact.metadataSeries.
func (artifact) MetadataSeries(
	ctx context.Context, a *models.Artifact, key string, card *string, first *int32, after *string, last *int32,
	before *string, asOf *models.Time,
) (*models.MetadataSeries, error) {
	arguments := models.PageArguments{First: first, After: after, Last: last, Before: before}
	asked, err := seriesArguments(ctx, key, card, arguments, past(asOf, nil))
	if err != nil {
		return nil, err
	}
	l := load(ctx)
	series, err := seriesOf(ctx, a.ProjectID, a.ID, asked, &l.series.ofArtifact, &l.series.artifactSummaries)
	if series != nil {
		l.artifact.know(none{}, map[models.ID]*models.Artifact{a.ID: a})
	}
	return series, err
}

// MetadataSeries resolves Subject.metadataSeries.
func (s subject[T]) MetadataSeries(
	ctx context.Context, of T, key string, card *string, first *int32, after *string, last *int32, before *string,
	asOf *models.Time,
) (*models.MetadataSeries, error) {
	project, id, inherited := of.EntriesOf()
	asOf = past(asOf, inherited)
	arguments := models.PageArguments{First: first, After: after, Last: last, Before: before}
	asked, err := seriesArguments(ctx, key, card, arguments, asOf)
	if err != nil {
		return nil, err
	}
	l := load(ctx)
	series, err := seriesOf(ctx, project, id, asked, &l.series.ofSubject, &l.series.subjectSummaries)
	if version, ok := any(of).(*models.ArtifactVersion); ok && series != nil {
		then := *version
		then.AsOf = asOf
		points := make([]*models.MetadataPoint, len(series.Points))
		for i, point := range series.Points {
			points[i] = &models.MetadataPoint{Version: &then, Entry: point.Entry, Cursor: point.Cursor}
		}
		series.Points = points
	}
	return series, err
}

// MetadataChanges resolves Subject.metadataChanges.
func (s subject[T]) MetadataChanges(
	ctx context.Context, of T, from models.Time, to *models.Time, keys []string, card *string,
) ([]*models.ComparisonRow, error) {
	filter, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	if err := s.checkKeys(keys); err != nil {
		return nil, err
	}
	_, _, inherited := of.EntriesOf()
	if to == nil {
		to = inherited
	}
	if to == nil && from.After(time.Now().Add(future)) || to != nil && from.After(to.Time) {
		return nil, models.BadInput(models.At("from"), "must not be after to, which is now when absent")
	}
	sides := make([][]*models.MetadataEntry, 2)
	for i, at := range []*models.Time{&from, to} {
		entries, err := s.latest(ctx, of, keys, at)
		if err != nil {
			return nil, err
		}
		sides[i] = filter.Choose(entries)
	}
	rows, err := models.Compare(sides, 0)
	return differing(rows), err
}

// Changes resolves ArtifactVersion.changes.
func (r artifactVersion) Changes(
	ctx context.Context, v *models.ArtifactVersion, keys []string, onlyDiffering bool, asOf *models.Time,
) (*models.ArtifactVersionComparison, error) {
	if err := r.checkKeys(keys); err != nil {
		return nil, err
	}
	asOf = past(asOf, v.AsOf)
	before, err := load(ctx).series.previous.of(ctx, v.ProjectID, v.ID, micros(asOf))
	if before == nil || err != nil {
		return nil, err
	}
	previous, this := *before, *v
	previous.AsOf, this.AsOf = asOf, asOf
	return r.comparison(ctx, []*models.ArtifactVersion{&previous, &this}, 0, onlyDiffering, keys)
}
