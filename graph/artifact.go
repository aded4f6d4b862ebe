package graph

import (
	"context"
	"encoding/json"

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
	ctx context.Context, a *models.Artifact, where models.FilterInput, orderBy []models.OrderInput, asOf *models.Time,
	first *int32, after *string, last *int32, before *string,
) (*models.ArtifactVersionConnection, error) {
	page, err := r.page(ctx, first, after, last, before)
	if err != nil {
		return nil, err
	}
	question, err := r.question(where, orderBy, asOf)
	if err != nil {
		return nil, err
	}
	l := load(ctx)
	var found *models.ArtifactVersionConnection
	if where == nil && orderBy == nil && question.AsOf == nil {
		found, err = l.versions.of(ctx, a.ProjectID, a.ID, page)
	} else {
		text, err := json.Marshal([]any{where, orderBy, asOf})
		if err != nil {
			return nil, err
		}
		if found, err = l.found.of(ctx, a.ProjectID, a.ID, askedPage{l.ask(string(text), question), page}); err != nil {
			return nil, err
		}
	}
	if found != nil {
		l.artifact.know(none{}, map[models.ID]*models.Artifact{a.ID: a})
	}
	return found, err
}
