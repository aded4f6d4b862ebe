package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

func (plainDialect) LateralJoin(table, _ string, on engine.Expr) engine.Expr {
	return engine.SQL(" JOIN "+table+" ON ?", on)
}

func (plainDialect) SortFirst(from engine.Expr, _ string, order engine.Expr) engine.Expr {
	return engine.SQL("first(?, ?)", from, order)
}

func (plainDialect) JSONArray(values []string) string { return "[" + strings.Join(values, ", ") + "]" }

func (plainDialect) SelectFirst(columns string, from engine.Expr, order []string, limit int) engine.Expr {
	return engine.SQL(fmt.Sprintf("SELECT %s FROM ? ORDER BY %s LIMIT %d", columns, strings.Join(order, ", "), limit), from)
}

func predicate(key string, tests ...models.ValueCondition) *models.Filter {
	return &models.Filter{Metadata: &models.MetadataFilter{MetadataKeyPath: models.MetadataKeyPath{Key: key}, Conditions: tests}}
}

// TestSegments checks which segments a list has, and which of them walk the index on values.
func TestSegments(t *testing.T) {
	t.Parallel()
	descending := models.OrderTerm{Metadata: models.MetadataKeyPath{Key: "k"}, Descending: true}
	ascending := models.OrderTerm{Metadata: models.MetadataKeyPath{Key: "k"}, MissingFirst: true}
	atPath := models.OrderTerm{Metadata: models.MetadataKeyPath{Key: "k", Path: []string{"d"}}}
	name := models.OrderTerm{Field: "NAME"}
	isTwo, isTwoOrThree := predicate("k", models.ValueCondition{In: []string{"2a"}}), predicate("k", models.ValueCondition{In: []string{"2a", "2b"}})
	notTwo, isNull := predicate("k", models.ValueCondition{In: []string{"2a"}, Not: true}), predicate("k", models.ValueCondition{In: []string{"6"}})
	otherKey, otherCard := predicate("m", models.ValueCondition{In: []string{"2a", "2b"}}), predicate("k", models.ValueCondition{In: []string{"2a", "2b"}})
	otherCard.Metadata.Card = "c"
	ids := []engine.Expr{engine.SQL("ids")}
	ofKey := func(size int) accessPath {
		return accessPath{indexScan{ids: ids, key: &models.MetadataKeyPath{Key: "k"}}, size}
	}
	for _, c := range []struct {
		name   string
		order  models.OrderTerm
		filter *models.Filter
		path   accessPath
		// want has the rank of each segment, an i for one that walks the index on values, the arguments of its range and of
		// its conditions, and a d for one that reads the access path.
		want string
	}{
		{"fields", name, &models.Filter{}, accessPath{}, "-1"},
		{"fields and few candidates", name, &models.Filter{}, accessPath{indexScan{ids: ids}, 9}, "-1d"},
		{"fields and many candidates", name, &models.Filter{}, accessPath{indexScan{ids: ids}, selectiveLimit + 1}, "-1"},
		{"fields and few candidates of a key", name, &models.Filter{}, ofKey(9), "-1d"},
		{"metadata", descending, &models.Filter{}, accessPath{}, "1i[] 2i[] 3"},
		{"metadata, missing first", ascending, &models.Filter{}, accessPath{}, "0 1i[] 2i[]"},
		{"metadata and few candidates", descending, &models.Filter{}, accessPath{indexScan{ids: ids}, selectiveLimit}, "-1d"},
		{"metadata and many candidates", descending, &models.Filter{}, accessPath{indexScan{ids: ids}, selectiveLimit + 1}, "1i[] 2i[] 3"},
		{"metadata and few candidates of its key", descending, isTwo, ofKey(9), "1i[]+[2a] 2i[]+[2a]"},
		{"metadata at a path", atPath, &models.Filter{}, accessPath{}, "-1"},
		{"two ranges", ascending, isTwoOrThree, accessPath{}, "1i[2a 2a] 1i[2b 2b] 2i[]+[2a 2b]"},
		{"two ranges, descending", descending, isTwoOrThree, accessPath{}, "1i[2b 2b] 1i[2a 2a] 2i[]+[2a 2b]"},
		{"two ranges of two conditions", ascending, &models.Filter{All: []*models.Filter{isTwoOrThree, isTwoOrThree}}, accessPath{},
			"1i[2a 2a]+[2a 2b] 1i[2b 2b]+[2a 2b] 2i[]+[2a 2b]+[2a 2b]"},
		{"an alternative", ascending, &models.Filter{Any: true, AnyOf: []*models.Filter{isTwoOrThree}}, accessPath{}, "0 1i[] 2i[]"},
		{"a negation", ascending, notTwo, accessPath{}, "0 1i[] 2i[]"},
		{"null", ascending, isNull, accessPath{}, "0 1i[]+[6] 2i[]+[6]"},
		{"another key", ascending, otherKey, accessPath{}, "0 1i[] 2i[]"},
		{"the key of a card", ascending, otherCard, accessPath{}, "0 1i[] 2i[]"},
		{"a value and a negation", descending, &models.Filter{All: []*models.Filter{notTwo, isTwo}}, accessPath{}, "1i[]+[2a] 2i[]+[2a]"},
	} {
		texts := []string{}
		for _, segment := range plainSearcher(c.filter, false, c.order).segments(c.path) {
			text := fmt.Sprint(segment.rank)
			if segment.indexed {
				text += fmt.Sprint("i", segment.keyRange.Args)
				for _, m := range segment.matches {
					for _, condition := range m.match.conditions {
						text += fmt.Sprint("+", condition.Args)
					}
				}
			}
			if segment.ids != nil {
				text += "d"
			}
			texts = append(texts, text)
		}
		if got := strings.Join(texts, " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// TestSegmentSQL checks the statement of a page of each kind of segment.
func TestSegmentSQL(t *testing.T) {
	t.Parallel()
	project := models.DefaultProjectID
	metadata := models.OrderTerm{Metadata: models.MetadataKeyPath{Key: "k"}, Descending: true}
	name := models.OrderTerm{Field: "NAME"}
	exact := predicate("k", models.ValueCondition{Exists: true})
	size := field("size", "eq", 1)
	filter := &models.Filter{All: []*models.Filter{exact, size}}
	matches := []keyMatch{{exact, matchIndex(exact.Metadata, "m0", false)}}
	candidates := accessPath{indexScan{ids: []engine.Expr{engine.SQL("ids(?)", "x")}, filter: size, exact: true}, 3}
	several := accessPath{indexScan{ids: []engine.Expr{engine.SQL("a"), engine.SQL("b")}, filter: size}, 3}
	const exists = "((SELECT (m.sort_key IS NOT NULL) FROM metadata_latest m WHERE m.project_id = ? AND m.subject_id = i.id AND m.card = ? AND m.key = ?))"
	const m0 = "LEFT JOIN metadata_latest m0 ON m0.project_id = ? AND m0.subject_id = i.id AND m0.card = ? AND m0.key = ?"
	const join = " JOIN items i ON i.project_id = ? AND i.id = "
	for _, c := range []struct {
		name          string
		order         []models.OrderTerm
		backward      bool
		segment       sortSegment
		after, before []any
		want          string
		args          []any
	}{
		{"a walk of the table", []models.OrderTerm{name}, false, sortSegment{rank: anyRank}, []any{"a", "id"}, nil,
			"SELECT q.id, q.name, [q.s0] AS position FROM (SELECT i.id, i.name, i.name AS s0, i.id AS tie FROM items i WHERE i.project_id = ?" +
				" AND (" + exists + " AND (i.size = ?))) q WHERE ((((q.s0 > ?) OR (q.s0 = ? AND q.tie > ?)) AND q.s0 >= ?)) ORDER BY q.s0, q.tie LIMIT 5",
			[]any{project, project, "", "k", 1, "a", "a", "id", "a"}},
		{"candidates, backward", []models.OrderTerm{name}, true, sortSegment{accessPath: candidates, rank: anyRank}, nil, []any{"a", "id"},
			"SELECT q.id, q.name, [q.s0] AS position FROM (SELECT i.id, i.name, i.name AS s0, i.id AS tie FROM" +
				" first((SELECT id FROM (ids(?)) e LIMIT 106) d" + join + "d.id, i.name DESC, i.id DESC) WHERE TRUE" +
				" AND (" + exists + " AND TRUE)) q WHERE ((((q.s0 < ?) OR (q.s0 = ? AND q.tie < ?)) AND q.s0 <= ?)) ORDER BY q.s0 DESC, q.tie DESC LIMIT 5",
			[]any{"x", project, project, "", "k", "a", "a", "id", "a"}},
		{"candidates of several scans, sorted by metadata", []models.OrderTerm{metadata}, false, sortSegment{accessPath: several, rank: anyRank}, nil, nil,
			"SELECT q.id, q.name, [RANK, KEY] AS position FROM (SELECT i.id, i.name, m0.sort_key AS s0, i.id AS tie FROM" +
				" (SELECT DISTINCT id FROM (SELECT id FROM (SELECT id FROM (a) p UNION ALL SELECT id FROM (b) p) u) e LIMIT 106) d" + join + "d.id " + m0 +
				" WHERE TRUE AND (" + exists + " AND (i.size = ?))) q WHERE TRUE ORDER BY RANK, KEY DESC, q.tie LIMIT 5",
			[]any{project, project, "", "k", project, "", "k", 1}},
		{"ordered values", []models.OrderTerm{metadata, name}, false,
			sortSegment{rank: rankOrdered, indexed: true, keyRange: engine.SQL("range(?)", "r"), matches: matches}, []any{int64(1), "2a", "n", "id"}, nil,
			"SELECT q.id, q.name, [1, q.s0, q.s1] AS position FROM (SELECT i.id, i.name, m0.sort_key AS s0, i.name AS s1, m0.object_id AS tie" +
				" FROM metadata_latest m0" + join + "m0.object_id WHERE m0.project_id = ? AND m0.about = ? AND m0.card = ? AND m0.key = ?" +
				" AND m0.sort_key >= ? AND m0.sort_key < ? AND range(?) AND m0.sort_key IS NOT NULL AND (TRUE AND (i.size = ?))) q" +
				" WHERE ((((q.s0 < ?) OR (q.s0 = ? AND q.s1 > ?) OR (q.s0 = ? AND q.s1 = ? AND q.tie > ?)) AND q.s0 <= ?))" +
				" ORDER BY q.s0 DESC, q.s1, q.tie LIMIT 5",
			[]any{project, project, models.SubjectKind("I"), "", "k", "", "5", "r", 1, "2a", "2a", "n", "2a", "n", "id", "2a"}},
		{"values without an order", []models.OrderTerm{metadata}, false, sortSegment{rank: rankUnordered, indexed: true, keyRange: engine.True, matches: matches}, nil, nil,
			"SELECT q.id, q.name, [2, ''] AS position FROM (SELECT i.id, i.name, m0.sort_key AS s0, m0.object_id AS tie" +
				" FROM metadata_latest m0" + join + "m0.object_id WHERE m0.project_id = ? AND m0.about = ? AND m0.card = ? AND m0.key = ?" +
				" AND m0.sort_key >= ? AND m0.sort_key < ? AND TRUE AND m0.sort_key IS NOT NULL AND (TRUE AND (i.size = ?))) q WHERE TRUE ORDER BY q.tie LIMIT 5",
			[]any{project, project, models.SubjectKind("I"), "", "k", "5", "6", 1}},
		{"no values", []models.OrderTerm{metadata}, false, sortSegment{rank: rankMissingLast}, nil, nil,
			"SELECT q.id, q.name, [3, ''] AS position FROM (SELECT i.id, i.name, m0.sort_key AS s0, i.id AS tie FROM items i " + m0 +
				" WHERE i.project_id = ? AND (" + exists + " AND (i.size = ?)) AND (m0.sort_key IS NULL OR m0.sort_key >= ?)) q WHERE TRUE ORDER BY q.tie LIMIT 5",
			[]any{project, "", "k", project, project, "", "k", 1, "6"}},
	} {
		s := plainSearcher(filter, c.backward, c.order...)
		got, ok := s.selectSegment(c.segment, c.after, c.before, 5)
		short := strings.NewReplacer("RANK", s.terms[0].rankSQL(0), "KEY", s.terms[0].keySQL(0))
		checkSQL(t, c.name, got, short.Replace(c.want), c.args)
		if !ok {
			t.Errorf("%s: no statement", c.name)
		}
	}
}

func TestFieldOrder(t *testing.T) {
	t.Parallel()
	name, size := models.OrderTerm{Field: "NAME"}, models.OrderTerm{Field: "SIZE", Descending: true}
	for _, c := range []struct {
		order    []models.OrderTerm
		backward bool
		want     string
	}{
		{[]models.OrderTerm{name, size}, false, "i.name, i.size DESC, i.id"},
		{[]models.OrderTerm{name, size}, true, "i.name DESC, i.size, i.id DESC"},
		{[]models.OrderTerm{name, {Field: "OWNER"}}, false, ""},
		{[]models.OrderTerm{{Metadata: models.MetadataKeyPath{Key: "k"}}}, false, ""},
	} {
		s := plainSearcher(&models.Filter{}, c.backward, c.order...)
		terms := slices.Clone(s.terms)
		if got, ok := s.fieldOrder(); got.SQL != c.want || ok != (c.want != "") || len(s.terms) != len(terms) {
			t.Errorf("got %q, %v, want %q", got, ok, c.want)
		}
	}
}
