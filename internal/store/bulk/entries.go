package bulk

import (
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/erasure"
	"github.com/placard/placard/models"
)

// compareEntries returns newer for an entry that was erased in the file. The import never restores an erased value.
func compareEntries(stored, imported Row) comparison {
	switch {
	case equalExcept(stored, imported):
		return equal
	case !equalExcept(stored, imported, "kind", "value", "reason", "erased") || stored.Get("erased") == imported.Get("erased"):
		return conflict
	case imported.Get("erased") == true:
		return newer
	}
	return equal
}

// keepsErasure reports whether an entry was erased here and not in the file.
func keepsErasure(stored, imported Row) bool {
	return stored.Get("erased") == true && imported.Get("erased") == false
}

// appendEntries appends entries after the stored ones, as logging does.
func appendEntries(b *batch) error {
	last, err := b.lockLastLogged()
	if err != nil {
		return err
	}
	entries := make([]*models.MetadataEntry, len(b.inserts))
	facts := make([]models.Fact, len(b.inserts))
	var erased []Row
	for i, r := range b.inserts {
		subject, loggedAt := r.Get("subject_id").(models.ID), r.Get("logged_at").(int64)
		if loggedAt < last[subject] {
			return refuse(r.Line, `"loggedAt" must not be before an earlier entry of the subject`)
		}
		last[subject] = loggedAt
		step, _ := r.Get("step_run_id").(models.ID)
		entries[i] = &models.MetadataEntry{
			ID: r.Get("id").(models.ID), SubjectID: subject, StepRunID: step,
			Retracted: r.Get("retracted").(bool), Reason: textOrNil(r.Get("reason")), Erased: r.Get("erased").(bool),
			LoggedAt: models.TimeFromMicros(loggedAt), LoggedBy: textOrNil(r.Get("logged_by")),
		}
		facts[i] = r.Fact
		if entries[i].Erased {
			erased = append(erased, r)
		}
	}
	if err := b.Append(b.project, entries, facts); err != nil {
		return err
	}
	_, err = b.erase(erased)
	return err
}

// eraseEntries erases stored entries that were erased in the file.
func eraseEntries(b *batch) error {
	subjects := distinctIDs(b.updates, "subject_id")
	if err := b.LockSubjects(b.project, subjects); err != nil {
		return err
	}
	erased, err := b.erase(b.updates)
	if err != nil {
		return err
	}
	if err := erasure.RewriteAnswers(b.Tx, b.project, distinctIDs(b.updates, "id")); err != nil {
		return err
	}
	b.result.Updated += int(erased)
	b.result.Unchanged += len(b.updates) - int(erased)
	return b.reviseSubjects(subjects)
}

// removal sets the columns of an entry that can hold a part of its value.
const removal = "erased = TRUE, kind = NULL, value = NULL, reason = NULL, sort_key = NULL, parts = NULL"

// erase removes the values of stored entries whose subjects are locked. It returns how many had not been erased.
func (b *batch) erase(entries []Row) (int64, error) {
	if len(entries) == 0 {
		return 0, nil
	}
	ids := b.Dialect.IDIn("id", distinctIDs(entries, "id"))
	erased, err := b.WriteCount(engine.SQL("UPDATE metadata_entries SET "+removal+" WHERE project_id = ? AND NOT erased AND ?",
		b.project, ids))
	if err != nil {
		return 0, err
	}
	return erased, b.Write(engine.SQL("UPDATE metadata_latest SET "+removal+
		" WHERE project_id = ? AND (subject_id, card, key) IN (SELECT t.subject_id, coalesce(t.card, ''), t.key FROM ?) AND ?",
		b.project, b.tableOf(entries, "subject_id", "card", "key"), ids))
}

// lockLastLogged locks the subjects of the new entries and returns when the last stored entry of each was logged.
func (b *batch) lockLastLogged() (map[models.ID]int64, error) {
	subjects := distinctIDs(b.inserts, "subject_id")
	if err := b.LockSubjects(b.project, subjects); err != nil {
		return nil, err
	}
	var found []struct {
		ID   models.ID
		Last int64
	}
	err := b.Read(&found, engine.SQL(`SELECT s.id, coalesce((SELECT e.logged_at FROM metadata_entries e
		WHERE e.project_id = ? AND e.subject_id = s.id ORDER BY e.seq DESC LIMIT 1), 0) AS last
		FROM subjects s WHERE s.project_id = ? AND ?`, b.project, b.project, b.Dialect.IDIn("s.id", subjects)))
	last := map[models.ID]int64{}
	for _, subject := range found {
		last[subject.ID] = subject.Last
	}
	return last, err
}

func textOrNil(value any) *string {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	return &text
}
