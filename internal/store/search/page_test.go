package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

func TestParseCursor(t *testing.T) {
	t.Parallel()
	id := models.NewID()
	kinds := []PositionKind{TextPosition, NumberPosition, IDPosition}
	for _, c := range []struct {
		name     string
		position models.Position
		list     string
		valid    bool
	}{
		{"a position of the list", models.Position{"a", 1, id.String()}, "list", true},
		{"a position of another list", models.Position{"a", 1, id.String()}, "other", false},
		{"too few values", models.Position{"a", 1}, "list", false},
		{"too many values", models.Position{"a", 1, id.String(), 2}, "list", false},
		{"a number for a text", models.Position{1, 1, id.String()}, "list", false},
		{"a text for a number", models.Position{"a", "1", id.String()}, "list", false},
		{"no ID", models.Position{"a", 1, "id"}, "list", false},
		{"a number for an ID", models.Position{"a", 1, 2}, "list", false},
		{"a text that PostgreSQL cannot store", models.Position{"a\x00", 1, id.String()}, "list", false},
		{"null", models.Position{nil, 1, id.String()}, "list", false},
	} {
		values, err := ParseCursor("before", "list", models.EncodeCursor(c.list, c.position), kinds)
		var failure *models.Error
		switch {
		case c.valid:
			if err != nil || !slices.Equal(values, []any{"a", int64(1), id}) {
				t.Errorf("%s: got %v, %v", c.name, values, err)
			}
		case !errors.As(err, &failure) || failure.Code != models.CodeBadInput || !slices.Equal(failure.Path, []any{"before"}):
			t.Errorf("%s: got %v, %v", c.name, values, err)
		}
	}
	if values, err := ParseCursor("after", "list", "", kinds); values != nil || err != nil {
		t.Errorf("no cursor: got %v, %v", values, err)
	}
}

// TestCursorKinds checks the types of the values of a cursor for each form of a term.
func TestCursorKinds(t *testing.T) {
	t.Parallel()
	s := plainSearcher(&models.Filter{}, false, models.OrderTerm{Field: "NAME"}, models.OrderTerm{Field: "SIZE"}, models.OrderTerm{Field: "OWNER"},
		models.OrderTerm{Field: "STATE"}, models.OrderTerm{Metadata: models.MetadataKeyPath{Key: "k"}})
	id := models.NewID()
	want := []any{"name", int64(5), int64(3), "", int64(1), int64(0), int64(2), "", id}
	s.name = "list"
	s.query.Page = models.Page{
		After:  models.EncodeCursor("list", models.Position{"name", 5, 3, "", 1, 0, 2, "", id.String()}),
		Before: models.EncodeCursor("list", models.Position{"name", 5, 3, "", 1, 0, 2, 0, id.String()}),
	}
	after, before, err := s.parseCursors()
	if !slices.Equal(after, want) || before != nil || models.CodeOf(err) != models.CodeBadInput {
		t.Errorf("got %v, %v, %v", after, before, err)
	}
}

