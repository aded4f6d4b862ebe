package graph

import (
	"context"

	"github.com/placard/placard/models"
)

type artifactVersion struct {
	subject[*models.ArtifactVersion]
}

func (artifactVersion) Artifact(ctx context.Context, v *models.ArtifactVersion) (*models.Artifact, error) {
	if v.Of != nil {
		return v.Of, nil
	}
	found, err := load(ctx).artifact.of(ctx, v.ProjectID, v.ArtifactID, micros(v.AsOf))
	if err == nil && found == nil {
		err = models.NotFound(nil, "the artifact has been deleted meanwhile")
	}
	return found, err
}

func (r artifactVersion) Aliases(ctx context.Context, v *models.ArtifactVersion, asOf *models.Time) ([]string, error) {
	instant, err := r.instant(ctx, models.At("asOf"), asOf, v.AsOf)
	if err != nil {
		return nil, err
	}
	aliases, err := load(ctx).aliases.of(ctx, v.ProjectID, v.ID, micros(instant))
	return append([]string{}, aliases...), err
}

func (r artifactVersion) Tags(ctx context.Context, v *models.ArtifactVersion, asOf *models.Time) ([]string, error) {
	instant, err := r.instant(ctx, models.At("asOf"), asOf, v.AsOf)
	if err != nil {
		return nil, err
	}
	tags, err := load(ctx).tags.of(ctx, v.ProjectID, v.ID, micros(instant))
	return append([]string{}, tags...), err
}

func (artifactVersion) Output(ctx context.Context, v *models.ArtifactVersion) (*models.StepOutput, error) {
	if v.SubjectID == v.ID {
		return nil, nil // it was created by itself
	}
	return load(ctx).savedFrom.of(ctx, v.ProjectID, v.ID, micros(v.AsOf))
}
