package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

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

// dropDeleted returns the versions whose artifact exists, where the query has one of the paths to the artifacts of the
// versions. Such a version was read just before it was deleted with its artifact, which has no other trace. A failure to
// read the artifacts is left to their field.
func dropDeleted(ctx context.Context, versions []*models.ArtifactVersion, paths ...string) []*models.ArtifactVersion {
	if !graphql.AnyFieldRequested(ctx, paths...) {
		return versions
	}
	return slices.DeleteFunc(slices.Clone(versions), func(v *models.ArtifactVersion) bool {
		found, err := load(ctx).artifact.of(ctx, v.ProjectID, v.ArtifactID, micros(v.AsOf))
		return err == nil && found == nil
	})
}

// dropDeletedNode returns node, or nil where it is a version that dropDeleted drops.
func dropDeletedNode[T models.Node](ctx context.Context, node T) T {
	if version, ok := any(node).(*models.ArtifactVersion); ok && version != nil &&
		len(dropDeleted(ctx, []*models.ArtifactVersion{version}, "artifact")) == 0 {
		var nothing T
		return nothing
	}
	return node
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
