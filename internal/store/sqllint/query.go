package sqllint

import (
	"fmt"
	"maps"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// query is one level of a statement: the items of a FROM clause with their conditions.
type query struct {
	// tables maps the aliases of the distributed tables to their names.
	tables map[string]string
	// items counts all items of FROM.
	items int
	// links are the equations of project_id, by alias or constant.
	links map[string][]string
}

func (c *checker) report(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// query checks the items of a FROM clause with the conditions of the query, and the queries below them.
func (c *checker) query(from, conditions []*pg.Node, names []string) *query {
	q := &query{tables: map[string]string{}, links: map[string][]string{}}
	type restriction struct {
		condition *pg.Node
		// only are the aliases that the condition restricts, nil for all.
		only map[string]bool
	}
	var restrictions []restriction
	var add func(node *pg.Node) map[string]bool
	add = func(node *pg.Node) map[string]bool {
		join := node.GetJoinExpr()
		if join == nil {
			return c.addItem(q, node, names)
		}
		left, right := add(join.Larg), add(join.Rarg)
		one := restriction{condition: join.Quals}
		switch join.Jointype {
		case pg.JoinType_JOIN_INNER:
		case pg.JoinType_JOIN_LEFT: // the condition does not remove rows of the left side
			one.only = right
		default:
			one.only = map[string]bool{}
		}
		restrictions = append(restrictions, one)
		maps.Copy(left, right)
		return left
	}
	for _, node := range from {
		add(node)
	}
	for _, condition := range conditions {
		restrictions = append(restrictions, restriction{condition: condition})
	}
	for _, one := range restrictions {
		c.walkAll(names, []*pg.Node{one.condition})
		q.addEquations(one.condition, one.only)
	}
	c.joins = c.joins || q.items > 1
	c.checkQuery(q)
	return q
}

// addItem adds an item of FROM that is no join, and returns its alias.
func (c *checker) addItem(q *query, node *pg.Node, names []string) map[string]bool {
	q.items++
	table := node.GetRangeVar()
	switch {
	case table == nil:
		c.walkAll(names, []*pg.Node{node})
		return map[string]bool{}
	case !c.isDistributed(table, names):
		return map[string]bool{}
	}
	alias := table.Relname
	if table.Alias != nil {
		alias = table.Alias.Aliasname
	}
	q.tables[alias] = table.Relname
	return map[string]bool{alias: true}
}

// checkQuery reports the tables of a query that are not restricted to a constant.
func (c *checker) checkQuery(q *query) {
	for _, alias := range slices.Sorted(maps.Keys(q.tables)) {
		constants := q.constants(alias)
		c.projects = append(c.projects, constants...)
		switch name := q.tables[alias]; {
		case len(constants) > 0:
		case q.items > 1 && len(q.links[alias]) == 0:
			c.report("the table %s (%s) is joined without %s", name, alias, Column)
		default:
			c.report("the table %s (%s) is not restricted to a constant project in its query", name, alias)
		}
	}
}

// constants returns the constants to which the equations of a query restrict a table.
func (q *query) constants(alias string) (found []string) {
	seen, next := map[string]bool{}, []string{alias}
	for len(next) > 0 {
		one := next[0]
		if next = next[1:]; seen[one] {
			continue
		}
		seen[one] = true
		if isConstant(one) {
			found = append(found, one)
			continue
		}
		next = append(next, q.links[one]...)
	}
	return found
}

// isRestricted reports whether a table of a query is restricted to a constant project.
func (q *query) isRestricted(alias string) bool { return q != nil && len(q.constants(alias)) > 0 }

// addEquations adds the equations of project_id in a condition. only are the aliases that they restrict, nil for all.
func (q *query) addEquations(condition *pg.Node, only map[string]bool) {
	if and := condition.GetBoolExpr(); and != nil && and.Boolop == pg.BoolExprType_AND_EXPR {
		for _, one := range and.Args {
			q.addEquations(one, only)
		}
		return
	}
	equation := condition.GetAExpr()
	if equation == nil || equation.Kind != pg.A_Expr_Kind_AEXPR_OP || len(equation.Name) != 1 ||
		equation.Name[0].GetString_().Sval != "=" {
		return
	}
	for _, sides := range [][2]*pg.Node{{equation.Lexpr, equation.Rexpr}, {equation.Rexpr, equation.Lexpr}} {
		alias, ok := q.projectColumn(sides[0])
		if !ok || only != nil && !only[alias] {
			continue
		}
		if other, ok := constantText(sides[1]); ok {
			q.links[alias] = append(q.links[alias], other)
		} else if other, ok := q.projectColumn(sides[1]); ok {
			q.links[alias] = append(q.links[alias], other)
		}
	}
}

// projectColumn returns the alias of a distributed table of the query whose project_id an expression is.
func (q *query) projectColumn(node *pg.Node) (alias string, ok bool) {
	if q == nil || node.GetColumnRef() == nil {
		return "", false
	}
	fields := node.GetColumnRef().Fields
	if fields[len(fields)-1].GetString_().GetSval() != Column {
		return "", false
	}
	if len(fields) == 1 { // PostgreSQL accepts the bare name if only one table has it
		if len(q.tables) != 1 {
			return "", false
		}
		for alias = range q.tables {
			return alias, true
		}
	}
	alias = fields[len(fields)-2].GetString_().GetSval()
	return alias, q.tables[alias] != ""
}

// constantText returns the text of an argument or a literal, such as $1.
func constantText(node *pg.Node) (string, bool) {
	switch {
	case node.GetTypeCast() != nil:
		return constantText(node.GetTypeCast().Arg)
	case node.GetParamRef() != nil:
		return fmt.Sprintf("$%d", node.GetParamRef().Number), true
	case node.GetAConst().GetSval() != nil:
		return "'" + node.GetAConst().GetSval().Sval + "'", true
	}
	return "", false
}

// isConstant reports whether a text is one of constantText, and no alias.
func isConstant(text string) bool { return text[0] == '$' || text[0] == '\'' }
