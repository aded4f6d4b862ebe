package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// retiredNumber is a number of a deleted version, which no other version gets.
type retiredNumber struct {
	ProjectID, ArtifactID models.ID
	Number                int32
}

// DeleteArtifactVersion deletes a version with its metadata and tags. Its number is not used again. It fails with
// CONFLICT if aliases point to the version and the deletion is not forced, NOT_FOUND, IDEMPOTENCY_KEY_REUSED and
// FORBIDDEN.
func (s *Store) DeleteArtifactVersion(
	ctx context.Context, call Call, at *models.Path, input models.DeleteArtifactVersionInput,
) (models.ID, bool, error) {
	selector := input.ArtifactVersionSelector
	input.ArtifactVersionSelector = target.CanonicalSelector(auth.FromContext(ctx), selector)
	call.Input = input
	done, err := withIdempotency(ctx, s, call, snapshot.ID, func(tx *transaction) (models.ID, models.ID, error) {
		version, err := tx.lockVersion(models.ApiKeyRoleAdmin, at, selector)
		if err != nil {
			return version.ProjectID, models.ID{}, err
		}
		field := "artifactVersionId"
		if selector.ArtifactVersion != nil {
			field = "artifactVersion"
		}
		aliases, err := tx.aliasesToDelete(at.Child(field), input.Force, "artifact_version_id", version.ProjectID, version.ID)
		if err == nil {
			err = tx.deleteVersion(version, aliases)
		}
		return version.ProjectID, version.ID, err
	})
	return done.Value, done.Replayed, err
}

// aliasesToDelete returns the aliases of the version or artifact that a column identifies. It fails with CONFLICT if
// there are any and the deletion is not forced.
func (tx *transaction) aliasesToDelete(
	at *models.Path, force bool, column string, project, id models.ID,
) (aliases []string, err error) {
	err = tx.Read(&aliases, engine.SQL("SELECT alias FROM aliases WHERE project_id = ? AND "+column+
		" = ? ORDER BY alias", project, id))
	if err != nil || force || len(aliases) == 0 {
		return aliases, err
	}
	named := aliases[:min(len(aliases), maxNamedAliases)]
	failure := models.Conflict(at, "has the aliases %s; remove them first, or set \"force\" to remove them with it",
		near.Quote(named))
	failure.Candidates = named
	return nil, failure
}

// maxNamedAliases is the maximum number of aliases in an error.
const maxNamedAliases = 10

// deleteVersion deletes a version whose artifact is locked, with its aliases.
func (tx *transaction) deleteVersion(version *models.ArtifactVersion, aliases []string) error {
	versions := []models.ArtifactVersion{*version}
	if err := tx.unbindOutputs(version.ProjectID, versions); err != nil {
		return err
	}
	retired := retiredNumber{version.ProjectID, version.ArtifactID, version.Number}
	if err := gorm.G[retiredNumber](tx.DB).Create(tx.Ctx(), &retired); err != nil {
		return err
	}
	if _, err := gorm.G[models.ArtifactVersion](tx.DB).Scopes(access.InProject(version.ProjectID)).
		Where("id = ?", version.ID).Delete(tx.Ctx()); err != nil {
		return err
	}
	if err := tx.deleteSubjects(version.ProjectID, versions); err != nil {
		return err
	}
	return tx.recordDeletion(version, aliases)
}

// recordDeletion records that a version and its aliases are deleted.
func (tx *transaction) recordDeletion(version *models.ArtifactVersion, aliases []string) error {
	now := tx.Dialect.Now(0)
	events := make([]event, 0, len(aliases)+1)
	for _, name := range aliases {
		removed := versionEvent(models.TimelineEventAliasRemoved, version)
		removed.details.Alias = name
		events = append(events, removed)
	}
	deletion, err := tx.insertEvents(version.ProjectID, now,
		append(events, versionEvent(models.TimelineEventVersionDeleted, version))...)
	if err != nil {
		return err
	}
	statements := []engine.Expr{
		deletion, touchArtifact(version.ProjectID, version.ArtifactID, now), tx.auditedDeletion(version, aliases),
	}
	if len(aliases) > 0 {
		statements = append(statements, tx.removalMoves(version, aliases, now))
	}
	return tx.WriteTogether(statements...)
}

