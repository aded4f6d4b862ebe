package graph

import (
	"context"
	"encoding/json"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/batch"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// The functions of this file turn methods of the store into the fetch functions of loaders.

// fetchByID fetches objects of a project by their ID.
func fetchByID[V any](fetch func(context.Context, []models.ID) (map[models.ID]V, error)) batch.Fetch[noArgs, V] {
	return func(ctx context.Context, project models.ID, ids []models.ID, _ noArgs) (map[models.ID]V, error) {
		return fetch(auth.WithProject(ctx, project), ids)
	}
}

// fetchViewsByID fetches views of objects of a project by their ID, or of any project for zero.
func fetchViewsByID[V models.View[V]](
	fetch func(context.Context, []models.ID) (map[models.ID]V, error),
) batch.Fetch[epochMicros, V] {
	return func(ctx context.Context, project models.ID, ids []models.ID, instant epochMicros) (map[models.ID]V, error) {
		objects, err := fetch(auth.WithProject(ctx, project), ids)
		return views(objects, instant), err
	}
}

// fetchViewsOfLists fetches lists of views of objects of a project.
func fetchViewsOfLists[V models.View[V]](
	fetch func(context.Context, models.ID, []models.ID) (map[models.ID][]V, error),
) batch.Fetch[epochMicros, []V] {
	return func(ctx context.Context, project models.ID, ids []models.ID, instant epochMicros) (map[models.ID][]V, error) {
		lists, err := fetch(ctx, project, ids)
		return viewLists(lists, instant), err
	}
}

// loadByID returns the object of any project with an ID, the oldest one if several projects have it. Fields below it
// find it in the loader.
func loadByID[V comparable](ctx context.Context, l *batch.Loader[epochMicros, V], node models.NodeID) (V, error) {
	var none V
	object, err := l.Load(ctx, models.ID{}, node.ID, toMicros(node.AsOf))
	if object != none {
		project, _ := references(object)
		l.Prime(ctx, project, toMicros(node.AsOf), map[models.ID]V{node.ID: object})
	}
	return object, err
}

// fetchAsOf fetches values as of an instant.
func fetchAsOf[V any](
	fetch func(context.Context, models.ID, []models.ID, *models.Time) (map[models.ID]V, error),
) batch.Fetch[epochMicros, V] {
	return func(ctx context.Context, project models.ID, ids []models.ID, instant epochMicros) (map[models.ID]V, error) {
		return fetch(ctx, project, ids, instant.time())
	}
}

// fetchPagesAsOf fetches pages as of an instant.
func fetchPagesAsOf[V any](
	fetch func(context.Context, models.ID, []models.ID, models.Page, *models.Time) (map[models.ID]V, error),
) batch.Fetch[pageAsOf, V] {
	return func(ctx context.Context, project models.ID, ids []models.ID, p pageAsOf) (map[models.ID]V, error) {
		return fetch(ctx, project, ids, p.Page, p.asOf.time())
	}
}

// fetchEvents fetches pages of timelines.
func fetchEvents(
	fetch func(
		context.Context, models.ID, []models.ID, store.EventQuery, models.Page,
	) (map[models.ID]*models.TimelineEventConnection, error),
) batch.Fetch[eventPage, *models.TimelineEventConnection] {
	return func(
		ctx context.Context, project models.ID, ids []models.ID, p eventPage,
	) (map[models.ID]*models.TimelineEventConnection, error) {
		return fetch(ctx, project, ids, p.query, p.Page)
	}
}

// fetchSeriesPages fetches pages of series with views of their entries. Each entry of a series exists at the instant
// of the view.
func fetchSeriesPages(
	fetch func(
		context.Context, models.ID, []models.ID, store.EntryKey, models.Page,
	) (map[models.ID]*models.MetadataSeries, error),
) batch.Fetch[seriesPage, *models.MetadataSeries] {
	return func(
		ctx context.Context, project models.ID, ids []models.ID, p seriesPage,
	) (map[models.ID]*models.MetadataSeries, error) {
		series, err := fetch(ctx, project, ids, p.key, p.Page)
		for _, s := range series {
			for _, point := range s.Points {
				point.Entry = point.Entry.ViewAt(p.view.time())
			}
		}
		return series, err
	}
}

// latestReads are the methods of the store that read the latest entries of subjects.
type latestReads[K any] struct {
	// asOf reads entries of some keys, or of all keys for nil, as of an instant.
	asOf func(context.Context, models.ID, []models.ID, []K, *models.Time) (map[models.ID][]*models.MetadataEntry, error)
	// some reads the present entries of some keys.
	some func(context.Context, models.ID, []models.ID, []K, store.Revisions) (map[models.ID][]*models.MetadataEntry, error)
	// all reads all present entries.
	all func(context.Context, models.ID, []models.ID, store.Revisions) (map[models.ID][]*models.MetadataEntry, error)
}

// fetchLatest fetches views of latest entries of some keys of subjects, or of all keys.
func fetchLatest[K any](read latestReads[K]) batch.Fetch[latestArgs, []*models.MetadataEntry] {
	return func(
		ctx context.Context, project models.ID, ids []models.ID, a latestArgs,
	) (entries map[models.ID][]*models.MetadataEntry, err error) {
		var keys []K
		if a.keys != "" {
			if err := json.Unmarshal([]byte(a.keys), &keys); err != nil {
				return nil, err
			}
		}
		switch {
		case a.asOf != 0:
			entries, err = read.asOf(ctx, project, ids, keys, a.asOf.time())
		case a.keys != "":
			entries, err = read.some(ctx, project, ids, keys, loadersFrom(ctx).revisionsOf(project))
		default:
			entries, err = read.all(ctx, project, ids, loadersFrom(ctx).revisionsOf(project))
		}
		return viewLists(entries, a.view), err
	}
}

// views replaces objects by their views, and removes objects that did not exist at the instant.
func views[V models.View[V]](objects map[models.ID]V, instant epochMicros) map[models.ID]V {
	var none V
	for id, object := range objects {
		if objects[id] = object.ViewAt(instant.time()); objects[id] == none {
			delete(objects, id)
		}
	}
	return objects
}

// viewLists replaces lists of objects by lists of their views.
func viewLists[V models.View[V]](lists map[models.ID][]V, instant epochMicros) map[models.ID][]V {
	if instant == 0 {
		return lists
	}
	for id, list := range lists {
		lists[id] = models.ViewsAt(list, instant.time())
	}
	return lists
}
