package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"gorm.io/gorm"

	"github.com/placard/placard/models"
)

// list is a list of objects below parents, such as the versions of artifacts, and how to read a page of it.
type list[T any] struct {
	// name goes into cursors, with the parent.
	name string
	// columns and table are what is read; table may join.
	columns, table string
	// where holds for every item. It names the project. args are the arguments of table and where.
	where string
	args  []any
	// parent is the column that holds the parent; empty for a list without one.
	parent string
	// order is what the list is ordered by, the last of it unique; all of it descends when descending is set.
	order      []string
	descending bool
	// kinds are the types of the values of a position, for a cursor to be checked.
	kinds []positionKind
	// position is where an item stands.
	position func(T) models.Position
	// of is the parent of an item.
	of func(T) models.ID
	// read, if any, reads the items of a statement in another way than GORM does.
	read func(query *gorm.DB) ([]T, error)
	// scans is set if a page may read many more rows than it returns.
	scans bool
}

type positionKind int

const (
	textPosition positionKind = iota
	numberPosition
	idPosition
)

// mostParents bounds how many parents one statement reads below.
const mostParents = 250

// pages reads the same page of the list below each of the parents, in one statement for up to 250 of them, and in a
// second one their sizes if these are asked for.
func pages[T any](ctx context.Context, s *Store, l list[T], parents []models.ID, page models.Page) (map[models.ID]*models.Connection[T], error) {
	if l.parent == "" {
		parents = []models.ID{{}}
	}
	connections := make(map[models.ID]*models.Connection[T], len(parents))
	for some := range slices.Chunk(parents, mostParents) {
		if err := somePages(ctx, s, l, some, page, connections); err != nil {
			return nil, err
		}
	}
	return connections, nil
}

func somePages[T any](
	ctx context.Context, s *Store, l list[T], parents []models.ID, page models.Page, connections map[models.ID]*models.Connection[T],
) error {
	var sql string
	var args []any
	for i, parent := range parents {
		if i > 0 && !page.HasCursor() {
			break // it is the same for all, and there is no cursor to check
		}
		var err error
		if sql, args, err = l.part(parent, page); err != nil {
			return err
		}
	}
	if l.parent != "" {
		sql, args = s.dialect.below(parents, sql, args)
	}
	var items []T
	read := s.read(ctx)
	if l.scans {
		read = s.question(ctx)
	}
	err := read.turn(func(db *gorm.DB) (err error) {
		if query := db.Raw(sql, args...); l.read != nil {
			items, err = l.read(query)
		} else {
			err = query.Scan(&items).Error
		}
		return err
	})
	if err != nil {
		return s.failure(err)
	}
	below := make(map[models.ID][]T, len(parents))
	for _, item := range items {
		parent := models.ID{}
		if l.parent != "" {
			parent = l.of(item)
		}
		below[parent] = append(below[parent], item)
	}
	sizes, err := l.sizes(ctx, s, parents, page)
	if err != nil {
		return s.failure(err)
	}
	for _, parent := range parents {
		connections[parent] = models.NewConnection(l.cursorName(parent), page, below[parent], l.position)
		connections[parent].SetTotalCount(sizes[parent])
	}
	return nil
}

func (l list[T]) cursorName(parent models.ID) string {
	return fmt.Sprint(l.name, parent, l.args)
}

// part is the SELECT of the page below the parent `parent.id`. It begins where the cursors say and never counts rows
// off, so a page costs the same wherever it lies, and neither repeats nor skips an item when others come or go.
func (l list[T]) part(parent models.ID, page models.Page) (string, []any, error) {
	where, args := l.where, append([]any{}, l.args...)
	if l.parent != "" {
		where = l.parent + " = parent.id AND " + where
	}
	for _, cursor := range []struct {
		argument, text string
		later          bool
	}{{"after", page.After, true}, {"before", page.Before, false}} {
		position, err := models.ParseCursor(cursor.argument, l.cursorName(parent), cursor.text)
		if err != nil || position == nil {
			if err != nil {
				return "", nil, err
			}
			continue
		}
		values, err := positionValues(cursor.argument, l.kinds, position)
		if err != nil {
			return "", nil, err
		}
		compare := ">"
		if cursor.later == l.descending {
			compare = "<"
		}
		where += fmt.Sprintf(" AND (%s) %s (%s)", strings.Join(l.order, ", "), compare, marks(len(values)))
		args = append(args, values...)
	}
	direction := ""
	if l.descending != page.Backward {
		direction = " DESC"
	}
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s%s LIMIT ?", l.columns,
		l.table, where, strings.Join(l.order, direction+", "), direction)
	return sql, append(args, page.Size+1), nil
}

