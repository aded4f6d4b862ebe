// Package search reads lists of objects page by page: filtered and sorted objects of a project (Find, FindPerParent), and
// the children of parents (ReadPages).
package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Query is a search for objects of one table.
type Query struct {
	Table   *Table
	Project models.ID
	// Scope is a filter beside that of the caller, nil for none.
	Scope *models.Filter
	models.Question
	Page models.Page
}

// searchQuery is a query that is compiled and run.
type searchQuery[T any] struct {
	compiler
	db       *engine.DB
	table    *Table
	question models.Question
	page     models.Page
	terms    []sortTerm
	scope    *models.Filter
	// parentCondition restricts the objects to those of a parent; empty for no restriction.
	parentCondition engine.Expr
	// name is the name of the list in its cursors.
	name string
	// id returns the ID of an object.
	id func(*T) models.ID
}

// resultRow is an object with its position in the order.
type resultRow[T any] struct {
	Object   T `gorm:"embedded"`
	Position string
}

// selectiveLimit is how few objects a way to begin must leave, so that it is better than to go through all of them in order.
const selectiveLimit = 5000

// Find returns a page of the objects of a project that pass the filters of a query.
func Find[T any](ctx context.Context, db *engine.DB, q Query, id func(*T) models.ID) (*models.Connection[*T], error) {
	r := newSearching(db, q, id)
	after, before, err := r.cursors()
	if err != nil {
		return nil, err
	}
	begin, err := r.chooseAccessPath(ctx, q.Scope)
	if err != nil {
		return nil, db.TranslateError(err)
	}
	items, err := r.items(ctx, begin, after, before)
	if err != nil {
		return nil, db.TranslateError(err)
	}
	result, err := r.connection(items)
	if err != nil || !q.Page.Count {
		return result, err
	}
	n, err := r.count(ctx, begin)
	result.SetTotalCount(n)
	return result, db.TranslateError(err)
}

func newSearching[T any](db *engine.DB, q Query, id func(*T) models.ID) *searchQuery[T] {
	if q.Filter == nil {
		q.Filter = &models.Filter{}
	}
	if len(q.Order) == 0 {
		q.Order = q.Table.order
	}
	r := &searchQuery[T]{
		compiler: compiler{dialect: db.Dialect(), project: q.Project}, db: db, table: q.Table, question: q.Question, page: q.Page, scope: q.Scope, id: id,
	}
	if q.AsOf != nil {
		r.asOf = max(q.AsOf.UnixMicro(), 1)
	}
	r.terms = make([]sortTerm, len(q.Order))
	for i, term := range q.Order {
		r.terms[i] = r.sortTerm(q.Table, term, i)
	}
	r.name = fmt.Sprint(q.Table.name, q.Project, r.where(), q.Order, r.asOf)
	return r
}

// Parent is the column that leads from the objects of a table to their parents.
type Parent[T any] struct {
	Column string
	// Field is the field of the filter that compares the column.
	Field string
	// Of returns the parent of an object.
	Of func(*T) models.ID
}

// FindPerParent returns the same page of the children of each parent. For one parent it is Find; for several it is one
// statement, which reads all their children, and a second one that counts. No more than MaxParents are allowed.
func FindPerParent[T any](
	ctx context.Context, db *engine.DB, q Query, by Parent[T], parents []models.ID, id func(*T) models.ID,
) (map[models.ID]*models.Connection[*T], error) {
	connections := make(map[models.ID]*models.Connection[*T], len(parents))
	ofParent := func(parent models.ID) Query {
		query := q
		query.Scope = Equals(by.Field, parent)
		return query
	}
	if len(parents) == 1 {
		var err error
		connections[parents[0]], err = Find(ctx, db, ofParent(parents[0]), id)
		return connections, err
	}
	r := newSearching(db, q, id)
	children, err := r.readChildren(ctx, by, parents)
	if err != nil {
		return nil, db.TranslateError(err)
	}
	counts := map[models.ID]int{}
	if q.Page.Count {
		if counts, err = r.countChildren(ctx, by.Column, parents); err != nil {
			return nil, db.TranslateError(err)
		}
	}
	for _, parent := range parents {
		r.name = newSearching(db, ofParent(parent), id).name
		if connections[parent], err = r.connection(children[parent]); err != nil {
			return nil, err
		}
		connections[parent].SetTotalCount(counts[parent])
	}
	return connections, nil
}

