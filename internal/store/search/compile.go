package search

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// compiler compiles filters and orders to SQL, with every value as an argument. Its conditions may be null instead of
// false; only Expr.Not has to handle that.
type compiler struct {
	dialect engine.Dialect
	project models.ID
	// asOf is an instant in microseconds since 1970, 0 for now.
	asOf int64
	// satisfied are parts of the filter that are compiled to TRUE, because all candidates of the access path pass them.
	satisfied []*models.Filter
}

// Table is a table whose objects can be searched. It has the same alias in all statements.
type Table struct {
	// name is a part of cursors.
	name string
	// from is the table with its alias.
	from, alias string
	columns     []string
	// revised is set for artifact versions, which get the revisions of their subjects.
	revised bool
	// subjectKind and subject, a column, lead to the metadata of an object; empty for objects without metadata.
	subjectKind models.SubjectKind
	subject     string
	// fields are the fields of the filter, related those that filter other objects.
	fields  map[string]filterField
	related map[string]func(c compiler, f *models.Filter) engine.Expr
	// orders are the fields that objects can be sorted by, defaultOrder is the order of a search without one.
	orders       map[string]sortField
	defaultOrder []models.OrderTerm
	// created is the column with the time since which an object exists.
	created string
}

// filterField is a field of a filter.
type filterField struct {
	// column is the SQL of the value of the field, null for none. Its arguments are the project. A field of several values
	// has multiValued instead.
	column string
	// asOf is the SQL of the value as of an instant, its last argument after the project; empty for a field that does not
	// change.
	asOf string
	// multiValued returns the condition that one of the values, l.label, passes a condition.
	multiValued func(c compiler, condition engine.Expr) engine.Expr
	// override, if not nil, compiles a condition in another way; ok is false for conditions that it leaves to the field.
	override func(c compiler, test models.FieldCondition) (condition engine.Expr, ok bool)
	// indexScan, if not nil, selects as `id` all objects that pass a condition by an index; ok is false if no index helps.
	indexScan func(c compiler, test models.FieldCondition) (ids engine.Expr, ok bool)
}

// filter returns the condition that an object passes a filter.
func (c compiler) filter(t *Table, f *models.Filter) engine.Expr {
	switch {
	case slices.Contains(c.satisfied, f):
		return engine.True
	case f.Any:
		return engine.Any(c.filters(t, f.AnyOf))
	case f.Not != nil:
		return c.filter(t, f.Not).Not()
	case f.Metadata != nil:
		return c.predicate(t, f.Metadata)
	case f.Related != "":
		return t.related[f.Related](c, f.RelatedFilter)
	case f.Field != "":
		conditions := make([]engine.Expr, len(f.Conditions))
		for i, test := range f.Conditions {
			conditions[i] = c.fieldCondition(t.fields[f.Field], test)
		}
		return engine.All(conditions)
	}
	return engine.All(c.filters(t, f.All))
}

// VersionCondition returns the condition that an artifact version v passes a filter, as of an instant in microseconds
// since 1970 or now (0). A nil filter matches every version.
func VersionCondition(d engine.Dialect, project models.ID, f *models.Filter, asOf int64) engine.Expr {
	if f == nil {
		return engine.True
	}
	return compiler{dialect: d, project: project, asOf: asOf}.filter(ArtifactVersions, f)
}

func (c compiler) filters(t *Table, filters []*models.Filter) []engine.Expr {
	conditions := make([]engine.Expr, len(filters))
	for i, f := range filters {
		conditions[i] = c.filter(t, f)
	}
	return conditions
}

func (c compiler) fieldCondition(f filterField, test models.FieldCondition) engine.Expr {
	positive, negated := test, false
	switch test.Op {
	case "ne":
		positive.Op, negated = "eq", true
	case "notIn":
		positive.Op, negated = "in", true
	case "exists":
		negated = test.Values[0] == false
	}
	condition := c.positiveCondition(f, positive)
	if negated {
		return condition.Not()
	}
	return condition
}

func (c compiler) positiveCondition(f filterField, test models.FieldCondition) engine.Expr {
	if f.override != nil {
		if condition, ok := f.override(c, test); ok {
			return condition
		}
	}
	if f.multiValued != nil {
		return f.multiValued(c, c.compare(engine.SQL("l.label"), test))
	}
	if f.asOf != "" && c.asOf != 0 {
		return engine.SQL("(SELECT ? FROM (SELECT ? AS value) f)", c.compare(engine.SQL("f.value"), test), c.value(f.asOf, c.asOf))
	}
	return c.compare(c.value(f.column), test)
}

// value returns SQL whose arguments are the project, and others after it.
func (c compiler) value(text string, others ...any) engine.Expr {
	args := slices.Repeat([]any{c.project}, strings.Count(text, "?")-len(others))
	return engine.SQL(text, append(args, others...)...)
}

// valueIn returns the condition that a value is one of several.
func valueIn(value engine.Expr, values []any) engine.Expr {
	if len(values) == 0 {
		return engine.SQL("FALSE")
	}
	placeholders := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
	return value.Concat(engine.SQL(" IN ("+placeholders+")", values...))
}

// comparisons are the operators of SQL for those of filters.
var comparisons = map[string]string{"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

// isIndexable reports whether an index can answer an operator.
func isIndexable(op string) bool {
	return op == "eq" || op == "in" || op == "between" || comparisons[op] != ""
}

// compare compiles a condition on a value. Its operator is not a negated one.
func (c compiler) compare(value engine.Expr, test models.FieldCondition) engine.Expr {
	if test.Op == "exists" {
		return value.Concat(engine.SQL(" IS NOT NULL"))
	}
	if test.IgnoreCase {
		value = engine.SQL("placard_fold(?)", value)
	}
	if test.Op == "in" {
		return valueIn(value, test.Values)
	}
	operand := test.Values[0]
	switch test.Op {
	case "between":
		return value.Concat(engine.SQL(" BETWEEN ? AND ?", test.Values...))
	case "contains", "startsWith", "endsWith":
		return c.textCondition(value, models.TextCondition{Op: test.Op, Text: operand.(string)})
	case "eq":
		if operand == nil {
			return engine.SQL("FALSE")
		}
		return value.Concat(engine.SQL(" = ?", operand))
	}
	return value.Concat(engine.SQL(" "+comparisons[test.Op]+" ?", operand))
}

// textCondition returns a condition on a text. No character of the operand has a special meaning.
func (c compiler) textCondition(value engine.Expr, test models.TextCondition) engine.Expr {
	n := utf8.RuneCountInString(test.Text)
	switch {
	case n == 0:
		return value.Concat(engine.SQL(" IS NOT NULL"))
	case test.Op == "contains":
		return engine.Expr{SQL: c.dialect.Strpos(value.SQL) + " > 0", Args: append(slices.Clone(value.Args), test.Text)}
	case test.Op == "startsWith":
		return engine.SQL(fmt.Sprintf("substr(?, 1, %d) = ?", n), value, test.Text)
	}
	return engine.SQL(fmt.Sprintf("substr(?, length(?) - %d) = ?", n-1), value, value, test.Text)
}

// conjuncts returns a filter and the parts of it that all objects pass that pass the filter.
func conjuncts(f *models.Filter) []*models.Filter {
	parts := []*models.Filter{f}
	for _, part := range f.All {
		parts = append(parts, conjuncts(part)...)
	}
	return parts
}
