package engine

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

// Expr is a piece of SQL with its arguments.
type Expr struct {
	SQL  string
	Args []any
}

// Lookup is the rows of a table that have one of the IDs in a column, and for which a condition holds.
type Lookup struct {
	Table, Alias, Column string
	IDs                  []models.ID
	// Where uses the alias. It names the project, and no column that another index has after project_id.
	Where Expr
	// ForUpdate makes the statement lock the rows.
	ForUpdate bool
}

// Column is a column of JSONRows.
type Column struct {
	name string
	kind columnKind
}

type columnKind int

const (
	textColumn columnKind = iota
	numberColumn
	idColumn
)

// TextColumn returns a column of texts.
func TextColumn(name string) Column { return Column{name, textColumn} }

// NumberColumn returns a column of integers.
func NumberColumn(name string) Column { return Column{name, numberColumn} }

// IDColumn returns a column of IDs.
func IDColumn(name string) Column { return Column{name, idColumn} }

// jsonText returns the JSON of values of columns.
func jsonText(values any) string {
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // IDs, texts and numbers have a JSON form
	}
	return string(text)
}

// True is the condition that always holds.
var True = Expr{"TRUE", nil}

// SQL returns SQL with an argument for each question mark. An argument that is an Expr is inserted in its place.
func SQL(text string, args ...any) Expr {
	if !slices.ContainsFunc(args, isExpr) {
		return Expr{text, args}
	}
	var sql strings.Builder
	flat := make([]any, 0, 2*len(args))
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		sql.WriteString(before)
		if inner, ok := arg.(Expr); ok {
			sql.WriteString(inner.SQL)
			flat = append(flat, inner.Args...)
		} else {
			sql.WriteByte('?')
			flat = append(flat, arg)
		}
		text = after
	}
	sql.WriteString(text)
	return Expr{sql.String(), flat}
}

func isExpr(arg any) bool {
	_, ok := arg.(Expr)
	return ok
}

// Concat appends SQL.
func (c Expr) Concat(next Expr) Expr {
	return Expr{c.SQL + next.SQL, slices.Concat(c.Args, next.Args)}
}

// And returns the conjunction of conditions.
func (c Expr) And(others ...Expr) Expr {
	return All(append([]Expr{c}, others...))
}

// NotAfter adds the condition that a column is not later than an instant, if there is one.
func (c Expr) NotAfter(column string, asOf *models.Time) Expr {
	if asOf == nil {
		return c
	}
	return c.Concat(SQL(" AND "+column+" <= ?", *asOf))
}

// Join returns conditions with an operator between them.
func Join(conditions []Expr, operator string) Expr {
	var whole Expr
	parts := make([]string, len(conditions))
	for i, c := range conditions {
		parts[i] = c.SQL
		whole.Args = append(whole.Args, c.Args...)
	}
	whole.SQL = strings.Join(parts, operator)
	return whole
}

// All returns the condition that all conditions hold, True for none.
func All(conditions []Expr) Expr {
	if len(conditions) == 0 {
		return True
	}
	return SQL("(?)", Join(conditions, " AND "))
}

// Any returns the condition that one of the conditions holds, FALSE for none.
func Any(conditions []Expr) Expr {
	if len(conditions) == 0 {
		return Expr{"FALSE", nil}
	}
	return SQL("(?)", Join(conditions, " OR "))
}

// Not returns the condition that c is false or null.
func (c Expr) Not() Expr { return Expr{"NOT COALESCE(" + c.SQL + ", FALSE)", c.Args} }

// QualifyAs returns columns of a table under names with a prefix, for an embedded struct.
func QualifyAs(table string, columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprintf("%s.%s AS %[1]s_%[2]s", table, c)
	}
	return strings.Join(parts, ", ")
}

// Qualify returns columns of a table.
func Qualify(table string, columns []string) string {
	return table + "." + strings.Join(columns, ", "+table+".")
}

// isArrayIndex reports whether a step of a path can be an index of an array.
func isArrayIndex(step string) bool { return places.MatchString(step) }

var places = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)
