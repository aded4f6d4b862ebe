package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type artifact struct{ *Server }

func (artifact) Project(ctx context.Context, a *models.Artifact) (*models.Project, error) {
	return load(ctx).project.of(ctx, a.ProjectID, a.ProjectID, none{})
}

func (artifact) LatestVersion(ctx context.Context, a *models.Artifact) (*models.ArtifactVersion, error) {
	l := load(ctx)
	version, err := l.latest.of(ctx, a.ProjectID, a.ID, none{})
	if version != nil {
		l.artifact.know(none{}, map[models.ID]*models.Artifact{a.ID: a})
	}
	return version, err
}

func (r artifact) Versions(
	ctx context.Context, a *models.Artifact, first *int32, after *string, last *int32, before *string,
) (*models.ArtifactVersionConnection, error) {
	page, err := r.page(ctx, first, after, last, before)
	if err != nil {
		return nil, err
	}
	l := load(ctx)
	found, err := l.versions.of(ctx, a.ProjectID, a.ID, page)
	if found != nil {
		l.artifact.know(none{}, map[models.ID]*models.Artifact{a.ID: a})
	}
	return found, err
}
