package search

import (
	"context"
	"fmt"
	"slices"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// selectiveLimit is the largest candidate set that is sorted instead of walking the index of the order.
const selectiveLimit = 5000

// accessPath is the index scan with the fewest candidates, and their number; the zero value reads the whole table.
type accessPath struct {
	indexScan
	size int
}

func (p accessPath) isSelective() bool { return p.ids != nil && p.size <= selectiveLimit }

// chooseAccessPath counts the candidates of each index scan, up to selectiveLimit, and returns the smallest scan.
func (s *searcher[T]) chooseAccessPath(ctx context.Context) (accessPath, error) {
	scans := s.indexScans(s.table, s.query.Filter)
	if s.query.Scope != nil {
		scans = append(s.indexScans(s.table, s.query.Scope), scans...)
	}
	if len(scans) == 0 {
		return accessPath{}, nil
	}
	counts := make([]engine.Expr, len(scans))
	for i, scan := range scans {
		counts[i] = engine.SQL(fmt.Sprintf("SELECT %d AS n, count(*) AS size FROM (? LIMIT %d) q", i, selectiveLimit+1),
			unionIDs(scan.ids))
	}
	var sizes []struct{ N, Size int }
	if err := s.db.ReadSearch(ctx).Scan(&sizes, engine.Join(counts, " UNION ALL ")); err != nil {
		return accessPath{}, err
	}
	best := slices.MinFunc(sizes, func(a, b struct{ N, Size int }) int { return a.Size - b.Size })
	return accessPath{scans[best.N], best.Size}, nil
}

// unionIDs returns the IDs of several statements, without removing duplicates.
func unionIDs(statements []engine.Expr) engine.Expr {
	if len(statements) == 1 {
		return statements[0]
	}
	parts := make([]engine.Expr, len(statements))
	for i, statement := range statements {
		parts[i] = engine.SQL("SELECT id FROM (?) p", statement)
	}
	return engine.SQL("SELECT id FROM (?) u", engine.Join(parts, " UNION ALL "))
}

// filterCondition returns the condition that an object passes the filters, except the satisfied parts.
func (s *searcher[T]) filterCondition(satisfied ...*models.Filter) engine.Expr {
	c := s.compiler
	c.satisfied = satisfied
	condition := c.filter(s.table, s.query.Filter)
	if s.query.Scope != nil {
		condition = c.filter(s.table, s.query.Scope).And(condition)
	}
	if s.asOf != 0 {
		condition = condition.And(engine.SQL(s.table.created+" <= ?", s.asOf))
	}
	if s.parentCondition.SQL != "" {
		condition = s.parentCondition.And(condition)
	}
	return condition
}

// residualFilter returns the condition that the candidates of an access path still have to pass.
func (s *searcher[T]) residualFilter(p accessPath) engine.Expr {
	if p.exact {
		return s.filterCondition(p.filter)
	}
	return s.filterCondition()
}

// fromClause returns the table in FROM, joined with the candidates of an access path. maxIDs bounds their number; 0
// is no bound.
func (s *searcher[T]) fromClause(p accessPath, maxIDs int) engine.Expr {
	if p.ids == nil {
		return engine.SQL(s.table.from)
	}
	distinct, limit := "", ""
	if len(p.ids) > 1 {
		distinct = "DISTINCT "
	}
	if maxIDs > 0 {
		limit = fmt.Sprintf(" LIMIT %d", maxIDs)
	}
	return engine.SQL("(SELECT "+distinct+"id FROM (?) e"+limit+") d", unionIDs(p.ids)).Concat(s.joinByID("d.id"))
}

// joinByID returns the lateral join of the table with the object of an ID.
func (s *searcher[T]) joinByID(id string) engine.Expr {
	alias := s.table.alias
	return s.dialect.LateralJoin(s.table.from, alias,
		engine.SQL(alias+".project_id = ? AND "+alias+".id = "+id, s.project))
}

// projectCondition restricts the table to the project, unless joinByID has done so.
func (s *searcher[T]) projectCondition(p accessPath) engine.Expr {
	if p.ids != nil {
		return engine.True
	}
	return engine.SQL(s.table.alias+".project_id = ?", s.project)
}
