package store

import (
	"context"
	"fmt"

	"github.com/placard/placard/models"
)

// History is the same page of the history of each subject: every entry ever logged that the filter chooses, newest
// first.
func (s *Store) History(
	ctx context.Context, project models.ID, subjects []models.ID, filter HistoryFilter, page models.Page,
) (map[models.ID]*models.MetadataEntryConnection, error) {
	l := list[*models.MetadataEntry]{
		name:    fmt.Sprintf("metadataHistory%+v", filter),
		columns: entryColumns, table: "metadata_entries",
		where: "project_id = ?", args: []any{project}, parent: "subject_id",
		order: []string{"seq"}, descending: true, kinds: []positionKind{numberPosition},
		position: func(e *models.MetadataEntry) models.Position { return models.Position{int64(e.Seq)} },
		of:       func(e *models.MetadataEntry) models.ID { return e.SubjectID },
	}
	if filter.OnlyKey {
		l.where, l.args = l.where+" AND key = ?", append(l.args, filter.Key)
	}
	if filter.Card.Only {
		l.where, l.args = l.where+" AND card = ?", append(l.args, filter.Card.Name)
	}
	return pages(ctx, s, l, subjects, page)
}

// HistoryFilter chooses entries of a history.
type HistoryFilter struct {
	// OnlyKey says that only entries of Key are chosen.
	OnlyKey bool
	Key     string
	Card    models.CardFilter
}

const entryColumns = `id, project_id, subject_id, seq, card, key, kind, value, retracted, reason, logged_at, logged_by,
    step_run_id`

func entriesByID(tx *transaction, ids []models.ID) (map[models.ID]*models.MetadataEntry, error) {
	one := tx.dialect.oneOf("id", ids)
	var entries []*models.MetadataEntry
	err := tx.Raw("SELECT "+entryColumns+" FROM metadata_entries WHERE "+one.sql, one.args...).Scan(&entries).Error
	return byKey(entries, func(e *models.MetadataEntry) models.ID { return e.ID }), err
}
