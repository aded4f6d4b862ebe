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
	if v.KnownArtifact != nil {
		return v.KnownArtifact, nil
	}
	artifact, err := loadersFrom(ctx).artifact.Load(ctx, v.ProjectID, v.ArtifactID, toMicros(v.AsOf))
	if err == nil && artifact == nil {
		err = models.NotFound(nil, "the artifact has been deleted meanwhile")
	}
	return artifact, err
}

// dropDeleted removes the versions whose artifact no longer exists, if the query selects one of the paths to artifacts.
// Such a version was read just before it was deleted with its artifact. An error of reading artifacts is left to their
// fields.
func dropDeleted(ctx context.Context, versions []*models.ArtifactVersion, paths ...string) []*models.ArtifactVersion {
	if !graphql.AnyFieldRequested(ctx, paths...) {
		return versions
	}
	return slices.DeleteFunc(slices.Clone(versions), func(v *models.ArtifactVersion) bool {
		artifact, err := loadersFrom(ctx).artifact.Load(ctx, v.ProjectID, v.ArtifactID, toMicros(v.AsOf))
		return err == nil && artifact == nil
	})
}

// dropDeletedNode returns node, or nil if it is a version that dropDeleted removes.
func dropDeletedNode[T models.Node](ctx context.Context, node T) T {
	if version, ok := any(node).(*models.ArtifactVersion); ok && version != nil &&
		len(dropDeleted(ctx, []*models.ArtifactVersion{version}, "artifact")) == 0 {
		var none T
		return none
	}
	return node
}

func (r artifactVersion) Aliases(ctx context.Context, v *models.ArtifactVersion, asOf *models.Time) ([]string, error) {
	instant, err := r.effectiveAsOf(ctx, models.NewPath("asOf"), asOf, v.AsOf)
	if err != nil {
		return nil, err
	}
	aliases, err := loadersFrom(ctx).aliases.Load(ctx, v.ProjectID, v.ID, toMicros(instant))
	return append([]string{}, aliases...), err
}

func (r artifactVersion) Tags(ctx context.Context, v *models.ArtifactVersion, asOf *models.Time) ([]string, error) {
	instant, err := r.effectiveAsOf(ctx, models.NewPath("asOf"), asOf, v.AsOf)
	if err != nil {
		return nil, err
	}
	tags, err := loadersFrom(ctx).tags.Load(ctx, v.ProjectID, v.ID, toMicros(instant))
	return append([]string{}, tags...), err
}

func (artifactVersion) Producer(ctx context.Context, v *models.ArtifactVersion) (*models.Producer, error) {
	output, err := loadersFrom(ctx).producingOutput.Load(ctx, v.ProjectID, v.ID, toMicros(v.AsOf))
	if output == nil || err != nil {
		return nil, err
	}
	return &models.Producer{Output: output}, nil
}

func (r artifactVersion) Consumers(
	ctx context.Context, v *models.ArtifactVersion, first *int32, after *string, last *int32, before *string,
) (*models.StepRunConnection, error) {
	page, err := r.page(ctx, pageArgs(first, after, last, before))
	if err != nil {
		return nil, err
	}
	return loadersFrom(ctx).consumers.Load(ctx, v.ProjectID, v.ID, pageAsOf{page, toMicros(v.AsOf)})
}

func (r artifactVersion) Upstream(
	ctx context.Context, v *models.ArtifactVersion, depth, first int32,
) (*models.Lineage, error) {
	return r.lineage(ctx, v, depth, first, r.store.Upstream)
}

func (r artifactVersion) Downstream(
	ctx context.Context, v *models.ArtifactVersion, depth, first int32,
) (*models.Lineage, error) {
	return r.lineage(ctx, v, depth, first, r.store.Downstream)
}

// lineage checks the arguments of a lineage and reads it with a method of the store.
func (r artifactVersion) lineage(
	ctx context.Context, v *models.ArtifactVersion, depth, first int32,
	read func(context.Context, *models.ArtifactVersion, int, int) (*models.Lineage, error),
) (*models.Lineage, error) {
	if depth < 1 {
		return nil, models.BadInput(models.NewPath("depth"), "must be 1 or more")
	}
	if depth > models.MaxLineageDepth {
		return nil, models.LimitExceeded(models.NewPath("depth"), "steps of a lineage", models.MaxLineageDepth, int64(depth))
	}
	page, err := models.PageArguments{First: &first}.Page(r.limits.PageSize, false)
	if err != nil {
		return nil, err
	}
	lineage, err := read(ctx, v, int(depth), page.Size)
	if lineage == nil {
		return nil, err
	}
	addSiblings(loadersFrom(ctx), lineage.Versions)
	addSiblings(loadersFrom(ctx), lineage.Links)
	lineage.Versions = dropDeleted(ctx, lineage.Versions, "versions.artifact", "links.from.artifact", "links.to.artifact")
	isKept := func(end *models.ArtifactVersion) bool {
		return end.ID == v.ID || slices.Contains(lineage.Versions, end)
	}
	lineage.Links = slices.DeleteFunc(lineage.Links, func(l *models.LineageLink) bool {
		return !isKept(l.From) || !isKept(l.To)
	})
	return lineage, err
}

func (r artifactVersion) Changes(
	ctx context.Context, v *models.ArtifactVersion, keys []string, onlyDiffering bool, asOf *models.Time,
) (*models.ArtifactVersionComparison, error) {
	if err := r.checkKeys(len(keys)); err != nil {
		return nil, err
	}
	instant, err := r.effectiveAsOf(ctx, models.NewPath("asOf"), asOf, v.AsOf)
	if err != nil {
		return nil, err
	}
	previous, err := loadersFrom(ctx).previousVersion.Load(ctx, v.ProjectID, v.ID, toMicros(instant))
	if previous == nil || err != nil {
		return nil, err
	}
	return r.compare(ctx, []*models.ArtifactVersion{previous, v.WithDistance(nil).ViewAt(instant)}, 0, onlyDiffering, keys)
}
