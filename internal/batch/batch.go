// Package batch reads related objects once for all siblings. Objects of one list are siblings: the first Load for one
// of them fetches the values of all, so that a list of any length costs one read per relation. There is no timer and no
// waiting for further calls; see docs/adr/0006.
//
// A Loader is one relation with its arguments; all operations share it. A Group holds the siblings and the values of
// one operation. Load reads a value, and Prime stores a known one. The package uses only the IDs of objects.
package batch

import (
	"context"
	"errors"
	"sync"

	"github.com/placard/placard/models"
)

// Group has the siblings, the values of the loaders and their callbacks in one operation. It is safe for concurrent
// use.
type Group struct {
	// Check returns an error if the caller of ctx must not read a project. Each Load calls it.
	Check func(ctx context.Context, project models.ID) error
	// Start is called before each read with the number of objects, and end after it. The read uses the returned
	// context.
	Start func(ctx context.Context, objects int) (read context.Context, end func(error))

	mu sync.Mutex
	// added are the lists that are not in siblings yet, because most operations load nothing for their last lists.
	added    [][]models.ID
	siblings map[models.ID][]models.ID
	// values has the values of each Loader that has been used, by the loader.
	values map[any]any
}

type groupKey struct{}

// WithGroup returns a context whose loads belong to a group.
func WithGroup(ctx context.Context, g *Group) context.Context {
	return context.WithValue(ctx, groupKey{}, g)
}

// groupFrom returns the group of a context.
func groupFrom(ctx context.Context) *Group { return ctx.Value(groupKey{}).(*Group) }

// AddSiblings makes the objects of one list siblings. An object of several lists gets the siblings of the longest one.
// Zero IDs and duplicates do not count. The group keeps the list.
func (g *Group) AddSiblings(list []models.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.added = append(g.added, list)
}

// siblingsOf returns the siblings of an object, itself included.
func (g *Group) siblingsOf(id models.ID) []models.ID {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, list := range g.added {
		g.index(list)
	}
	g.added = nil
	if ids := g.siblings[id]; len(ids) > 0 {
		return ids
	}
	return []models.ID{id}
}

// index adds a list to the siblings.
func (g *Group) index(list []models.ID) {
	seen := make(map[models.ID]bool, len(list))
	ids := make([]models.ID, 0, len(list))
	for _, id := range list {
		if !seen[id] && !id.IsZero() {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if g.siblings == nil {
		g.siblings = make(map[models.ID][]models.ID, len(ids))
	}
	for _, id := range ids {
		if len(ids) > len(g.siblings[id]) {
			g.siblings[id] = ids
		}
	}
}

// Fetch reads the values of objects of one project. An object without a value is absent from the result.
type Fetch[A comparable, V any] func(
	ctx context.Context, project models.ID, ids []models.ID, args A,
) (map[models.ID]V, error)

// Loader reads the value of an object for its arguments, together with the values of its siblings. The values belong to
// the group of the context. It is safe for concurrent use.
type Loader[A comparable, V any] struct {
	fetch     Fetch[A, V]
	onLoaded  func(context.Context, map[models.ID]V)
	perObject func(A) bool
}

// results are the values of a loader in one group.
type results[A comparable, V any] struct {
	mu      sync.Mutex
	batches map[key[A]]*result[V]
}

// key identifies a value of a loader. Objects of several projects can have one ID.
type key[A comparable] struct {
	project, id models.ID
	args        A
}

// result is the outcome of one fetch. The fields may be read when done is closed.
type result[V any] struct {
	done   chan struct{}
	values map[models.ID]V
	err    error
}

// NewLoader returns a loader. onLoaded is called with the values of each fetch, for example to make them siblings.
// perObject reports whether arguments apply to one object only, as a cursor does. Both may be nil.
func NewLoader[A comparable, V any](
	fetch Fetch[A, V], onLoaded func(context.Context, map[models.ID]V), perObject func(A) bool,
) *Loader[A, V] {
	return &Loader[A, V]{fetch, onLoaded, perObject}
}

// resultsIn returns the values of the loader in a group.
func (l *Loader[A, V]) resultsIn(g *Group) *results[A, V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if known, ok := g.values[l]; ok {
		return known.(*results[A, V])
	}
	if g.values == nil {
		g.values = map[any]any{}
	}
	added := &results[A, V]{batches: map[key[A]]*result[V]{}}
	g.values[l] = added
	return added
}

// errAborted is the error of a fetch that panicked, for the callers that wait for it.
var errAborted = errors.New("the read of a relation was aborted")

// Load returns the value of an object of a project, or the zero value if it has none. A project of zero is not checked.
// Values that have been read are also returned after the end of ctx.
func (l *Loader[A, V]) Load(ctx context.Context, project, id models.ID, args A) (V, error) {
	g := groupFrom(ctx)
	if !project.IsZero() {
		if err := g.Check(ctx, project); err != nil {
			var none V
			return none, err
		}
	}
	r, ids := l.claim(g, project, id, args)
	if len(ids) > 0 {
		l.read(ctx, r, project, ids, args)
	}
	<-r.done // the fetch ends with its context
	return r.values[id], r.err
}

// claim returns the result that has or will have the value of an object. If ids is not empty, the caller must fetch
// them.
func (l *Loader[A, V]) claim(g *Group, project, id models.ID, args A) (r *result[V], ids []models.ID) {
	known := l.resultsIn(g)
	known.mu.Lock()
	defer known.mu.Unlock()
	if r := known.batches[key[A]{project, id, args}]; r != nil {
		return r, nil
	}
	r = &result[V]{done: make(chan struct{}), err: errAborted}
	siblings := []models.ID{id}
	if l.perObject == nil || !l.perObject(args) {
		siblings = g.siblingsOf(id)
	}
	for _, sibling := range siblings {
		if k := (key[A]{project, sibling, args}); known.batches[k] == nil {
			known.batches[k] = r
			ids = append(ids, sibling)
		}
	}
	return r, ids
}

// read fetches a result.
func (l *Loader[A, V]) read(ctx context.Context, r *result[V], project models.ID, ids []models.ID, args A) {
	defer close(r.done)
	read, end := groupFrom(ctx).Start(ctx, len(ids))
	r.values, r.err = l.fetch(read, project, ids, args)
	end(r.err)
	if l.onLoaded != nil {
		l.onLoaded(ctx, r.values)
	}
}

// Prime stores values of objects of a project without a fetch. It keeps the values that the group of ctx already has.
func (l *Loader[A, V]) Prime(ctx context.Context, project models.ID, args A, values map[models.ID]V) {
	r := &result[V]{done: make(chan struct{}), values: values}
	close(r.done)
	known := l.resultsIn(groupFrom(ctx))
	known.mu.Lock()
	defer known.mu.Unlock()
	for id := range values {
		if k := (key[A]{project, id, args}); known.batches[k] == nil {
			known.batches[k] = r
		}
	}
}
