package store

import (
	"context"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

var artifactColumns = engine.Columns[models.Artifact]()

// Artifact returns the artifact of a name, nil for none.
func (s *Store) Artifact(ctx context.Context, project, name string) (*models.Artifact, error) {
	projectID, err := s.projectID(ctx, project)
	if err != nil || projectID.IsZero() {
		return nil, err
	}
	return readByName[models.Artifact](ctx, s, access.InProject(projectID), name)
}
