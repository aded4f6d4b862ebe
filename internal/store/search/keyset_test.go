package search

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

func TestSortColumn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		descending, backward    bool
		orderBy, after, earlier string
	}{
		{false, false, "x", " >", " <"},
		{false, true, "x DESC", " >", " <"},
		{true, false, "x DESC", " <", " >"},
		{true, true, "x", " <", " >"},
	} {
		column := sortColumn{"x", c.descending}
		got := []string{column.orderBy(c.backward), column.operator(true), column.operator(false)}
		if !slices.Equal(got, []string{c.orderBy, c.after, c.earlier}) {
			t.Errorf("descending: %v, backward: %v: got %q", c.descending, c.backward, got)
		}
	}
}

func TestKeysetConditionSQL(t *testing.T) {
	t.Parallel()
	order := []sortColumn{{"q.s0", true}, {"q.s1", false}, {"q.tie", false}}
	checkSQL(t, "after", keysetCondition(order, []any{1, "a", "id"}, true),
		"(((q.s0 < ?) OR (q.s0 = ? AND q.s1 > ?) OR (q.s0 = ? AND q.s1 = ? AND q.tie > ?)) AND q.s0 <= ?)",
		[]any{1, 1, "a", 1, "a", "id", 1})
	checkSQL(t, "before", keysetCondition(order[2:], []any{"id"}, false), "(((q.tie < ?)) AND q.tie <= ?)", []any{"id", "id"})
}

// TestKeysetCondition counts the rows after and before each row of all triples of 0 to 2, in each combination of directions.
func TestKeysetCondition(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	const triples = "(SELECT a.value AS x, b.value AS y, c.value AS z FROM json_each('[0,1,2]') a, json_each('[0,1,2]') b, json_each('[0,1,2]') c) q"
	for directions := range 8 {
		order := []sortColumn{{"q.x", directions&1 > 0}, {"q.y", directions&2 > 0}, {"q.z", directions&4 > 0}}
		counts := make([]engine.Expr, 0, 54)
		var want []int
		for position := range 27 {
			at, place := []any{position / 9, position / 3 % 3, position % 3}, 0
			for i, column := range order {
				if column.descending {
					place = place*3 + 2 - at[i].(int)
				} else {
					place = place*3 + at[i].(int)
				}
			}
			for _, after := range []bool{true, false} {
				counts = append(counts, engine.SQL("SELECT count(*) FROM "+triples+" WHERE ?", keysetCondition(order, at, after)))
			}
			want = append(want, 26-place, place)
		}
		var got []int
		if err := w.db.ReadSearch(context.Background()).Scan(&got, engine.Join(counts, " UNION ALL ")); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("directions %03b: got %v, want %v", directions, got, want)
		}
	}
}

