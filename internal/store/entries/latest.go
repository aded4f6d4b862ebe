// Package entries reads metadata entries: the latest ones of subjects, histories and series.
//
// It hides how the latest entries are found, now or as of an instant, and the budget of bytes that an operation may
// read. Reader has the reads, WithBudget sets the budget of a context, and LatestColumns and LatestPerKey are parts of
// statements about latest rows.
package entries

import (
	"cmp"
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Reader reads from a database. The caller may read the project of its arguments.
type Reader struct{ DB *engine.DB }

// LatestColumns returns the columns of a latest row, with an expression for its value.
func LatestColumns(value engine.Expr) engine.Expr {
	return engine.SQL(`project_id, subject_id, card, key, first_seq, seq, id, kind, ?, retracted, reason,
        logged_at, logged_by, step_run_id`, value)
}

// LatestPerKey returns the last entry e of each key among entries, with the first seq of the key among them. join
// adds tables to e.
func LatestPerKey(entries, join engine.Expr) engine.Expr {
	return engine.SQL(`(
        SELECT *, min(seq) OVER of_key AS first_seq, max(seq) OVER of_key AS last_seq FROM ?
        WINDOW of_key AS (PARTITION BY subject_id, card, key)
    ) AS e`, entries).Concat(join).Concat(engine.SQL(" WHERE seq = last_seq"))
}

// LatestEntries returns the latest entries of each subject, without keys that have no value, now or as of an instant.
// Entries without a card come first, then the cards, each in order of their first entries. It is one statement for all
// subjects; as of an instant it reads the histories up to then.
//
// keys restricts the result to these keys of all cards, nil for all keys. The values of other entries are not read.
func (r *Reader) LatestEntries(
	ctx context.Context, project models.ID, subjects []models.ID, keys []string, asOf *models.Time,
) (map[models.ID][]*models.MetadataEntry, error) {
	placed, err := r.readLatest(ctx, subjects, engine.SQL("m.project_id = ?", project), asOf, r.latestColumnsOf(keys))
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
		if e.Kind != nil && (keys == nil || slices.Contains(keys, e.Key)) {
			latest[e.SubjectID] = append(latest[e.SubjectID], e.MetadataEntry)
		}
	}
	return latest, nil
}

// latestColumnsOf returns LatestColumns with the values of entries with one of the keys only. The other entries are
// read because they may be the first of their card.
func (r *Reader) latestColumnsOf(keys []string) engine.Expr {
	if keys == nil {
		return LatestColumns(engine.SQL("value"))
	}
	wanted := access.ColumnRows(r.DB.Dialect(), engine.TextColumn, "wanted", keys)
	return LatestColumns(engine.SQL("CASE WHEN key IN (SELECT wanted FROM ?) THEN value END", wanted))
}

// orderedEntry is an entry with the seq of the first entry of its key, which determines the order.
type orderedEntry struct {
	*models.MetadataEntry
	firstSeq int64
}

// readLatest reads the latest entries of subjects for which a condition on m holds, now or as of an instant.
func (r *Reader) readLatest(
	ctx context.Context, subjects []models.ID, where engine.Expr, asOf *models.Time, columns engine.Expr,
) ([]orderedEntry, error) {
	wanted := engine.Lookup{Table: "metadata_latest", Alias: "m", Column: "subject_id", IDs: subjects, Where: where}
	from, read := r.DB.Dialect().LookUp(wanted), r.DB.Read(ctx)
	if asOf != nil {
		wanted.Table, wanted.Where = "metadata_entries", where.And(engine.SQL("m.logged_at <= ?", *asOf))
		from, read = LatestPerKey(r.DB.Dialect().LookUp(wanted), engine.Expr{}), r.DB.ReadUnbounded(ctx)
	}
	return r.readEntries(read, engine.SQL("SELECT ? FROM ?", columns, from))
}

// readEntries reads the rows of a statement of LatestColumns.
func (r *Reader) readEntries(read engine.Reader, query engine.Expr) (placed []orderedEntry, err error) {
	err = read.Do(func(db *gorm.DB) (err error) {
		placed, err = scanEntries(db.Raw(query.SQL, query.Args...))
		return err
	})
	return placed, r.DB.TranslateError(err)
}

// scanEntries reads rows of LatestColumns by hand: this is the most frequent read, and reflection is half its cost.
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