// readChildren returns the children of the page by parent.
func (r *searchQuery[T]) readChildren(ctx context.Context, by Parent[T], parents []models.ID) (map[models.ID][]resultRow[T], error) {
	query := r.dialect.PerParent(parents, func(parent engine.Expr) engine.Expr {
		r.parentCondition = engine.NewExpr(by.Column + " = ").Concat(parent)
		children, _ := r.statement(sortSegment{rank: -1}, nil, nil, r.page.Size+1)
		return children
	})
	r.parentCondition = engine.Expr{}
	var items []resultRow[T]
	err := r.db.ReadSearch(ctx).Raw(query.SQL, query.Args...).Scan(&items).Error
	children := make(map[models.ID][]resultRow[T], len(parents))
	for _, item := range items {
		parent := by.Of(&item.Object)
		children[parent] = append(children[parent], item)
	}
	return children, err
}

// countChildren returns the numbers of children by parent.
func (r *searchQuery[T]) countChildren(ctx context.Context, column string, parents []models.ID) (map[models.ID]int, error) {
	query := engine.NewExpr("SELECT "+column+" AS parent, count(*) AS size FROM "+r.table.table+" WHERE "+r.table.alias+".project_id = ? AND ", r.project).
		Concat(r.dialect.IDIn(column, parents)).Concat(engine.NewExpr(" AND ")).Concat(r.where()).Concat(engine.NewExpr(" GROUP BY " + column))
	var rows []struct {
		Parent models.ID
		Size   int
	}
	err := r.db.ReadSearch(ctx).Raw(query.SQL, query.Args...).Scan(&rows).Error
	counts := make(map[models.ID]int, len(rows))
	for _, row := range rows {
		counts[row.Parent] = row.Size
	}
	return counts, err
}

// where is the condition that an object is among what is asked for, of which some parts are known to hold.
func (r *searchQuery[T]) where(known ...*models.Filter) engine.Expr {
	c := r.compiler
	c.satisfied = known
	fits := c.filter(r.table, r.question.Filter)
	if r.scope != nil {
		fits = c.filter(r.table, r.scope).And(fits)
	}
	if r.asOf != 0 {
		fits = fits.And(engine.NewExpr(r.table.created+" <= ?", r.asOf))
	}
	if r.parentCondition.SQL != "" {
		fits = r.parentCondition.And(fits)
	}
	return fits
}

// residualFilter is fits for what a beginning leads to.
func (r *searchQuery[T]) residualFilter(b accessPath) engine.Expr {
	if b.exact {
		return r.where(b.of)
	}
	return r.where()
}

// accessPath is where to begin: the fewest objects among which all that fits is, if they are known to be few.
type accessPath struct {
	indexScan
	size int
}

func (b accessPath) isSelective() bool { return b.ids != nil && b.size <= selectiveLimit }

// chooseAccessPath looks which way to begin leaves the fewest objects, and never at more than narrow of each.
func (r *searchQuery[T]) chooseAccessPath(ctx context.Context, scope *models.Filter) (accessPath, error) {
	options := r.indexCandidates(r.table, r.question.Filter)
	if scope != nil {
		options = append(r.indexCandidates(r.table, scope), options...)
	}
	if len(options) == 0 {
		return accessPath{}, nil
	}
	parts := make([]engine.Expr, len(options))
	for i, option := range options {
		parts[i] = engine.Wrap(fmt.Sprintf("SELECT %d AS n, count(*) AS size FROM (%%s LIMIT %d) q", i, selectiveLimit+1), union(option.ids))
	}
	query := engine.Join(parts, " UNION ALL ")
	var sizes []struct{ N, Size int }
	if err := r.db.ReadSearch(ctx).Raw(query.SQL, query.Args...).Scan(&sizes).Error; err != nil {
		return accessPath{}, err
	}
	best := slices.MinFunc(sizes, func(a, b struct{ N, Size int }) int { return a.Size - b.Size })
	return accessPath{options[best.N], best.Size}, nil
}

