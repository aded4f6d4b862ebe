package graph

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// loaders read what the objects of one request relate to. Objects that came in one list are siblings: what is asked
// of the first of them is read for all of them at once, so that a list costs one statement per relation however long
// it is. There is no waiting and no guessing who else may ask; see docs/adr/0006.
type loaders struct {
	mu sync.Mutex
	// siblings are the objects that each object came with.
	siblings map[models.ID][]models.ID
	// questions are what lists were asked, by a text that says the same.
	questions map[string]models.Question

	project      relation[none, *models.Project]
	artifact     relation[epochMicros, *models.Artifact]
	version      relation[epochMicros, *models.ArtifactVersion]
	pipelineRun  relation[epochMicros, *models.PipelineRun]
	stepRun      relation[epochMicros, *models.StepRun]
	latest       relation[epochMicros, *models.ArtifactVersion]
	versions     relation[models.Page, *models.ArtifactVersionConnection]
	found        relation[askedPage, *models.ArtifactVersionConnection]
	stepRuns     relation[pageAsOf, *models.StepRunConnection]
	consumers    relation[pageAsOf, *models.StepRunConnection]
	inputs       relation[epochMicros, []*models.StepInput]
	outputs      relation[epochMicros, []*models.StepOutput]
	savedFrom    relation[epochMicros, *models.StepOutput]
	aliases      relation[epochMicros, []string]
	tags         relation[epochMicros, []string]
	metadata     relation[askedLatest, []*models.MetadataEntry]
	metadataEach relation[askedEntry, *models.MetadataEntry]
	history      relation[historyPage, *models.MetadataEntryConnection]
	subject      relation[epochMicros, models.Subject]
	entry        relation[epochMicros, *models.MetadataEntry]
	keys         relation[store.KeyQuestion, []*models.MetadataKeyUsage]
	series       seriesRelations
}

// none are the arguments of a relation without arguments.
type none struct{}

// historyPage are the arguments of a history.
type historyPage struct {
	filter store.HistoryFilter
	page   models.Page
}

// askedLatest are the arguments of the latest entries.
type askedLatest struct {
	// asOf is the instant to read as of, view that of the object that the entries belong to.
	asOf, view epochMicros
	// keys is a JSON array of keys, empty for all keys.
	keys string
}

// askedEntry are the arguments of the latest entry of one key.
type askedEntry struct {
	key store.EntryKey
	// view is the instant of the object that the entry belongs to.
	view epochMicros
}

// askedPage are the arguments of a list that is asked a question.
type askedPage struct {
	question string
	page     models.Page
}

type loadersKey struct{}

