package bulk

import (
	"bytes"
	"cmp"
	"database/sql"
	"database/sql/driver"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

// Row is a row of a Table.
type Row struct {
	// Line is the number of its line in the file.
	Line int64
	// Position is the position in its sequence, from 1.
	Position int
	// Fact is the value of an entry; zero for a retraction.
	Fact models.Fact

	table  *Table
	values []any
}

// NewRow returns a row with NULL in all columns.
func (t *Table) NewRow(line int64) Row {
	return Row{Line: line, table: t, values: make([]any, len(t.Columns))}
}

// Get returns the value of a column; nil is NULL.
func (r Row) Get(column string) any { return r.values[r.table.index(column)] }

// Set changes the value of a column.
func (r Row) Set(column string, value any) { r.values[r.table.index(column)] = value }

// All returns the columns with their values.
func (r Row) All() iter.Seq2[Column, any] {
	return func(yield func(Column, any) bool) {
		for i, column := range r.table.Columns {
			if !yield(column, r.values[i]) {
				return
			}
		}
	}
}

// key returns the values of the columns that identify the row or its sequence.
func (r Row) key() [2]any {
	var key [2]any
	for i, column := range r.table.Key {
		key[i] = r.Get(column)
	}
	return key
}

// CompareKeys compares two rows of the same table by Key.
func CompareKeys(a, b Row) int {
	order, other := 0, b.key()
	for i, value := range a.key() {
		switch value := value.(type) {
		case models.ID:
			id := other[i].(models.ID)
			order = bytes.Compare(value[:], id[:])
		case string:
			order = strings.Compare(value, other[i].(string))
		case int64:
			order = cmp.Compare(value, other[i].(int64))
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// equalExcept reports whether two rows of the same table are equal in all but some columns. An absent value is equal to
// any other.
func equalExcept(a, b Row, columns ...string) bool {
	for i, column := range a.table.Columns {
		if a.values[i] != b.values[i] && a.values[i] != Absent && b.values[i] != Absent &&
			!slices.Contains(columns, column.Name) {
			return false
		}
	}
	return true
}

// scanner reads the selection of a table from a result.
type scanner struct {
	table   *Table
	leading []any
	targets []any
}

// newScanner returns a scanner for a result with leading columns before the selection.
func newScanner(t *Table, leading ...any) *scanner {
	s := &scanner{table: t, leading: leading}
	for _, c := range t.Columns {
		switch c.Kind {
		case ID:
			s.targets = append(s.targets, new(models.ID))
		case Text, Value, Details:
			s.targets = append(s.targets, new(sql.NullString))
		case Number, Instant:
			s.targets = append(s.targets, new(sql.NullInt64))
		case Bool:
			s.targets = append(s.targets, new(sql.NullBool))
		}
	}
	return s
}

// each calls fn with the rows of a result and closes it.
func (s *scanner) each(rows *sql.Rows, fn func(Row) error) (err error) {
	defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
	targets := slices.Concat(s.leading, s.targets)
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := s.table.NewRow(0)
		for i, target := range s.targets {
			if id, ok := target.(*models.ID); !ok {
				row.values[i], err = target.(driver.Valuer).Value()
			} else if !id.IsZero() {
				row.values[i] = *id
			}
			if text, ok := row.values[i].(string); ok && err == nil && s.table.Columns[i].Kind == Details {
				row.values[i], err = canonicalDetails(text)
			}
			if err != nil {
				return err
			}
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}
