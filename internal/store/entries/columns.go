package entries

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// LatestOfKeys returns the latest entries of keys of each subject, without keys that have no value and in no order, now
// or as of an instant. It is one statement that looks up each key of each subject in an index.
func (r *Reader) LatestOfKeys(
	ctx context.Context, project models.ID, subjects []models.ID, keys []models.MetadataKey, asOf *models.Time,
) (map[models.ID][]*models.MetadataEntry, error) {
	type wantedKey struct {
		Subject models.ID `json:"of_subject"`
		Card    string    `json:"of_card"`
		Key     string    `json:"of_key"`
	}
	wanted := make([]wantedKey, 0, len(subjects)*len(keys))
	for _, subject := range subjects {
		for _, key := range keys {
			wanted = append(wanted, wantedKey{subject, key.Card, key.Key})
		}
	}
	d, read, table := r.DB.Dialect(), r.DB.Read(ctx), "metadata_latest m"
	found := engine.SQL("m.project_id = ? AND m.subject_id = of_subject AND m.card = of_card AND m.key = of_key", project)
	if asOf != nil {
		read, table = r.DB.ReadUnbounded(ctx), "metadata_entries m"
		found = found.And(engine.SQL(`m.seq = (SELECT l.seq FROM metadata_entries l WHERE l.project_id = ?
			AND l.subject_id = of_subject AND l.card = of_card AND l.key = of_key AND l.logged_at <= ?
			ORDER BY l.seq DESC LIMIT 1)`, project, *asOf))
	}
	from := d.JSONRows(wanted, engine.IDColumn("of_subject"), engine.TextColumn("of_card"), engine.TextColumn("of_key")).
		Concat(d.LateralJoin(table, "m", found))
	if asOf != nil {
		from = engine.SQL("(SELECT *, seq AS first_seq FROM ?) m", from)
	}
	all, err := r.readEntries(ctx, read, project, engine.SQL("m.value"), from)
	latest := make(map[models.ID][]*models.MetadataEntry, len(all))
	for subject, entries := range all {
		latest[subject] = entries.valued
	}
	return latest, err
}

// HistoryCounts returns the number of entries of the key of each entry on its subject, now or as of an instant. It is
// one statement, which counts each key once.
func (r *Reader) HistoryCounts(
	ctx context.Context, project models.ID, entries []models.ID, asOf *models.Time,
) (map[models.ID]int32, error) {
	found := r.DB.Dialect().FindByID("metadata_entries", "e", entries, &project)
	isCounted := engine.SQL("h.project_id = ? AND h.subject_id = e.subject_id AND h.card = e.card AND h.key = e.key", project)
	if asOf != nil {
		isCounted = isCounted.And(engine.SQL("h.logged_at <= ?", *asOf))
	}
	var rows []struct {
		ID    models.ID
		Count int32
	}
	err := r.DB.ReadUnbounded(ctx).Scan(&rows, engine.SQL(`
SELECT id, max(counted) OVER of_key AS count FROM (
    SELECT id, subject_id, card, key, CASE WHEN row_number() OVER (PARTITION BY subject_id, card, key ORDER BY id) = 1
        THEN (SELECT count(*) FROM metadata_entries h WHERE ?) END AS counted
    FROM ?
) k WINDOW of_key AS (PARTITION BY subject_id, card, key)`, isCounted, found))
	counts := make(map[models.ID]int32, len(rows))
	for _, row := range rows {
		counts[row.ID] = row.Count
	}
	return counts, r.DB.TranslateError(err)
}
