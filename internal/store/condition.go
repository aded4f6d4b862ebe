package store

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

// condition is a piece of SQL with its arguments.
type condition struct {
	sql  string
	args []any
}

// lookup is the rows of a table that have one of the IDs in a column, and for which a condition holds.
type lookup struct {
	table, alias, column string
	ids                  []models.ID
	// where uses the alias. It names the project, and no column that another index has after project_id.
	where condition
	// lock makes the statement lock the rows.
	lock bool
}

// column is the name and the kind of a column of rows.
type column struct {
	name string
	kind columnKind
}

type columnKind int

const (
	textColumn columnKind = iota
	numberColumn
	idColumn
)

var (
	always = condition{"TRUE", nil}
	never  = condition{"FALSE", nil}
)

func cond(text string, args ...any) condition { return condition{text, args} }

// then adds SQL that follows.
func (c condition) then(next condition) condition {
	return condition{c.sql + next.sql, slices.Concat(c.args, next.args)}
}

// and adds what must also hold.
func (c condition) and(others ...condition) condition {
	return allOf(append([]condition{c}, others...))
}

// joined returns conditions with an operator between them.
func joined(conditions []condition, operator string) condition {
	var whole condition
	parts := make([]string, len(conditions))
	for i, c := range conditions {
		parts[i] = c.sql
		whole.args = append(whole.args, c.args...)
	}
	whole.sql = strings.Join(parts, operator)
	return whole
}

func allOf(conditions []condition) condition {
	if len(conditions) == 0 {
		return always
	}
	return wrapped("(%s)", joined(conditions, " AND "))
}

func anyOf(conditions []condition) condition {
	if len(conditions) == 0 {
		return never
	}
	return wrapped("(%s)", joined(conditions, " OR "))
}

// not holds where c does not, also where c is null.
func not(c condition) condition { return condition{"NOT COALESCE(" + c.sql + ", FALSE)", c.args} }

// wrapped puts a condition into a text that has one %s.
func wrapped(format string, c condition) condition {
	return condition{fmt.Sprintf(format, c.sql), c.args}
}

func oneOfValues(value string, values []any) condition {
	if len(values) == 0 {
		return never
	}
	return cond(value+" IN ("+marks(len(values))+")", values...)
}

// marks are so many question marks.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// prefixed are columns of a table under names with the prefix, as an embedded struct reads them.
func prefixed(table string, columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprintf("%s.%s AS %[1]s_%[2]s", table, c)
	}
	return strings.Join(parts, ", ")
}

// of are columns of a table.
func of(table string, columns []string) string {
	return table + "." + strings.Join(columns, ", "+table+".")
}

// isPlace says whether a step of a path may be a place in a list.
func isPlace(step string) bool { return places.MatchString(step) }

var places = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)
