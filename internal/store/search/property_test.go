package search

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// TestOnBothEngines compares random searches with their evaluation in Go.
func TestOnBothEngines(t *testing.T) {
	t.Parallel()
	for name := range NewDatabase {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, name)
			t.Run("pages by every access path", w.testPages)
			t.Run("index scans", w.testIndexScans)
			t.Run("pages per parent", w.testParents)
			t.Run("lists in a fixed order", w.testLists)
		})
	}
}

func (q question) query(page models.Page) Query {
	query := Query{Table: ArtifactVersions, Project: models.DefaultProjectID, Page: page}
	query.Filter, query.Order = q.filter, q.order
	if q.past {
		at := models.TimeFromMicros((earlierTime + latestTime) / 2)
		query.AsOf = &at
	}
	return query
}

func (w *world) searcher(q question, page models.Page) *searcher[models.ArtifactVersion] {
	return newSearcher(w.db, q.query(page), func(v *models.ArtifactVersion) models.ID { return v.ID })
}

// accessPaths returns all ways in which a search can read its pages.
func (s *searcher[T]) accessPaths() []accessPath {
	paths := []accessPath{{}}
	for _, scan := range s.indexScans(s.table, s.query.Filter) {
		paths = append(paths, accessPath{scan, 1}, accessPath{scan, selectiveLimit + 1})
	}
	return paths
}

// testPages reads pages between random cursors, each by a random access path.
func (w *world) testPages(t *testing.T) {
	cases := map[string]uint64{"sqlite": 60, "postgres": 25}
	for seed := range cases[w.engine] {
		d := newDice(seed)
		q := d.question()
		want := w.answer(q)
		whole := w.read(t, q, models.Page{Size: 1000, Count: true}, nil)
		if !sameVersions(whole, want) || whole.TotalCount != int32(len(want)) {
			t.Fatalf("seed %d: got %v and a count of %d, want %v\nfilter: %s", seed, numbers(whole.Nodes()), whole.TotalCount, numbers(want), w.sql(q))
		}
		for range 4 {
			page := models.Page{Size: 1 + d.IntN(9), Backward: d.chance(50)}
			after, before := -1, len(want)
			if len(want) > 0 && d.chance(70) {
				after = d.IntN(len(want))
				page.After = whole.Edges[after].Cursor
			}
			if rest := len(want) - after - 1; rest > 0 && d.chance(50) {
				before = after + 1 + d.IntN(rest)
				page.Before = whole.Edges[before].Cursor
			}
			part := want[after+1 : before]
			more := len(part) > page.Size
			if page.Backward {
				part = part[max(0, len(part)-page.Size):]
			} else {
				part = part[:min(len(part), page.Size)]
			}
			path := one(d, w.searcher(q, page).accessPaths()...)
			got := w.read(t, q, page, &path)
			gotMore := got.PageInfo.HasNextPage
			if page.Backward {
				gotMore = got.PageInfo.HasPreviousPage
			}
			if !sameVersions(got, part) || gotMore != more {
				t.Fatalf("seed %d: page %+v by %v, of %d candidates: got %v, more: %v; want %v, more: %v\nfilter: %s\norder: %+v",
					seed, page, path.ids, path.size, numbers(got.Nodes()), gotMore, numbers(part), more, w.sql(q), q.order)
			}
		}
	}
}

// read reads a page by an access path, nil for the one that Find chooses.
func (w *world) read(t *testing.T, q question, page models.Page, path *accessPath) *models.Connection[*models.ArtifactVersion] {
	t.Helper()
	s := w.searcher(q, page)
	after, before, err := s.parseCursors()
	if err != nil {
		t.Fatal(err)
	}
	var connection *models.Connection[*models.ArtifactVersion]
	if path == nil {
		connection, err = Find(context.Background(), w.db, s.query, s.id)
	} else {
		var rows []resultRow[models.ArtifactVersion]
		if rows, err = s.readPage(context.Background(), *path, after, before); err == nil {
			connection, err = s.connection(rows)
		}
	}
	if err != nil {
		t.Fatalf("%v\nfilter: %s\norder: %+v", err, w.sql(q), q.order)
	}
	return connection
}

func (w *world) sql(q question) string {
	return fmt.Sprint(w.searcher(q, models.Page{}).filterCondition())
}

func sameVersions(got *models.Connection[*models.ArtifactVersion], want []*version) bool {
	return slices.EqualFunc(got.Nodes(), want, func(a *models.ArtifactVersion, b *version) bool { return a.ID == b.ID })
}

// numbers names versions in messages.
func numbers[T any](versions []T) []string {
	texts := make([]string, len(versions))
	for i, v := range versions {
		switch v := any(v).(type) {
		case *version:
			texts[i] = v.artifact + v.Version
		case *models.ArtifactVersion:
			texts[i] = fmt.Sprint(v.ArtifactID.String()[34:], v.Version)
		}
	}
	return texts
}

