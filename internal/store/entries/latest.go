// Package entries reads metadata entries: the latest ones of subjects, histories and series.
//
// It hides how the latest entries are found, now or as of an instant, and the budget of bytes that an operation may
// read. Reader has the reads, WithBudget sets the budget of a context, and LatestColumns and LatestPerKey are parts of
// statements about latest rows.
package entries

import (
	"context"
	"slices"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Reader reads from a database. The caller may read the project of its arguments.
type Reader struct {
	DB *engine.DB
	// Cache holds the latest metadata of subjects, nil for no cache.
	Cache *Cache
}

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
	value := engine.SQL("m.value")
	if keys != nil { // the other entries are read because they may be the first of their card
		wanted := access.ColumnRows(r.DB.Dialect(), engine.TextColumn, "wanted", keys)
		value = engine.SQL("CASE WHEN m.key IN (SELECT wanted FROM ?) THEN m.value END", wanted)
	}
	wanted := engine.Lookup{Table: "metadata_latest", Alias: "m", Column: "subject_id", IDs: subjects,
		Where: engine.SQL("m.project_id = ?", project)}
	from, read := r.DB.Dialect().LookUp(wanted), r.DB.Read(ctx)
	if asOf != nil {
		wanted.Table, wanted.Where = "metadata_entries", wanted.Where.And(engine.SQL("m.logged_at <= ?", *asOf))
		from = engine.SQL("(SELECT * FROM ?) m", LatestPerKey(r.DB.Dialect().LookUp(wanted), engine.Expr{}))
		read = r.DB.ReadUnbounded(ctx)
	}
	all, err := r.readEntries(ctx, read, project, value, from)
	latest := make(map[models.ID][]*models.MetadataEntry, len(all))
	for subject, entries := range all {
		if keys == nil {
			latest[subject] = entries.valued
			continue
		}
		for _, e := range entries.valued {
			if slices.Contains(keys, e.Key) {
				latest[subject] = append(latest[subject], e)
			}
		}
	}
	return latest, err
}

// readEntries reads the latest rows m of subjects, with an expression for their value.
func (r *Reader) readEntries(
	ctx context.Context, read engine.Reader, project models.ID, value, from engine.Expr,
) (map[models.ID]*latestEntries, error) {
	collectors := map[models.ID]*rowCollector{}
	scanner := entryScanner{project: project, budget: budgetOf(ctx)}
	err := read.ReadRows(engine.SQL(`SELECT m.subject_id, 0, m.seq, m.first_seq, m.card, m.key, m.kind, ?, m.reason, m.id,
		m.retracted, m.logged_at, m.logged_by, m.step_run_id FROM ?`, value, from), func(row *engine.Row) error {
		subject := row.ID(subjectColumn)
		if collectors[subject] == nil {
			collectors[subject] = &rowCollector{}
		}
		return collectors[subject].add(&scanner, row)
	})
	if err != nil {
		return nil, r.DB.TranslateError(err)
	}
	latest := make(map[models.ID]*latestEntries, len(collectors))
	for subject, collector := range collectors {
		latest[subject] = collector.entries()
	}
	return latest, nil
}
