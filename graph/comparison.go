package graph

import (
	"context"
	"slices"

	"github.com/placard/placard/models"
)

const minComparedVersions, maxComparedVersions = 2, 20

func (q query) CompareArtifactVersions(
	ctx context.Context, refs []*models.ArtifactVersionRef, baseline *models.ArtifactVersionRef, onlyDiffering bool,
	keys []string, asOf *models.Time,
) (*models.ArtifactVersionComparison, error) {
	versions, err := q.comparedVersions(ctx, refs, asOf)
	if err != nil {
		return nil, err
	}
	index, err := q.baselineIndex(ctx, versions, baseline, asOf)
	if err != nil {
		return nil, err
	}
	if err := q.checkKeys(len(keys)); err != nil {
		return nil, err
	}
	return q.compare(ctx, versions, index, onlyDiffering, keys)
}

// comparedVersions returns the versions of references. A reference without a version is NOT_FOUND.
func (q query) comparedVersions(
	ctx context.Context, refs []*models.ArtifactVersionRef, asOf *models.Time,
) ([]*models.ArtifactVersion, error) {
	if n := len(refs); n < minComparedVersions {
		return nil, models.BadInput(models.NewPath("refs"), "must name at least %d versions", minComparedVersions)
	} else if n > maxComparedVersions {
		return nil, models.LimitExceeded(models.NewPath("refs"), "versions in a comparison", maxComparedVersions, int64(n))
	}
	versions := make([]*models.ArtifactVersion, len(refs))
	nodes := make([]models.Node, len(refs))
	for i, ref := range refs {
		version, err := q.requireVersion(ctx, models.NewPath("refs", i), *ref, asOf)
		if err != nil {
			return nil, err
		}
		versions[i], nodes[i] = version, version
	}
	loadersFrom(ctx).addNodes(nodes)
	return versions, nil
}

// baselineIndex returns the index of the baseline among versions, 0 for nil.
func (q query) baselineIndex(
	ctx context.Context, versions []*models.ArtifactVersion, baseline *models.ArtifactVersionRef, asOf *models.Time,
) (int, error) {
	if baseline == nil {
		return 0, nil
	}
	version, err := q.requireVersion(ctx, models.NewPath("baseline"), *baseline, asOf)
	if err != nil {
		return 0, err
	}
	index := slices.IndexFunc(versions, func(v *models.ArtifactVersion) bool {
		return v.NodeID().String() == version.NodeID().String()
	})
	if index < 0 {
		return 0, models.BadInput(models.NewPath("baseline"), "must be one of refs")
	}
	return index, nil
}

// requireVersion returns the version of a reference, or NOT_FOUND.
func (q query) requireVersion(
	ctx context.Context, path *models.Path, ref models.ArtifactVersionRef, asOf *models.Time,
) (*models.ArtifactVersion, error) {
	version, err := q.resolveRef(ctx, path, ref, asOf)
	switch {
	case err != nil || version != nil:
		return version, err
	case ref.ID != nil && asOf == nil:
		return nil, q.store.UnknownVersion(ctx, path, *ref.ID)
	}
	return nil, models.NotFound(path, "there is no such artifact version")
}

// compare compares the latest entries of versions, each as of its own instant, with those of the version at an index.
// It compares the entries with one of the keys, or all if keys is nil.
func (r *Resolver) compare(
	ctx context.Context, versions []*models.ArtifactVersion, baseline int, onlyDiffering bool, keys []string,
) (*models.ArtifactVersionComparison, error) {
	subjects := make([][]*models.MetadataEntry, len(versions))
	for i, version := range versions {
		entries, err := subject[*models.ArtifactVersion]{r}.latest(ctx, version, keys, nil)
		if err != nil {
			return nil, err
		}
		subjects[i] = entries
	}
	rows, err := models.Compare(subjects, baseline)
	if onlyDiffering {
		rows = onlyDifferingRows(rows)
	}
	return &models.ArtifactVersionComparison{Versions: versions, Baseline: versions[baseline], Rows: rows}, err
}

func onlyDifferingRows(rows []*models.ComparisonRow) []*models.ComparisonRow {
	return slices.DeleteFunc(rows, func(r *models.ComparisonRow) bool { return !r.Differs })
}
