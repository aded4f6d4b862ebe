package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

var projectColumns = engine.Columns[models.Project]()

// Project returns the project of a name, nil if none is visible to the caller.
func (s *Store) Project(ctx context.Context, name string) (*models.Project, error) {
	return readByName[models.Project](ctx, s, visible(auth.FromContext(ctx), "id"), name)
}

// projectID returns the ID of the project of a name, zero if none is visible to the caller. Names of projects never
// change, so it is cached. For a key of one project it reads nothing, so that unknown names and those of other
// projects are alike.
func (s *Store) projectID(ctx context.Context, name string) (models.ID, error) {
	if who := auth.FromContext(ctx); !who.Owner {
		return findKeyProject(who, name), nil
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

// findKeyProject returns the ID of the project of that name, zero unless the API key of the principal belongs to it.
func findKeyProject(who auth.Principal, name string) models.ID {
	if who.CanRead(who.Project) && who.ProjectName == name {
		return who.Project
	}
	return models.ID{}
}

// Projects returns a page of the projects that are visible to the caller, by name.
func (s *Store) Projects(ctx context.Context, page models.Page) (*models.ProjectConnection, error) {
	found, err := search.ReadPages(ctx, s.db, search.List[*models.Project]{
		Name: "projects", Columns: engine.Qualify("projects", projectColumns), From: engine.SQL("projects"),
		Where: visibleTo(auth.FromContext(ctx), "id", engine.True),
		Order: []string{"name"}, Kinds: []search.PositionKind{search.TextPosition},
		Position: func(p *models.Project) models.Position { return models.Position{p.Name} },
	}, nil, page)
	return found[models.ID{}], err
}

var projectsByID = loadByID("projects", projectColumns, func(o *models.Project) models.ID { return o.ID })

// CreateProject creates a project. It fails with CONFLICT for a used name, and with FORBIDDEN unless the caller is an
// owner.
func (s *Store) CreateProject(ctx context.Context, at *models.Path, name string) (*models.Project, error) {
	var project *models.Project
	err := s.write(ctx, func(tx *transaction) error {
		if !tx.who.Owner {
			return errOwnerRequired
		}
		var made []*models.Project
		err := tx.scan(&made, engine.SQL(`INSERT INTO projects (id, name, created_at) VALUES (?, ?, ?)
			ON CONFLICT (name) DO NOTHING RETURNING id, name, created_at`, models.NewID(), name, tx.dialect.Now(0)))
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

// projectNamed returns the ID of a project. It fails with NOT_FOUND if none is visible to the caller.
func (tx *transaction) projectNamed(at *models.Path, name string) (models.ID, error) {
	id, err := tx.findProject(name)
	if err == nil && id.IsZero() {
		err = tx.projectNotFound(at, name)
	}
	return id, err
}

// findProject returns the ID of a project, zero if none is visible to the caller.
func (tx *transaction) findProject(name string) (models.ID, error) {
	if !tx.who.Owner {
		return findKeyProject(tx.who, name), nil
	}
	project, err := findOne(tx.ctx(), gorm.G[models.Project](tx.DB).Where("name = ?", name))
	if err != nil || project == nil {
		return models.ID{}, err
	}
	tx.found[name] = project.ID
	return project.ID, nil
}