func (s *Server) withLoaders(ctx context.Context) context.Context {
	l := &loaders{siblings: map[models.ID][]models.ID{}, questions: map[string]models.Question{}}
	st := s.store
	l.project.fetch = byID(st.ProjectsByID)
	l.artifact.fetch = viewsByID(st.ArtifactsByID)
	l.version.fetch = viewsByID(st.VersionsByID)
	l.pipelineRun.fetch = viewsByID(st.PipelineRunsByID)
	l.stepRun.fetch = viewsByID(st.StepRunsByID)
	l.entry.fetch = viewsByID(st.EntriesByID)
	l.latest.fetch = readAsOf(st.LatestVersions)
	l.versions.fetch = st.Versions
	l.found.fetch = func(ctx context.Context, project models.ID, ids []models.ID, a askedPage) (map[models.ID]*models.ArtifactVersionConnection, error) {
		return st.SearchVersionsOf(ctx, project, ids, l.question(a.question), a.page)
	}
	l.stepRuns.fetch = func(ctx context.Context, project models.ID, ids []models.ID, p pageAsOf) (map[models.ID]*models.StepRunConnection, error) {
		return st.StepRuns(ctx, project, ids, p.page, p.asOf.time())
	}
	l.consumers.fetch = func(ctx context.Context, project models.ID, ids []models.ID, p pageAsOf) (map[models.ID]*models.StepRunConnection, error) {
		return st.Consumers(ctx, project, ids, p.page, p.asOf.time())
	}
	l.inputs.fetch = viewsOfLists(st.StepInputs)
	l.outputs.fetch = viewsOfLists(st.StepOutputs)
	l.savedFrom.fetch = viewsInProject(st.SavedOutputs)
	l.tags.fetch = readAsOf(st.Tags)
	l.aliases.fetch = readAsOf(st.Aliases)
	l.readMetadata(st)
	l.subject.fetch = readAsOf(st.Subjects)
	l.versions.alone, l.stepRuns.alone, l.consumers.alone = models.Page.HasCursor, pageAsOf.hasCursor, pageAsOf.hasCursor
	l.found.alone = func(a askedPage) bool { return a.page.HasCursor() }
	l.history.alone = func(h historyPage) bool { return h.page.HasCursor() }
	l.version.arrived = func(found map[models.ID]*models.ArtifactVersion) { l.versionsTogether(values(found)) }
	l.latest.arrived = l.version.arrived
	l.versions.arrived = func(found map[models.ID]*models.ArtifactVersionConnection) { l.versionsTogether(nodes(found)) }
	l.entry.arrived = func(found map[models.ID]*models.MetadataEntry) { l.entriesTogether(values(found)) }
	l.keys.arrived = func(found map[models.ID][]*models.MetadataKeyUsage) { l.keysTogether(slices.Concat(values(found)...)) }
	l.found.arrived = l.versions.arrived
	l.stepRun.arrived = func(found map[models.ID]*models.StepRun) { l.stepRunsTogether(values(found)) }
	l.stepRuns.arrived = func(found map[models.ID]*models.StepRunConnection) { l.stepRunsTogether(nodes(found)) }
	l.consumers.arrived = l.stepRuns.arrived
	l.metadata.arrived = func(found map[models.ID][]*models.MetadataEntry) { l.entriesTogether(slices.Concat(values(found)...)) }
	l.history.arrived = func(found map[models.ID]*models.MetadataEntryConnection) { l.entriesTogether(nodes(found)) }
	l.inputs.arrived = func(found map[models.ID][]*models.StepInput) {
		l.together(ids(slices.Concat(values(found)...), func(i *models.StepInput) models.ID { return i.ArtifactVersionID }))
	}
	l.outputs.arrived = func(found map[models.ID][]*models.StepOutput) { l.outputsTogether(slices.Concat(values(found)...)) }
	l.savedFrom.arrived = func(found map[models.ID]*models.StepOutput) { l.outputsTogether(values(found)) }
	l.readSeries(st)
	return context.WithValue(ctx, loadersKey{}, l)
}

// readMetadata sets the fetchers of entries and keys.
func (l *loaders) readMetadata(st *store.Store) {
	l.keys.fetch = func(ctx context.Context, project models.ID, ids []models.ID, q store.KeyQuestion) (map[models.ID][]*models.MetadataKeyUsage, error) {
		found, err := st.ArtifactKeys(ctx, project, ids, q)
		for _, usage := range slices.Concat(values(found)...) {
			usage.AsOf = epochMicros(q.AsOf).time()
		}
		return found, err
	}
	l.metadata.fetch = func(ctx context.Context, project models.ID, ids []models.ID, a askedLatest) (map[models.ID][]*models.MetadataEntry, error) {
		var keys []string
		if a.keys != "" {
			if err := json.Unmarshal([]byte(a.keys), &keys); err != nil {
				return nil, err
			}
		}
		found, err := st.LatestEntries(ctx, project, ids, keys, a.asOf.time())
		for id, entries := range found {
			found[id] = models.Views(entries, a.view.time())
		}
		return found, err
	}
	l.metadataEach.fetch = func(ctx context.Context, project models.ID, ids []models.ID, a askedEntry) (map[models.ID]*models.MetadataEntry, error) {
		found, err := st.LatestEntry(ctx, project, ids, a.key)
		return viewsOf(found, a.view), err
	}
	l.history.fetch = func(ctx context.Context, project models.ID, ids []models.ID, h historyPage) (map[models.ID]*models.MetadataEntryConnection, error) {
		return st.History(ctx, project, ids, h.filter, h.page)
	}
}

