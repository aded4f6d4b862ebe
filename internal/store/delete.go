package store

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/deletion"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

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
		aliases, err := deletion.Aliases(tx.Tx, at.Child(field), input.Force, "artifact_version_id", version.ProjectID,
			version.ID)
		if err == nil {
			err = deletion.Version(tx.Tx, version)
		}
		if err == nil {
			err = tx.recordDeletion(version, aliases)
		}
		return version.ProjectID, version.ID, err
	})
	return done.Value, done.Replayed, err
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
	deleted, err := tx.insertEvents(version.ProjectID, now,
		append(events, versionEvent(models.TimelineEventVersionDeleted, version))...)
	if err != nil {
		return err
	}
	statements := []engine.Expr{
		deleted, touchArtifact(version.ProjectID, version.ArtifactID, now), tx.auditedDeletion(version, aliases),
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
		access.ColumnRows(tx.Dialect, engine.TextColumn, "alias", aliases))
}

// auditedDeletion returns the statement of the audit events of a deleted version and its aliases.
func (tx *transaction) auditedDeletion(version *models.ArtifactVersion, aliases []string) engine.Expr {
	type row struct {
		ID          models.ID          `json:"id"`
		Action      models.AuditAction `json:"action"`
		Description string             `json:"description"`
	}
	ids, name := models.NewIDs(len(aliases)+1), access.Describe(version)
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
		project, err := tx.ProjectOf(at, "artifacts", id)
		if err != nil {
			return models.ID{}, id, err
		}
		artifact, err := access.LockRow[models.Artifact](tx.Tx, project, id)
		if err != nil {
			return models.ID{}, id, err
		}
		if artifact == nil {
			return models.ID{}, id, tx.UnknownID(at, "artifact", input.ArtifactID)
		}
		err = tx.RequireRole(models.ApiKeyRoleAdmin, artifact.ProjectID)
		if err == nil {
			_, err = deletion.Aliases(tx.Tx, at, input.Force, "artifact_id", artifact.ProjectID, id)
		}
		if err == nil {
			err = deletion.Artifact(tx.Tx, artifact)
		}
		if err == nil {
			err = tx.recordArtifactDeletion(artifact)
		}
		return artifact.ProjectID, id, err
	})
	return done.Value, done.Replayed, err
}

// recordArtifactDeletion records that an artifact is deleted, and deletes its other events.
func (tx *transaction) recordArtifactDeletion(artifact *models.Artifact) error {
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

// DeletePipelineRun deletes a pipeline run in any status, with its steps, their inputs and outputs, and the metadata of
// all of them. Versions that the run created stay. It fails with NOT_FOUND, IDEMPOTENCY_KEY_REUSED and FORBIDDEN.
func (s *Store) DeletePipelineRun(
	ctx context.Context, call Call, at *models.Path, input models.DeletePipelineRunInput,
) (models.ID, bool, error) {
	call.Input = input
	id, _ := models.ParseID(input.PipelineRunID)
	done, err := withIdempotency(ctx, s, call, snapshot.ID, func(tx *transaction) (models.ID, models.ID, error) {
		// The lock excludes that a step starts.
		run, err := tx.lockPipelineRun(models.ApiKeyRoleAdmin, at.Child("pipelineRunId"), input.PipelineRunID)
		if err == nil {
			err = deletion.PipelineRun(tx.Tx, &run, newRevision())
		}
		if err != nil {
			return run.ProjectID, id, err
		}
		deleted, err := tx.insertEvents(run.ProjectID, tx.Dialect.Now(0),
			runEvent(models.TimelineEventPipelineRunDeleted, &run))
		if err == nil {
			err = tx.WriteTogether(deleted, tx.audited(run.ProjectID, models.AuditActionPipelineRunDeleted, id, "%s", access.Describe(&run)))
		}
		return run.ProjectID, id, err
	})
	return done.Value, done.Replayed, err
}
