package graph

import (
	"context"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// Viewer reads nothing, because the principal of the request has all fields but the project.
func (query) Viewer(ctx context.Context) (*models.Viewer, error) {
	principal := auth.FromContext(ctx)
	v := &models.Viewer{Name: principal.AuthorName(), IsOwner: principal.Owner}
	if !principal.Owner {
		v.Role, v.ProjectID = &principal.Role, principal.Project
	}
	return v, nil
}

type viewer struct{}

func (viewer) Project(ctx context.Context, v *models.Viewer) (*models.Project, error) {
	return projectByID(ctx, v.ProjectID)
}