// ask notes a question, so that the objects of a list ask it together.
func (l *loaders) ask(text string, question models.Question) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.questions[text] = question
	return text
}

func (l *loaders) question(text string) models.Question {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.questions[text]
}

// load are the loaders of the request of ctx.
func load(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

// byID is a fetch of a relation that needs IDs only.
func byID[V any](fetch func(context.Context, []models.ID) (map[models.ID]V, error)) fetcher[none, V] {
	return func(ctx context.Context, _ models.ID, ids []models.ID, _ none) (map[models.ID]V, error) {
		return fetch(ctx, ids)
	}
}

// together says that objects came in one list. An object that came in several has the siblings of the longest.
func (l *loaders) together(list []models.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := make(map[models.ID]bool, len(list))
	group := make([]models.ID, 0, len(list))
	for _, id := range list {
		if !seen[id] && !id.IsZero() {
			seen[id] = true
			group = append(group, id)
		}
	}
	for _, id := range group {
		if len(group) > len(l.siblings[id]) {
			l.siblings[id] = group
		}
	}
}

func (l *loaders) siblingsOf(id models.ID) []models.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	if group := l.siblings[id]; len(group) > 0 {
		return group
	}
	return []models.ID{id}
}

// fetcher reads what objects of one project relate to; an object that is not in the map relates to nothing.
type fetcher[A comparable, V any] func(ctx context.Context, project models.ID, ids []models.ID, arguments A) (map[models.ID]V, error)

// relation reads what objects relate to, once for all siblings.
type relation[A comparable, V any] struct {
	fetch fetcher[A, V]
	// alone, if any, says of arguments that they are meant for one object only, as a cursor is.
	alone func(A) bool
	// arrived, if any, says of what was read which came together.
	arrived func(map[models.ID]V)
	mu      sync.Mutex
	batches map[asked[A]]*batch[V]
}

type asked[A comparable] struct {
	id        models.ID
	arguments A
}

type batch[V any] struct {
	done   chan struct{}
	values map[models.ID]V
	err    error
}

// of returns the related value of the object, or the zero value if it has none. After the end of ctx it still returns
// values that have been read; the store sends no statement then.
func (r *relation[A, V]) of(ctx context.Context, project, id models.ID, arguments A) (V, error) {
	if !project.IsZero() && !auth.From(ctx).Reads(project) {
		var nothing V // the store gave out what it must not
		return nothing, models.NotFound(nil, "there is no such object")
	}
	r.mu.Lock()
	b, mine := r.batches[asked[A]{id, arguments}], false
	var ids []models.ID
	if b == nil {
		mine = true
		b = &batch[V]{done: make(chan struct{}), err: errors.New("the reading of a relation ended early")}
		siblings := []models.ID{id}
		if r.alone == nil || !r.alone(arguments) {
			siblings = load(ctx).siblingsOf(id)
		}
		for _, sibling := range siblings {
			if r.batches[asked[A]{sibling, arguments}] == nil {
				ids = append(ids, sibling)
				r.put(asked[A]{sibling, arguments}, b)
			}
		}
	}
	r.mu.Unlock()
	if mine {
		func() {
			defer close(b.done)
			read, end := group(ctx, fieldOf, len(ids))
			b.values, b.err = r.fetch(read, project, ids, arguments)
			end(b.err)
			if r.arrived != nil {
				r.arrived(b.values)
			}
		}()
	}
	<-b.done // it ends with the context, too
	return b.values[id], b.err
}

func (r *relation[A, V]) put(key asked[A], b *batch[V]) {
	if r.batches == nil {
		r.batches = map[asked[A]]*batch[V]{}
	}
	r.batches[key] = b
}

// know says what objects relate to without reading it.
func (r *relation[A, V]) know(arguments A, values map[models.ID]V) {
	b := &batch[V]{done: make(chan struct{}), values: values}
	close(b.done)
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range values {
		if key := (asked[A]{id, arguments}); r.batches[key] == nil {
			r.put(key, b)
		}
	}
}

