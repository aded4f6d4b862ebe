package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// plainDialect has short SQL for what the statements of the tests need of a dialect.
type plainDialect struct{ engine.Dialect }

func (plainDialect) Strpos(text string) string        { return "position(? IN " + text + ")" }
func (plainDialect) CollateBinary(text string) string { return text + " BINARY" }
func (plainDialect) JSONElements(array string) string { return "elements(" + array + ")" }
func (plainDialect) JSONPath(json string, path []string) engine.Expr {
	return engine.SQL("path("+json+", ?)", fmt.Sprint(path))
}

// items is a table with a field of each form.
var items = &Table{
	name: "items", from: "items i", alias: "i", columns: []string{"id", "name"}, subjectKind: "I", subject: "i.id", created: "i.created_at",
	fields: map[string]filterField{
		"name":  {column: "i.name", indexScan: scanColumn("items", "name")},
		"size":  {column: "i.size"},
		"state": {column: "i.state", asOf: "state_at(i.id, ?)"},
		"label": {multiValued: func(c compiler, condition engine.Expr) engine.Expr {
			return engine.SQL("(SELECT TRUE FROM labels(i.id, ?) l WHERE ?)", c.asOf, condition)
		}},
		"owner": {column: "i.owner", override: func(_ compiler, test models.FieldCondition) (engine.Expr, bool) {
			return engine.SQL("owned_by(?)", test.Values...), test.Op == "eq"
		}},
	},
	related: map[string]func(compiler, *models.Filter) engine.Expr{
		"part": func(c compiler, f *models.Filter) engine.Expr {
			return engine.SQL("(SELECT ? FROM parts)", c.filter(parts, f))
		},
	},
	orders: map[string]sortField{
		"NAME": {column: "i.name"}, "SIZE": {column: "i.size", number: true}, "OWNER": {column: "i.owner", nullable: true},
		"STATE": {column: "i.state", nullable: true, number: true, asOf: "state_at(i.id, ?)"},
	},
	defaultOrder: []models.OrderTerm{{Field: "NAME"}},
}

var parts = &Table{fields: map[string]filterField{"weight": {column: "p.weight"}}}

func field(name, op string, values ...any) *models.Filter {
	return &models.Filter{Field: name, Conditions: []models.FieldCondition{{Op: op, Values: values}}}
}

func ignoreCase(f *models.Filter) *models.Filter {
	f.Conditions[0].IgnoreCase = true
	return f
}

func TestFilterSQL(t *testing.T) {
	t.Parallel()
	a, b := field("name", "eq", "a"), field("size", "gt", 2)
	for _, c := range []struct {
		name   string
		filter *models.Filter
		want   string
		args   []any
	}{
		{"everything", &models.Filter{}, "TRUE", nil},
		{"nothing", &models.Filter{Any: true}, "FALSE", nil},
		{"all", &models.Filter{All: []*models.Filter{a, b}}, "((i.name = ?) AND (i.size > ?))", []any{"a", 2}},
		{"any", &models.Filter{Any: true, AnyOf: []*models.Filter{b, a}}, "((i.size > ?) OR (i.name = ?))", []any{2, "a"}},
		{"not", &models.Filter{Not: a}, "NOT COALESCE((i.name = ?), FALSE)", []any{"a"}},
		{"two conditions", &models.Filter{Field: "size", Conditions: []models.FieldCondition{{Op: "gte", Values: []any{1}}, {Op: "lt", Values: []any{9}}}},
			"(i.size >= ? AND i.size < ?)", []any{1, 9}},
		{"lte", field("size", "lte", 1), "(i.size <= ?)", []any{1}},
		{"between", field("size", "between", 1, 9), "(i.size BETWEEN ? AND ?)", []any{1, 9}},
		{"ne", field("name", "ne", "a"), "(NOT COALESCE(i.name = ?, FALSE))", []any{"a"}},
		{"in", field("name", "in", "a", "b"), "(i.name IN (?, ?))", []any{"a", "b"}},
		{"in of nothing", field("name", "in"), "(FALSE)", nil},
		{"notIn", field("name", "notIn", "a"), "(NOT COALESCE(i.name IN (?), FALSE))", []any{"a"}},
		{"exists", field("name", "exists", true), "(i.name IS NOT NULL)", nil},
		{"does not exist", field("name", "exists", false), "(NOT COALESCE(i.name IS NOT NULL, FALSE))", nil},
		{"equal to what no value is", field("size", "eq", nil), "(FALSE)", nil},
		{"without case", ignoreCase(field("name", "eq", "a")), "(placard_fold(i.name) = ?)", []any{"a"}},
		{"in without case", ignoreCase(field("name", "in", "a")), "(placard_fold(i.name) IN (?))", []any{"a"}},
		{"contains", field("name", "contains", "é%"), "(position(? IN i.name) > 0)", []any{"é%"}},
		{"startsWith", field("name", "startsWith", "é%"), "(substr(i.name, 1, 2) = ?)", []any{"é%"}},
		{"endsWith", field("name", "endsWith", "é%"), "(substr(i.name, length(i.name) - 1) = ?)", []any{"é%"}},
		{"endsWith without case", ignoreCase(field("name", "endsWith", "é")),
			"(substr(placard_fold(i.name), length(placard_fold(i.name)) - 0) = ?)", []any{"é"}},
		{"contains the empty text", field("name", "contains", ""), "(i.name IS NOT NULL)", nil},
		{"one of several values", field("label", "eq", "a"), "((SELECT TRUE FROM labels(i.id, ?) l WHERE l.label = ?))", []any{int64(0), "a"}},
		{"none of several values", field("label", "ne", "a"),
			"(NOT COALESCE((SELECT TRUE FROM labels(i.id, ?) l WHERE l.label = ?), FALSE))", []any{int64(0), "a"}},
		{"in another way", field("owner", "eq", "a"), "(owned_by(?))", []any{"a"}},
		{"the negation of another way", field("owner", "ne", "a"), "(NOT COALESCE(owned_by(?), FALSE))", []any{"a"}},
		{"not in another way", field("owner", "lt", "a"), "(i.owner < ?)", []any{"a"}},
		{"other objects", &models.Filter{Related: "part", RelatedFilter: field("weight", "lt", 3)}, "(SELECT (p.weight < ?) FROM parts)", []any{3}},
		{"the present state", field("state", "eq", "x"), "(i.state = ?)", []any{"x"}},
	} {
		got := compiler{dialect: plainDialect{}}.filter(items, c.filter)
		checkSQL(t, c.name, got, c.want, c.args)
	}
	past := compiler{dialect: plainDialect{}, asOf: 7}.filter(items, field("state", "eq", "x"))
	checkSQL(t, "a past state", past, "((SELECT f.value = ? FROM (SELECT state_at(i.id, ?) AS value) f))", []any{"x", int64(7)})
	satisfied := compiler{satisfied: []*models.Filter{a}}.filter(items, &models.Filter{All: []*models.Filter{a, b}})
	checkSQL(t, "a satisfied part", satisfied, "(TRUE AND (i.size > ?))", []any{2})
}

