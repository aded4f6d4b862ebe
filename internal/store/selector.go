package store

import (
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// addVersion adds the version of a selector.
func (r *targetResolver) addVersion(n int, at *models.Path, selector models.ArtifactVersionSelector) {
	refAt := at.Child("artifactVersion")
	switch ref := selector.ArtifactVersion; {
	case ref == nil:
		r.byID = append(r.byID, idSelector{n, *selector.ArtifactVersionID, at.Child("artifactVersionId")})
	case ref.Named == nil:
		r.byID = append(r.byID, idSelector{n, *ref.ID, refAt.Child("id")})
	default:
		r.byName = append(r.byName, nameSelector{n, ref.Named, refAt.Child("named")})
	}
}

// versions finds the versions that are selected by ID or by name.
func (r targetResolver) versions(tx *transaction, found []resolvedTarget) error {
	if err := r.versionsByID(tx, found); err != nil {
		return err
	}
	return r.versionsByName(tx, found)
}

// selectedVersion returns the version of a selector. It fails with NOT_FOUND.
func (tx *transaction) selectedVersion(
	at *models.Path, selector models.ArtifactVersionSelector,
) (*models.ArtifactVersion, error) {
	var r targetResolver
	r.addVersion(0, at, selector)
	found := make([]resolvedTarget, 1)
	if err := r.versions(tx, found); err != nil {
		return nil, err
	}
	return found[0].object.(*models.ArtifactVersion), nil
}

// canonicalName returns a name with its project resolved.
func canonicalName(who auth.Principal, name models.ArtifactVersionName) *models.ArtifactVersionName {
	project := who.ResolveProject(name.Project)
	name.Project = &project
	return &name
}

// canonicalSelector returns a selector in the form that an idempotency key compares.
func canonicalSelector(who auth.Principal, s models.ArtifactVersionSelector) models.ArtifactVersionSelector {
	switch ref := s.ArtifactVersion; {
	case ref == nil:
		return s
	case ref.Named == nil:
		return models.ArtifactVersionSelector{ArtifactVersionID: ref.ID}
	default:
		named := models.ArtifactVersionRef{Named: canonicalName(who, *ref.Named)}
		return models.ArtifactVersionSelector{ArtifactVersion: &named}
	}
}
