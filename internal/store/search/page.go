package search

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// List is a list of the children of parents, such as the versions of artifacts, that is read page by page.
type List[T any] struct {
	// Name is a part of the cursors, with the parent.
	Name    string
	Columns string
	// ColumnArgs are the arguments of Columns.
	ColumnArgs []any
	// From is one item of FROM, or a join.
	From engine.Expr
	// Where restricts the rows to a project.
	Where engine.Expr
	// Parent is the column that holds the parent; empty for a list without one.
	Parent string
	// Order are the columns of the order, the last of which is unique. All of them descend if descending is set.
	Order      []string
	Descending bool
	// Kinds are the types of the values of a position.
	Kinds []PositionKind
	// Position returns the values of the columns in order.
	Position func(T) models.Position
	// ParentOf returns the parent of a child.
	ParentOf func(T) models.ID
	// Read reads the rows of a statement, and Scan one row; both are nil for a scan by GORM.
	Read func(query *gorm.DB) ([]T, error)
	Scan func(row *engine.Row) T
	// Branches are conditions that split the list into parts, each of which an index has in the order of the list. A page
	// is merged from a limited SELECT of each part, and the count ends above models.MaxTotalCount. No branch is no split.
	Branches []engine.Expr
	// Unbounded is set if a page may read many more rows than it returns. Variable is set if the text of its statement
	// varies, too.
	Unbounded, Variable bool
}

// PositionKind is the type of a value of a position.
type PositionKind int

// The types of the values of positions.
const (
	TextPosition PositionKind = iota
	NumberPosition
	IDPosition
)

// MaxParents is the largest number of parents whose children one statement reads.
const MaxParents = 250

// ReadPages reads the same page of the children of each parent: one statement per MaxParents, and a second one that
// counts if the page asks for it.
func ReadPages[T any](
	ctx context.Context, db *engine.DB, l List[T], parents []models.ID, page models.Page,
) (map[models.ID]*models.Connection[T], error) {
	if l.Parent == "" {
		parents = []models.ID{{}}
	}
	connections := make(map[models.ID]*models.Connection[T], len(parents))
	for some := range slices.Chunk(parents, MaxParents) {
		items, err := l.readItems(ctx, db, some, page)
		if err != nil {
			return nil, err
		}
		counts, err := l.count(ctx, db, some, page)
		if err != nil {
			return nil, db.TranslateError(err)
		}
		for _, parent := range some {
			connections[parent] = models.NewConnection(l.cursorName(parent), page, items[parent], l.Position)
			connections[parent].SetTotalCount(counts[parent])
		}
	}
	return connections, nil
}

// readItems returns the items of the page by parent, and one more where there are more.
func (l List[T]) readItems(
	ctx context.Context, db *engine.DB, parents []models.ID, page models.Page,
) (map[models.ID][]T, error) {
	var bounds engine.Expr
	for i, parent := range parents {
		if i > 0 && !page.HasCursor() {
			break
		}
		var err error
		if bounds, err = l.bounds(parent, page); err != nil {
			return nil, err
		}
	}
	query := l.selectPage(engine.True, bounds, page)
	if l.Parent != "" {
		query = db.Dialect().PerParent(parents, func(parent engine.Expr) engine.Expr {
			return l.selectPage(engine.SQL(l.Parent+" = ?", parent), bounds, page)
		})
	}
	read := db.Read(ctx)
	switch {
	case l.Variable:
		read = db.ReadSearch(ctx)
	case l.Unbounded:
		read = db.ReadUnbounded(ctx)
	}
	items, err := l.read(read, query)
	byParent := make(map[models.ID][]T, len(parents))
	for _, item := range items {
		parent := models.ID{}
		if l.Parent != "" {
			parent = l.ParentOf(item)
		}
		byParent[parent] = append(byParent[parent], item)
	}
	return byParent, db.TranslateError(err)
}

// read reads the rows of a statement.
func (l List[T]) read(read engine.Reader, query engine.Expr) (items []T, err error) {
	switch {
	case l.Scan != nil:
		err = read.ReadRows(query, func(row *engine.Row) error {
			items = append(items, l.Scan(row))
			return nil
		})
	case l.Read != nil:
		err = read.Do(func(db *gorm.DB) (err error) {
			items, err = l.Read(db.Raw(query.SQL, query.Args...))
			return err
		})
	default:
		err = read.Scan(&items, query)
	}
	return items, err
}

func (l List[T]) cursorName(parent models.ID) string {
	return fmt.Sprint(l.Name, parent, slices.Concat(l.From.Args, l.Where.Args))
}

