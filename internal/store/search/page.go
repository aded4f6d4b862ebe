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
	// From is one item of FROM, or a join.
	From engine.Expr
	// Where names the project.
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
	// Read reads the rows of a statement; nil for the way of GORM.
	Read func(query *gorm.DB) ([]T, error)
	// Unbounded is set if a page may read many more rows than it returns.
	Unbounded bool
}

type PositionKind int

const (
	TextPosition PositionKind = iota
	NumberPosition
	IDPosition
)

// MaxParents is the largest number of parents whose children one statement reads.
const MaxParents = 250

// ReadPages reads the same page of the children of each parent: one statement per MaxParents, and a second one that counts if
// the page asks for it.
func ReadPages[T any](ctx context.Context, db *engine.DB, l List[T], parents []models.ID, page models.Page) (map[models.ID]*models.Connection[T], error) {
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
func (l List[T]) readItems(ctx context.Context, db *engine.DB, parents []models.ID, page models.Page) (map[models.ID][]T, error) {
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
			return l.selectPage(engine.NewExpr(l.Parent+" = ").Concat(parent), bounds, page)
		})
	}
	read := db.Read(ctx)
	if l.Unbounded {
		read = db.ReadUnbounded(ctx)
	}
	var items []T
	err := read.Turn(func(db *gorm.DB) (err error) {
		if rows := db.Raw(query.SQL, query.Args...); l.Read != nil {
			items, err = l.Read(rows)
		} else {
			err = rows.Scan(&items).Error
		}
		return err
	})
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

func (l List[T]) cursorName(parent models.ID) string {
	return fmt.Sprint(l.Name, parent, slices.Concat(l.From.Args, l.Where.Args))
}

// bounds returns the conditions of the cursors of a page, each with a leading AND.
func (l List[T]) bounds(parent models.ID, page models.Page) (engine.Expr, error) {
	var bounds engine.Expr
	for _, cursor := range []struct {
		argument, text string
		later          bool
	}{{"after", page.After, true}, {"before", page.Before, false}} {
		position, err := models.ParseCursor(cursor.argument, l.cursorName(parent), cursor.text)
		if err != nil || position == nil {
			if err != nil {
				return bounds, err
			}
			continue
		}
		values, err := positionValues(cursor.argument, l.Kinds, position)
		if err != nil {
			return bounds, err
		}
		operator := ">"
		if cursor.later == l.Descending {
			operator = "<"
		}
		bounds = bounds.Concat(engine.NewExpr(fmt.Sprintf(" AND (%s) %s (%s)", strings.Join(l.Order, ", "), operator, engine.Placeholders(len(values))), values...))
	}
	return bounds, nil
}

// selectPage returns the SELECT of a page. It starts at a position and skips no rows, so that each page costs the same and
// changes of the list neither repeat nor omit items.
func (l List[T]) selectPage(ofParent, bounds engine.Expr, page models.Page) engine.Expr {
	direction := ""
	if l.Descending != page.Backward {
		direction = " DESC"
	}
	order := engine.NewExpr(" ORDER BY "+strings.Join(l.Order, direction+", ")+direction+" LIMIT ?", page.Size+1)
	return engine.NewExpr("SELECT " + l.Columns + " FROM ").Concat(l.From).Concat(engine.NewExpr(" WHERE ")).Concat(ofParent).
		Concat(engine.NewExpr(" AND ")).Concat(l.Where).Concat(bounds).Concat(order)
}

// positionValues are the arguments that a position stands for, which must be of the given kinds.
func positionValues(argument string, kinds []PositionKind, position models.Position) ([]any, error) {
	refused := models.BadInput(models.At(argument), "must be a cursor that this list has given out")
	if len(position) != len(kinds) {
		return nil, refused
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
				return nil, refused
			}
			values[i] = id
		default:
			return nil, refused
		}
	}
	return values, nil
}

// count returns the numbers of children by parent, nil unless the page asks for them.
func (l List[T]) count(ctx context.Context, db *engine.DB, parents []models.ID, page models.Page) (map[models.ID]int, error) {
	if !page.Count {
		return nil, nil
	}
	query := engine.NewExpr("SELECT NULL AS parent, count(*) AS size FROM ").Concat(l.From).Concat(engine.NewExpr(" WHERE ")).Concat(l.Where)
	if l.Parent != "" {
		query = db.Dialect().PerParent(parents, func(parent engine.Expr) engine.Expr {
			return engine.NewExpr("SELECT " + l.Parent + " AS parent, count(*) AS size FROM ").Concat(l.From).Concat(engine.NewExpr(" WHERE " + l.Parent + " = ")).
				Concat(parent).Concat(engine.NewExpr(" AND ")).Concat(l.Where).Concat(engine.NewExpr(" GROUP BY " + l.Parent))
		})
	}
	var rows []struct {
		Parent models.ID
		Size   int
	}
	err := db.ReadUnbounded(ctx).Raw(query.SQL, query.Args...).Scan(&rows).Error
	counts := make(map[models.ID]int, len(rows))
	for _, row := range rows {
		counts[row.Parent] = row.Size
	}
	return counts, err
}
