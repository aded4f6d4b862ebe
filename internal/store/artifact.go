package store

import (
	"context"

	"github.com/placard/placard/models"
)

var artifactColumns = []string{"id", "project_id", "name", "created_at"}

// Artifact is the artifact of that name, nil when there is none.
func (s *Store) Artifact(ctx context.Context, project, name string) (*models.Artifact, error) {
	var found []*models.Artifact
	err := s.read(ctx).Raw("SELECT "+of("a", artifactColumns)+` FROM artifacts a JOIN projects p ON p.id = a.project_id
		WHERE p.name = ? AND a.name = ?`, project, name).Scan(&found).Error
	return first(found), s.failure(err)
}

// Artifacts is a page of the artifacts of a project, by name.
func (s *Store) Artifacts(ctx context.Context, project string, page models.Page) (*models.ArtifactConnection, error) {
	found, err := pages(ctx, s, list[*models.Artifact]{
		name: "artifacts", columns: of("a", artifactColumns), table: "artifacts a JOIN projects p ON p.id = a.project_id",
		where: "p.name = ?", args: []any{project}, order: []string{"a.name"}, kinds: []positionKind{textPosition},
		position: func(a *models.Artifact) models.Position { return models.Position{a.Name} },
	}, nil, page)
	return found[models.ID{}], err
}

var artifactsByID = byIDs("artifacts", artifactColumns, func(o *models.Artifact) models.ID { return o.ID })

// DeleteArtifact deletes an artifact with its versions and all that belongs to them. NOT_FOUND when there is none.
func (s *Store) DeleteArtifact(ctx context.Context, at *models.Path, id string) (models.ID, error) {
	artifactID, _ := models.ParseID(id)
	return artifactID, s.write(ctx, func(tx *transaction) error {
		artifact, err := tx.lockArtifact(artifactID)
		if err != nil {
			return err
		}
		if artifact == nil {
			return models.NotFound(at, "there is no artifact with this ID")
		}
		var versions []*models.ArtifactVersion
		err = tx.Raw("SELECT "+of("v", versionColumns)+" FROM artifact_versions v WHERE project_id = ? AND artifact_id = ?",
			artifact.ProjectID, artifact.ID).Scan(&versions).Error
		if err != nil {
			return err
		}
		if err := tx.release(artifact.ProjectID, versions); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM artifacts WHERE project_id = ? AND id = ?", artifact.ProjectID, artifact.ID).Error; err != nil {
			return err
		}
		return tx.deleteSubjects(artifact.ProjectID, versions)
	})
}

// lockArtifact keeps others from creating, moving and deleting below the artifact; nil when there is none.
func (tx *transaction) lockArtifact(id models.ID) (*models.Artifact, error) {
	return lockOne[models.Artifact](tx, "artifacts", artifactColumns, id)
}

// release takes versions that will be deleted off the outputs that they were saved from, which stay bound.
func (tx *transaction) release(project models.ID, versions []*models.ArtifactVersion) error {
	one := tx.dialect.oneOf("artifact_version_id", versionIDs(versions))
	return tx.Exec("UPDATE step_outputs SET artifact_version_id = NULL WHERE project_id = ? AND "+one.sql,
		append([]any{project}, one.args...)...).Error
}

// deleteSubjects deletes what versions were about, with its entries.
func (tx *transaction) deleteSubjects(project models.ID, versions []*models.ArtifactVersion) error {
	subjects := make([]models.ID, len(versions))
	for i, version := range versions {
		subjects[i] = version.SubjectID
	}
	// In the order of the lock, so that it does not wait in a circle with a batch about the same subjects.
	if _, err := tx.dialect.lockSubjects(tx.DB, project, subjects); err != nil {
		return err
	}
	one := tx.dialect.oneOf("id", subjects)
	return tx.Exec("DELETE FROM subjects WHERE project_id = ? AND "+one.sql, append([]any{project}, one.args...)...).Error
}

func versionIDs(versions []*models.ArtifactVersion) []models.ID {
	ids := make([]models.ID, len(versions))
	for i, version := range versions {
		ids[i] = version.ID
	}
	return ids
}

func first[T any](found []*T) *T {
	if len(found) == 0 {
		return nil
	}
	return found[0]
}
