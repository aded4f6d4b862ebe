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
	found, err := load(ctx).artifact.of(ctx, v.ProjectID, v.ArtifactID, none{})
	if err == nil && found == nil {
		err = models.NotFound(nil, "the artifact has been deleted meanwhile")
	}
	return found, err
}

func (artifactVersion) Aliases(ctx context.Context, v *models.ArtifactVersion, asOf *models.Time) ([]string, error) {
	aliases, err := load(ctx).aliases.of(ctx, v.ProjectID, v.ID, micros(past(asOf, v.AsOf)))
	return append([]string{}, aliases...), err
}

func (artifactVersion) Tags(ctx context.Context, v *models.ArtifactVersion, asOf *models.Time) ([]string, error) {
	tags, err := load(ctx).tags.of(ctx, v.ProjectID, v.ID, micros(past(asOf, v.AsOf)))
	return append([]string{}, tags...), err
}

func (artifactVersion) Output(ctx context.Context, v *models.ArtifactVersion) (*models.StepOutput, error) {
	if v.SubjectID == v.ID {
		return nil, nil // it was created by itself
	}
	output, err := load(ctx).savedFrom.of(ctx, v.ProjectID, v.ID, none{})
	if output != nil && v.AsOf != nil {
		then := *output
		then.AsOf = v.AsOf
		output = &then
	}
	return output, err
}
