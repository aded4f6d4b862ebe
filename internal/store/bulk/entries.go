package bulk

import (
	"github.com/placard/placard/models"
)

// writeEntries appends what is not there yet by the way that everything goes that is logged.
func writeEntries(b *batch) error {
	if err := b.compare(); err != nil {
		return err
	}
	if err := b.check(); err != nil || len(b.fresh) == 0 {
		return err
	}
	at := map[string]int{}
	for i, name := range b.names() {
		at[name] = i
	}
	last, err := b.lastLogged(at["subject_id"])
	if err != nil {
		return err
	}
	entries := make([]*models.MetadataEntry, len(b.fresh))
	facts := make([]models.Fact, len(b.fresh))
	for i, r := range b.fresh {
		e := &models.MetadataEntry{
			ID: r.Values[0].(models.ID), SubjectID: r.Values[at["subject_id"]].(models.ID), Retracted: r.Values[at["retracted"]].(bool),
			Reason: textOf(r.Values[at["reason"]]), LoggedAt: models.TimeFromMicros(r.Values[at["logged_at"]].(int64)),
			LoggedBy: textOf(r.Values[at["logged_by"]]),
		}
		if step, ok := r.Values[at["step_run_id"]].(models.ID); ok {
			e.StepRunID = step
		}
		if e.LoggedAt.UnixMicro() < last[e.SubjectID] {
			return &Refused{r.Line, "its subject has an entry that was logged later"}
		}
		last[e.SubjectID] = e.LoggedAt.UnixMicro()
		entries[i], facts[i] = e, r.Fact
	}
	b.done.New += len(entries)
	return b.Append(b.project, entries, facts)
}

// lastLogged is when the last entry about each subject of new rows was logged. Nobody else logs about them from here on.
func (b *batch) lastLogged(at int) (map[models.ID]int64, error) {
	last := map[models.ID]int64{}
	var subjects []models.ID
	var rows []Row
	for _, r := range b.fresh {
		id := r.Values[at].(models.ID)
		if _, seen := last[id]; !seen {
			last[id] = 0
			subjects, rows = append(subjects, id), append(rows, r)
		}
	}
	if err := b.LockSubjects(b.project, subjects); err != nil {
		return nil, err
	}
	given, text, err := b.given(rows, "subject_id")
	if err != nil {
		return nil, err
	}
	var found []struct {
		SubjectID models.ID
		Last      *int64
	}
	err = b.Raw(`SELECT t.subject_id, (SELECT e.logged_at FROM metadata_entries e
		WHERE e.project_id = ? AND e.subject_id = t.subject_id ORDER BY e.seq DESC LIMIT 1) AS last FROM `+given, b.project, text).Scan(&found).Error
	for _, one := range found {
		if one.Last != nil {
			last[one.SubjectID] = *one.Last
		}
	}
	return last, err
}

func textOf(value any) *string {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	return &text
}
