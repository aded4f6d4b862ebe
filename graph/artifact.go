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
	version, err := load(ctx).latest.of(ctx, a.ProjectID, a.ID, micros(a.AsOf))
	if version != nil {
		load(ctx).knowArtifact(a)
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
	question, err := r.question(ctx, where, orderBy, asOf, a.AsOf)
	if err != nil {
		return nil, err
	}
	l := load(ctx)
	var found *models.ArtifactVersionConnection
	if where == nil && orderBy == nil && question.AsOf == nil {
		found, err = l.versions.of(ctx, a.ProjectID, a.ID, page)
	} else {
		text, err := json.Marshal([]any{where, orderBy, question.AsOf})
		if err != nil {
			return nil, err
		}
		if found, err = l.found.of(ctx, a.ProjectID, a.ID, askedPage{l.ask(string(text), question), page}); err != nil {
			return nil, err
		}
	}
	if view := a.At(question.AsOf); found != nil && view != nil {
		l.knowArtifact(view)
	}
	return found, err
}

// knowArtifact makes the artifact that of its versions, without reading it again.
func (l *loaders) knowArtifact(a *models.Artifact) {
	l.artifact.know(micros(a.AsOf), map[models.ID]*models.Artifact{a.ID: a})
}
