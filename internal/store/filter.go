package store

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/placard/placard/models"
)

// compiler makes SQL of filters and orders, with every value as an argument. What it makes may be null where it means
// false; not() alone must know that.
type compiler struct {
	dialect dialect
	project models.ID
	// asOf is the instant to answer as of, in microseconds since 1970; 0 is now.
	asOf int64
	// known are parts of the filter that hold already.
	known []*models.Filter
}

// searched is a table of objects that are searched. Its alias is the same wherever it stands.
type searched struct {
	// name goes into cursors.
	name string
	// table and alias are what stands in FROM.
	table, alias string
	columns      []string
	// about and subject are how the metadata of its objects is found; empty for objects without metadata.
	about   models.SubjectKind
	subject string
	// fields are those of its filter.
	fields map[string]field
	// related are those that lead to other objects.
	related map[string]func(c compiler, of *models.Filter) condition
	// orders are the fields that it can be sorted by, and order is how it is sorted without being asked.
	orders map[string]sortField
	order  []models.OrderTerm
	// created is the column that says from when on an object was there.
	created string
}

// field is a field of a filter.
type field struct {
	// column is the value of the field, null where there is none. A field of several values has labels instead.
	column string
	// past is the value as of the instant that is its one argument, for a field that changes; empty for other fields.
	past   string
	labels func(c compiler, test condition) condition
	// special, if any, takes a test for itself; ok is false where it does not.
	special func(c compiler, test models.FieldTest) (holds condition, ok bool)
	// driver, if any, selects as `id` all objects that fit a test, by an index; ok is false where it cannot.
	driver func(c compiler, test models.FieldTest) (ids condition, ok bool)
}

// filter is the condition that an object fits.
func (c compiler) filter(t *searched, f *models.Filter) condition {
	switch {
	case slices.Contains(c.known, f):
		return always
	case f.Any:
		parts := make([]condition, len(f.AnyOf))
		for i, part := range f.AnyOf {
			parts[i] = c.filter(t, part)
		}
		return anyOf(parts)
	case f.Not != nil:
		return not(c.filter(t, f.Not))
	case f.Metadata != nil:
		return c.predicate(t, f.Metadata)
	case f.Related != "":
		return t.related[f.Related](c, f.Of)
	case f.Field != "":
		parts := make([]condition, len(f.Tests))
		for i, test := range f.Tests {
			parts[i] = c.fieldTest(t.fields[f.Field], test)
		}
		return allOf(parts)
	}
	parts := make([]condition, len(f.All))
	for i, part := range f.All {
		parts[i] = c.filter(t, part)
	}
	return allOf(parts)
}

func (c compiler) fieldTest(f field, test models.FieldTest) condition {
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
		return not(holds)
	}
	return holds
}

func (c compiler) positiveTest(f field, test models.FieldTest) condition {
	if f.special != nil {
		if holds, ok := f.special(c, test); ok {
			return holds
		}
	}
	if f.labels != nil {
		return f.labels(c, c.compare("l.label", test))
	}
	if f.past != "" && c.asOf != 0 {
		holds := c.compare("f.value", test)
		return wrapped("(SELECT %s FROM (SELECT "+f.past+" AS value) f)", holds.then(cond("", c.asOf)))
	}
	return c.compare(f.column, test)
}

// compare is a test that does not say what must not be, on one value.
func (c compiler) compare(value string, test models.FieldTest) condition {
	if test.Op == "exists" {
		return cond(value + " IS NOT NULL")
	}
	if test.IgnoreCase {
		value = "placard_fold(" + value + ")"
	}
	if test.Op == "in" {
		return oneOfValues(value, test.Values)
	}
	operand := test.Values[0]
	switch test.Op {
	case "contains", "startsWith", "endsWith":
		return c.textTest(value, models.TextTest{Op: test.Op, Text: operand.(string)})
	case "eq":
		if operand == nil {
			return never
		}
		return cond(value+" = ?", operand)
	}
	return cond(value+" "+map[string]string{"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}[test.Op]+" ?", operand)
}

// textTest is a condition on a text, in which no character of the operand means anything but itself.
func (c compiler) textTest(value string, test models.TextTest) condition {
	n := utf8.RuneCountInString(test.Text)
	switch {
	case n == 0:
		return cond(value + " IS NOT NULL")
	case test.Op == "contains":
		return cond(c.dialect.position(value)+" > 0", test.Text)
	case test.Op == "startsWith":
		return cond(fmt.Sprintf("substr(%s, 1, %d) = ?", value, n), test.Text)
	}
	return cond(fmt.Sprintf("substr(%s, length(%[1]s) - %d) = ?", value, n-1), test.Text)
}

// mostOptions bounds how many ways to begin are tried.
const mostOptions = 8

// option is a way to find all that fits a filter by an index.
type option struct {
	// ids are statements that select `id`s, among which everything is that fits.
	ids []condition
	// of is the part of the filter that it comes from; exact says that nothing else is among them than what fits it.
	of    *models.Filter
	exact bool
	// key is the metadata key whose values the index is asked for, where it is one only.
	key *models.MetadataKeyPath
}

// options are ways to find all that fits a filter by an index.
func (c compiler) options(t *searched, f *models.Filter) []option {
	switch {
	case c.asOf != 0:
		return nil // the indexes know the present only
	case f.Any:
		union := option{of: f, exact: true}
		for _, part := range f.AnyOf {
			options := c.options(t, part)
			if len(options) == 0 {
				return nil
			}
			union.ids = append(union.ids, options[0].ids...)
			union.exact = union.exact && options[0].exact && options[0].of == part
		}
		if len(union.ids) == 0 || len(union.ids) > 2*mostOptions {
			return nil
		}
		return []option{union}
	case f.Metadata != nil:
		if made, ok := c.predicateOption(t, f); ok {
			return []option{made}
		}
	case f.Field != "" && t.fields[f.Field].driver != nil:
		for _, test := range f.Tests {
			if ids, ok := t.fields[f.Field].driver(c, test); ok && !test.IgnoreCase {
				return []option{{ids: []condition{ids}, of: f, exact: len(f.Tests) == 1}}
			}
		}
	case f.Related == "producedBy":
		if ids, ok := c.producedDriver(f.Of); ok {
			return []option{{ids: []condition{ids}, of: f}}
		}
	}
	var options []option
	for _, part := range f.All {
		options = append(options, c.options(t, part)...)
	}
	return options[:min(len(options), mostOptions)]
}

// required are the parts of a filter that must hold each.
func required(f *models.Filter) []*models.Filter {
	parts := []*models.Filter{f}
	for _, part := range f.All {
		parts = append(parts, required(part)...)
	}
	return parts
}
