package store

import "github.com/placard/placard/models"

// entryDraft is an entry to append.
type entryDraft struct {
	subject   models.ID
	stepRun   models.ID
	fact      models.Fact
	retracted bool
	// erased is true for an entry of another database without a value.
	erased bool
	reason *string
	// as is set for a copy of an entry.
	as *origin
}

// entry returns the entry for callers, before the database sets its number and time.
func (e entryDraft) entry(project, id models.ID, by *string) *models.MetadataEntry {
	entry := &models.MetadataEntry{
		ID: id, ProjectID: project, SubjectID: e.subject, CardName: e.fact.Card, Key: e.fact.Key,
		Retracted: e.retracted, Reason: e.reason, LoggedBy: by, StepRunID: e.stepRun,
	}
	if !e.retracted && !e.erased {
		kind, text := e.fact.Kind, e.fact.Text
		entry.Kind, entry.Text = &kind, &text
	}
	return entry
}

// origin are the fields that a copy of an entry keeps. A copy in the same database has no ID. It gets a new one and the
// time of the call.
type origin struct {
	id       models.ID
	loggedAt models.Time
	loggedBy *string
}

// entryRow is an entryDraft as a row of a JSON array, so that any number of entries is one argument. A row without a
// member has a null there.
type entryRow struct {
	N         int        `json:"n"`
	ID        models.ID  `json:"id"`
	SubjectID models.ID  `json:"subject_id"`
	Card      string     `json:"card"`
	Key       string     `json:"key"`
	Kind      *string    `json:"kind,omitempty"`
	Value     *string    `json:"value,omitempty"`
	Retracted bool       `json:"retracted"`
	Reason    *string    `json:"reason,omitempty"`
	LoggedAt  *int64     `json:"logged_at,omitempty"`
	LoggedBy  *string    `json:"logged_by,omitempty"`
	StepRunID *models.ID `json:"step_run_id,omitempty"`
	SortKey   *string    `json:"sort_key,omitempty"`
	Parts     *string    `json:"parts,omitempty"`
}

// insertedEntry are the fields of an entry that the database sets.
type insertedEntry struct {
	Seq      models.Int64
	LoggedAt models.Time
}

// append stores entries about locked subjects in order, and returns them. All get the time at, later than that of all
// earlier entries about the subjects: an instant, or Dialect.Now. Entries of another database keep their time, which
// is not later than at.
// events are inserted with them.
func (tx *transaction) append(
	project models.ID, at any, caller Caller, entries []entryDraft, events []event,
) ([]*models.MetadataEntry, error) {
	if len(entries) == 0 {
		return []*models.MetadataEntry{}, nil
	}
	rows := make([]entryRow, len(entries))
	result := make([]*models.MetadataEntry, len(entries))
	ids := models.NewIDs(len(entries))
	for i, e := range entries {
		id, by := ids[i], caller.Name
		var loggedAt *int64
		if e.as != nil {
			by = e.as.loggedBy
		}
		if e.as != nil && !e.as.id.IsZero() {
			micros := e.as.loggedAt.UnixMicro()
			id, loggedAt = e.as.id, &micros
		}
		entry := e.entry(project, id, by)
		row := entryRow{
			N: i, ID: id, SubjectID: e.subject, Card: e.fact.Card, Key: e.fact.Key,
			Retracted: e.retracted, Reason: e.reason, LoggedAt: loggedAt, LoggedBy: by,
		}
		if entry.Kind != nil {
			row.Kind, row.Value = (*string)(entry.Kind), entry.Text
			form, err := e.fact.SearchKeys()
			if err != nil {
				return nil, err
			}
			row.SortKey, row.Parts = &form.SortKey, textOrNull(form.PathKeys)
		}
		if !e.stepRun.IsZero() {
			row.StepRunID = &e.stepRun
		}
		rows[i], result[i] = row, entry
	}
	done, err := tx.insertEntries(project, at, rows, events)
	if err != nil {
		return nil, err
	}
	tx.entries += len(done)
	for i, given := range done {
		result[i].Seq, result[i].LoggedAt = given.Seq, given.LoggedAt
	}
	return result, nil
}

// textOrNull returns nil for an empty text.
func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
