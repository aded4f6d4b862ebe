package graph

import (
	"context"
	"slices"

	"github.com/placard/placard/models"
)

// The fewest and the most versions that are compared at once.
const leastCompared, mostCompared = 2, 20

func (q query) CompareArtifactVersions(
	ctx context.Context, refs []*models.ArtifactVersionRef, baseline *models.ArtifactVersionRef, onlyDiffering bool,
	keys []string, asOf *models.Time,
) (*models.ArtifactVersionComparison, error) {
	versions, at, err := q.compared(ctx, refs, baseline, asOf)
	if err != nil {
		return nil, err
	}
	if err := q.checkKeys(keys); err != nil {
		return nil, err
	}
	return q.comparison(ctx, versions, at, onlyDiffering, keys)
}

// comparison compares the latest entries of versions, each as of its own instant, with those of the version at `at`; those
// with one of the keys, or all of them when keys is nil.
func (s *Server) comparison(
	ctx context.Context, versions []*models.ArtifactVersion, at int, onlyDiffering bool, keys []string,
) (*models.ArtifactVersionComparison, error) {
	subjects := make([][]*models.MetadataEntry, len(versions))
	for i, version := range versions {
		entries, err := subject[*models.ArtifactVersion]{s}.latest(ctx, version, keys, nil)
		if err != nil {
			return nil, err
		}
		subjects[i] = entries
	}
	rows, err := models.Compare(subjects, at)
	if onlyDiffering {
		rows = differing(rows)
	}
	return &models.ArtifactVersionComparison{Versions: versions, Baseline: versions[at], Rows: rows}, err
}

// differing are the rows that differ.
func differing(rows []*models.ComparisonRow) []*models.ComparisonRow {
	return slices.DeleteFunc(rows, func(r *models.ComparisonRow) bool { return !r.Differs })
}

// compared are the versions that refs name, and which of them is the baseline.
func (q query) compared(
	ctx context.Context, refs []*models.ArtifactVersionRef, baseline *models.ArtifactVersionRef, asOf *models.Time,
) (versions []*models.ArtifactVersion, at int, err error) {
	if n := len(refs); n < leastCompared {
		return nil, 0, models.BadInput(models.At("refs"), "must name at least %d versions", leastCompared)
	} else if n > mostCompared {
		return nil, 0, models.LimitExceeded(models.At("refs"), "versions in a comparison", mostCompared, int64(n))
	}
	subjects := make([]models.Node, len(refs))
	for i, ref := range refs {
		version, err := q.existing(ctx, models.At("refs", i), *ref, asOf)
		if err != nil {
			return nil, 0, err
		}
		versions, subjects[i] = append(versions, version), version
	}
	load(ctx).nodesTogether(subjects)
	if baseline == nil {
		return versions, 0, nil
	}
	version, err := q.existing(ctx, models.At("baseline"), *baseline, asOf)
	if err != nil {
		return nil, 0, err
	}
	at = slices.IndexFunc(versions, func(v *models.ArtifactVersion) bool { return v.NodeID().String() == version.NodeID().String() })
	if at < 0 {
		return nil, 0, models.BadInput(models.At("baseline"), "must be one of refs")
	}
	return versions, at, nil
}

// existing is the version that ref means; NOT_FOUND when there is none.
func (q query) existing(ctx context.Context, at *models.Path, ref models.ArtifactVersionRef, asOf *models.Time) (*models.ArtifactVersion, error) {
	version, err := q.referred(ctx, at, ref, asOf)
	if err == nil && version == nil {
		err = models.NotFound(at, "there is no such artifact version")
	}
	return version, err
}
