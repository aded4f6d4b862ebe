package entries

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// Key is one key of a subject.
type Key struct {
	// Card is empty for no card.
	Card, Key string
	// AsOf is in microseconds since 1970; 0 is now.
	AsOf int64
	// Where restricts a series to the versions that pass a filter, nil for all versions.
	Where *models.Filter
}

// History returns the same page of the history of each subject, newest first.
func (r *Reader) History(
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
	found, err := search.ReadPages(ctx, r.DB, l, subjects, page)
	return models.ViewsOfPages(found, Key{AsOf: filter.AsOf}.instant()), err
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

// ByID returns the entries with these IDs that are visible to the caller.
func ByID(tx *access.Tx, ids []models.ID) (map[models.ID]*models.MetadataEntry, error) {
	query := engine.SQL("SELECT "+engine.Qualify("m", entryColumns)+" FROM ?", tx.LookUpByID("metadata_entries", "m", ids))
	entries, err := collectRows(tx.Raw(query.SQL, query.Args...), identity)
	return access.ByKey(entries, func(e *models.MetadataEntry) models.ID { return e.ID }), err
}

func identity(e *models.MetadataEntry) *models.MetadataEntry { return e }
