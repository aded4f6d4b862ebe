package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

var artifactColumns = engine.Columns[models.Artifact]()

// Artifact returns the artifact of a name, nil for none.
func (s *Store) Artifact(ctx context.Context, project, name string) (*models.Artifact, error) {
	projectID, err := s.projectID(ctx, project)
	if err != nil || projectID.IsZero() {
		return nil, err
	}
	return readByName[models.Artifact](ctx, s, access.InProject(projectID), name)
}

// DeleteArtifact deletes an artifact with its versions and their data. It fails with NOT_FOUND and FORBIDDEN.
func (s *Store) DeleteArtifact(ctx context.Context, at *models.Path, id string) (models.ID, error) {
	artifactID, _ := models.ParseID(id)
	return artifactID, s.write(ctx, func(tx *transaction) error {
		artifact, err := access.SelectForUpdate[models.Artifact](tx.Tx, artifactID)
		if err != nil {
			return err
		}
		if artifact == nil {
			return tx.UnknownID(at, "artifact", id)
		}
		if err := tx.RequireRole(models.ApiKeyRoleAdmin, artifact.ProjectID); err != nil {
			return err
		}
		versions, err := gorm.G[models.ArtifactVersion](tx.DB).Scopes(access.InProject(artifact.ProjectID)).
			Where("artifact_id = ?", artifact.ID).Find(tx.Ctx())
		if err != nil {
			return err
		}
		if err := tx.unbindOutputs(artifact.ProjectID, versions); err != nil {
			return err
		}
		_, err = gorm.G[models.Artifact](tx.DB).Scopes(access.InProject(artifact.ProjectID)).
			Where("id = ?", artifact.ID).Delete(tx.Ctx())
		if err != nil {
			return err
		}
		if err := tx.deleteSubjects(artifact.ProjectID, versions); err != nil {
			return err
		}
		deleted, err := tx.insertEvents(artifact.ProjectID, tx.Dialect.Now(0), event{
			kind: models.TimelineEventArtifactDeleted, details: models.EventDetails{Artifact: artifact.Name},
		})
		if err != nil {
			return err
		}
		return tx.WriteTogether(deleted,
			engine.SQL("DELETE FROM events WHERE project_id = ? AND artifact_id = ?", artifact.ProjectID, artifact.ID),
			tx.audited(artifact.ProjectID, models.AuditActionArtifactDeleted, artifact.ID, "artifact %q", artifact.Name))
	})
}

// unbindOutputs removes versions from the outputs that they were saved from. The outputs stay bound.
func (tx *transaction) unbindOutputs(project models.ID, versions []models.ArtifactVersion) error {
	ids := make([]models.ID, len(versions))
	for i, version := range versions {
		ids[i] = version.ID
	}
	return tx.execPlanned(engine.SQL("UPDATE step_outputs SET artifact_version_id = NULL WHERE project_id = ? AND ?",
		project, tx.Dialect.IDIn("artifact_version_id", ids)))
}

// deleteSubjects deletes the subjects of versions with their entries. It deletes the entries first: one statement for
// all subjects takes two thirds of the time of a cascade, which runs a statement for each of them.
func (tx *transaction) deleteSubjects(project models.ID, versions []models.ArtifactVersion) error {
	subjects := make([]models.ID, len(versions))
	for i, version := range versions {
		subjects[i] = version.SubjectID
	}
	// In the order of the lock, so that it does not wait in a circle with a batch about the same subjects.
	if _, err := tx.lockSubjects(project, subjects); err != nil {
		return err
	}
	for _, rows := range []struct{ table, subject string }{
		{"metadata_latest", "subject_id"}, {"metadata_entries", "subject_id"}, {"subjects", "id"},
	} {
		err := tx.execPlanned(engine.SQL("DELETE FROM "+rows.table+" WHERE project_id = ? AND ?", project,
			tx.Dialect.IDIn(rows.subject, subjects)))
		if err != nil {
			return err
		}
	}
	return nil
}

// execPlanned sends a statement that is planned for its arguments.
func (tx *transaction) execPlanned(statement engine.Expr) error {
	return tx.Dialect.CustomPlans(tx.DB).Exec(statement.SQL, statement.Args...).Error
}
