package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// seriesRelations are the relations of series, and that of versions to those before them.
type seriesRelations struct {
	ofArtifact, ofSubject               relation[seriesPage, *models.MetadataSeries]
	artifactSummaries, subjectSummaries relation[store.EntryKey, *models.SeriesSummary]
	previous                            relation[epochMicros, *models.ArtifactVersion]
}

// seriesPage are the arguments of a page of a series.
type seriesPage struct {
	key  store.EntryKey
	page models.Page
	// view is the instant of the object that the series belongs to.
	view epochMicros
}

// readSeries says how the relations of series are read.
func (l *loaders) readSeries(st *store.Store) {
	r := &l.series
	r.ofArtifact.fetch = func(ctx context.Context, project models.ID, ids []models.ID, s seriesPage) (map[models.ID]*models.MetadataSeries, error) {
		found, err := st.ArtifactSeries(ctx, project, ids, s.key, s.page)
		return seriesInView(found, s.view), err
	}
	r.ofSubject.fetch = func(ctx context.Context, project models.ID, ids []models.ID, s seriesPage) (map[models.ID]*models.MetadataSeries, error) {
		found, err := st.SubjectSeries(ctx, project, ids, s.key, s.page)
		return seriesInView(found, s.view), err
	}
	r.artifactSummaries.fetch, r.subjectSummaries.fetch = st.ArtifactSummaries, st.SubjectSummaries
	r.previous.fetch = readAsOf(st.PreviousVersions)
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

// seriesInView replaces the entries of series with those of a view. All of them were logged by then.
func seriesInView(found map[models.ID]*models.MetadataSeries, view epochMicros) map[models.ID]*models.MetadataSeries {
	for _, series := range found {
		for _, point := range series.Points {
			point.Entry = point.Entry.At(view.time())
		}
	}
	return found
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

// seriesArguments checks the arguments of a series of an object. view is the instant of the object, nil for now.
func (s *Server) seriesArguments(
	ctx context.Context, key string, card *string, arguments models.PageArguments, asOf, view *models.Time,
) (seriesPage, error) {
	filter, err := cardFilter(ctx, card)
	if err != nil {
		return seriesPage{}, err
	}
	instant, err := s.instant(ctx, models.At("asOf"), asOf, view)
	if err != nil {
		return seriesPage{}, err
	}
	page, err := arguments.SeriesPage()
	return seriesPage{store.EntryKey{Card: filter.Name, Key: key, AsOf: int64(micros(instant))}, page, micros(view)}, err
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
func (r artifact) MetadataSeries(
	ctx context.Context, a *models.Artifact, key string, card *string, first *int32, after *string, last *int32,
	before *string, asOf *models.Time,
) (*models.MetadataSeries, error) {
	arguments := models.PageArguments{First: first, After: after, Last: last, Before: before}
	asked, err := r.seriesArguments(ctx, key, card, arguments, asOf, a.AsOf)
	if err != nil {
		return nil, err
	}
	l := load(ctx)
	series, err := seriesOf(ctx, a.ProjectID, a.ID, asked, &l.series.ofArtifact, &l.series.artifactSummaries)
	if view := a.At(epochMicros(asked.key.AsOf).time()); series != nil && view != nil {
		l.knowArtifact(view)
	}
	return series, err
}

// MetadataSeries resolves Subject.metadataSeries.
func (s subject[T]) MetadataSeries(
	ctx context.Context, of T, key string, card *string, first *int32, after *string, last *int32, before *string,
	asOf *models.Time,
) (*models.MetadataSeries, error) {
	project, id, view := of.EntriesOf()
	arguments := models.PageArguments{First: first, After: after, Last: last, Before: before}
	asked, err := s.seriesArguments(ctx, key, card, arguments, asOf, view)
	if err != nil {
		return nil, err
	}
	l := load(ctx)
	series, err := seriesOf(ctx, project, id, asked, &l.series.ofSubject, &l.series.subjectSummaries)
	if version, ok := any(of).(*models.ArtifactVersion); ok && series != nil {
		then := version.At(epochMicros(asked.key.AsOf).time())
		points := make([]*models.MetadataPoint, len(series.Points))
		for i, point := range series.Points {
			points[i] = &models.MetadataPoint{Version: then, Entry: point.Entry, Cursor: point.Cursor}
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
	sides := make([][]*models.MetadataEntry, 2)
	instants, err := s.interval(ctx, of, from, to)
	if err != nil {
		return nil, err
	}
	for i, instant := range instants {
		entries, err := s.latestAt(ctx, of, keys, instant)
		if err != nil {
			return nil, err
		}
		sides[i] = filter.Choose(entries)
	}
	rows, err := models.Compare(sides, 0)
	return differing(rows), err
}

// interval returns the two instants of changes of a subject, the later one nil for now. BAD_INPUT if they are in the wrong
// order, or later than the view that the subject is.
func (s subject[T]) interval(ctx context.Context, of T, from models.Time, to *models.Time) ([2]*models.Time, error) {
	_, _, view := of.EntriesOf()
	end, err := s.instant(ctx, models.At("to"), to, view)
	if err != nil {
		return [2]*models.Time{}, err
	}
	begin := wholeMicros(from)
	inOrder := end != nil && !begin.After(end.Time)
	if end == nil {
		inOrder, err = s.store.Past(ctx, begin)
	}
	if err == nil && !inOrder {
		err = models.BadInput(models.At("from"), "must not be later than to, or than now if to is absent")
	}
	return [2]*models.Time{&begin, end}, err
}

// Changes resolves ArtifactVersion.changes.
func (r artifactVersion) Changes(
	ctx context.Context, v *models.ArtifactVersion, keys []string, onlyDiffering bool, asOf *models.Time,
) (*models.ArtifactVersionComparison, error) {
	if err := r.checkKeys(keys); err != nil {
		return nil, err
	}
	instant, err := r.instant(ctx, models.At("asOf"), asOf, v.AsOf)
	if err != nil {
		return nil, err
	}
	before, err := load(ctx).series.previous.of(ctx, v.ProjectID, v.ID, micros(instant))
	if before == nil || err != nil {
		return nil, err
	}
	return r.comparison(ctx, []*models.ArtifactVersion{before, v.At(instant)}, 0, onlyDiffering, keys)
}
