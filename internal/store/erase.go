package store

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/erasure"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/models"
)

// EraseMetadata removes the values of entries and the reasons of retractions for good. The entries keep their place,
// seq and time. An entry that was erased before stays as it is. SQLite empties its write-ahead log afterwards.
//
// It fails with NOT_FOUND for an unknown ID, BAD_INPUT for entries of several projects, IDEMPOTENCY_KEY_REUSED and
// FORBIDDEN.
func (s *Store) EraseMetadata(
	ctx context.Context, call Call, at *models.Path, input models.EraseMetadataInput,
) ([]*models.MetadataEntry, bool, error) {
	call.Input = input
	erasedAny := false
	done, err := withIdempotency(ctx, s, call, snapshot.ErasedEntries,
		func(tx *transaction) (models.ID, []*models.MetadataEntry, error) {
			entries, err := erasure.Find(tx.Tx, at.Child("entryIds"), input.EntryIDs)
			project := models.ID{}
			if len(entries) > 0 {
				project = entries[0].ProjectID
			}
			if err == nil {
				err = tx.RequireRole(models.ApiKeyRoleAdmin, project)
			}
			if err != nil {
				return project, nil, err
			}
			for i, entry := range entries {
				if entry.ProjectID != project {
					return project, nil, models.BadInput(at.Child("entryIds").Child(i),
						"is in another project than the entries before it")
				}
			}
			erasedAny, err = tx.erase(project, entries, input.Reason)
			return project, entries, err
		})
	if err == nil && erasedAny && !done.Replayed {
		s.db.EmptyLog(ctx)
	}
	return done.Value, done.Replayed, err
}

// erase erases entries of one project, and records it for those that were not erased before. It reports whether there
// are any.
func (tx *transaction) erase(project models.ID, entries []*models.MetadataEntry, reason *string) (bool, error) {
	erased, statements, err := erasure.Erase(tx.Tx, project, entries, newRevision(), loadNodes)
	if err != nil || len(erased) == 0 {
		return false, err
	}
	audited := make([]erasure.AuditEvent, len(erased))
	var events []event
	for i, of := range erased {
		audited[i] = erasure.AuditEvent{Object: of.Object, Description: access.QuoteKeys(of.Entries) + " of " + access.Describe(of.Subject)}
		if reason != nil {
			audited[i].Description += fmt.Sprintf(", reason %q", *reason)
		}
		version, ok := of.Subject.(*models.ArtifactVersion)
		if !ok {
			continue
		}
		erasing := versionEvent(models.TimelineEventMetadataErased, version)
		erasing.details.Reason = reason
		for _, entry := range of.Entries {
			erasing.details.AddKey(entry.CardName, entry.Key)
		}
		events = append(events, erasing)
	}
	if len(events) > 0 {
		insert, err := tx.insertEvents(project, tx.Dialect.Now(0), events...)
		if err != nil {
			return false, err
		}
		statements = append(statements, insert)
	}
	return true, tx.WriteTogether(append(statements, erasure.Audit(tx.Tx, project, audited))...)
}
