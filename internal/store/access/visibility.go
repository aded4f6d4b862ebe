package access

import (
	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// VisibleTo adds to a condition that the project in a column is visible to the principal. All look-ups by ID or name
// use it; the parts of an object are in its project. An object of another project costs the same statements as a
// missing one.
func VisibleTo(who auth.Principal, column string, where engine.Expr) engine.Expr {
	switch {
	case who.Owner && (who.Deleted == nil || len(*who.Deleted) == 0):
		return where
	case who.Owner: // the column is null for objects of no project
		return where.Concat(engine.SQL(" AND ("+column+" IN ?) IS NOT TRUE", []models.ID(*who.Deleted)))
	case !who.CanRead(who.Project):
		return where.Concat(engine.SQL(" AND FALSE"))
	}
	return where.Concat(engine.SQL(" AND "+column+" = ?", who.Project))
}

// InProject restricts a statement on one table to a project.
func InProject(project models.ID) func(*gorm.Statement) {
	return func(s *gorm.Statement) { s.Where("project_id = ?", project) }
}

// Visible adds the condition of VisibleTo to a statement on one table.
func Visible(who auth.Principal, column string) func(*gorm.Statement) {
	where := VisibleTo(who, column, engine.True)
	return func(s *gorm.Statement) { s.Where(where.SQL, where.Args...) }
}

// projectColumn returns the column of a table that holds the project of a row.
func projectColumn(table string) string {
	if table == "projects" {
		return "id"
	}
	return "project_id"
}

// RequireRole returns FORBIDDEN unless the caller has a role in a project that it can read.
func (tx *Tx) RequireRole(role models.ApiKeyRole, project models.ID) error {
	if tx.Who.HasRole(role, project) {
		return nil
	}
	if role == models.ApiKeyRoleAdmin {
		return models.Forbidden("this takes an API key that is an admin of the project")
	}
	return ErrReadOnlyRole
}

// The errors of callers without a role: ErrOwnerRequired for that of an owner, ErrReadOnlyRole for that of a writer.
var (
	ErrOwnerRequired = models.Forbidden("this takes the API key of an owner")
	ErrReadOnlyRole  = models.Forbidden("the API key may read this project and not change it")
)