func values[V any](found map[models.ID]V) []V { return slices.Collect(maps.Values(found)) }

// nodes are the items of all pages.
func nodes[T any](found map[models.ID]*models.Connection[T]) []T {
	var all []T
	for _, connection := range found {
		all = append(all, connection.Nodes()...)
	}
	return all
}

// ids are what key gives for each object.
func ids[T any](objects []T, key func(T) models.ID) []models.ID {
	list := make([]models.ID, len(objects))
	for i, object := range objects {
		list[i] = key(object)
	}
	return list
}

// versionsTogether says that versions came in one list.
func (l *loaders) versionsTogether(versions []*models.ArtifactVersion) {
	l.together(ids(versions, func(v *models.ArtifactVersion) models.ID { return v.ID }))
	l.together(ids(versions, func(v *models.ArtifactVersion) models.ID { return v.SubjectID }))
	l.together(ids(versions, func(v *models.ArtifactVersion) models.ID { return v.ArtifactID }))
}

// stepRunsTogether says that step runs came in one list.
func (l *loaders) stepRunsTogether(runs []*models.StepRun) {
	l.together(ids(runs, func(r *models.StepRun) models.ID { return r.ID }))
	l.together(ids(runs, func(r *models.StepRun) models.ID { return r.PipelineRunID }))
}

// outputsTogether says that outputs came in one list.
func (l *loaders) outputsTogether(outputs []*models.StepOutput) {
	l.together(ids(outputs, func(o *models.StepOutput) models.ID { return o.ID }))
	l.together(ids(outputs, func(o *models.StepOutput) models.ID { return o.ArtifactVersionID }))
	l.together(ids(outputs, func(o *models.StepOutput) models.ID { return o.StepRunID }))
}

// entriesTogether says that entries came in one list.
func (l *loaders) entriesTogether(entries []*models.MetadataEntry) {
	l.together(ids(entries, func(e *models.MetadataEntry) models.ID { return e.SubjectID }))
	l.together(ids(entries, func(e *models.MetadataEntry) models.ID { return e.StepRunID }))
}

// keysTogether says that keys came in one list.
func (l *loaders) keysTogether(keys []*models.MetadataKeyUsage) {
	l.together(ids(keys, func(u *models.MetadataKeyUsage) models.ID { return u.LastEntryID }))
}

// nodesTogether says that objects of any types came in one list: those of one type and project came together.
func (l *loaders) nodesTogether(objects []models.Node) {
	type family struct {
		artifacts, runs []models.ID
		versions        []*models.ArtifactVersion
		steps           []*models.StepRun
		outputs         []*models.StepOutput
		entries         []*models.MetadataEntry
	}
	families := map[models.ID]*family{}
	in := func(project models.ID) *family {
		if families[project] == nil {
			families[project] = &family{}
		}
		return families[project]
	}
	for _, object := range objects {
		switch o := object.(type) {
		case *models.Artifact:
			in(o.ProjectID).artifacts = append(in(o.ProjectID).artifacts, o.ID)
		case *models.ArtifactVersion:
			in(o.ProjectID).versions = append(in(o.ProjectID).versions, o)
		case *models.PipelineRun:
			in(o.ProjectID).runs = append(in(o.ProjectID).runs, o.ID)
		case *models.StepRun:
			in(o.ProjectID).steps = append(in(o.ProjectID).steps, o)
		case *models.StepOutput:
			in(o.ProjectID).outputs = append(in(o.ProjectID).outputs, o)
		case *models.MetadataEntry:
			in(o.ProjectID).entries = append(in(o.ProjectID).entries, o)
		}
	}
	for _, f := range families {
		l.together(f.artifacts)
		l.together(f.runs)
		l.versionsTogether(f.versions)
		l.stepRunsTogether(f.steps)
		l.outputsTogether(f.outputs)
		l.entriesTogether(f.entries)
	}
}