// testIndexScans checks that the candidates of each index scan contain all versions that pass its part of the filter, and no
// other one if the scan is exact.
func (w *world) testIndexScans(t *testing.T) {
	exact, inexact := 0, 0
	for seed := range uint64(800) {
		d := newDice(seed + 1000)
		q := question{filter: d.filter(d.IntN(2))}
		for _, scan := range w.searcher(q, models.Page{}).indexScans(ArtifactVersions, q.filter) {
			var ids []models.ID
			if err := w.db.ReadSearch(context.Background()).Scan(&ids, unionIDs(scan.ids)); err != nil {
				t.Fatal(err)
			}
			candidates := map[models.ID]bool{}
			for _, id := range ids {
				candidates[id] = true
			}
			passing := 0
			for _, v := range w.versions {
				if q.passes(v, scan.filter) {
					passing++
					if !candidates[v.ID] {
						t.Fatalf("seed %d: %s%s is not a candidate of %v", seed, v.artifact, v.Version, scan.ids)
					}
				}
			}
			switch {
			case !scan.exact:
				inexact++
			case len(candidates) != passing:
				t.Fatalf("seed %d: %d candidates, but %d versions pass the filter of the exact scan %v", seed, len(candidates), passing, scan.ids)
			default:
				exact++
			}
			if len(scan.ids) == 1 && len(ids) != len(candidates) {
				t.Fatalf("seed %d: a candidate is repeated in %v", seed, scan.ids)
			}
		}
	}
	if exact < 50 || inexact < 20 {
		t.Errorf("%d exact scans and %d others are too few", exact, inexact)
	}
}

// testParents reads the first page of the versions of each artifact.
func (w *world) testParents(t *testing.T) {
	by := Parent[models.ArtifactVersion]{
		Column: "v.artifact_id", Field: "artifactId", ParentID: func(v *models.ArtifactVersion) models.ID { return v.ArtifactID },
	}
	parents := []models.ID{w.versions[0].ArtifactID, w.versions[1].ArtifactID, models.NewID()}
	for seed := range uint64(15) {
		d := newDice(seed + 2000)
		q, page := d.question(), models.Page{Size: 1 + d.IntN(9), Backward: d.chance(50), Count: true}
		s := w.searcher(q, page)
		for _, some := range [][]models.ID{parents, parents[:1]} {
			got, err := FindPerParent(context.Background(), w.db, s.query, by, some, s.id)
			if err != nil {
				t.Fatal(err)
			}
			for _, parent := range some {
				all := slices.DeleteFunc(w.answer(q), func(v *version) bool { return v.ArtifactID != parent })
				want := all[:min(len(all), page.Size)]
				if page.Backward {
					want = all[max(0, len(all)-page.Size):]
				}
				if !sameVersions(got[parent], want) || got[parent].TotalCount != int32(len(all)) {
					t.Fatalf("seed %d: got %v of %d, want %v of %d", seed, numbers(got[parent].Nodes()), got[parent].TotalCount, numbers(want), len(all))
				}
				w.checkCursor(t, q, page, parent, got[parent], all)
			}
		}
	}
}

// checkCursor checks that a cursor of the page of a parent is one of the list of this parent alone.
func (w *world) checkCursor(
	t *testing.T, q question, page models.Page, parent models.ID, first *models.Connection[*models.ArtifactVersion], all []*version,
) {
	t.Helper()
	if page.Backward || len(first.Edges) == 0 {
		return
	}
	query := q.query(models.Page{Size: len(all), After: *first.PageInfo.EndCursor})
	query.Scope = Equals("artifactId", parent)
	rest, err := Find(context.Background(), w.db, query, w.searcher(q, page).id)
	if err != nil || !sameVersions(rest, all[len(first.Edges):]) {
		t.Fatalf("the page after the first one: %v, %v", rest, err)
	}
}

// TestAccessPathByCount checks which scan has the fewest candidates.
func TestAccessPathByCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	all := func(parts ...*models.Filter) *models.Filter { return &models.Filter{All: parts} }
	red, number := Equals("tag", "red"), Equals("number", int64(1))
	alias := &models.Filter{Field: "alias", Conditions: []models.FieldCondition{{Op: "in", Values: []any{"prod"}}}}
	either := &models.Filter{Any: true, AnyOf: []*models.Filter{alias, alias}}
	for _, c := range []struct {
		name          string
		filter, scope *models.Filter
		want          *models.Filter
		size          int
	}{
		{"the smallest", all(red, alias), nil, alias, 2},
		{"the smallest, in another order", all(alias, red), nil, alias, 2},
		{"the scope", red, alias, alias, 2},
		{"the filter before a greater scope", alias, red, alias, 2},
		{"none without an index", number, nil, nil, 0},
		{"duplicates count", either, nil, either, 4},
	} {
		s := w.searcher(question{filter: c.filter}, models.Page{})
		s.query.Scope = c.scope
		path, err := s.chooseAccessPath(context.Background())
		if err != nil || path.filter != c.want || path.size != c.size {
			t.Errorf("%s: got %+v, %v", c.name, path, err)
		}
	}
	for size, selective := range map[int]bool{0: true, selectiveLimit: true, selectiveLimit + 1: false} {
		path := accessPath{indexScan{ids: []engine.Expr{engine.True}}, size}
		if path.isSelective() != selective || (accessPath{size: size}).isSelective() {
			t.Errorf("%d candidates: %v", size, path.isSelective())
		}
	}
}
