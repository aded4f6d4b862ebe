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
	sides := make([]models.ComparisonSide, len(versions))
	for i, version := range versions {
		entries, err := subject[*models.ArtifactVersion]{r}.latest(ctx, version, keys, nil)
		if err != nil {
			return nil, err
		}
		sides[i] = models.ComparisonSide{Version: version, Entries: entries}
	}
	rows, err := models.Compare(sides, baseline)
	if onlyDiffering {
		rows = onlyDifferingRows(rows)
	}
	return &models.ArtifactVersionComparison{Versions: versions, Baseline: versions[baseline], Rows: rows,
		OnlyDiffering: onlyDiffering}, err
}

func onlyDifferingRows(rows []*models.ComparisonRow) []*models.ComparisonRow {
	return slices.DeleteFunc(rows, func(r *models.ComparisonRow) bool { return !r.Differs })
}

type comparison struct{}

func (comparison) Inputs(
	ctx context.Context, c *models.ArtifactVersionComparison,
) ([]*models.ComparisonInput, error) {
	var names []string
	byName := map[string][]*models.StepInput{}
	for i, version := range c.Versions {
		inputs, err := loadersFrom(ctx).producerInputs.Load(ctx, version.ProjectID, version.ID, toMicros(version.AsOf))
		if err != nil {
			return nil, err
		}
		for _, input := range inputs {
			if byName[input.Name] == nil {
				names, byName[input.Name] = append(names, input.Name), make([]*models.StepInput, len(c.Versions))
			}
			byName[input.Name][i] = input
		}
	}
	rows := []*models.ComparisonInput{}
	for _, name := range names {
		row := &models.ComparisonInput{Name: name, Versions: make([]*models.ArtifactVersion, len(c.Versions))}
		for i, input := range byName[name] {
			row.Differs = row.Differs || inputVersion(input) != inputVersion(byName[name][0])
			if input == nil {
				continue
			}
			version, err := loadersFrom(ctx).version.Load(ctx, input.ProjectID, input.ArtifactVersionID, toMicros(input.AsOf))
			if err != nil {
				return nil, err
			}
			if version != nil && len(dropDeleted(ctx, []*models.ArtifactVersion{version}, "versions.artifact")) > 0 {
				row.Versions[i] = version
			}
		}
		if row.Differs || !c.OnlyDiffering {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// inputVersion returns the project and the ID of the version that an input reads, zero for no input.
func inputVersion(input *models.StepInput) [2]models.ID {
	if input == nil {
		return [2]models.ID{}
	}
	return [2]models.ID{input.ProjectID, input.ArtifactVersionID}
}