func TestDecodePosition(t *testing.T) {
	t.Parallel()
	got, err := decodePosition(`[1, 9007199254740993, "a", ""]`)
	if err != nil || !slices.Equal(got, models.Position{int64(1), int64(9007199254740993), "a", ""}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{`[1.5]`, `[9223372036854775808]`, `[`} {
		if got, err := decodePosition(text); err == nil {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

// versionsByTime is the list of the versions of artifacts by time.
func versionsByTime(descending bool) List[*models.ArtifactVersion] {
	return List[*models.ArtifactVersion]{
		Name: "byTime", Columns: engine.Qualify("v", ArtifactVersions.columns), From: engine.SQL("artifact_versions v"),
		Where: engine.SQL("v.project_id = ?", models.DefaultProjectID), Parent: "v.artifact_id", Order: []string{"v.created_at", "v.id"}, Descending: descending,
		Kinds: []PositionKind{NumberPosition, IDPosition},
		Position: func(v *models.ArtifactVersion) models.Position {
			return models.Position{v.CreatedAt.UnixMicro(), v.ID.String()}
		},
		ParentOf: func(v *models.ArtifactVersion) models.ID { return v.ArtifactID },
	}
}

func TestListSQL(t *testing.T) {
	t.Parallel()
	parent := models.NewID()
	for _, c := range []struct {
		descending, backward bool
		after, before, order string
	}{
		{false, false, ">", "<", "v.created_at, v.id"},
		{false, true, ">", "<", "v.created_at DESC, v.id DESC"},
		{true, false, "<", ">", "v.created_at DESC, v.id DESC"},
		{true, true, "<", ">", "v.created_at, v.id"},
	} {
		l := versionsByTime(c.descending)
		l.Columns = "v.id"
		page := models.Page{Size: 4, Backward: c.backward}
		first, second := models.NewID(), models.NewID()
		page.After = models.EncodeCursor(l.cursorName(parent), models.Position{1, first.String()})
		page.Before = models.EncodeCursor(l.cursorName(parent), models.Position{2, second.String()})
		bounds, err := l.bounds(parent, page)
		if err != nil {
			t.Fatal(err)
		}
		checkSQL(t, "bounds", bounds, fmt.Sprintf(" AND (v.created_at, v.id) %s (?, ?) AND (v.created_at, v.id) %s (?, ?)", c.after, c.before),
			[]any{int64(1), first, int64(2), second})
		checkSQL(t, "a page", l.selectPage(engine.SQL("v.artifact_id = ?", parent), engine.SQL(" AND ?", "bounds"), page),
			"SELECT v.id FROM artifact_versions v WHERE v.artifact_id = ? AND v.project_id = ? AND ? ORDER BY "+c.order+" LIMIT ?",
			[]any{parent, models.DefaultProjectID, "bounds", 5})
		if _, err := l.bounds(models.NewID(), page); models.CodeOf(err) != models.CodeBadInput {
			t.Errorf("a cursor of another parent: %v", err)
		}
	}
}

// testLists reads lists of parents page by page in both directions.
func (w *world) testLists(t *testing.T) {
	parents := []models.ID{w.versions[0].ArtifactID, w.versions[1].ArtifactID, models.NewID()}
	read := func(l List[*models.ArtifactVersion], page models.Page, parents ...models.ID) map[models.ID]*models.Connection[*models.ArtifactVersion] {
		t.Helper()
		connections, err := ReadPages(context.Background(), w.db, l, parents, page)
		if err != nil {
			t.Fatal(err)
		}
		return connections
	}
	for _, descending := range []bool{false, true} {
		l := versionsByTime(descending)
		all := slices.Clone(w.versions)
		if descending {
			slices.Reverse(all)
		}
		for _, parent := range parents {
			want := slices.DeleteFunc(slices.Clone(all), func(v *version) bool { return v.ArtifactID != parent })
			whole := read(l, models.Page{Size: 100, Count: true}, parents...)[parent]
			if !sameVersions(whole, want) || whole.TotalCount != int32(len(want)) {
				t.Fatalf("got %v of %d, want %v", numbers(whole.Nodes()), whole.TotalCount, numbers(want))
			}
			for from := 0; from+4 < len(want); from += 5 {
				page := models.Page{Size: 2, After: whole.Edges[from].Cursor, Before: whole.Edges[from+4].Cursor}
				forward := read(l, page, parent)[parent]
				page.Backward = true
				backward := read(l, page, parent)[parent]
				if !sameVersions(forward, want[from+1:from+3]) || !sameVersions(backward, want[from+2:from+4]) {
					t.Fatalf("after item %d: got %v and %v", from, numbers(forward.Nodes()), numbers(backward.Nodes()))
				}
				if !forward.PageInfo.HasNextPage || !backward.PageInfo.HasPreviousPage {
					t.Errorf("after item %d: no more pages", from)
				}
			}
		}
		l.Parent = ""
		whole := read(l, models.Page{Size: 100, Count: true})[models.ID{}]
		if !sameVersions(whole, all) || whole.TotalCount != int32(len(all)) {
			t.Errorf("without parents: got %v of %d", numbers(whole.Nodes()), whole.TotalCount)
		}
	}
}
