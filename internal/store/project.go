package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/deletion"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

var projectColumns = engine.Columns[models.Project]()

// Project returns the project of a name, nil if none is visible to the caller.
func (s *Store) Project(ctx context.Context, name string) (*models.Project, error) {
	return readByName[models.Project](ctx, s, func(where *gorm.Statement) {
		access.Visible(s.caller(ctx), "id")(where)
		where.Where("deleted_at IS NULL")
	}, name)
}

// projectID returns the ID of the project of a name, zero if none is visible to the caller. It is cached until the
// project is deleted. For a key of one project it reads nothing, so that unknown names and those of other
// projects are alike.
func (s *Store) projectID(ctx context.Context, name string) (models.ID, error) {
	who := s.caller(ctx)
	if !who.Owner {
		return access.FindKeyProject(who, name), nil
	}
	if known, ok := s.projects.Load(name); ok && !who.Deleted.Has(known.(models.ID)) {
		return known.(models.ID), nil
	}
	found, err := s.Project(ctx, name)
	if err != nil || found == nil { // a cancelled read returns an incomplete row and an error
		return models.ID{}, err
	}
	s.projects.Store(name, found.ID)
	return found.ID, nil
}

// Projects returns a page of the projects that are visible to the caller, by name.
func (s *Store) Projects(ctx context.Context, page models.Page) (*models.ProjectConnection, error) {
	found, err := search.ReadPages(ctx, s.db, search.List[*models.Project]{
		Name: "projects", Columns: engine.Qualify("projects", projectColumns), From: engine.SQL("projects"),
		Where: access.VisibleTo(s.caller(ctx), "id", engine.SQL("deleted_at IS NULL")),
		Order: []string{"name"}, Kinds: []search.PositionKind{search.TextPosition},
		Position: func(p *models.Project) models.Position { return models.Position{p.Name} },
	}, nil, page)
	return found[models.ID{}], err
}

// CreateProject creates a project. It fails with CONFLICT for a used name, and with FORBIDDEN unless the caller is an
// owner.
func (s *Store) CreateProject(ctx context.Context, at *models.Path, name string) (*models.Project, error) {
	var project *models.Project
	err := s.write(ctx, func(tx *transaction) error {
		if !tx.Who.Owner {
			return access.ErrOwnerRequired
		}
		var made []*models.Project
		err := tx.Read(&made, engine.SQL(`INSERT INTO projects (id, name, created_at) VALUES (?, ?, ?)
			ON CONFLICT (name) DO NOTHING RETURNING id, name, created_at`, models.NewID(), name, tx.Dialect.Now(0)))
		if err != nil {
			return err
		}
		if len(made) == 0 {
			return models.Conflict(at, "there is a project of this name")
		}
		project = made[0]
		return tx.audit(project.ID, models.AuditActionProjectCreated, project.ID, "project %q", project.Name)
	})
	return project, err
}

// DeleteProject deletes a project with everything in it. The project disappears at once, and its rows are purged later.
// It fails with FORBIDDEN unless the caller is an owner, NOT_FOUND, and BAD_INPUT for a name that is not its name and
// for the default project.
func (s *Store) DeleteProject(
	ctx context.Context, at *models.Path, input models.DeleteProjectInput,
) (models.ID, error) {
	id, _ := models.ParseID(input.ProjectID)
	err := s.write(ctx, func(tx *transaction) error {
		if !tx.Who.Owner {
			return access.ErrOwnerRequired
		}
		project, err := deletion.LockProject(tx.Tx, id)
		switch {
		case err != nil:
			return err
		case project == nil:
			return tx.UnknownID(at.Child("projectId"), "project", input.ProjectID)
		case project.Name == models.DefaultProject:
			return models.BadInput(at.Child("projectId"), "must not be the project %q, which always exists", project.Name)
		case project.Name != input.Name:
			return models.BadInput(at.Child("name"), "must be the name of the project, %q",
				models.TruncateName(project.Name))
		}
		if err := deletion.MarkProject(tx.Tx, id); err != nil {
			return err
		}
		return tx.audit(models.ID{}, models.AuditActionProjectDeleted, id, "project %q", project.Name)
	})
	if err != nil {
		return models.ID{}, err
	}
	s.MarkDeleted(id)
	return id, nil
}
