package search

import (
	"fmt"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

func TestIndexCondition(t *testing.T) {
	t.Parallel()
	lower, upper := models.LowerSortKey("4"+long+"b"), models.UpperSortKey("4"+long+"b")
	text := func(op, text string) models.ValueCondition {
		return models.ValueCondition{Text: &models.TextCondition{Op: op, Text: text}}
	}
	for _, c := range []struct {
		name  string
		test  models.ValueCondition
		want  string
		args  []any
		exact bool
	}{
		{"exists", models.ValueCondition{Exists: true}, "k IS NOT NULL", nil, true},
		{"does not exist", models.ValueCondition{Exists: true, Not: true}, "", nil, false},
		{"a closed range", models.ValueCondition{Between: []models.SortKeyRange{{From: "2a", To: "2b"}}}, "((k >= ? AND k <= ?))", []any{"2a", "2b"}, true},
		{"an open range", models.ValueCondition{Between: []models.SortKeyRange{{From: "2a", To: "2b", FromOpen: true, ToOpen: true}}},
			"((k > ? AND k < ?))", []any{"2a", "2b"}, true},
		{"two ranges", models.ValueCondition{Between: []models.SortKeyRange{{From: "2a", To: "3", ToOpen: true}, {From: "4a", To: "4b"}}},
			"((k >= ? AND k < ?) OR (k >= ? AND k <= ?))", []any{"2a", "3", "4a", "4b"}, true},
		{"no range", models.ValueCondition{Between: []models.SortKeyRange{}}, "FALSE", nil, true},
		{"from after a long text", models.ValueCondition{Between: []models.SortKeyRange{{From: "4" + long + "b", FromOpen: true, To: "5", ToOpen: true}}},
			"((k >= ? AND k < ?))", []any{lower, "5"}, false},
		{"up to a long text", models.ValueCondition{Between: []models.SortKeyRange{{From: "4", To: "4" + long + "b"}}},
			"((k >= ? AND k < ?))", []any{"4", upper}, false},
		{"not in a range", models.ValueCondition{Not: true, Between: []models.SortKeyRange{{From: "2a", To: "2b"}}}, "", nil, false},
		{"one of", models.ValueCondition{In: []string{"2a", "6"}}, "k IN (?, ?)", []any{"2a", "6"}, true},
		{"one of none", models.ValueCondition{In: []string{}}, "FALSE", nil, true},
		{"one of, with a long text", models.ValueCondition{In: []string{"2a", "4" + long + "bcd"}}, "k IN (?, ?)",
			[]any{"2a", "4" + long + "b"}, false},
		{"one of, without case", models.ValueCondition{In: []string{"4a"}, IgnoreCase: true}, "", nil, false},
		{"a prefix", text("startsWith", "a"), "k >= ? AND k < ?", []any{"4a", "4b"}, true},
		{"the empty prefix", text("startsWith", ""), "k >= ? AND k < ?", []any{"4", "5"}, true},
		{"a long prefix", text("startsWith", long+"bcd"), "k >= ? AND k < ?", []any{"4" + long + "b", "4" + long + "c"}, false},
		{"a suffix", text("endsWith", "a"), "", nil, false},
		{"a part", text("contains", "a"), "", nil, false},
		{"a member", models.ValueCondition{Member: []string{"4a"}}, "", nil, false},
		{"a member or a part", models.ValueCondition{Member: []string{"4a"}, Text: &models.TextCondition{Op: "startsWith", Text: "a"}}, "", nil, false},
	} {
		got, exact := indexCondition(c.test, "k")
		checkSQL(t, c.name, got, c.want, c.args)
		if exact != c.exact {
			t.Errorf("%s: exact is %v", c.name, exact)
		}
	}
}

// TestMatchIndex checks the ranges that become statements of their own, and the conditions that remain.
func TestMatchIndex(t *testing.T) {
	t.Parallel()
	kind := models.MetadataKindString
	between := func(bounds ...string) models.ValueCondition {
		test := models.ValueCondition{Between: []models.SortKeyRange{}}
		for i := 0; i < len(bounds); i += 2 {
			test.Between = append(test.Between, models.SortKeyRange{From: bounds[i], To: bounds[i+1]})
		}
		return test
	}
	const inRange = "(m.sort_key >= ? AND m.sort_key <= ?)"
	eight := strings.Split("2a 2b 2c 2d 2e 2f 2g 2h", " ")
	for _, c := range []struct {
		name   string
		p      models.MetadataFilter
		ranges string
		rest   string
		exact  bool
	}{
		{"one range", models.MetadataFilter{Conditions: []models.ValueCondition{between("2a", "2b")}}, "[]", "[{(" + inRange + ") [2a 2b]}]", true},
		{"two ranges", models.MetadataFilter{Conditions: []models.ValueCondition{between("4a", "4b", "2a", "2b")}},
			"[{" + inRange + " [2a 2b]} {" + inRange + " [4a 4b]}]", "[]", true},
		{"overlapping ranges", models.MetadataFilter{Conditions: []models.ValueCondition{between("2a", "2c", "2b", "2d")}}, "[]",
			"[{(" + inRange + " OR " + inRange + ") [2a 2c 2b 2d]}]", true},
		{"ranges with a common end", models.MetadataFilter{Conditions: []models.ValueCondition{between("2a", "2b", "2b", "2d")}}, "[]",
			"[{(" + inRange + " OR " + inRange + ") [2a 2b 2b 2d]}]", true},
		{"the first condition with ranges", models.MetadataFilter{Conditions: []models.ValueCondition{between("2a", "2z"), {In: []string{"2c", "2b"}}}},
			"[{" + inRange + " [2b 2b]} {" + inRange + " [2c 2c]}]", "[{(" + inRange + ") [2a 2z]}]", true},
		{"two conditions with ranges", models.MetadataFilter{Conditions: []models.ValueCondition{{In: []string{"2b", "2c"}}, {In: []string{"2c", "2d"}}}},
			"[{" + inRange + " [2b 2b]} {" + inRange + " [2c 2c]}]", "[{m.sort_key IN (?, ?) [2c 2d]}]", true},
		{"as many values as scans", models.MetadataFilter{Conditions: []models.ValueCondition{{In: eight}}}, "8 ranges", "[]", true},
		{"more values than scans", models.MetadataFilter{Conditions: []models.ValueCondition{{In: append(eight, "2i")}}}, "[]",
			"[{m.sort_key IN (?, ?, ?, ?, ?, ?, ?, ?, ?) [2a 2b 2c 2d 2e 2f 2g 2h 2i]}]", true},
		{"values without case", models.MetadataFilter{Conditions: []models.ValueCondition{{In: []string{"4a", "4b"}, IgnoreCase: true}}}, "[]", "[]", false},
		{"none of several", models.MetadataFilter{Conditions: []models.ValueCondition{{In: []string{"4a", "4b"}, Not: true}}}, "[]", "[]", false},
		{"a long value", models.MetadataFilter{Conditions: []models.ValueCondition{{In: []string{"2a", "4" + long + "a"}}}}, "[]",
			"[{m.sort_key IN (?, ?) [2a 4" + long + "a]}]", false},
		{"exists", models.MetadataFilter{Conditions: []models.ValueCondition{{Exists: true}}}, "[]", "[{m.sort_key IS NOT NULL []}]", true},
		{"a kind", models.MetadataFilter{Kind: &kind}, "[]", "[{m.sort_key IS NOT NULL []}]", false},
		{"a kind with a range", models.MetadataFilter{Kind: &kind, Conditions: []models.ValueCondition{between("4a", "4b")}}, "[]",
			"[{(" + inRange + ") [4a 4b]}]", false},
		{"a negation beside a range", models.MetadataFilter{Conditions: []models.ValueCondition{between("4a", "4b"), {In: []string{"4a"}, Not: true}}}, "[]",
			"[{(" + inRange + ") [4a 4b]}]", false},
		{"a path", models.MetadataFilter{MetadataKeyPath: models.MetadataKeyPath{Path: []string{"d"}}, Conditions: []models.ValueCondition{between("2a", "2b")}},
			"[]", "[{m.sort_key = ? [5]}]", false},
		{"a negation at a path", models.MetadataFilter{MetadataKeyPath: models.MetadataKeyPath{Path: []string{"d"}},
			Conditions: []models.ValueCondition{{Not: true, In: []string{"2a"}}}}, "[]", "[]", false},
	} {
		got := matchIndex(&c.p, "m", true)
		ranges := fmt.Sprint(got.ranges)
		if strings.HasSuffix(c.ranges, "ranges") {
			ranges = fmt.Sprint(len(got.ranges), " ranges")
		}
		if ranges != c.ranges || fmt.Sprint(got.conditions) != c.rest || got.exact != c.exact {
			t.Errorf("%s: got ranges %v,\nconditions %v, exact: %v", c.name, got.ranges, got.conditions, got.exact)
		}
		if whole := matchIndex(&c.p, "m", false); whole.ranges != nil || whole.exact != c.exact {
			t.Errorf("%s: without splitting: %+v", c.name, whole)
		}
	}
}

func TestRequiredValues(t *testing.T) {
	t.Parallel()
	kind, path := models.MetadataKindNull, models.MetadataKeyPath{Path: []string{"d"}}
	for _, c := range []struct {
		name           string
		p              models.MetadataFilter
		value, nonNull bool
	}{
		{"nothing", models.MetadataFilter{}, false, false},
		{"a kind", models.MetadataFilter{Kind: &kind}, true, false},
		{"a kind at a path", models.MetadataFilter{MetadataKeyPath: path, Kind: &kind}, true, true},
		{"exists", models.MetadataFilter{Conditions: []models.ValueCondition{{Exists: true}}}, true, false},
		{"does not exist", models.MetadataFilter{Conditions: []models.ValueCondition{{Exists: true, Not: true}}}, false, false},
		{"a value", models.MetadataFilter{Conditions: []models.ValueCondition{{In: []string{"2a"}}}}, true, true},
		{"null", models.MetadataFilter{Conditions: []models.ValueCondition{{In: []string{"2a", "6"}}}}, true, false},
		{"not a value", models.MetadataFilter{Conditions: []models.ValueCondition{{In: []string{"2a"}, Not: true}}}, false, false},
		{"not a value at a path", models.MetadataFilter{MetadataKeyPath: path, Conditions: []models.ValueCondition{{In: []string{"2a"}, Not: true}}}, false, false},
		{"a range and a negation", models.MetadataFilter{Conditions: []models.ValueCondition{{Exists: true, Not: true}, {Between: []models.SortKeyRange{{}}}}}, true, true},
	} {
		if value, nonNull := requiresValue(&c.p), excludesNull(&c.p); value != c.value || nonNull != c.nonNull {
			t.Errorf("%s: got %v and %v", c.name, value, nonNull)
		}
	}
}

func TestIndexScans(t *testing.T) {
	t.Parallel()
	a, b, size := field("name", "eq", "a"), field("name", "lt", "b"), field("size", "eq", 1)
	two := &models.Filter{Field: "name", Conditions: []models.FieldCondition{{Op: "endsWith", Values: []any{"a"}}, {Op: "gt", Values: []any{"c"}}}}
	anyOf := func(parts ...*models.Filter) *models.Filter { return &models.Filter{Any: true, AnyOf: parts} }
	all := func(parts ...*models.Filter) *models.Filter { return &models.Filter{All: parts} }
	repeat := func(n int) (parts []*models.Filter) {
		for range n {
			parts = append(parts, a)
		}
		return parts
	}
	for _, c := range []struct {
		name   string
		filter *models.Filter
		// want is the number of statements of each scan, with an exclamation mark for an exact one.
		want string
	}{
		{"an indexed field", a, "[1!]"},
		{"one condition of two", two, "[1]"},
		{"without case", ignoreCase(field("name", "eq", "a")), "[]"},
		{"a field without an index", size, "[]"},
		{"a negation", &models.Filter{Not: a}, "[]"},
		{"all", all(size, a, two, all(b)), "[1! 1 1!]"},
		{"as many as are counted", all(repeat(maxIndexScans + 3)...), "[1! 1! 1! 1! 1! 1! 1! 1!]"},
		{"any", anyOf(a, b), "[2!]"},
		{"any, one of them not exact", anyOf(a, two), "[2]"},
		{"any, one of them a part", anyOf(a, all(b, size)), "[2]"},
		{"any, one without an index", anyOf(a, size), "[]"},
		{"any of nothing", anyOf(), "[]"},
		{"any of many", anyOf(repeat(2 * maxIndexScans)...), "[16!]"},
		{"any of too many", anyOf(repeat(2*maxIndexScans + 1)...), "[]"},
		{"nested any", anyOf(a, anyOf(b, a)), "[3!]"},
	} {
		got := []string{}
		for _, scan := range (compiler{project: models.DefaultProjectID}).indexScans(items, c.filter) {
			mark := ""
			if scan.exact {
				mark = "!"
			}
			got = append(got, fmt.Sprint(len(scan.ids), mark))
			for _, ids := range scan.ids {
				if !strings.HasPrefix(ids.SQL, "SELECT w.id FROM items w WHERE w.project_id = ? AND ") || ids.Args[0] != models.DefaultProjectID {
					t.Errorf("%s: %v", c.name, ids)
				}
			}
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: got %v, want %s", c.name, got, c.want)
		}
	}
	if scans := (compiler{asOf: 1}).indexScans(items, a); scans != nil {
		t.Errorf("a past state: %v", scans)
	}
}

func TestUnionIDs(t *testing.T) {
	t.Parallel()
	a, b := engine.SQL("SELECT 1 AS id WHERE ?", "a"), engine.SQL("SELECT 2 AS id WHERE ?", "b")
	checkSQL(t, "one", unionIDs([]engine.Expr{a}), a.SQL, a.Args)
	checkSQL(t, "two", unionIDs([]engine.Expr{a, b}),
		"SELECT id FROM (SELECT id FROM (SELECT 1 AS id WHERE ?) p UNION ALL SELECT id FROM (SELECT 2 AS id WHERE ?) p) u", []any{"a", "b"})
}

func TestPredicateScan(t *testing.T) {
	t.Parallel()
	c := compiler{project: models.DefaultProjectID}
	f := &models.Filter{Metadata: &models.MetadataFilter{MetadataKeyPath: models.MetadataKeyPath{Card: "c", Key: "k"},
		Conditions: []models.ValueCondition{{In: []string{"2b", "2a"}}, {Exists: true}}}}
	scan, ok := c.predicateScan(items, f)
	if !ok || !scan.exact || scan.filter != f || scan.key.Key != "k" || len(scan.ids) != 2 {
		t.Fatalf("got %+v, %v", scan, ok)
	}
	checkSQL(t, "the second range", scan.ids[1], "SELECT m.object_id AS id FROM metadata_latest m WHERE m.project_id = ? AND m.about = ?"+
		" AND m.card = ? AND m.key = ? AND m.sort_key IS NOT NULL AND ((m.sort_key >= ? AND m.sort_key <= ?) AND m.sort_key IS NOT NULL)",
		[]any{models.DefaultProjectID, models.SubjectKind("I"), "c", "k", "2b", "2b"})
	f.Metadata.Conditions = []models.ValueCondition{{In: []string{"2b"}, Not: true}}
	if _, ok := c.predicateScan(items, f); ok {
		t.Error("an index scan for objects without a value")
	}
}
