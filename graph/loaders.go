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

// relations are the loaders of the relations of objects, which are read once for all siblings of an object. All
// operations share them.
type relations struct {
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
}

// loaders are the relations with the values that one operation, or one root field of a mutation, has read.
type loaders struct {
	*relations
	batch.Group

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

// newRelations returns the relations of the objects of a store.
func newRelations(s *store.Store) *relations {
	r := &relations{}
	r.setObjects(s)
	r.setLists(s)
	r.setMetadata(s)
	r.setSeries(s)
	r.setProjects(s)
	return r
}

// WithLoaders returns a context whose loaders have read nothing yet. It implements operation.Resolvers.
func (r *Resolver) WithLoaders(ctx context.Context) context.Context {
	l := &loaders{relations: r.relations, Group: batch.Group{Check: checkProject, Start: operation.StartBatch}}
	return batch.WithGroup(context.WithValue(ctx, loadersKey{}, l), &l.Group)
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
func (r *relations) setObjects(s *store.Store) {
	r.project = batch.NewLoader(fetchByID(s.ProjectsByID), nil, nil)
	r.artifact = batch.NewLoader(fetchViewsByID(s.ArtifactsByID), nil, nil)
	r.version = objectLoader(fetchViewsByID(s.VersionsByID))
	r.pipelineRun = batch.NewLoader(fetchViewsByID(s.PipelineRunsByID), nil, nil)
	r.stepRun = objectLoader(fetchViewsByID(s.StepRunsByID))
	r.subject = batch.NewLoader(fetchAsOf(s.Subjects), nil, nil)
	r.auditedObject = batch.NewLoader(fetchByID(s.AuditedObjects),
		func(ctx context.Context, loaded map[models.ID]models.Node) {
			loadersFrom(ctx).addNodes(valuesOf(loaded))
		}, nil)
	r.entry = objectLoader(fetchViewsByID(s.EntriesByID))
}

// setLists sets the loaders of related objects and their lists.
func (r *relations) setLists(s *store.Store) {
	r.latestVersion = objectLoader(fetchAsOf(s.LatestVersions))
	r.previousVersion = objectLoader(fetchAsOf(s.PreviousVersions))
	r.versions = pageLoader(s.Versions)
	r.searchedVersions = pageLoader(
		func(
			ctx context.Context, project models.ID, ids []models.ID, p searchPage,
		) (map[models.ID]*models.ArtifactVersionConnection, error) {
			return s.SearchVersionsOf(ctx, project, ids, loadersFrom(ctx).query(p.query), p.Page)
		})
	r.stepRuns = pageLoader(fetchPagesAsOf(s.StepRuns))
	r.consumers = pageLoader(fetchPagesAsOf(s.Consumers))
	r.inputs = listLoader(fetchViewsOfLists(s.StepInputs))
	r.outputs = listLoader(fetchViewsOfLists(s.StepOutputs))
	r.producingOutput = objectLoader(fetchAsOf(s.ProducingOutputs))
	r.producerInputs = listLoader(fetchAsOf(s.ProducerInputs))
	r.aliases = batch.NewLoader(fetchAsOf(s.Aliases), nil, nil)
	r.artifactAliases = listLoader(fetchAsOf(s.ArtifactAliases))
	r.tags = batch.NewLoader(fetchAsOf(s.Tags), nil, nil)
	r.projectEvents = pageLoader(fetchEvents(s.ProjectEvents))
	r.artifactEvents = pageLoader(fetchEvents(s.ArtifactEvents))
	r.versionEvents = pageLoader(fetchEvents(s.VersionEvents))
	r.artifactLogged = batch.NewLoader(fetchAsOf(s.LastLoggedOfArtifacts), nil, nil)
}

// setMetadata sets the loaders of entries and keys.
func (r *relations) setMetadata(s *store.Store) {
	r.metadata = listLoader(fetchLatest(latestReads[string]{s.LatestEntries, s.CurrentOfNames, s.CurrentEntries}))
	r.columns = listLoader(fetchLatest(latestReads[models.MetadataKey]{s.LatestOfKeys, s.CurrentOfKeys, nil}))
	r.documents = batch.NewLoader(func(
		ctx context.Context, project models.ID, ids []models.ID, _ noArgs,
	) (map[models.ID]*store.Document, error) {
		return s.CurrentDocuments(ctx, project, ids, loadersFrom(ctx).revisionsOf(project))
	}, nil, nil)
	r.historyCount = batch.NewLoader(fetchAsOf(s.HistoryCounts), nil, nil)
	r.lastLogged = batch.NewLoader(fetchAsOf(s.LastLogged), nil, nil)
	r.history = pageLoader(
		func(
			ctx context.Context, project models.ID, ids []models.ID, p historyPage,
		) (map[models.ID]*models.MetadataEntryConnection, error) {
			return s.History(ctx, project, ids, p.filter, p.Page)
		})
	r.keys = pageLoader(
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
func (r *relations) setSeries(s *store.Store) {
	r.artifactSeries = batch.NewLoader(fetchSeriesPages(s.ArtifactSeries), addSeries, seriesPage.HasCursor)
	r.subjectSeries = batch.NewLoader(fetchSeriesPages(s.SubjectSeries), addSeries, seriesPage.HasCursor)
	r.artifactSummaries = batch.NewLoader(s.ArtifactSummaries, nil, nil)
	r.subjectSummaries = batch.NewLoader(s.SubjectSummaries, nil, nil)
}

// objectLoader returns a loader that makes the objects of one fetch siblings.
func objectLoader[A comparable, V any](fetch batch.Fetch[A, V]) *batch.Loader[A, V] {
	return batch.NewLoader(fetch, func(ctx context.Context, loaded map[models.ID]V) {
		addSiblings(loadersFrom(ctx), valuesOf(loaded))
	}, nil)
}

// listLoader returns a loader that makes the objects of all lists of one fetch siblings.
func listLoader[A comparable, V any](fetch batch.Fetch[A, []V]) *batch.Loader[A, []V] {
	return batch.NewLoader(fetch, func(ctx context.Context, loaded map[models.ID][]V) {
		addSiblings(loadersFrom(ctx), slices.Concat(valuesOf(loaded)...))
	}, nil)
}

// pageLoader returns a loader that makes the objects of all pages of one fetch siblings. A page with a cursor belongs
// to one object.
func pageLoader[A interface {
	comparable
	HasCursor() bool
}, V any](fetch batch.Fetch[A, *models.Connection[V]]) *batch.Loader[A, *models.Connection[V]] {
	return batch.NewLoader(fetch, func(ctx context.Context, loaded map[models.ID]*models.Connection[V]) {
		var nodes []V
		for _, page := range loaded {
			nodes = append(nodes, page.Nodes()...)
		}
		addSiblings(loadersFrom(ctx), nodes)
	}, A.HasCursor)
}

// registerQuery stores a query of searchedVersions. text must determine the query.
func (l *loaders) registerQuery(text string, query models.ListQuery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queries == nil {
		l.queries = map[string]models.ListQuery{}
	}
	l.queries[text] = query
}

// registerFilter returns the first filter that was registered with a text.
func (l *loaders) registerFilter(text string, filter *models.Filter) *models.Filter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.filters == nil {
		l.filters = map[string]*models.Filter{}
	}
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