// union are the IDs of several statements, each as often as it is found.
func union(parts []engine.Expr) engine.Expr {
	if len(parts) == 1 {
		return parts[0]
	}
	wholes := make([]engine.Expr, len(parts))
	for i, part := range parts {
		wholes[i] = engine.Wrap("SELECT id FROM (%s) p", part)
	}
	return engine.Wrap("SELECT id FROM (%s) u", engine.Join(wholes, " UNION ALL "))
}

// count is how many objects fit, counted up to one more than can be said.
func (r *searchQuery[T]) count(ctx context.Context, b accessPath) (int, error) {
	from, here, fits := r.from(b, 0), r.projectCondition(b), r.residualFilter(b)
	var n int
	err := r.db.ReadSearch(ctx).Raw(
		fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s AND %s LIMIT %d) q", from.SQL, here.SQL, fits.SQL, models.MaxTotalCount+1),
		slices.Concat(from.Args, here.Args, fits.Args)...).Scan(&n).Error
	return n, err
}

// items are the objects of the page, one more where there are more, in the direction in which the page is read.
func (r *searchQuery[T]) items(ctx context.Context, b accessPath, after, before []any) ([]resultRow[T], error) {
	segments := r.segments(b)
	if r.page.Backward {
		slices.Reverse(segments)
	}
	items := []resultRow[T]{}
	for _, segment := range segments {
		query, some := r.statement(segment, after, before, r.page.Size+1-len(items))
		if !some {
			continue
		}
		var more []resultRow[T]
		if err := r.db.ReadSearch(ctx).Raw(query.SQL, query.Args...).Scan(&more).Error; err != nil {
			return nil, err
		}
		if items = append(items, more...); len(items) > r.page.Size {
			break
		}
	}
	return items, nil
}

func (r *searchQuery[T]) connection(items []resultRow[T]) (*models.Connection[*T], error) {
	positions := make(map[models.ID]models.Position, len(items))
	objects := make([]*T, len(items))
	for i := range items {
		objects[i] = &items[i].Object
		position, err := readPosition(items[i].Position)
		if err != nil {
			return nil, err
		}
		id := r.id(objects[i])
		positions[id] = append(position, id.String())
	}
	return models.NewConnection(r.name, r.page, objects, func(object *T) models.Position { return positions[r.id(object)] }), nil
}

func readPosition(text string) (models.Position, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var position models.Position
	if err := decoder.Decode(&position); err != nil {
		return nil, err
	}
	for i, value := range position {
		if number, ok := value.(json.Number); ok {
			n, err := number.Int64()
			if err != nil {
				return nil, errors.New("a position is no integer")
			}
			position[i] = n
		}
	}
	return position, nil
}

// cursors are the positions after and before which the page lies; nil for none.
func (r *searchQuery[T]) cursors() (after, before []any, err error) {
	kinds := []PositionKind{}
	for _, term := range r.terms {
		if term.ranked {
			kinds = append(kinds, NumberPosition)
		}
		kinds = append(kinds, map[bool]PositionKind{true: NumberPosition, false: TextPosition}[term.number])
	}
	kinds = append(kinds, IDPosition)
	read := func(argument, text string) ([]any, error) {
		position, err := models.ParseCursor(argument, r.name, text)
		if err != nil || position == nil {
			return nil, err
		}
		return positionValues(argument, kinds, position)
	}
	if after, err = read("after", r.page.After); err == nil {
		before, err = read("before", r.page.Before)
	}
	return after, before, err
}

// Equals returns the filter that a field has a value.
func Equals(field string, value any) *models.Filter {
	return &models.Filter{Field: field, Tests: []models.FieldTest{{Op: "eq", Values: []any{value}}}}
}
