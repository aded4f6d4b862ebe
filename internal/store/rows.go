package store

import (
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// lookUpByID returns the end of a SELECT, from the items of FROM on, of the rows with certain IDs that the caller may reach.
// The project is compared after the lookup: PostgreSQL might use an index by project otherwise.
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

// loadByID is a function that reads the rows of a table that have certain IDs, among what the caller may reach.
func loadByID[T any](table string, columns []string, id func(T) models.ID) func(tx *transaction, ids []models.ID) (map[models.ID]T, error) {
	return func(tx *transaction, ids []models.ID) (map[models.ID]T, error) {
		from := tx.lookUpByID(table, "o", ids)
		var found []T
		err := tx.scan(&found, engine.SQL("SELECT "+engine.Qualify("o", columns)+" FROM ?", from))
		return byKey(found, id), err
	}
}

// selectForUpdate is the row of a table with that ID, which nobody else can change before this transaction ends; nil when there
// is none that the caller may reach.
func selectForUpdate[T any](tx *transaction, table string, columns []string, id models.ID) (*T, error) {
	one := visibleTo(tx.who, projectColumn(table), engine.SQL("id = ?", id))
	var found []*T
	err := tx.scan(&found, engine.SQL("SELECT "+engine.Qualify(table, columns)+" FROM "+table+" WHERE ?"+tx.dialect.ForUpdate(), one))
	return firstOrNil(found), err
}

func firstOrNil[T any](found []*T) *T {
	if len(found) == 0 {
		return nil
	}
	return found[0]
}
