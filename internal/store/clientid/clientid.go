// Package clientid finds the objects whose IDs clients chose.
//
// It hides the lock that makes copies of a call run one after the other, and the search of a project for an ID. Claim
// returns the ID of a new object, and Find the object that an earlier copy of the call created.
package clientid

import (
	"encoding/binary"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Claimed is the ID of a new object, or of an object that has it already.
type Claimed struct {
	models.ID
	// ByClient is true if the client chose the ID.
	ByClient bool

	at *models.Path
	// table is the table of the object that has the ID, empty for none.
	table   string
	project models.ID
}

// Claim returns the ID that the text of a client is, at a path of the input, or a new ID without text. It locks the ID
// until the end of the transaction. A transaction claims IDs in their order, after it has locked a pipeline run and
// before it locks artifacts.
func Claim(tx *access.Tx, project models.ID, at *models.Path, text *string) (Claimed, error) {
	if text == nil {
		return Claimed{ID: models.NewID()}, nil
	}
	id, _ := models.ParseID(*text)
	claimed := Claimed{ID: id, ByClient: true, at: at, project: project}
	number := binary.BigEndian.Uint64(id[:8]) ^ binary.BigEndian.Uint64(id[8:]) ^ binary.BigEndian.Uint64(project[8:])
	if err := tx.Dialect.LockNumber(tx.DB, int64(number)); err != nil {
		return claimed, err
	}
	rows, err := tx.Within(project).TablesWithID([]models.ID{id})
	if len(rows) > 0 {
		claimed.table = rows[0].Name
	}
	return claimed, err
}

// Find returns the object of a table that has the ID, nil for none. It fails with CONFLICT for an object of another
// type, and for one that is not the same as the caller would create.
func Find[T any](
	tx *access.Tx, c Claimed, table string, load func(*access.Tx, []models.ID) (map[models.ID]*T, error),
	isSame func(*T) (bool, error),
) (*T, error) {
	if c.table == "" {
		return nil, nil
	}
	if c.table != table {
		return nil, models.Conflict(c.at, "is the ID of %s of the project; a new object needs another UUID",
			access.WithArticle(access.TypeName(c.table)))
	}
	found, err := load(tx.Within(c.project), []models.ID{c.ID})
	if err == nil && found[c.ID] == nil {
		err = engine.ErrRetry // the object has just been deleted
	}
	if err != nil {
		return nil, err
	}
	same, err := isSame(found[c.ID])
	if err == nil && !same {
		err = models.Conflict(c.at, "is the ID of %s of the project with another name or parent; a new object needs another UUID",
			access.WithArticle(access.TypeName(table)))
	}
	return found[c.ID], err
}
