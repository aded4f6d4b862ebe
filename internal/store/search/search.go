package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/versions"
	"github.com/placard/placard/models"
)

// Query is a search for objects of one table.
type Query struct {
	Table   *Table
	Project models.ID
	// Scope restricts the results in addition to the filter, nil for no restriction.
	Scope *models.Filter
	models.ListQuery
	Page models.Page
}

// searcher compiles and runs a query.
type searcher[T any] struct {
	compiler
	db    *engine.DB
	table *Table
	query Query
	terms []sortTerm
	// parentCondition restricts the objects to the children of a parent; empty for no restriction.
	parentCondition engine.Expr
	// name is the name of the list in its cursors.
	name string
	// id returns the ID of an object.
	id func(*T) models.ID
}

// resultRow is an object with its position in the order, a JSON array.
type resultRow[T any] struct {
	Object   T `gorm:"embedded"`
	Position string
}

func newSearcher[T any](db *engine.DB, q Query, id func(*T) models.ID) *searcher[T] {
	if q.Filter == nil {
		q.Filter = &models.Filter{}
	}
	if len(q.Order) == 0 {
		q.Order = q.Table.defaultOrder
	}
	s := &searcher[T]{compiler: compiler{dialect: db.Dialect(), project: q.Project}, db: db, table: q.Table, query: q,
		id: id}
	if q.AsOf != nil {
		s.asOf = max(q.AsOf.UnixMicro(), 1)
	}
	s.terms = make([]sortTerm, len(q.Order))
	for i, term := range q.Order {
		s.terms[i] = s.sortTerm(q.Table, term, i)
	}
	s.name = fmt.Sprint(q.Table.name, q.Project, s.filterCondition(), q.Order, s.asOf)
	return s
}

// Find returns a page of the objects of a project that pass the filters of a query.
func Find[T any](ctx context.Context, db *engine.DB, q Query, id func(*T) models.ID) (*models.Connection[*T], error) {
	s := newSearcher(db, q, id)
	after, before, err := s.parseCursors()
	if err != nil {
		return nil, err
	}
	path, err := s.chooseAccessPath(ctx)
	if err != nil {
		return nil, db.TranslateError(err)
	}
	rows, err := s.readPage(ctx, path, after, before)
	if err != nil {
		return nil, db.TranslateError(err)
	}
	connection, err := s.connection(rows)
	if err != nil || !q.Page.Count {
		return connection, err
	}
	n, err := s.count(ctx, path)
	connection.SetTotalCount(n)
	return connection, db.TranslateError(err)
}

// Parent is the column that leads from the objects of a table to their parents.
type Parent[T any] struct {
	Column string
	// Field is the field of the filter that compares the column.
	Field string
	// ParentID returns the parent of an object.
	ParentID func(*T) models.ID
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
	s := newSearcher(db, q, id)
	children, err := s.readChildren(ctx, by, parents)
	if err != nil {
		return nil, db.TranslateError(err)
	}
	counts := map[models.ID]int{}
	if q.Page.Count {
		if counts, err = s.countChildren(ctx, by.Column, parents); err != nil {
			return nil, db.TranslateError(err)
		}
	}
	for _, parent := range parents {
		s.name = newSearcher(db, ofParent(parent), id).name
		if connections[parent], err = s.connection(children[parent]); err != nil {
			return nil, err
		}
		connections[parent].SetTotalCount(counts[parent])
	}
	return connections, nil
}

// readChildren returns the children of the page by parent.
func (s *searcher[T]) readChildren(
	ctx context.Context, by Parent[T], parents []models.ID,
) (map[models.ID][]resultRow[T], error) {
	query := s.dialect.PerParent(parents, func(parent engine.Expr) engine.Expr {
		ofParent := *s
		ofParent.parentCondition = engine.SQL(by.Column+" = ?", parent)
		children, _ := ofParent.selectSegment(sortSegment{rank: anyRank}, nil, nil, s.query.Page.Size+1)
		return children
	})
	rows, err := s.readRows(ctx, query)
	children := make(map[models.ID][]resultRow[T], len(parents))
	for _, row := range rows {
		parent := by.ParentID(&row.Object)
		children[parent] = append(children[parent], row)
	}
	return children, err
}

