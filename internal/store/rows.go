package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// lookUpByID returns the end of a SELECT, from the items of FROM on, of the rows with these IDs that are visible to
// the caller. The project is compared after the look-up, because PostgreSQL could use an index by project otherwise.
func (tx *transaction) lookUpByID(table, alias string, ids []models.ID) engine.Expr {
	return tx.dialect.LookUp(engine.Lookup{Table: table, Alias: alias, Column: "id", IDs: ids, Where: engine.True}).
		Concat(visibleTo(tx.who, alias+"."+projectColumn(table), engine.SQL(" WHERE TRUE")))
}

// byKey maps objects by their IDs.
func byKey[T any](objects []T, key func(T) models.ID) map[models.ID]T {
	m := make(map[models.ID]T, len(objects))
	for _, object := range objects {
		m[key(object)] = object
	}
	return m
}

// loadByID returns the function that reads the rows of a table with certain IDs that are visible to the caller.
func loadByID[T any](
	table string, columns []string, id func(T) models.ID,
) func(tx *transaction, ids []models.ID) (map[models.ID]T, error) {
	return func(tx *transaction, ids []models.ID) (map[models.ID]T, error) {
		from := tx.lookUpByID(table, "o", ids)
		var found []T
		err := tx.scan(&found, engine.SQL("SELECT "+engine.Qualify("o", columns)+" FROM ?", from))
		return byKey(found, id), err
	}
}

// columnRows returns the item t of FROM with one column, which has the values.
func columnRows[T any](d engine.Dialect, column func(string) engine.Column, name string, values []T) engine.Expr {
	rows := make([]map[string]T, len(values))
	for i, value := range values {
		rows[i] = map[string]T{name: value}
	}
	return d.JSONRows(rows, column(name))
}

// findOne returns the row that a query by a unique key finds, nil for none.
func findOne[T any](ctx context.Context, query gorm.ChainInterface[T]) (*T, error) {
	rows, err := query.Find(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// selectForUpdate returns the row with an ID and locks it until the end of the transaction; nil if the caller cannot
// reach one.
func selectForUpdate[T any](tx *transaction, id models.ID) (*T, error) {
	query := gorm.G[T](tx.DB, clause.Locking{Strength: clause.LockingStrengthUpdate}).Scopes(visible(tx.who, "project_id"))
	return findOne(tx.ctx(), query.Where("id = ?", id))
}

func firstOrNil[T any](found []*T) *T {
	if len(found) == 0 {
		return nil
	}
	return found[0]
}
