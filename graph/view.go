package graph

import (
	"context"
	"time"

	"github.com/placard/placard/models"
)

// A view is an object that is read as of an instant: everything below it shows that instant, and its ID names the instant.
// Resolvers pass the instant of the object that they belong to; the fetchers of relations return views.

// instant returns the instant that a field is read as of: its argument, else that of the view that the field belongs to,
// else nil for now. An argument in the future means now. BAD_INPUT at the argument if it is later than the view.
func (s *Server) instant(ctx context.Context, at *models.Path, argument, view *models.Time) (*models.Time, error) {
	if argument == nil {
		return view, nil
	}
	instant := wholeMicros(*argument)
	if view != nil {
		if instant.After(view.Time) {
			return nil, models.BadInput(at, "must not be later than %s, the instant of the view that the field belongs to",
				view.Format(time.RFC3339Nano))
		}
		return &instant, nil
	}
	if isPast, err := s.store.Past(ctx, instant); err != nil || !isPast {
		return nil, err
	}
	return &instant, nil
}

// wholeMicros returns an instant without the digits after its microseconds. An instant before 1970 precedes everything, as
// the first microsecond of 1970 does.
func wholeMicros(instant models.Time) models.Time {
	return models.TimeFromMicros(max(instant.UnixMicro(), 1))
}

// node reads an ID argument that may be that of a view, with the argument `asOf` of the same field, if there is one. ok is
// false for a text that identifies nothing. BAD_INPUT for the ID of a view beside another instant.
func (s *Server) node(ctx context.Context, text string, argument *models.Time) (id models.ID, instant *models.Time, ok bool, err error) {
	node, ok := models.ParseNodeID(text)
	if !ok {
		return id, nil, false, nil
	}
	if node.AsOf == nil {
		instant, err = s.instant(ctx, models.At("asOf"), argument, nil)
		return node.ID, instant, true, err
	}
	if argument != nil && !wholeMicros(*argument).Equal(node.AsOf.Time) {
		return id, nil, false, models.BadInput(models.At("asOf"), "must be absent, or the instant of the view that the ID names")
	}
	instant, err = s.instant(ctx, models.At("asOf"), node.AsOf, nil)
	return node.ID, instant, true, err
}

// epochMicros is the instant that a relation is read as of, in microseconds since 1970; 0 is now.
type epochMicros int64

// time returns the instant, nil for now.
func (m epochMicros) time() *models.Time {
	if m == 0 {
		return nil
	}
	t := models.TimeFromMicros(int64(m))
	return &t
}

// pageAsOf are the arguments of a list that is read as of an instant.
type pageAsOf struct {
	page models.Page
	asOf epochMicros
}

func (p pageAsOf) hasCursor() bool { return p.page.HasCursor() }

// micros returns an instant as the argument of a relation, 0 for nil.
func micros(instant *models.Time) epochMicros {
	if instant == nil {
		return 0
	}
	return epochMicros(instant.UnixMicro())
}

// viewsByID makes a fetcher of objects as of an instant from a function that reads them by ID.
func viewsByID[V models.View[V]](fetch func(context.Context, []models.ID) (map[models.ID]V, error)) fetcher[epochMicros, V] {
	return func(ctx context.Context, _ models.ID, ids []models.ID, a epochMicros) (map[models.ID]V, error) {
		found, err := fetch(ctx, ids)
		return viewsOf(found, a), err
	}
}

// viewsInProject makes a fetcher of objects as of an instant from a function that reads them in a project.
func viewsInProject[V models.View[V]](fetch func(context.Context, models.ID, []models.ID) (map[models.ID]V, error)) fetcher[epochMicros, V] {
	return func(ctx context.Context, project models.ID, ids []models.ID, a epochMicros) (map[models.ID]V, error) {
		found, err := fetch(ctx, project, ids)
		return viewsOf(found, a), err
	}
}

// viewsOfLists makes a fetcher of lists as of an instant from a function that reads them in a project.
func viewsOfLists[V models.View[V]](fetch func(context.Context, models.ID, []models.ID) (map[models.ID][]V, error)) fetcher[epochMicros, []V] {
	return func(ctx context.Context, project models.ID, ids []models.ID, a epochMicros) (map[models.ID][]V, error) {
		found, err := fetch(ctx, project, ids)
		for id, list := range found {
			found[id] = models.Views(list, a.time())
		}
		return found, err
	}
}

// viewsOf replaces objects with their views, and removes those that did not exist at the instant.
func viewsOf[V models.View[V]](found map[models.ID]V, a epochMicros) map[models.ID]V {
	var none V
	for id, object := range found {
		if found[id] = object.At(a.time()); found[id] == none {
			delete(found, id)
		}
	}
	return found
}

// readAsOf makes a fetcher from a function that reads in a project as of an instant.
func readAsOf[V any](fetch func(context.Context, models.ID, []models.ID, *models.Time) (map[models.ID]V, error)) fetcher[epochMicros, V] {
	return func(ctx context.Context, project models.ID, ids []models.ID, a epochMicros) (map[models.ID]V, error) {
		return fetch(ctx, project, ids, a.time())
	}
}
