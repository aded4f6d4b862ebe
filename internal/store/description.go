package store

import (
	"context"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// UpdateProject changes the description of a project. It fails with NOT_FOUND and FORBIDDEN.
func (s *Store) UpdateProject(
	ctx context.Context, call Call, at *models.Path, input models.UpdateProjectInput,
) (*models.Project, bool, error) {
	call.Input = input
	id, _ := models.ParseID(input.ProjectID)
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.Project),
		func(tx *transaction) (models.ID, *models.Project, error) {
			found, err := access.ProjectsByID(tx.Tx, []models.ID{id})
			project := found[id]
			if err == nil && project == nil {
				err = tx.UnknownID(at.Child("projectId"), "project", input.ProjectID)
			}
			if err != nil {
				return models.ID{}, nil, err
			}
			if err := tx.RequireRole(models.ApiKeyRoleAdmin, id); err != nil || isSame(project.Description, input.Description) {
				return id, project, err
			}
			project, err = updated[models.Project](tx,
				tx.audited(id, models.AuditActionProjectUpdated, id, "project %q", project.Name),
				engine.SQL("UPDATE projects SET description = ? WHERE id = ? AND deleted_at IS NULL RETURNING "+
					engine.Qualify("projects", projectColumns), input.Description, id))
			return id, project, err
		})
	return done.Value, done.Replayed, err
}

// UpdateArtifact changes the description of an artifact. It fails with NOT_FOUND and FORBIDDEN.
func (s *Store) UpdateArtifact(
	ctx context.Context, call Call, at *models.Path, input models.UpdateArtifactInput,
) (*models.Artifact, bool, error) {
	call.Input = input
	id, _ := models.ParseID(input.ArtifactID)
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.Artifact),
		func(tx *transaction) (models.ID, *models.Artifact, error) {
			found, err := access.ArtifactsByID(tx.Tx, []models.ID{id})
			artifact := found[id]
			if err == nil && artifact == nil {
				err = tx.UnknownID(at.Child("artifactId"), "artifact", input.ArtifactID)
			}
			if err != nil {
				return models.ID{}, nil, err
			}
			project := artifact.ProjectID
			if err := tx.RequireRole(models.ApiKeyRoleWriter, project); err != nil || isSame(artifact.Description, input.Description) {
				return project, artifact, err
			}
			artifact, err = updated[models.Artifact](tx,
				tx.audited(project, models.AuditActionArtifactUpdated, id, "artifact %q", artifact.Name),
				engine.SQL("UPDATE artifacts SET description = ?, updated_at = ? WHERE project_id = ? AND id = ? RETURNING "+
					engine.Qualify("artifacts", artifactColumns), input.Description,
					tx.Dialect.Now(artifact.CreatedAt.UnixMicro()), project, id))
			return project, artifact, err
		})
	return done.Value, done.Replayed, err
}

// updated runs the statement that changes a row and returns it, and one that does not depend on it. It fails with
// engine.ErrRetry if the row was deleted meanwhile.
func updated[T any](tx *transaction, other, update engine.Expr) (*T, error) {
	var rows []*T
	err := tx.ReadTogether(&rows, other, update)
	if err == nil && len(rows) == 0 {
		err = engine.ErrRetry
	}
	return access.FirstOrNil(rows), err
}

// UpdateArtifactVersion changes the description of a version. It fails with NOT_FOUND and FORBIDDEN.
func (s *Store) UpdateArtifactVersion(
	ctx context.Context, call Call, at *models.Path, input models.UpdateArtifactVersionInput,
) (*models.ArtifactVersion, bool, error) {
	canonical := input
	canonical.ArtifactVersionSelector = target.CanonicalSelector(auth.FromContext(ctx), input.ArtifactVersionSelector)
	call.Input = canonical
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.Version),
		func(tx *transaction) (models.ID, *models.ArtifactVersion, error) {
			version, err := tx.lockVersion(models.ApiKeyRoleWriter, at, input.ArtifactVersionSelector)
			if err != nil {
				return version.ProjectID, nil, err
			}
			project := version.ProjectID
			if isSame(version.Description, input.Description) {
				return project, version, nil
			}
			version.Description = input.Description
			return project, version, tx.touch(version, tx.Dialect.Now(version.CreatedAt.UnixMicro()),
				engine.SQL("UPDATE artifact_versions SET description = ? WHERE project_id = ? AND id = ?", input.Description,
					project, version.ID),
				tx.audited(project, models.AuditActionArtifactVersionUpdated, version.ID, "%s", access.Describe(version)))
		})
	return done.Value, done.Replayed, err
}

// isSame reports whether two descriptions are equal, nil for none.
func isSame(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}
