package store

import (
	"context"

	"github.com/placard/placard/internal/store/facet"
	"github.com/placard/placard/models"
)

// KeyQuery selects metadata keys, and Figures are the figures of a key that a query selects.
type (
	KeyQuery = facet.KeyQuery
	Figures  = facet.Figures
)

// The figures that are read together.
const (
	FigureCounts      = facet.Counts
	FigureKinds       = facet.Kinds
	FigureLastEntries = facet.LastEntries
)

// readInProject reads a list of a project by name. The result is empty for an unknown project.
func readInProject[T any](
	ctx context.Context, s *Store, project string, read func(models.ID) (*models.Connection[T], error),
) (*models.Connection[T], error) {
	id, err := s.projectID(ctx, project)
	if err != nil || id.IsZero() {
		return models.NewConnection[T]("", models.Page{}, nil, nil), err
	}
	return read(id)
}

// ProjectKeys returns a page of the metadata keys of a project, see facet.ProjectKeys.
func (s *Store) ProjectKeys(
	ctx context.Context, project string, q KeyQuery, page models.Page,
) (*models.MetadataKeyUsageConnection, error) {
	return readInProject(ctx, s, project, func(id models.ID) (*models.MetadataKeyUsageConnection, error) {
		return facet.ProjectKeys(ctx, s.db, id, q, page)
	})
}

// ArtifactKeys returns the same page of the metadata keys of each artifact, see facet.ArtifactKeys.
func (s *Store) ArtifactKeys(
	ctx context.Context, project models.ID, artifacts []models.ID, q KeyQuery, page models.Page,
) (map[models.ID]*models.MetadataKeyUsageConnection, error) {
	return facet.ArtifactKeys(ctx, s.db, project, artifacts, q, page)
}