// countChildren returns the numbers of children by parent.
func (s *searcher[T]) countChildren(
	ctx context.Context, column string, parents []models.ID,
) (map[models.ID]int, error) {
	var rows []childCount
	err := s.db.ReadSearch(ctx).Scan(&rows, engine.SQL("SELECT "+column+" AS parent, count(*) AS size FROM "+s.table.from+
		" WHERE "+s.table.alias+".project_id = ? AND ? AND ? GROUP BY "+column, s.project, s.dialect.IDIn(column,
		parents), s.filterCondition()))
	return countsByParent(rows), err
}

// count returns the number of objects that pass the filters, up to models.MaxTotalCount+1.
func (s *searcher[T]) count(ctx context.Context, path accessPath) (int, error) {
	var n int
	err := s.db.ReadSearch(ctx).Scan(&n,
		engine.SQL(fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM ? WHERE ? AND ? LIMIT %d) q", models.MaxTotalCount+1),
			s.fromClause(path, 0), s.projectCondition(path), s.residualFilter(path)))
	return n, err
}

// readPage reads the rows of the page, and one more if there are more, in the direction of the page.
func (s *searcher[T]) readPage(ctx context.Context, path accessPath, after, before []any) ([]resultRow[T], error) {
	page, segments := s.query.Page, s.segments(path)
	if page.Backward {
		slices.Reverse(segments)
	}
	rows := []resultRow[T]{}
	for _, segment := range segments {
		query, ok := s.selectSegment(segment, after, before, page.Size+1-len(rows))
		if !ok {
			continue
		}
		more, err := s.readRows(ctx, query)
		if err != nil {
			return nil, err
		}
		if rows = append(rows, more...); len(rows) > page.Size {
			break
		}
	}
	return rows, nil
}

// readRows reads the rows of a statement of selectSegment. Rows of versions are read by hand, because pages of versions
// are the most frequent search.
func (s *searcher[T]) readRows(ctx context.Context, query engine.Expr) (rows []resultRow[T], err error) {
	found, isVersions := any(&rows).(*[]resultRow[models.ArtifactVersion])
	if !isVersions {
		return rows, s.db.ReadSearch(ctx).Scan(&rows, query)
	}
	err = s.db.ReadSearch(ctx).ReadRows(query, func(row *engine.Row) error {
		version := versions.Scan(row, versions.Width+1)
		*found = append(*found, resultRow[models.ArtifactVersion]{*version, row.Keep(row.Text(versions.Width))})
		return nil
	})
	return rows, err
}

func (s *searcher[T]) connection(rows []resultRow[T]) (*models.Connection[*T], error) {
	positions := make(map[models.ID]models.Position, len(rows))
	objects := make([]*T, len(rows))
	for i := range rows {
		objects[i] = &rows[i].Object
		position, err := decodePosition(rows[i].Position)
		if err != nil {
			return nil, err
		}
		id := s.id(objects[i])
		positions[id] = append(position, id.String())
	}
	return models.NewConnection(s.name, s.query.Page, objects,
		func(object *T) models.Position { return positions[s.id(object)] }), nil
}

func decodePosition(text string) (models.Position, error) {
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
				return nil, errors.New("a position has a number that is not an integer")
			}
			position[i] = n
		}
	}
	return position, nil
}

// parseCursors returns the positions after and before which the page is, nil for none.
func (s *searcher[T]) parseCursors() (after, before []any, err error) {
	var kinds []PositionKind
	for _, term := range s.terms {
		if term.ranked {
			kinds = append(kinds, NumberPosition)
		}
		if term.number {
			kinds = append(kinds, NumberPosition)
		} else {
			kinds = append(kinds, TextPosition)
		}
	}
	kinds = append(kinds, IDPosition)
	if after, err = ParseCursor("after", s.name, s.query.Page.After, kinds); err == nil {
		before, err = ParseCursor("before", s.name, s.query.Page.Before, kinds)
	}
	return after, before, err
}

// Equals returns the filter that a field has a value.
func Equals(field string, value any) *models.Filter {
	return &models.Filter{Field: field, Conditions: []models.FieldCondition{{Op: "eq", Values: []any{value}}}}
}
