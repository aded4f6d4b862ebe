package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// entryDraft is an entry to append.
type entryDraft struct {
	subject   models.ID
	stepRun   models.ID
	fact      models.Fact
	retracted bool
	reason    *string
	// as is set for a copy of an entry.
	as *origin
}

// entry returns the entry for callers, before the database sets its number and time.
func (e entryDraft) entry(project, id models.ID, by *string) *models.MetadataEntry {
	entry := &models.MetadataEntry{
		ID: id, ProjectID: project, SubjectID: e.subject, CardName: e.fact.Card, Key: e.fact.Key,
		Retracted: e.retracted, Reason: e.reason, LoggedBy: by, StepRunID: e.stepRun,
	}
	if !e.retracted {
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

// entryRow is an entryDraft as a row of a JSON array, so that any number of entries is one argument.
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
	LoggedAt  *int64     `json:"logged_at"`
	LoggedBy  *string    `json:"logged_by"`
	StepRunID *models.ID `json:"step_run_id"`
	SortKey   *string    `json:"sort_key"`
	Parts     *string    `json:"parts"`
}

// insertedEntry are the fields of an entry that the database sets.
type insertedEntry struct {
	ID       models.ID
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
		if !e.retracted {
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

// LatestEntries returns the latest entries of each subject, without retracted keys, now or as of an instant. Entries
// without a card come first, then the cards, each in order of their first entries. It is one statement for all
// subjects; as of an instant it reads the histories up to then.
//
// keys restricts the result to these keys of all cards, nil for all keys. The values of other entries are not read.
func (s *Store) LatestEntries(
	ctx context.Context, project models.ID, subjects []models.ID, keys []string, asOf *models.Time,
) (map[models.ID][]*models.MetadataEntry, error) {
	placed, err := s.readLatest(ctx, subjects, engine.SQL("m.project_id = ?", project), asOf, s.latestColumnsOf(keys))
	if err != nil {
		return nil, err
	}
	type card struct {
		subject models.ID
		name    string
	}
	places := map[card]int64{}
	for _, e := range placed {
		c := card{e.SubjectID, e.CardName}
		if place, ok := places[c]; !ok || e.firstSeq < place {
			places[c] = e.firstSeq
		}
	}
	for c := range places {
		if c.name == "" {
			places[c] = 0
		}
	}
	slices.SortFunc(placed, func(a, b orderedEntry) int {
		return cmp.Or(
			cmp.Compare(places[card{a.SubjectID, a.CardName}], places[card{b.SubjectID, b.CardName}]),
			cmp.Compare(a.CardName, b.CardName),
			cmp.Compare(a.firstSeq, b.firstSeq))
	})
	latest := make(map[models.ID][]*models.MetadataEntry, len(subjects))
	for _, e := range placed {
		if !e.Retracted && (keys == nil || slices.Contains(keys, e.Key)) {
			latest[e.SubjectID] = append(latest[e.SubjectID], e.MetadataEntry)
		}
	}
	return latest, nil
}

// latestColumnsOf returns latestColumns with the values of entries with one of the keys only. The other entries are
// read because they may be the first of their card.
func (s *Store) latestColumnsOf(keys []string) engine.Expr {
	if keys == nil {
		return latestColumns(engine.SQL("value"))
	}
	wanted := columnRows(s.db.Dialect(), engine.TextColumn, "wanted", keys)
	return latestColumns(engine.SQL("CASE WHEN key IN (SELECT wanted FROM ?) THEN value END", wanted))
}

// orderedEntry is an entry with the seq of the first entry of its key, which determines the order.
type orderedEntry struct {
	*models.MetadataEntry
	firstSeq int64
}

// readLatest reads the latest entries of subjects for which a condition on m holds, now or as of an instant.
func (s *Store) readLatest(
	ctx context.Context, subjects []models.ID, where engine.Expr, asOf *models.Time, columns engine.Expr,
) ([]orderedEntry, error) {
	wanted := engine.Lookup{Table: "metadata_latest", Alias: "m", Column: "subject_id", IDs: subjects, Where: where}
	from, read := s.db.Dialect().LookUp(wanted), s.db.Read(ctx)
	if asOf != nil {
		wanted.Table, wanted.Where = "metadata_entries", where.And(engine.SQL("m.logged_at <= ?", *asOf))
		from, read = latestPerKey(s.db.Dialect().LookUp(wanted), engine.Expr{}), s.db.ReadUnbounded(ctx)
	}
	return s.readEntries(read, engine.SQL("SELECT ? FROM ?", columns, from))
}

// readEntries reads the rows of a statement of latestColumns.
func (s *Store) readEntries(read engine.Reader, query engine.Expr) (placed []orderedEntry, err error) {
	err = read.Do(func(db *gorm.DB) (err error) {
		placed, err = scanEntries(db.Raw(query.SQL, query.Args...))
		return err
	})
	return placed, s.db.TranslateError(err)
}

// scanEntries reads rows of latestColumns by hand: this is the most frequent read, and reflection is half its cost.
func scanEntries(query *gorm.DB) ([]orderedEntry, error) {
	rows, err := query.Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	var placed []orderedEntry
	for rows.Next() {
		e := orderedEntry{MetadataEntry: new(models.MetadataEntry)}
		if err := rows.Scan(&e.ProjectID, &e.SubjectID, &e.CardName, &e.Key, &e.firstSeq, &e.Seq, &e.ID, &e.Kind, &e.Text,
			&e.Retracted, &e.Reason, &e.LoggedAt, &e.LoggedBy, &e.StepRunID); err != nil {
			return nil, err
		}
		if err := chargeReadBudget(query.Statement.Context, e.MetadataEntry); err != nil {
			return nil, err
		}
		placed = append(placed, e)
	}
	return placed, rows.Err()
}

// EntryKey is one key of a subject.
type EntryKey struct {
	// Card is empty for no card.
	Card, Key string
	// AsOf is in microseconds since 1970; 0 is now.
	AsOf int64
	// Where restricts a series to the versions that pass a filter, nil for all versions.
	Where *models.Filter
}

// History returns the same page of the history of each subject, newest first.
func (s *Store) History(
	ctx context.Context, project models.ID, subjects []models.ID, filter HistoryFilter, page models.Page,
) (map[models.ID]*models.MetadataEntryConnection, error) {
	l := entryList(fmt.Sprintf("metadataHistory%+v", filter), engine.SQL("project_id = ?", project))
	l.Descending = true
	if filter.OnlyKey {
		l.Where = l.Where.Concat(engine.SQL(" AND key = ?", filter.Key))
	}
	if filter.Card.Only {
		l.Where = l.Where.Concat(engine.SQL(" AND card = ?", filter.Card.Name))
	}
	if filter.AsOf != 0 {
		l.Where = l.Where.Concat(engine.SQL(" AND logged_at <= ?", filter.AsOf))
	}
	found, err := search.ReadPages(ctx, s.db, l, subjects, page)
	return models.ViewsOfPages(found, EntryKey{AsOf: filter.AsOf}.instant()), err
}

// entryList returns the list of the entries of subjects for which a condition holds, oldest first.
func entryList(name string, where engine.Expr) search.List[*models.MetadataEntry] {
	return search.List[*models.MetadataEntry]{
		Name: name, Columns: engine.Qualify("metadata_entries", entryColumns), From: engine.SQL("metadata_entries"),
		Where: where, Parent: "subject_id", Order: []string{"seq"}, Kinds: []search.PositionKind{search.NumberPosition},
		Position: func(e *models.MetadataEntry) models.Position { return models.Position{int64(e.Seq)} },
		ParentOf: func(e *models.MetadataEntry) models.ID { return e.SubjectID },
		Read:     func(query *gorm.DB) ([]*models.MetadataEntry, error) { return collectRows(query, identity) },
	}
}

// HistoryFilter chooses entries of a history.
type HistoryFilter struct {
	// OnlyKey restricts the history to entries of Key.
	OnlyKey bool
	Key     string
	Card    models.CardFilter
	// AsOf is the instant of a view of the subject, in microseconds since 1970; 0 is now.
	AsOf int64
}

var entryColumns = engine.Columns[models.MetadataEntry]()

func entriesByID(tx *access.Tx, ids []models.ID) (map[models.ID]*models.MetadataEntry, error) {
	query := engine.SQL("SELECT "+engine.Qualify("m", entryColumns)+" FROM ?", tx.LookUpByID("metadata_entries", "m", ids))
	entries, err := collectRows(tx.Raw(query.SQL, query.Args...), identity)
	return access.ByKey(entries, func(e *models.MetadataEntry) models.ID { return e.ID }), err
}

func identity(e *models.MetadataEntry) *models.MetadataEntry { return e }
