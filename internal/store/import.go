package store

import (
	"context"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/models"
)

// ImportTx is a transaction in which package bulk writes a project as it was in another database, with its IDs and
// instants. It checks nothing.
type ImportTx struct{ *transaction }

// importNumber is the number of the lock of imports: the text "placard" in a byte each.
const importNumber = 31644362926551652

// Bulk runs fn in a transaction, one at a time in a database, and again when it conflicted with another transaction. It
// fails with FORBIDDEN unless the caller is an owner.
func (s *Store) Bulk(ctx context.Context, fn func(b ImportTx) error) error {
	return s.write(ctx, func(tx *transaction) error {
		if !tx.Who.Owner {
			return access.ErrOwnerRequired
		}
		if err := tx.Dialect.LockNumber(tx.DB, importNumber); err != nil {
			return err
		}
		return fn(ImportTx{tx})
	})
}

// AddSubjects adds the subjects of new objects.
func (b ImportTx) AddSubjects(project models.ID, about models.SubjectKind, ids []models.ID) error {
	if len(ids) == 0 {
		return nil
	}
	subjects := make([]newSubject, len(ids))
	for i, id := range ids {
		subjects[i] = newSubject{id, about, nil}
	}
	return b.Write(b.insertSubjects(project, subjects...))
}

// NewRevision returns the revision of subjects after a change.
func (ImportTx) NewRevision() int64 { return newRevision() }

// LockSubjects locks subjects until the end of the transaction.
func (b ImportTx) LockSubjects(project models.ID, subjects []models.ID) error {
	_, err := b.lockSubjects(project, subjects)
	return err
}

// Audit records an action on a whole project.
func (b ImportTx) Audit(project models.ID, action models.AuditAction, name string) error {
	return b.audit(project, action, project, "project %q", name)
}

// Append stores entries of another database after all stored ones. facts are their values; Seq and ProjectID of an
// entry are ignored. The subjects must be locked. The caller marks the stored rows of erased entries.
func (b ImportTx) Append(project models.ID, entries []*models.MetadataEntry, facts []models.Fact) error {
	var last models.Time
	made := make([]entryDraft, len(entries))
	for i, e := range entries {
		if e.LoggedAt.After(last.Time) {
			last = e.LoggedAt
		}
		made[i] = entryDraft{
			subject: e.SubjectID, stepRun: e.StepRunID, fact: facts[i], retracted: e.Retracted, erased: e.Erased, reason: e.Reason,
			as: &origin{e.ID, e.LoggedAt, e.LoggedBy},
		}
	}
	_, err := b.append(project, last, Caller{}, made, nil)
	return err
}
