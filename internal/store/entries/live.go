package entries

import (
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// CardKey is a key with its card, empty for none.
type CardKey struct {
	Card string `json:"card"`
	Key  string `json:"key"`
}

// LiveKeys returns those of the keys of a subject that have a value. CROSS JOIN makes SQLite look up each key instead
// of searching the keys for each row.
func LiveKeys(tx *access.Tx, project, subject models.ID, keys []CardKey) (map[CardKey]bool, error) {
	var found []CardKey
	err := tx.Read(&found, engine.SQL(`SELECT t.card, t.key FROM ? CROSS JOIN metadata_latest l
		WHERE l.project_id = ? AND l.subject_id = ? AND l.card = t.card AND l.key = t.key AND l.kind IS NOT NULL`,
		tx.Dialect.JSONRows(keys, engine.TextColumn("card"), engine.TextColumn("key")), project, subject))
	live := make(map[CardKey]bool, len(found))
	for _, key := range found {
		live[key] = true
	}
	return live, err
}
