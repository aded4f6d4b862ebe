package sqllint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// checker collects the findings of one statement.
type checker struct {
	tables   map[string]bool
	problems []string
	projects []string
	// locks is set for a row lock, writes for a change of rows, joins for a query with several items of FROM, and nested
	// for a query inside another one.
	locks, writes, joins, nested bool
	// depth is the number of queries around the current node.
	depth int
}

// walk checks all queries below a node. names are the names of the common table expressions that are visible there.
func (c *checker) walk(m protoreflect.Message, names []string) {
	switch node := m.Interface().(type) {
	case *pg.SelectStmt:
		c.nested = c.nested || c.depth > 0
		c.depth++
		c.selectStatement(node, names)
		c.depth--
		return
	case *pg.InsertStmt:
		c.insertStatement(node, names)
		return
	case *pg.UpdateStmt:
		c.updateStatement(node, names)
		return
	case *pg.DeleteStmt:
		c.deleteStatement(node, names)
		return
	case *pg.RangeVar:
		// The items of FROM of the statements above are not walked, so this is another kind of statement.
		if c.isDistributed(node, names) {
			c.report("the table %s is in a statement that names no project", node.Relname)
		}
		return
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Message() == nil || field.IsMap():
		case field.IsList():
			for i := range value.List().Len() {
				c.walk(value.List().Get(i).Message(), names)
			}
		default:
			c.walk(value.Message(), names)
		}
		return true
	})
}

// walkAll checks all queries below nodes.
func (c *checker) walkAll(names []string, lists ...[]*pg.Node) {
	for _, node := range slices.Concat(lists...) {
		if node != nil {
			c.walk(node.ProtoReflect(), names)
		}
	}
}

// with checks the common table expressions of a statement, and returns the names that are visible in it.
func (c *checker) with(clause *pg.WithClause, names []string) []string {
	if clause == nil {
		return names
	}
	names = slices.Clone(names)
	for _, node := range clause.Ctes {
		expression := node.GetCommonTableExpr()
		if clause.Recursive {
			names = append(names, expression.Ctename)
		}
		c.walkAll(names, []*pg.Node{expression.Ctequery})
		names = append(names, expression.Ctename)
	}
	return names
}

// isDistributed reports whether an item of FROM is a distributed table.
func (c *checker) isDistributed(table *pg.RangeVar, names []string) bool {
	return c.tables[table.Relname] && (table.Schemaname != "" || !slices.Contains(names, table.Relname))
}

// selectStatement checks a SELECT, and returns its query; nil for a set operation or VALUES.
func (c *checker) selectStatement(s *pg.SelectStmt, names []string) *query {
	names = c.with(s.WithClause, names)
	if s.Op != pg.SetOperation_SETOP_NONE {
		c.selectStatement(s.Larg, names)
		c.selectStatement(s.Rarg, names)
		c.walkAll(names, s.SortClause, []*pg.Node{s.LimitCount, s.LimitOffset})
		return nil
	}
	c.locks = c.locks || len(s.LockingClause) > 0
	q := c.query(s.FromClause, []*pg.Node{s.WhereClause}, names)
	c.walkAll(names, s.TargetList, s.ValuesLists, s.GroupClause, s.SortClause, s.WindowClause, s.DistinctClause,
		[]*pg.Node{s.HavingClause, s.LimitCount, s.LimitOffset})
	return q
}

func (c *checker) updateStatement(s *pg.UpdateStmt, names []string) {
	names = c.with(s.WithClause, names)
	c.writes = true
	target := &pg.Node{Node: &pg.Node_RangeVar{RangeVar: s.Relation}}
	c.query(append([]*pg.Node{target}, s.FromClause...), []*pg.Node{s.WhereClause}, names)
	c.walkAll(names, s.TargetList, s.ReturningList)
}

func (c *checker) deleteStatement(s *pg.DeleteStmt, names []string) {
	names = c.with(s.WithClause, names)
	c.writes = true
	target := &pg.Node{Node: &pg.Node_RangeVar{RangeVar: s.Relation}}
	c.query(append([]*pg.Node{target}, s.UsingClause...), []*pg.Node{s.WhereClause}, names)
	c.walkAll(names, s.ReturningList)
}

// insertStatement checks an INSERT: each row must have a constant project, or that of a restricted table.
func (c *checker) insertStatement(s *pg.InsertStmt, names []string) {
	c.writes = true
	names = c.with(s.WithClause, names)
	source := s.SelectStmt.GetSelectStmt()
	var q *query
	if source != nil {
		q = c.selectStatement(source, names)
	}
	c.walkAll(names, s.ReturningList)
	if s.OnConflictClause != nil {
		c.walkAll(names, s.OnConflictClause.TargetList, []*pg.Node{s.OnConflictClause.WhereClause})
	}
	if !c.isDistributed(s.Relation, nil) {
		return
	}
	column := slices.IndexFunc(s.Cols, func(n *pg.Node) bool { return n.GetResTarget().Name == Column })
	if source == nil || column < 0 || !c.insertsConstant(source, q, column) {
		c.report("the rows that are inserted into %s have no constant project", s.Relation.Relname)
	}
}

// insertsConstant reports whether a column of the rows of a SELECT or of VALUES has a constant project.
func (c *checker) insertsConstant(source *pg.SelectStmt, q *query, column int) bool {
	var values []*pg.Node
	for _, row := range source.ValuesLists {
		values = append(values, row.GetList().Items[column])
	}
	if q != nil && len(source.TargetList) > column {
		values = append(values, source.TargetList[column].GetResTarget().Val)
	}
	for _, value := range values {
		if constant, ok := constantText(value); ok {
			c.projects = append(c.projects, constant)
		} else if alias, ok := q.projectColumn(value); !ok || !q.isRestricted(alias) {
			return false
		}
	}
	return len(values) > 0
}
