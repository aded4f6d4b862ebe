package search

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Versions are the artifact versions v that pass a query, as a part of another statement.
type Versions struct {
	// From are items of FROM, one of which is v, and Where is the condition.
	From, Where engine.Expr
	// Name identifies the query in cursors.
	Name string
}

// SelectVersions returns the artifact versions of a project that pass a filter and a scope, which may be nil. It counts
// the candidates of the indexes in one statement if an index helps.
func SelectVersions(
	ctx context.Context, db *engine.DB, project models.ID, filter, scope *models.Filter,
) (Versions, error) {
	s := newSearcher(db, Query{
		Table: ArtifactVersions, Project: project, Scope: scope, ListQuery: models.ListQuery{Filter: filter},
	}, func(v *models.ArtifactVersion) models.ID { return v.ID })
	path, err := s.chooseAccessPath(ctx)
	return Versions{s.fromClause(path, 0), s.projectCondition(path).And(s.residualFilter(path)), s.name}, err
}

// Join returns the end of a SELECT of the versions with rows of another table, from the items of FROM on.
func (v Versions) Join(d engine.Dialect, table, alias string, on engine.Expr) engine.Expr {
	return v.From.Concat(d.LateralJoin(table, alias, on)).Concat(engine.SQL(" WHERE ?", v.Where))
}
