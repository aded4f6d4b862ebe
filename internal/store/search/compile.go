package search

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// compiler makes SQL of filters and orders, with every value as an argument. What it makes may be null where it means
// false; not() alone must know that.
type compiler struct {
	dialect engine.Dialect
	project models.ID
	// asOf is the instant to answer as of, in microseconds since 1970; 0 is now.
	asOf int64
	// satisfied are parts of the filter that hold already.
	satisfied []*models.Filter
}

// Table is a table of objects that are searched. Its alias is the same wherever it stands.
type Table struct {
	// name goes into cursors.
	name string
	// table and alias are what stands in FROM.
	table, alias string
	columns      []string
	// about and subject are how the metadata of its objects is found; empty for objects without metadata.
	about   models.SubjectKind
	subject string
	// fields are those of its filter.
	fields map[string]filterField
	// related are those that lead to other objects.
	related map[string]func(c compiler, of *models.Filter) engine.Expr
	// orders are the fields that it can be sorted by, and order is how it is sorted without being asked.
	orders map[string]sortField
	order  []models.OrderTerm
	// created is the column that says from when on an object was there.
	created string
}

// filterField is a field of a filter.
type filterField struct {
	// column is the value of the field, null where there is none. A field of several values has labels instead.
	column string
	// asOf is the value as of the instant that is its one argument, for a field that changes; empty for other fields.
	asOf        string
	multiValued func(c compiler, test engine.Expr) engine.Expr
	// override, if any, takes a test for itself; ok is false where it does not.
	override func(c compiler, test models.FieldTest) (holds engine.Expr, ok bool)
	// indexScan, if any, selects as `id` all objects that fit a test, by an index; ok is false where it cannot.
	indexScan func(c compiler, test models.FieldTest) (ids engine.Expr, ok bool)
}

// filter is the condition that an object fits.
func (c compiler) filter(t *Table, f *models.Filter) engine.Expr {
	switch {
	case slices.Contains(c.satisfied, f):
		return engine.True
	case f.Any:
		parts := make([]engine.Expr, len(f.AnyOf))
		for i, part := range f.AnyOf {
			parts[i] = c.filter(t, part)
		}
		return engine.Any(parts)
	case f.Not != nil:
		return engine.Not(c.filter(t, f.Not))
	case f.Metadata != nil:
		return c.predicate(t, f.Metadata)
	case f.Related != "":
		return t.related[f.Related](c, f.Of)
	case f.Field != "":
		parts := make([]engine.Expr, len(f.Tests))
		for i, test := range f.Tests {
			parts[i] = c.fieldTest(t.fields[f.Field], test)
		}
		return engine.All(parts)
	}
	parts := make([]engine.Expr, len(f.All))
	for i, part := range f.All {
		parts[i] = c.filter(t, part)
	}
	return engine.All(parts)
}

func (c compiler) fieldTest(f filterField, test models.FieldTest) engine.Expr {
	positive, negated := test, false
	switch test.Op {
	case "ne":
		positive.Op, negated = "eq", true
	case "notIn":
		positive.Op, negated = "in", true
	case "exists":
		negated = test.Values[0] == false
	}
	holds := c.positiveTest(f, positive)
	if negated {
		return engine.Not(holds)
	}
	return holds
}

func (c compiler) positiveTest(f filterField, test models.FieldTest) engine.Expr {
	if f.override != nil {
		if holds, ok := f.override(c, test); ok {
			return holds
		}
	}
	if f.multiValued != nil {
		return f.multiValued(c, c.compare("l.label", test))
	}
	if f.asOf != "" && c.asOf != 0 {
		holds := c.compare("f.value", test)
		return engine.Wrap("(SELECT %s FROM (SELECT "+f.asOf+" AS value) f)", holds.Concat(engine.NewExpr("", c.asOf)))
	}
	return c.compare(f.column, test)
}

// compare is a test that does not say what must not be, on one value.
func (c compiler) compare(value string, test models.FieldTest) engine.Expr {
	if test.Op == "exists" {
		return engine.NewExpr(value + " IS NOT NULL")
	}
	if test.IgnoreCase {
		value = "placard_fold(" + value + ")"
	}
	if test.Op == "in" {
		return engine.ValueIn(value, test.Values)
	}
	operand := test.Values[0]
	switch test.Op {
	case "contains", "startsWith", "endsWith":
		return c.textTest(value, models.TextTest{Op: test.Op, Text: operand.(string)})
	case "eq":
		if operand == nil {
			return engine.False
		}
		return engine.NewExpr(value+" = ?", operand)
	}
	return engine.NewExpr(value+" "+map[string]string{"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}[test.Op]+" ?", operand)
}

// textTest is a condition on a text, in which no character of the operand means anything but itself.
func (c compiler) textTest(value string, test models.TextTest) engine.Expr {
	n := utf8.RuneCountInString(test.Text)
	switch {
	case n == 0:
		return engine.NewExpr(value + " IS NOT NULL")
	case test.Op == "contains":
		return engine.NewExpr(c.dialect.Strpos(value)+" > 0", test.Text)
	case test.Op == "startsWith":
		return engine.NewExpr(fmt.Sprintf("substr(%s, 1, %d) = ?", value, n), test.Text)
	}
	return engine.NewExpr(fmt.Sprintf("substr(%s, length(%[1]s) - %d) = ?", value, n-1), test.Text)
}

// maxIndexCandidates bounds how many ways to begin are tried.
const maxIndexCandidates = 8

// indexScan is a way to find all that fits a filter by an index.
type indexScan struct {
	// ids are statements that select `id`s, among which everything is that fits.
	ids []engine.Expr
	// of is the part of the filter that it comes from; exact says that nothing else is among them than what fits it.
	of    *models.Filter
	exact bool
	// key is the metadata key whose values the index is asked for, where it is one only.
	key *models.MetadataKeyPath
}

// indexCandidates are ways to find all that fits a filter by an index.
func (c compiler) indexCandidates(t *Table, f *models.Filter) []indexScan {
	switch {
	case c.asOf != 0:
		return nil // the indexes know the present only
	case f.Any:
		union := indexScan{of: f, exact: true}
		for _, part := range f.AnyOf {
			options := c.indexCandidates(t, part)
			if len(options) == 0 {
				return nil
			}
			union.ids = append(union.ids, options[0].ids...)
			union.exact = union.exact && options[0].exact && options[0].of == part
		}
		if len(union.ids) == 0 || len(union.ids) > 2*maxIndexCandidates {
			return nil
		}
		return []indexScan{union}
	case f.Metadata != nil:
		if made, ok := c.predicateOption(t, f); ok {
			return []indexScan{made}
		}
	case f.Field != "" && t.fields[f.Field].indexScan != nil:
		for _, test := range f.Tests {
			if ids, ok := t.fields[f.Field].indexScan(c, test); ok && !test.IgnoreCase {
				return []indexScan{{ids: []engine.Expr{ids}, of: f, exact: len(f.Tests) == 1}}
			}
		}
	case f.Related == "producedBy":
		if ids, ok := c.producedDriver(f.Of); ok {
			return []indexScan{{ids: []engine.Expr{ids}, of: f}}
		}
	}
	var options []indexScan
	for _, part := range f.All {
		options = append(options, c.indexCandidates(t, part)...)
	}
	return options[:min(len(options), maxIndexCandidates)]
}

// conjuncts are the parts of a filter that must hold each.
func conjuncts(f *models.Filter) []*models.Filter {
	parts := []*models.Filter{f}
	for _, part := range f.All {
		parts = append(parts, conjuncts(part)...)
	}
	return parts
}
