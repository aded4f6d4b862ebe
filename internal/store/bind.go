package store

import (
	"context"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/entries"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// BindOutput binds an output to a version that exists, and logs the waiting facts of the output to the version. It
// fails with NOT_FOUND, OUTPUT_NOT_FOUND, CONFLICT for a bound output, IDEMPOTENCY_KEY_REUSED and FORBIDDEN.
func (s *Store) BindOutput(
	ctx context.Context, call Call, at *models.Path, input models.BindOutputInput,
) (*models.StepOutput, bool, error) {
	selector := models.ArtifactVersionSelector{ArtifactVersion: &input.ArtifactVersion}
	call.Input = []any{input.Output, target.CanonicalSelector(auth.FromContext(ctx), selector)}
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.Output),
		func(tx *transaction) (models.ID, *models.StepOutput, error) {
			output, err := target.DeclaredOutput(tx.Tx, at.Child("output"), models.ID{}, input.Output)
			project := output.ProjectID
			if err == nil {
				err = tx.RequireRole(models.ApiKeyRoleWriter, project)
			}
			if err != nil {
				return project, nil, err
			}
			version, err := tx.lockVersion(models.ApiKeyRoleWriter, at, selector)
			if err == nil && version.ProjectID != project {
				err = models.NotFound(at.Child("artifactVersion"), "is a version of another project than the step run")
			}
			if err != nil {
				return project, nil, err
			}
			held, err := tx.lockSubjects(project, []models.ID{output.ID, version.SubjectID})
			if err != nil {
				return project, nil, err
			}
			moment := tx.Dialect.Now(max(held.floor, version.CreatedAt.UnixMicro()))
			waiting, err := tx.reuse(at.Child("output"), &output, version, moment)
			if err != nil {
				return project, nil, err
			}
			events := entryEvents(models.TimelineEventMetadataLogged, []target.Resolved{{Object: version}},
				[][]entryDraft{waiting})
			if len(waiting) > 0 {
				_, err = tx.append(project, *output.BoundAt, call.Caller, waiting, events)
			}
			return project, &output, err
		})
	return done.Value, done.Replayed, err
}

// reuse binds an output to a version of its project at a moment, which is an argument of a statement. It returns the
// entries about the version that the waiting facts of the output become. Both subjects and the artifact are locked.
func (tx *transaction) reuse(
	at *models.Path, output *models.StepOutput, version *models.ArtifactVersion, moment any,
) ([]entryDraft, error) {
	var bound []*models.StepOutput
	err := tx.Read(&bound, engine.SQL(`UPDATE step_outputs SET artifact_version_id = ?, reused_subject_id = ?, bound_at = ?
		WHERE project_id = ? AND id = ? AND bound_at IS NULL RETURNING `+
		engine.Qualify("step_outputs", engine.Columns[models.StepOutput]()),
		version.ID, version.SubjectID, moment, output.ProjectID, output.ID))
	if err == nil && len(bound) == 0 {
		err = models.Conflict(at, "is bound to an artifact version already")
	}
	if err != nil {
		return nil, err
	}
	*output = *bound[0]
	output.KnownVersion = version
	revise := "UPDATE subjects SET revision = ?, reuses = ? WHERE project_id = ? AND id = ?"
	err = tx.WriteTogether(engine.SQL(revise, newRevision(), true, output.ProjectID, output.ID),
		engine.SQL(revise, newRevision(), false, output.ProjectID, version.SubjectID))
	if err != nil {
		return nil, err
	}
	return tx.waitingFacts(output.ProjectID, output.ID, version.SubjectID)
}

// waitingFacts returns copies of the facts of an output that have a value as entries about another subject, in their
// order. Retractions stay on the output, because they must not retract facts of a version.
func (tx *transaction) waitingFacts(project, output, subject models.ID) ([]entryDraft, error) {
	var rows []struct {
		models.MetadataEntry
		SortKey string
		Parts   *string
	}
	err := tx.Read(&rows, engine.SQL("SELECT ?, sort_key, parts FROM metadata_latest"+
		" WHERE project_id = ? AND subject_id = ? AND kind IS NOT NULL ORDER BY seq",
		entries.LatestColumns(engine.SQL("value")), project, output))
	drafts := make([]entryDraft, len(rows))
	for i, row := range rows {
		keys := models.SearchKeys{SortKey: row.SortKey}
		if row.Parts != nil {
			keys.PathKeys = *row.Parts
		}
		drafts[i] = entryDraft{
			subject: subject, stepRun: row.StepRunID, as: &origin{loggedBy: row.LoggedBy},
			fact: models.Fact{Card: row.CardName, Key: row.Key, Kind: *row.Kind, Text: *row.Text, Precomputed: keys},
		}
	}
	return drafts, err
}
