package access

import (
	"fmt"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// ProjectNamed returns the ID of a project. It fails with NOT_FOUND if none is visible to the caller.
func (tx *Tx) ProjectNamed(at *models.Path, name string) (models.ID, error) {
	id, err := tx.FindProject(name)
	if err == nil && id.IsZero() {
		err = tx.ProjectNotFound(at, name)
	}
	return id, err
}

// FindProject returns the ID of a project, zero if none is visible to the caller.
func (tx *Tx) FindProject(name string) (models.ID, error) {
	if !tx.Who.Owner {
		return FindKeyProject(tx.Who, name), nil
	}
	project, err := FindOne(tx.Ctx(), gorm.G[models.Project](tx.DB).Where("name = ? AND deleted_at IS NULL", name))
	if err != nil || project == nil {
		return models.ID{}, err
	}
	if tx.found == nil {
		tx.found = map[string]models.ID{}
	}
	tx.found[name] = project.ID
	return project.ID, nil
}

// FindKeyProject returns the ID of the project of that name, zero unless the API key of the principal belongs to it.
func FindKeyProject(who auth.Principal, name string) models.ID {
	if who.CanRead(who.Project) && who.ProjectName == name {
		return who.Project
	}
	return models.ID{}
}

// CachedProject returns the ID of a project from Projects, or like FindProject. The caller checks that
// the project has this name.
func (tx *Tx) CachedProject(name string) (models.ID, error) {
	if known, ok := tx.Projects.Load(name); ok && tx.Who.Owner {
		return known.(models.ID), nil
	}
	if found, ok := tx.found[name]; ok {
		return found, nil
	}
	return tx.FindProject(name)
}

// KeepProjects adds the projects that the transaction has found to Projects. It is called after the commit.
func (tx *Tx) KeepProjects() {
	for name, id := range tx.found {
		tx.Projects.Store(name, id)
	}
}

// ProjectNotFound returns NOT_FOUND for the name of a project. It names similar ones to owners only, because other
// callers see one project.
func (tx *Tx) ProjectNotFound(at *models.Path, name string) error {
	failure := models.NotFound(at, "there is no project %q", models.TruncateName(name))
	if !tx.Who.Owner {
		return failure
	}
	return tx.Suggest(failure, name, engine.SQL("SELECT name FROM projects WHERE deleted_at IS NULL ORDER BY id DESC"))
}

// ProjectWarning returns the warning of the name of a project that is not visible to the caller. Its candidates are.
func (tx *Tx) ProjectWarning(name string) (*models.Warning, error) {
	visible := VisibleTo(tx.Who, "id", engine.SQL("deleted_at IS NULL"))
	similar, _, err := tx.NearNames(name, engine.SQL("SELECT name FROM projects WHERE ? ORDER BY id DESC", visible))
	if err != nil {
		return nil, err
	}
	message := fmt.Sprintf("there is no project %q", models.TruncateName(name))
	if len(similar) > 0 {
		message += near.Suggestion(similar)
	}
	return &models.Warning{Code: models.WarningUnknownProject, Message: message, Candidates: similar}, nil
}