// removalMoves returns the statement that records the removal of aliases from a version at an instant.
func (tx *transaction) removalMoves(version *models.ArtifactVersion, aliases []string, at any) engine.Expr {
	return engine.SQL(`INSERT INTO alias_moves (project_id, artifact_id, alias, artifact_version_id, moved_by, moved_at)
		SELECT ?, ?, m.alias, NULL, ?, `+monotonicMoveTime+`
		FROM (SELECT t.alias, CAST(? AS bigint) AS moment, COALESCE((SELECT p.moved_at FROM alias_moves p
			WHERE p.project_id = ? AND p.artifact_id = ? AND p.alias = t.alias
			ORDER BY p.seq DESC LIMIT 1), 0) AS previous FROM ?) m`,
		version.ProjectID, version.ArtifactID, tx.mover(), at, version.ProjectID, version.ArtifactID,
		columnRows(tx.Dialect, engine.TextColumn, "alias", aliases))
}

// auditedDeletion returns the statement of the audit events of a deleted version and its aliases.
func (tx *transaction) auditedDeletion(version *models.ArtifactVersion, aliases []string) engine.Expr {
	type row struct {
		ID          models.ID          `json:"id"`
		Action      models.AuditAction `json:"action"`
		Description string             `json:"description"`
	}
	ids, name := models.NewIDs(len(aliases)+1), describe(version)
	rows := make([]row, len(ids))
	for i, alias := range aliases {
		rows[i] = row{ids[i], models.AuditActionAliasRemoved, fmt.Sprintf("alias %q of %s", alias, name)}
	}
	rows[len(aliases)] = row{ids[len(aliases)], models.AuditActionArtifactVersionDeleted, name}
	return engine.SQL(`INSERT INTO audit_events
		(project_id, id, created_at, created_by, created_by_id, action, description, object_id)
		SELECT ?, t.id, ?, ?, ?, t.action, t.description, ? FROM ?`,
		version.ProjectID, tx.Dialect.Now(0), tx.Who.AuthorName(), idOrNull(tx.Who.KeyID), version.ID, tx.Dialect.JSONRows(
			rows, engine.IDColumn("id"), engine.TextColumn("action"), engine.TextColumn("description")))
}

// DeleteArtifact deletes an artifact with its versions and their data. It fails with CONFLICT if the artifact has
// aliases and the deletion is not forced, NOT_FOUND, IDEMPOTENCY_KEY_REUSED and FORBIDDEN.
func (s *Store) DeleteArtifact(
	ctx context.Context, call Call, at *models.Path, input models.DeleteArtifactInput,
) (models.ID, bool, error) {
	call.Input = input
	at = at.Child("artifactId")
	id, _ := models.ParseID(input.ArtifactID)
	done, err := withIdempotency(ctx, s, call, snapshot.ID, func(tx *transaction) (models.ID, models.ID, error) {
		artifact, err := access.SelectForUpdate[models.Artifact](tx.Tx, id)
		if err != nil {
			return models.ID{}, id, err
		}
		if artifact == nil {
			return models.ID{}, id, tx.UnknownID(at, "artifact", input.ArtifactID)
		}
		err = tx.RequireRole(models.ApiKeyRoleAdmin, artifact.ProjectID)
		if err == nil {
			_, err = tx.aliasesToDelete(at, input.Force, "artifact_id", artifact.ProjectID, id)
		}
		if err == nil {
			err = tx.deleteArtifact(artifact)
		}
		return artifact.ProjectID, id, err
	})
	return done.Value, done.Replayed, err
}

// deleteArtifact deletes a locked artifact with its versions and their data.
func (tx *transaction) deleteArtifact(artifact *models.Artifact) error {
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
