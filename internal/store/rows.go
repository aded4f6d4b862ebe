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

// lookUpRows reads the rows of a project that a lookup finds, with t as its alias.
func lookUpRows[T any](
	ctx context.Context, s *Store, wanted engine.Lookup, project models.ID, order string,
) (found []*T, err error) {
	wanted.Alias, wanted.Where = "t", engine.SQL("t.project_id = ?", project)
	err = s.db.Read(ctx).Scan(&found, engine.SQL("SELECT "+engine.Qualify("t", engine.Columns[T]())+" FROM ?"+order,
		s.db.Dialect().LookUp(wanted)))
	return found, s.db.TranslateError(err)
}

// readByName reads the row of a name in a scope, nil for none.
func readByName[T any](ctx context.Context, s *Store, scope func(*gorm.Statement), name string) (row *T, err error) {
	err = s.db.Read(ctx).Do(func(db *gorm.DB) (err error) {
		row, err = findOne(ctx, gorm.G[T](db).Scopes(scope).Where("name = ?", name))
		return err
	})
	return row, s.db.TranslateError(err)
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

// insertRow inserts a row with values in columns, and returns it as stored.
func insertRow[T any](tx *transaction, table, columns string, values ...any) (*T, error) {
	var inserted []*T
	err := tx.scan(&inserted, engine.SQL("INSERT INTO "+table+" ("+columns+") VALUES ? RETURNING "+
		engine.Qualify(table, engine.Columns[T]()), values))
	return firstOrNil(inserted), err
}

func firstOrNil[T any](found []*T) *T {
	if len(found) == 0 {
		return nil
	}
	return found[0]
}
