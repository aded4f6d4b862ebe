package target

import (
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/models"
)

// addVersion adds the version of a selector.
func (r *resolver) addVersion(n int, at *models.Path, selector models.ArtifactVersionSelector) {
	if ref := selector.ArtifactVersion; ref != nil {
		r.addReference(n, at.Child("artifactVersion"), *ref)
		return
	}
	r.byID = append(r.byID, idSelector{n, *selector.ArtifactVersionID, at.Child("artifactVersionId")})
}

// addReference adds the version of a reference.
func (r *resolver) addReference(n int, at *models.Path, ref models.ArtifactVersionRef) {
	if ref.Named == nil {
		r.byID = append(r.byID, idSelector{n, *ref.ID, at.Child("id")})
	} else {
		r.byName = append(r.byName, nameSelector{n, ref.Named, at.Child("named")})
	}
}

// versions finds the versions that are selected by ID or by name.
func (r resolver) versions(tx *access.Tx, found []Resolved) error {
	if err := r.versionsByID(tx, found); err != nil {
		return err
	}
	return r.versionsByName(tx, found)
}

// Versions finds the versions of selectors, whose paths are the children of at.
func Versions(
	tx *access.Tx, at *models.Path, selectors []models.ArtifactVersionSelector,
) ([]Resolved, error) {
	var r resolver
	for i, selector := range selectors {
		r.addVersion(i, at.Child(i), selector)
	}
	found := make([]Resolved, len(selectors))
	return found, r.versions(tx, found)
}

// References finds the versions of references, each with its path.
func References(tx *access.Tx, paths []*models.Path, refs []models.ArtifactVersionRef) ([]Resolved, error) {
	var r resolver
	for i, ref := range refs {
		r.addReference(i, paths[i], ref)
	}
	found := make([]Resolved, len(refs))
	return found, r.versions(tx, found)
}

// Version returns the version of a selector. It fails with NOT_FOUND. With an error, the result has only the project of
// the selector, or zero if it is unknown.
func Version(
	tx *access.Tx, at *models.Path, selector models.ArtifactVersionSelector,
) (*models.ArtifactVersion, error) {
	var r resolver
	r.addVersion(0, at, selector)
	found := make([]Resolved, 1)
	if err := r.versions(tx, found); err != nil {
		return &models.ArtifactVersion{ProjectID: found[0].Project}, err
	}
	return found[0].Object.(*models.ArtifactVersion), nil
}

// CanonicalName returns a name with its project resolved.
func CanonicalName(who auth.Principal, name models.ArtifactVersionName) *models.ArtifactVersionName {
	project := who.ResolveProject(name.Project)
	name.Project = &project
	return &name
}

// CanonicalSelector returns a selector in the form that an idempotency key compares.
func CanonicalSelector(who auth.Principal, s models.ArtifactVersionSelector) models.ArtifactVersionSelector {
	switch ref := s.ArtifactVersion; {
	case ref == nil:
		return s
	case ref.Named == nil:
		return models.ArtifactVersionSelector{ArtifactVersionID: ref.ID}
	default:
		named := models.ArtifactVersionRef{Named: CanonicalName(who, *ref.Named)}
		return models.ArtifactVersionSelector{ArtifactVersion: &named}
	}
}