// checkSQL compares an expression with its text and its arguments, which omit the zero project of a compiler without one.
func checkSQL(t *testing.T, name string, got engine.Expr, want string, args []any) {
	t.Helper()
	others := slices.DeleteFunc(slices.Clone(got.Args), func(arg any) bool { return arg == any(models.ID{}) })
	if got.SQL != want || fmt.Sprintf("%#v", others) != fmt.Sprintf("%#v", args) && len(others)+len(args) > 0 {
		t.Errorf("%s: got\n%s %v, want\n%s %v", name, got.SQL, got.Args, want, args)
	}
	if n := strings.Count(got.SQL, "?"); n != len(got.Args) {
		t.Errorf("%s: %d arguments for %d placeholders", name, len(got.Args), n)
	}
}

func TestConjuncts(t *testing.T) {
	t.Parallel()
	a, b, c := field("name", "eq", "a"), field("size", "eq", 1), field("size", "eq", 2)
	inner := &models.Filter{All: []*models.Filter{b, {Not: c}}}
	outer := &models.Filter{All: []*models.Filter{a, inner, {Any: true, AnyOf: []*models.Filter{c}}}}
	got := conjuncts(outer)
	want := []*models.Filter{outer, a, inner, b, inner.All[1], outer.All[2]}
	if len(got) != len(want) {
		t.Fatalf("got %d parts, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("part %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

// TestLatestAliasSQL checks the alias that no table contains.
func TestLatestAliasSQL(t *testing.T) {
	t.Parallel()
	const first = "NOT EXISTS (SELECT 1 FROM artifact_versions w WHERE w.project_id = ? AND w.artifact_id = v.artifact_id" +
		" AND w.number > v.number"
	for _, c := range []struct {
		test    models.FieldCondition
		asOf    int64
		handled bool
		begin   string
	}{
		{models.FieldCondition{Op: "eq", Values: []any{"latest"}}, 0, true, "(" + first + ") OR (SELECT"},
		{models.FieldCondition{Op: "in", Values: []any{"prod", "latest"}}, 0, true, "(" + first + ") OR (SELECT"},
		{models.FieldCondition{Op: "eq", Values: []any{"latest"}}, 7, true, "(" + first + " AND w.created_at <= ?) OR (SELECT"},
		{models.FieldCondition{Op: "eq", Values: []any{models.Fold("latest")}, IgnoreCase: true}, 0, true, "(" + first + ") OR (SELECT"},
		{models.FieldCondition{Op: "eq", Values: []any{"prod"}}, 0, false, ""},
		{models.FieldCondition{Op: "startsWith", Values: []any{"latest"}}, 0, false, ""},
	} {
		got, handled := latestAliasCondition(compiler{asOf: c.asOf}, c.test)
		if handled != c.handled || len(got.SQL) < len(c.begin) || got.SQL[:len(c.begin)] != c.begin {
			t.Errorf("%+v: got %v, %s", c.test, handled, got.SQL)
		}
	}
}

func TestValueIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []any
		want   string
	}{
		{nil, "{FALSE []}"},
		{[]any{1, 2}, "{a IN (?, ?) [1 2]}"},
	} {
		if got := fmt.Sprint(valueIn(engine.SQL("a"), c.values)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
