package bulk

import (
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// appendEntries appends entries after the stored ones, as logging does.
func appendEntries(b *batch) error {
	last, err := b.lockLastLogged()
	if err != nil {
		return err
	}
	entries := make([]*models.MetadataEntry, len(b.inserts))
	facts := make([]models.Fact, len(b.inserts))
	for i, r := range b.inserts {
		subject, loggedAt := r.Get("subject_id").(models.ID), r.Get("logged_at").(int64)
		if loggedAt < last[subject] {
			return refuse(r.Line, `"loggedAt" must not be before an earlier entry of the subject`)
		}
		last[subject] = loggedAt
		step, _ := r.Get("step_run_id").(models.ID)
		entries[i] = &models.MetadataEntry{
			ID: r.Get("id").(models.ID), SubjectID: subject, StepRunID: step,
			Retracted: r.Get("retracted").(bool), Reason: textOrNil(r.Get("reason")),
			LoggedAt: models.TimeFromMicros(loggedAt), LoggedBy: textOrNil(r.Get("logged_by")),
		}
		facts[i] = r.Fact
	}
	return b.Append(b.project, entries, facts)
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
		FROM subjects s WHERE s.project_id = ? AND ?`, b.project, b.project, b.Dialect().IDIn("s.id", subjects)))
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
