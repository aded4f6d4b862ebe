package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type apiKey struct{}

func (apiKey) Project(ctx context.Context, k *models.ApiKey) (*models.Project, error) {
	return projectByID(ctx, k.ProjectID)
}

type auditEvent struct{}

func (auditEvent) Project(ctx context.Context, e *models.AuditEvent) (*models.Project, error) {
	return projectByID(ctx, e.ProjectID)
}

func (auditEvent) Object(ctx context.Context, e *models.AuditEvent) (models.Node, error) {
	node, err := loadersFrom(ctx).auditedObject.Load(ctx, models.ID{}, e.ID, noArgs{}) // of all projects in one read
	return dropDeletedNode(ctx, node), err
}

// projectByID returns the project of an API key, an audit event or a viewer, nil for a zero ID.
func projectByID(ctx context.Context, id models.ID) (*models.Project, error) {
	if id.IsZero() {
		return nil, nil
	}
	if err := checkProject(ctx, id); err != nil {
		return nil, err
	}
	return loadersFrom(ctx).project.Load(ctx, models.ID{}, id, noArgs{}) // of all projects in one read
}
