package store

import (
	"context"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

var projectColumns = engine.Columns[models.Project]()

// Project returns the project of a name, nil if none is visible to the caller.
func (s *Store) Project(ctx context.Context, name string) (*models.Project, error) {
	return readByName[models.Project](ctx, s, access.Visible(auth.FromContext(ctx), "id"), name)
}

// projectID returns the ID of the project of a name, zero if none is visible to the caller. Names of projects never
// change, so it is cached. For a key of one project it reads nothing, so that unknown names and those of other
// projects are alike.
func (s *Store) projectID(ctx context.Context, name string) (models.ID, error) {
	if who := auth.FromContext(ctx); !who.Owner {
		return access.FindKeyProject(who, name), nil
	}
	if known, ok := s.projects.Load(name); ok {
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
		Where: access.VisibleTo(auth.FromContext(ctx), "id", engine.True),
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
