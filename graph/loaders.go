package graph

import (
	"context"
	"slices"
	"sync"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/batch"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// loaders are the relations of objects, which are read once for all siblings of an object. They belong to one
// operation, or to one root field of a mutation.
type loaders struct {
	batch.Group

	project     *batch.Loader[noArgs, *models.Project]
	artifact    *batch.Loader[epochMicros, *models.Artifact]
	version     *batch.Loader[epochMicros, *models.ArtifactVersion]
	pipelineRun *batch.Loader[epochMicros, *models.PipelineRun]
	stepRun     *batch.Loader[epochMicros, *models.StepRun]
	subject     *batch.Loader[epochMicros, models.Subject]
	entry       *batch.Loader[epochMicros, *models.MetadataEntry]

	auditedObject *batch.Loader[noArgs, models.Node]

	latestVersion    *batch.Loader[epochMicros, *models.ArtifactVersion]
	previousVersion  *batch.Loader[epochMicros, *models.ArtifactVersion]
	versions         *batch.Loader[models.Page, *models.ArtifactVersionConnection]
	searchedVersions *batch.Loader[searchPage, *models.ArtifactVersionConnection]
	stepRuns         *batch.Loader[pageAsOf, *models.StepRunConnection]
	consumers        *batch.Loader[pageAsOf, *models.StepRunConnection]
	inputs           *batch.Loader[epochMicros, []*models.StepInput]
	outputs          *batch.Loader[epochMicros, []*models.StepOutput]
	producingOutput  *batch.Loader[epochMicros, *models.StepOutput]
	producerInputs   *batch.Loader[epochMicros, []*models.StepInput]
	aliases          *batch.Loader[epochMicros, []string]
	artifactAliases  *batch.Loader[epochMicros, []*models.ArtifactAlias]
	tags             *batch.Loader[epochMicros, []string]
	projectEvents    *batch.Loader[eventPage, *models.TimelineEventConnection]
	artifactEvents   *batch.Loader[eventPage, *models.TimelineEventConnection]
	versionEvents    *batch.Loader[eventPage, *models.TimelineEventConnection]
	artifactLogged   *batch.Loader[epochMicros, *models.Time]

	metadata     *batch.Loader[latestArgs, []*models.MetadataEntry]
	documents    *batch.Loader[noArgs, *store.Document]
	columns      *batch.Loader[latestArgs, []*models.MetadataEntry]
	history      *batch.Loader[historyPage, *models.MetadataEntryConnection]
	historyCount *batch.Loader[epochMicros, int32]
	lastLogged   *batch.Loader[epochMicros, *models.Time]
	keys         *batch.Loader[keyPage, *models.MetadataKeyUsageConnection]

	projectArtifacts *batch.Loader[projectPage, *models.ArtifactConnection]
	projectRuns      *batch.Loader[projectPage, *models.PipelineRunConnection]
	projectKeys      *batch.Loader[projectKeys, *models.MetadataKeyUsageConnection]
	projectCounts    *batch.Loader[store.Objects, *int32]

	artifactSeries    *batch.Loader[seriesPage, *models.MetadataSeries]
	subjectSeries     *batch.Loader[seriesPage, *models.MetadataSeries]
	artifactSummaries *batch.Loader[store.EntryKey, *models.SeriesSummary]
	subjectSummaries  *batch.Loader[store.EntryKey, *models.SeriesSummary]

	mu sync.Mutex
	// queries are the queries of searchedVersions by their text, because a query cannot be an argument of a loader.
	queries map[string]models.ListQuery
	// filters are the filters of series by their text.
	filters map[string]*models.Filter
	// revisions are the known revisions of subjects.
	revisions map[subjectRef]int64
	// entriesSelected is computed by selectsEntries.
	selection       sync.Once
	entriesSelected bool
}

// subjectRef identifies a subject.
type subjectRef struct{ project, subject models.ID }

// noArgs are the arguments of a relation without arguments.
type noArgs struct{}

// pageAsOf is a page of a list as of an instant.
type pageAsOf struct {
	models.Page
	asOf epochMicros
}

// searchPage is a page of the result of a registered query.
type searchPage struct {
	query string
	models.Page
}

// historyPage is a page of a history.
type historyPage struct {
	filter store.HistoryFilter
	models.Page
}

// latestArgs select the latest entries of a subject.
type latestArgs struct {
	// asOf is the instant to read as of, and view the instant of the subject.
	asOf, view epochMicros
	// keys is a JSON array of keys, empty for all keys.
	keys string
}

type loadersKey struct{}

// WithLoaders returns a context whose loaders have read nothing yet. It implements operation.Resolvers.
func (r *Resolver) WithLoaders(ctx context.Context) context.Context {
	l := &loaders{
		Group:   batch.Group{Check: checkProject, Start: operation.StartBatch},
		queries: map[string]models.ListQuery{}, filters: map[string]*models.Filter{},
		revisions: map[subjectRef]int64{},
	}
	l.setObjects(r.store)
	l.setLists(r.store)
	l.setMetadata(r.store)
	l.setSeries(r.store)
	l.setProjects(r.store)
	return context.WithValue(ctx, loadersKey{}, l)
}

// loadersFrom returns the loaders of the operation of ctx.
func loadersFrom(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

// checkProject returns an error if the store returned an object of a project that the caller must not read.
func checkProject(ctx context.Context, project models.ID) error {
	if !auth.FromContext(ctx).CanRead(project) {
		return models.NotFound(nil, "there is no such object")
	}
	return nil
}

// setObjects sets the loaders of objects by their ID.
func (l *loaders) setObjects(s *store.Store) {
	l.project = batch.NewLoader(&l.Group, fetchByID(s.ProjectsByID), nil, nil)
	l.artifact = batch.NewLoader(&l.Group, fetchViewsByID(s.ArtifactsByID), nil, nil)
	l.version = objectLoader(l, fetchViewsByID(s.VersionsByID))
	l.pipelineRun = batch.NewLoader(&l.Group, fetchViewsByID(s.PipelineRunsByID), nil, nil)
	l.stepRun = objectLoader(l, fetchViewsByID(s.StepRunsByID))
	l.subject = batch.NewLoader(&l.Group, fetchAsOf(s.Subjects), nil, nil)
	l.auditedObject = batch.NewLoader(&l.Group, fetchByID(s.AuditedObjects),
		func(loaded map[models.ID]models.Node) { l.addNodes(valuesOf(loaded)) }, nil)
	l.entry = objectLoader(l, fetchViewsByID(s.EntriesByID))
}

// setLists sets the loaders of related objects and their lists.
func (l *loaders) setLists(s *store.Store) {
	l.latestVersion = objectLoader(l, fetchAsOf(s.LatestVersions))
	l.previousVersion = objectLoader(l, fetchAsOf(s.PreviousVersions))
	l.versions = pageLoader(l, s.Versions)
	l.searchedVersions = pageLoader(l,
		func(
			ctx context.Context, project models.ID, ids []models.ID, p searchPage,
		) (map[models.ID]*models.ArtifactVersionConnection, error) {
			return s.SearchVersionsOf(ctx, project, ids, l.query(p.query), p.Page)
		})
	l.stepRuns = pageLoader(l, fetchPagesAsOf(s.StepRuns))
	l.consumers = pageLoader(l, fetchPagesAsOf(s.Consumers))
	l.inputs = listLoader(l, fetchViewsOfLists(s.StepInputs))
	l.outputs = listLoader(l, fetchViewsOfLists(s.StepOutputs))
	l.producingOutput = objectLoader(l, fetchAsOf(s.ProducingOutputs))
	l.producerInputs = listLoader(l, fetchAsOf(s.ProducerInputs))
	l.aliases = batch.NewLoader(&l.Group, fetchAsOf(s.Aliases), nil, nil)
	l.artifactAliases = listLoader(l, fetchAsOf(s.ArtifactAliases))
	l.tags = batch.NewLoader(&l.Group, fetchAsOf(s.Tags), nil, nil)
	l.projectEvents = pageLoader(l, fetchEvents(s.ProjectEvents))
	l.artifactEvents = pageLoader(l, fetchEvents(s.ArtifactEvents))
	l.versionEvents = pageLoader(l, fetchEvents(s.VersionEvents))
	l.artifactLogged = batch.NewLoader(&l.Group, fetchAsOf(s.LastLoggedOfArtifacts), nil, nil)
}

// setMetadata sets the loaders of entries and keys.
func (l *loaders) setMetadata(s *store.Store) {
	l.metadata = listLoader(l, fetchLatest(l, latestReads[string]{s.LatestEntries, s.CurrentOfNames, s.CurrentEntries}))
	l.columns = listLoader(l, fetchLatest(l, latestReads[models.MetadataKey]{s.LatestOfKeys, s.CurrentOfKeys, nil}))
	l.documents = batch.NewLoader(&l.Group, func(
		ctx context.Context, project models.ID, ids []models.ID, _ noArgs,
	) (map[models.ID]*store.Document, error) {
		return s.CurrentDocuments(ctx, project, ids, l.revisionsOf(project))
	}, nil, nil)
	l.historyCount = batch.NewLoader(&l.Group, fetchAsOf(s.HistoryCounts), nil, nil)
	l.lastLogged = batch.NewLoader(&l.Group, fetchAsOf(s.LastLogged), nil, nil)
	l.history = pageLoader(l,
		func(
			ctx context.Context, project models.ID, ids []models.ID, p historyPage,
		) (map[models.ID]*models.MetadataEntryConnection, error) {
			return s.History(ctx, project, ids, p.filter, p.Page)
		})
	l.keys = pageLoader(l,
		func(
			ctx context.Context, project models.ID, ids []models.ID, p keyPage,
		) (map[models.ID]*models.MetadataKeyUsageConnection, error) {
			pages, err := s.ArtifactKeys(ctx, project, ids, p.KeyQuery, p.Page)
			for _, page := range pages {
				for _, usage := range page.Nodes() {
					usage.AsOf = epochMicros(p.AsOf).time()
				}
			}
			return pages, err
		})
}

// setSeries sets the loaders of series.
func (l *loaders) setSeries(s *store.Store) {
	l.artifactSeries = batch.NewLoader(&l.Group, fetchSeriesPages(s.ArtifactSeries), l.addSeries, seriesPage.HasCursor)
	l.subjectSeries = batch.NewLoader(&l.Group, fetchSeriesPages(s.SubjectSeries), l.addSeries, seriesPage.HasCursor)
	l.artifactSummaries = batch.NewLoader(&l.Group, s.ArtifactSummaries, nil, nil)
	l.subjectSummaries = batch.NewLoader(&l.Group, s.SubjectSummaries, nil, nil)
}

// objectLoader returns a loader that makes the objects of one fetch siblings.
func objectLoader[A comparable, V any](l *loaders, fetch batch.Fetch[A, V]) *batch.Loader[A, V] {
	return batch.NewLoader(&l.Group, fetch, func(loaded map[models.ID]V) { addSiblings(l, valuesOf(loaded)) }, nil)
}

// listLoader returns a loader that makes the objects of all lists of one fetch siblings.
func listLoader[A comparable, V any](l *loaders, fetch batch.Fetch[A, []V]) *batch.Loader[A, []V] {
	return batch.NewLoader(&l.Group, fetch, func(loaded map[models.ID][]V) {
		addSiblings(l, slices.Concat(valuesOf(loaded)...))
	}, nil)
}

// pageLoader returns a loader that makes the objects of all pages of one fetch siblings. A page with a cursor belongs
// to one object.
func pageLoader[A interface {
	comparable
	HasCursor() bool
}, V any](l *loaders, fetch batch.Fetch[A, *models.Connection[V]]) *batch.Loader[A, *models.Connection[V]] {
	return batch.NewLoader(&l.Group, fetch, func(loaded map[models.ID]*models.Connection[V]) {
		var nodes []V
		for _, page := range loaded {
			nodes = append(nodes, page.Nodes()...)
		}
		addSiblings(l, nodes)
	}, A.HasCursor)
}

// registerQuery stores a query of searchedVersions. text must determine the query.
func (l *loaders) registerQuery(text string, query models.ListQuery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queries[text] = query
}

// registerFilter returns the first filter that was registered with a text.
func (l *loaders) registerFilter(text string, filter *models.Filter) *models.Filter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.filters[text] == nil {
		l.filters[text] = filter
	}
	return l.filters[text]
}

func (l *loaders) query(text string) models.ListQuery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queries[text]
}
