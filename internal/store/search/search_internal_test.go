package search

import (
	"fmt"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// TestMatchIndex checks which part of a predicate the index on values decides.
func TestMatchIndex(t *testing.T) {
	t.Parallel()
	kind := models.MetadataKindInteger
	low, high := models.SortKeyRange{From: "1a", To: "1b"}, models.SortKeyRange{From: "1c", To: "1d", ToOpen: true}
	between := func(ranges ...models.SortKeyRange) models.ValueCondition { return models.ValueCondition{Between: ranges} }
	long := models.SortKeyText + strings.Repeat("x", 10_000)
	for name, c := range map[string]struct {
		predicate          models.MetadataPredicate
		ranges, conditions string
		exact              bool
	}{
		"exists": {predicate: models.MetadataPredicate{Conditions: []models.ValueCondition{{Exists: true}}},
			conditions: "[{m.sort_key IS NOT NULL []}]", ranges: "[]", exact: true},
		"a kind": {predicate: models.MetadataPredicate{Kind: &kind},
			conditions: "[{m.sort_key IS NOT NULL []}]", ranges: "[]"},
		"a range": {predicate: models.MetadataPredicate{Conditions: []models.ValueCondition{between(low)}}, exact: true,
			conditions: "[{((m.sort_key >= ? AND m.sort_key <= ?)) [1a 1b]}]", ranges: "[]"},
		"two ranges in order": {predicate: models.MetadataPredicate{Conditions: []models.ValueCondition{between(high, low)}}, exact: true,
			conditions: "[]",
			ranges:     "[{(m.sort_key >= ? AND m.sort_key <= ?) [1a 1b]} {(m.sort_key >= ? AND m.sort_key < ?) [1c 1d]}]"},
		"ranges that overlap": {predicate: models.MetadataPredicate{Conditions: []models.ValueCondition{between(low, low)}}, exact: true,
			conditions: "[{((m.sort_key >= ? AND m.sort_key <= ?) OR (m.sort_key >= ? AND m.sort_key <= ?)) [1a 1b 1a 1b]}]", ranges: "[]"},
		"a negated range": {predicate: models.MetadataPredicate{Conditions: []models.ValueCondition{{Not: true, Between: []models.SortKeyRange{low}}}},
			conditions: "[]", ranges: "[]"},
		"a path": {predicate: models.MetadataPredicate{
			MetadataKeyPath: models.MetadataKeyPath{Path: []string{"a"}}, Conditions: []models.ValueCondition{{Exists: true}},
		}, conditions: "[{m.sort_key = ? [" + models.SortKeyUnordered + "]}]", ranges: "[]"},
	} {
		match := matchIndex(&c.predicate, "m", true)
		if got := fmt.Sprint(match.conditions); got != c.conditions {
			t.Errorf("%s: the conditions are %s, want %s", name, got, c.conditions)
		}
		if got := fmt.Sprint(match.ranges); got != c.ranges {
			t.Errorf("%s: the ranges are %s, want %s", name, got, c.ranges)
		}
		if match.exact != c.exact {
			t.Errorf("%s: exact is %t", name, match.exact)
		}
	}
	if _, exact := indexCondition(models.ValueCondition{In: []string{long}}, "m.sort_key"); exact {
		t.Error("a sort key that is cut is exact")
	}
}

// TestKeysetCondition checks the bounds of a page for columns with different directions.
func TestKeysetCondition(t *testing.T) {
	t.Parallel()
	order := []sortColumn{{"q.s0", true}, {"q.tie", false}}
	after := fmt.Sprint(keysetCondition(order, []any{7, "x"}, true))
	if want := "{(((q.s0 < ?) OR (q.s0 = ? AND q.tie > ?)) AND q.s0 <= ?) [7 7 x 7]}"; after != want {
		t.Errorf("after is %s, want %s", after, want)
	}
	before := fmt.Sprint(keysetCondition(order, []any{7, "x"}, false))
	if want := "{(((q.s0 > ?) OR (q.s0 = ? AND q.tie < ?)) AND q.s0 >= ?) [7 7 x 7]}"; before != want {
		t.Errorf("before is %s, want %s", before, want)
	}
}

// TestPositionInSegment checks that a position is before, in or after a segment.
func TestPositionInSegment(t *testing.T) {
	t.Parallel()
	var s searcher[models.Artifact]
	position := []any{int64(rankOrdered), "k", "id"}
	for _, c := range []struct {
		rank  int
		want  string
		order int
	}{
		{anyRank, "[1 k id]", 0}, {rankOrdered, "[k id]", 0}, {rankUnordered, "[]", -1}, {rankMissingFirst, "[]", 1},
	} {
		values, order := s.positionInSegment(sortSegment{rank: c.rank}, position)
		if got := fmt.Sprint(values); got != c.want || order != c.order {
			t.Errorf("rank %d: %s and %d, want %s and %d", c.rank, got, order, c.want, c.order)
		}
	}
}

// TestColumnsOfSegment checks that all segments have positions of the same form.
func TestColumnsOfSegment(t *testing.T) {
	t.Parallel()
	s := searcher[models.Artifact]{terms: []sortTerm{{metadata: true, ranked: true, missing: rankMissingLast}, {value: engine.SQL("a.name")}}}
	for _, c := range []struct{ rank, columns int }{{anyRank, 4}, {rankOrdered, 3}, {rankUnordered, 2}} {
		order, position := s.columns(sortSegment{rank: c.rank})
		if len(order) != c.columns || len(position) != 3 {
			t.Errorf("rank %d: %d columns and positions of %d values", c.rank, len(order), len(position))
		}
	}
}
