package store

import (
	"encoding/json"

	"github.com/placard/placard/models"
)

// newEntry is an entry to append.
type newEntry struct {
	subject   models.ID
	stepRun   models.ID
	fact      models.Fact
	retracted bool
	reason    *string
}

// entryRow is a newEntry on its way into the database, as a row of a JSON array: one argument, however many there are.
type entryRow struct {
	N         int        `json:"n"`
	ID        models.ID  `json:"id"`
	SubjectID models.ID  `json:"subject_id"`
	Card      string     `json:"card"`
	Key       string     `json:"key"`
	Kind      *string    `json:"kind"`
	Value     *string    `json:"value"`
	Retracted bool       `json:"retracted"`
	Reason    *string    `json:"reason"`
	LoggedBy  *string    `json:"logged_by"`
	StepRunID *models.ID `json:"step_run_id"`
	SortKey   *string    `json:"sort_key"`
	Parts     *string    `json:"parts"`
}

// appended is what the database gave an entry.
type appended struct {
	ID       models.ID
	Seq      models.Int64
	LoggedAt models.Time
}

// append stores entries about subjects that are locked, in their order, and returns them. All of them get the same
// time: an instant, or what the dialect calls now, later than that of every earlier entry about these subjects.
func (tx *transaction) append(project models.ID, at any, caller Caller, entries []newEntry) ([]*models.MetadataEntry, error) {
	if len(entries) == 0 {
		return []*models.MetadataEntry{}, nil
	}
	rows := make([]entryRow, len(entries))
	result := make([]*models.MetadataEntry, len(entries))
	for i, e := range entries {
		id := models.NewID()
		entry := &models.MetadataEntry{
			ID: id, ProjectID: project, SubjectID: e.subject, CardName: e.fact.Card, Key: e.fact.Key,
			Retracted: e.retracted, Reason: e.reason, LoggedBy: caller.Name, StepRunID: e.stepRun,
		}
		row := entryRow{
			N: i, ID: id, SubjectID: e.subject, Card: e.fact.Card, Key: e.fact.Key,
			Retracted: e.retracted, Reason: e.reason, LoggedBy: caller.Name,
		}
		if !e.retracted {
			kind := e.fact.Kind
			text := e.fact.Text
			entry.Kind, entry.Text = &kind, &text
			row.Kind, row.Value = (*string)(&kind), &text
			form, err := e.fact.SearchForm()
			if err != nil {
				return nil, err
			}
			row.SortKey, row.Parts = &form.SortKey, textOrNull(form.Parts)
		}
		if !e.stepRun.IsZero() {
			row.StepRunID = &e.stepRun
		}
		rows[i], result[i] = row, entry
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return nil, err
	}
	done, err := tx.dialect.appendEntries(tx.DB, project, at, string(text))
	if err != nil {
		return nil, err
	}
	tx.entries += len(done)
	for i, given := range done {
		result[i].Seq, result[i].LoggedAt = given.Seq, given.LoggedAt
	}
	return result, nil
}

const latestColumns = `project_id, subject_id, card, key, first_seq, seq, id, kind, value, retracted, reason,
        logged_at, logged_by, step_run_id`

// latestInsert stores the latest row of each key of the entries, which are what follows FROM for them. It keeps the place
// of a key that is known, and never goes back to an earlier entry.
func latestInsert(entries string) string {
	return `INSERT INTO metadata_latest (` + latestColumns + `, sort_key, parts, about, object_id)
    SELECT e.project_id, subject_id, card, key, first_seq, seq, e.id, kind, value, retracted, reason, e.logged_at, logged_by,
        step_run_id, sort_key, parts, s.about, coalesce(s.artifact_version_id, s.id)
    FROM ` + latestOf(entries, "JOIN subjects s ON s.project_id = e.project_id AND s.id = e.subject_id") + `
    ON CONFLICT (project_id, subject_id, card, key) DO UPDATE SET
        seq = excluded.seq, id = excluded.id, kind = excluded.kind, value = excluded.value,
        retracted = excluded.retracted, reason = excluded.reason, logged_at = excluded.logged_at,
        logged_by = excluded.logged_by, step_run_id = excluded.step_run_id, sort_key = excluded.sort_key,
        parts = excluded.parts, about = excluded.about, object_id = excluded.object_id
    WHERE excluded.seq > metadata_latest.seq`
}

// latestOf is the last entry of each key among entries, with the place of its key if the key is new; join may
// add tables to what is called e.
func latestOf(entries, join string) string {
	return `(
        SELECT *, min(seq) OVER of_key AS first_seq, max(seq) OVER of_key AS last_seq FROM ` + entries + `
        WINDOW of_key AS (PARTITION BY subject_id, card, key)
    ) AS e ` + join + ` WHERE seq = last_seq`
}

// textOrNull is a text as a column keeps it, nil for none.
func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