// bounds returns the conditions of the cursors of a page, each with a leading AND.
func (l List[T]) bounds(parent models.ID, page models.Page) (bounds engine.Expr, err error) {
	for _, cursor := range []struct {
		argument, text string
		later          bool
	}{{"after", page.After, true}, {"before", page.Before, false}} {
		values, err := ParseCursor(cursor.argument, l.cursorName(parent), cursor.text, l.Kinds)
		if err != nil {
			return bounds, err
		}
		if values == nil {
			continue
		}
		operator := ">"
		if cursor.later == l.Descending {
			operator = "<"
		}
		bound := make([]engine.Expr, len(values))
		for i, value := range values {
			bound[i] = engine.SQL("?", value)
		}
		columns := strings.Join(l.Order, ", ")
		bounds = bounds.Concat(engine.SQL(" AND ("+columns+") "+operator+" (?)", engine.Join(bound, ", ")))
	}
	return bounds, nil
}

// selectPage returns the SELECT of a page. It starts at a position and skips no rows, so that each page costs the same
// and changes of the list neither repeat nor omit items.
func (l List[T]) selectPage(ofParent, bounds engine.Expr, page models.Page) engine.Expr {
	direction := ""
	if l.Descending != page.Backward {
		direction = " DESC"
	}
	orderBy := strings.Join(l.Order, direction+", ") + direction
	selectPart := func(branch engine.Expr) engine.Expr {
		return engine.SQL("SELECT ? FROM ? WHERE ? AND ??? ORDER BY "+orderBy+" LIMIT ?",
			engine.SQL(l.Columns, l.ColumnArgs...), l.From, ofParent, l.Where, branch, bounds, page.Size+1)
	}
	if l.Branches == nil {
		return selectPart(engine.Expr{})
	}
	parts := make([]engine.Expr, len(l.Branches))
	for i, branch := range l.Branches {
		parts[i] = engine.SQL("SELECT * FROM (?) part", selectPart(engine.SQL(" AND ?", branch)))
	}
	return engine.SQL("SELECT * FROM (?) parts ORDER BY "+orderBy+" LIMIT ?", engine.Join(parts, " UNION ALL "), page.Size+1)
}

// ParseCursor returns the values of the position of a cursor, nil for an empty one. They have the given kinds.
func ParseCursor(argument, list, text string, kinds []PositionKind) ([]any, error) {
	position, err := models.ParseCursor(argument, list, text)
	if err != nil || position == nil {
		return nil, err
	}
	invalid := models.BadInput(models.NewPath(argument), "must be a cursor that this list has given out")
	if len(position) != len(kinds) {
		return nil, invalid
	}
	values := make([]any, len(position))
	for i, kind := range kinds {
		text, isText := position[i].(string)
		number, isNumber := position[i].(int64)
		switch {
		case kind == TextPosition && isText && !strings.Contains(text, "\x00"):
			values[i] = text
		case kind == NumberPosition && isNumber:
			values[i] = number
		case kind == IDPosition && isText:
			id, ok := models.ParseID(text)
			if !ok {
				return nil, invalid
			}
			values[i] = id
		default:
			return nil, invalid
		}
	}
	return values, nil
}

// childCount is the number of children of a parent.
type childCount struct {
	Parent models.ID
	Size   int
}

func countsByParent(rows []childCount) map[models.ID]int {
	counts := make(map[models.ID]int, len(rows))
	for _, row := range rows {
		counts[row.Parent] = row.Size
	}
	return counts
}

// count returns the numbers of children by parent, nil unless the page asks for them.
func (l List[T]) count(
	ctx context.Context, db *engine.DB, parents []models.ID, page models.Page,
) (map[models.ID]int, error) {
	if !page.Count {
		return nil, nil
	}
	query := engine.SQL("SELECT NULL AS parent, count(*) AS size FROM ? WHERE ?", l.From, l.Where)
	if l.Branches != nil {
		query = l.countBranches(db, parents)
	} else if l.Parent != "" {
		query = db.Dialect().PerParent(parents, func(parent engine.Expr) engine.Expr {
			return engine.SQL("SELECT "+l.Parent+" AS parent, count(*) AS size FROM ? WHERE "+l.Parent+" = ? AND ? GROUP BY "+
				l.Parent,
				l.From, parent, l.Where)
		})
	}
	var rows []childCount
	err := db.ReadUnbounded(ctx).Scan(&rows, query)
	return countsByParent(rows), err
}

// countBranches returns the statement that counts the children in the branches by parent.
func (l List[T]) countBranches(db *engine.DB, parents []models.ID) engine.Expr {
	count := func(parent, ofParent engine.Expr) engine.Expr {
		return engine.SQL("SELECT ? AS parent, count(*) AS size FROM (SELECT 1 FROM ? WHERE ? AND ? AND ? LIMIT ?) q", parent,
			l.From, ofParent, l.Where, engine.Any(l.Branches), models.MaxTotalCount+1)
	}
	if l.Parent == "" {
		return count(engine.SQL("NULL"), engine.True)
	}
	return db.Dialect().PerParent(parents, func(parent engine.Expr) engine.Expr {
		return count(parent, engine.SQL(l.Parent+" = ?", parent))
	})
}