// positionValues are the arguments that a position stands for, which must be of the given kinds.
func positionValues(argument string, kinds []positionKind, position models.Position) ([]any, error) {
	refused := models.BadInput(models.At(argument), "must be a cursor that this list has given out")
	if len(position) != len(kinds) {
		return nil, refused
	}
	values := make([]any, len(position))
	for i, kind := range kinds {
		text, isText := position[i].(string)
		number, isNumber := position[i].(int64)
		switch {
		case kind == textPosition && isText && !strings.Contains(text, "\x00"):
			values[i] = text
		case kind == numberPosition && isNumber:
			values[i] = number
		case kind == idPosition && isText:
			id, ok := models.ParseID(text)
			if !ok {
				return nil, refused
			}
			values[i] = id
		default:
			return nil, refused
		}
	}
	return values, nil
}

func (l list[T]) sizes(ctx context.Context, s *Store, parents []models.ID, page models.Page) (map[models.ID]int, error) {
	if !page.Count {
		return nil, nil
	}
	sql, args := "SELECT NULL AS parent, count(*) AS size FROM "+l.table+" WHERE "+l.where, l.args
	if l.parent != "" {
		sql, args = s.dialect.below(parents, "SELECT "+l.parent+" AS parent, count(*) AS size FROM "+l.table+
			" WHERE "+l.parent+" = parent.id AND "+l.where+" GROUP BY "+l.parent, args)
	}
	var rows []struct {
		Parent models.ID
		Size   int
	}
	err := s.question(ctx).Raw(sql, args...).Scan(&rows).Error
	sizes := make(map[models.ID]int, len(rows))
	for _, row := range rows {
		sizes[row.Parent] = row.Size
	}
	return sizes, err
}

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

// byKey maps objects by their IDs.
func byKey[T any](objects []T, key func(T) models.ID) map[models.ID]T {
	m := make(map[models.ID]T, len(objects))
	for _, object := range objects {
		m[key(object)] = object
	}
	return m
}

// byIDs is a function that reads the rows of a table that have certain IDs, among what the caller may reach.
func byIDs[T any](table string, columns []string, id func(T) models.ID) func(tx *transaction, ids []models.ID) (map[models.ID]T, error) {
	return func(tx *transaction, ids []models.ID) (map[models.ID]T, error) {
		from := tx.lookUpByID(table, "o", ids)
		var found []T
		err := tx.Raw("SELECT "+of("o", columns)+" FROM "+from.sql, from.args...).Scan(&found).Error
		return byKey(found, id), err
	}
}

// lockOne is the row of a table with that ID, which nobody else can change before this transaction ends; nil when there
// is none that the caller may reach.
func lockOne[T any](tx *transaction, table string, columns []string, id models.ID) (*T, error) {
	one := cond("id = ?", id).reachedBy(tx.who, projectOfRow(table))
	var found []*T
	err := tx.Raw("SELECT "+of(table, columns)+" FROM "+table+" WHERE "+one.sql+tx.dialect.lockRow(), one.args...).Scan(&found).Error
	return first(found), err
}

// budget is how many bytes of metadata the calls of a context may read in all.
type budget struct {
	limit    int64
	used     atomic.Int64
	exceeded func(error)
}

type budgetKey struct{}

// WithBudget makes a context whose calls read at most so many bytes of metadata in all. Beyond it they fail with
// LIMIT_EXCEEDED, and exceeded is told the same.
func WithBudget(ctx context.Context, bytes int64, exceeded func(error)) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{limit: bytes, exceeded: exceeded})
}

// entryBytes is what an entry takes in memory beside its texts.
const entryBytes = 256

// spend takes an entry that was read from the budget of the context.
func spend(ctx context.Context, e *models.MetadataEntry) error {
	b, ok := ctx.Value(budgetKey{}).(*budget)
	if !ok {
		return nil
	}
	bytes := entryBytes + len(e.CardName) + len(e.Key)
	for _, text := range []*string{e.Text, e.Reason} {
		if text != nil {
			bytes += len(*text)
		}
	}
	used := b.used.Add(int64(bytes))
	if used <= b.limit {
		return nil
	}
	err := models.LimitExceeded(nil, "bytes of metadata that an operation reads, so ask for smaller pages or fewer keys", b.limit, used)
	b.exceeded(err)
	return err
}

// collect reads rows one by one, so that reading ends where the budget does. entry is the metadata entry in a row.
func collect[T any](query *gorm.DB, entry func(*T) *models.MetadataEntry) ([]*T, error) {
	rows, err := query.Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	var items []*T
	for rows.Next() {
		item := new(T)
		if err := query.ScanRows(rows, item); err != nil {
			return nil, err
		}
		if err := spend(query.Statement.Context, entry(item)); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// itself is a metadata entry that is read as a row of its own.
func itself(e *models.MetadataEntry) *models.MetadataEntry { return e }

// planned are the lines of a plan, which stand in the last column.
func planned(rows *sql.Rows, err error) (lines []string, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	columns, err := rows.Columns()
	for err == nil && rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(any)
		}
		if err = rows.Scan(row...); err == nil {
			lines = append(lines, fmt.Sprint(*row[len(row)-1].(*any)))
		}
	}
	return lines, errors.Join(err, rows.Err())
}