// TestSortTerm checks the value, the rank and the key of each form of a term.
func TestSortTerm(t *testing.T) {
	t.Parallel()
	metadata := models.MetadataKeyPath{Card: "c", Key: "k"}
	project := models.DefaultProjectID.String()
	atPath := models.MetadataKeyPath{Key: "k", Path: []string{"d"}}
	const join = " LEFT JOIN metadata_%s m1 ON m1.project_id = ? AND m1.subject_id = i.id AND m1.card = ? AND m1.key = ?"
	const metadataRank = "CASE WHEN q.s1 IS NULL OR q.s1 >= '6' THEN %d WHEN q.s1 >= '5' THEN 2 ELSE 1 END"
	const metadataKey = "CASE WHEN q.s1 < '5' THEN q.s1 ELSE '' END"
	for _, c := range []struct {
		name                   string
		term                   models.OrderTerm
		asOf                   int64
		value, join, rank, key string
		walked, number, ranked bool
	}{
		{"a text", models.OrderTerm{Field: "NAME"}, 0, "i.name", "", "CASE WHEN q.s1 IS NULL THEN 3 ELSE 1 END", "q.s1", false, false, false},
		{"a number", models.OrderTerm{Field: "SIZE"}, 0, "i.size", "", "CASE WHEN q.s1 IS NULL THEN 3 ELSE 1 END", "q.s1", false, true, false},
		{"a text or null", models.OrderTerm{Field: "OWNER"}, 0, "i.owner", "", "CASE WHEN q.s1 IS NULL THEN 3 ELSE 1 END", "COALESCE(q.s1, '')", false, false, true},
		{"a number or null", models.OrderTerm{Field: "STATE", MissingFirst: true}, 0, "i.state", "", "CASE WHEN q.s1 IS NULL THEN 0 ELSE 1 END",
			"COALESCE(q.s1, 0)", false, true, true},
		{"a past field", models.OrderTerm{Field: "STATE"}, 7, "state_at(i.id, ?) [7]", "", "CASE WHEN q.s1 IS NULL THEN 3 ELSE 1 END", "COALESCE(q.s1, 0)",
			false, true, true},
		{"a past field that does not change", models.OrderTerm{Field: "NAME"}, 7, "i.name", "", "CASE WHEN q.s1 IS NULL THEN 3 ELSE 1 END", "q.s1", false, false, false},
		{"metadata", models.OrderTerm{Metadata: metadata}, 0, "m1.sort_key", fmt.Sprintf(join, "latest") + " [" + project + " c k]", fmt.Sprintf(metadataRank, 3), metadataKey,
			true, false, true},
		{"past metadata", models.OrderTerm{Metadata: metadata, MissingFirst: true}, 7, "m1.sort_key", fmt.Sprintf(join, "entries") +
			" AND m1.seq = (SELECT max(e.seq) FROM metadata_entries e\n\t\t\tWHERE e.project_id = ? AND e.subject_id = i.id" +
			" AND e.card = ? AND e.key = ? AND e.logged_at <= ?) [" + project + " c k " + project + " c k 7]", fmt.Sprintf(metadataRank, 0), metadataKey, false, false, true},
		{"metadata at a path", models.OrderTerm{Metadata: atPath}, 0, "(SELECT CASE WHEN x.p = '0' THEN NULL WHEN x.p LIKE '[%' OR x.p LIKE '{%' THEN '5'" +
			" ELSE substr(x.p, 2) END FROM (SELECT path(CASE WHEN m1.sort_key = '5' THEN m1.parts END, ?) AS p) x) BINARY [[d]]",
			fmt.Sprintf(join, "latest") + " [" + project + "  k]", fmt.Sprintf(metadataRank, 3), metadataKey, false, false, true},
	} {
		got := compiler{dialect: plainDialect{}, project: models.DefaultProjectID, asOf: c.asOf}.sortTerm(items, c.term, 1)
		for i, pair := range [][2]string{
			{withArgs(got.value), c.value}, {withArgs(got.join), c.join}, {got.rankSQL(1), c.rank}, {got.keySQL(1), c.key},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s, part %d: got\n%s, want\n%s", c.name, i, pair[0], pair[1])
			}
		}
		if (got.key != nil) != c.walked || got.number != c.number || got.ranked != c.ranked || got.descending != c.term.Descending {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}

func withArgs(e engine.Expr) string {
	if len(e.Args) == 0 {
		return e.SQL
	}
	return fmt.Sprint(e.SQL, " ", e.Args)
}

// plainSearcher compiles a query without a database.
func plainSearcher(filter *models.Filter, backward bool, order ...models.OrderTerm) *searcher[models.Artifact] {
	s := &searcher[models.Artifact]{compiler: compiler{dialect: plainDialect{}, project: models.DefaultProjectID}, table: items}
	s.query.Filter, s.query.Page.Backward = filter, backward
	for i, term := range order {
		s.terms = append(s.terms, s.sortTerm(items, term, i))
	}
	return s
}

// TestColumns checks by which columns a segment is sorted, and which values make a position.
func TestColumns(t *testing.T) {
	t.Parallel()
	name, owner := models.OrderTerm{Field: "NAME", Descending: true}, models.OrderTerm{Field: "OWNER"}
	metadata := models.OrderTerm{Metadata: models.MetadataKeyPath{Key: "k"}, Descending: true}
	const rank, key = "CASE WHEN q.s0 IS NULL OR q.s0 >= '6' THEN 3 WHEN q.s0 >= '5' THEN 2 ELSE 1 END", "CASE WHEN q.s0 < '5' THEN q.s0 ELSE '' END"
	for _, c := range []struct {
		name            string
		order           []models.OrderTerm
		rank            int
		columns, values string
	}{
		{"a field", []models.OrderTerm{name}, anyRank, "[{q.s0 true} {q.tie false}]", "[q.s0]"},
		{"a field that may be null", []models.OrderTerm{owner}, anyRank,
			"[{CASE WHEN q.s0 IS NULL THEN 3 ELSE 1 END false} {COALESCE(q.s0, '') false} {q.tie false}]",
			"[CASE WHEN q.s0 IS NULL THEN 3 ELSE 1 END COALESCE(q.s0, '')]"},
		{"all ranks", []models.OrderTerm{metadata, name}, anyRank, "[{" + rank + " false} {" + key + " true} {q.s1 true} {q.tie false}]", "[" + rank + " " + key + " q.s1]"},
		{"ordered values", []models.OrderTerm{metadata, name}, rankOrdered, "[{q.s0 true} {q.s1 true} {q.tie false}]", "[1 q.s0 q.s1]"},
		{"values without an order", []models.OrderTerm{metadata, name}, rankUnordered, "[{q.s1 true} {q.tie false}]", "[2 '' q.s1]"},
		{"no values", []models.OrderTerm{metadata}, rankMissingLast, "[{q.tie false}]", "[3 '']"},
	} {
		columns, values := plainSearcher(&models.Filter{}, false, c.order...).columns(sortSegment{rank: c.rank})
		if fmt.Sprint(columns) != c.columns || fmt.Sprint(values) != c.values {
			t.Errorf("%s: got\n%v\n%v", c.name, columns, values)
		}
	}
}

// TestPositionInSegment checks a position of each rank in each segment.
func TestPositionInSegment(t *testing.T) {
	t.Parallel()
	s := plainSearcher(&models.Filter{}, false, models.OrderTerm{Metadata: models.MetadataKeyPath{Key: "k"}}, models.OrderTerm{Field: "NAME"})
	ranks := []int{rankMissingFirst, rankOrdered, rankUnordered, rankMissingLast}
	for _, segment := range ranks {
		for _, rank := range ranks {
			values, order := s.positionInSegment(sortSegment{rank: segment}, []any{int64(rank), "2a", "name", "id"})
			want := []any(nil)
			if rank == segment {
				want = []any{"name", "id"}
			}
			if rank == segment && rank == rankOrdered {
				want = []any{"2a", "name", "id"}
			}
			sign := 0
			if rank != segment {
				sign = (rank - segment) / max(rank-segment, segment-rank)
			}
			if !slices.Equal(values, want) || order != sign {
				t.Errorf("segment %d, position of rank %d: got %v, %d", segment, rank, values, order)
			}
			_, isRead := s.selectsRows(segment, rank)
			if after, before := rank <= segment, rank >= segment; isRead != [2]bool{after, before} {
				t.Errorf("segment %d has rows after and before a position of rank %d: %v", segment, rank, isRead)
			}
		}
	}
	all := []any{int64(2), "", "name", "id"}
	if values, order := s.positionInSegment(sortSegment{rank: anyRank}, all); !slices.Equal(values, all) || order != 0 {
		t.Errorf("all ranks: got %v, %d", values, order)
	}
}

// selectsRows reports whether a segment is read after and before a position of a rank.
func (s *searcher[T]) selectsRows(segment, rank int) (position []any, isRead [2]bool) {
	position = []any{int64(rank), "2a", "name", "id"}
	_, isRead[0] = s.selectSegment(sortSegment{rank: segment}, position, nil, 1)
	_, isRead[1] = s.selectSegment(sortSegment{rank: segment}, nil, position, 1)
	return position, isRead
}
