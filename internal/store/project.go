package store

import (
	"context"

	"github.com/placard/placard/models"
)

var projectColumns = []string{"id", "name", "created_at"}

// Project is the project of that name, nil when there is none.
func (s *Store) Project(ctx context.Context, name string) (*models.Project, error) {
	var found []*models.Project
	err := s.read(ctx).Raw("SELECT "+of("projects", projectColumns)+" FROM projects WHERE name = ?", name).Scan(&found).Error
	return first(found), s.failure(err)
}

// Projects is a page of all projects, by name.
func (s *Store) Projects(ctx context.Context, page models.Page) (*models.ProjectConnection, error) {
	found, err := pages(ctx, s, list[*models.Project]{
		name: "projects", columns: of("projects", projectColumns), table: "projects",
		where: "true", order: []string{"name"}, kinds: []positionKind{textPosition},
		position: func(p *models.Project) models.Position { return models.Position{p.Name} },
	}, nil, page)
	return found[models.ID{}], err
}

var projectsByID = byIDs("projects", projectColumns, func(o *models.Project) models.ID { return o.ID })

// CreateProject creates a project. CONFLICT when the name is taken.
func (s *Store) CreateProject(ctx context.Context, at *models.Path, name string) (*models.Project, error) {
	var project *models.Project
	err := s.write(ctx, func(tx *transaction) error {
		var made []*models.Project
		err := tx.Raw(`INSERT INTO projects (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING
			RETURNING id, name, created_at`, models.NewID(), name, tx.dialect.now(0)).Scan(&made).Error
		if err != nil {
			return err
		}
		if len(made) == 0 {
			return models.Conflict(at, "there is a project of this name")
		}
		project = made[0]
		return nil
	})
	return project, err
}

// projectNamed is the ID of a project. NOT_FOUND when there is none.
func (tx *transaction) projectNamed(at *models.Path, name string) (models.ID, error) {
	var ids []models.ID
	err := tx.Raw("SELECT id FROM projects WHERE name = ?", name).Scan(&ids).Error
	if err != nil || len(ids) > 0 {
		return append(ids, models.ID{})[0], err
	}
	return models.ID{}, models.NotFound(at, "there is no project %q", models.CutName(name))
}
