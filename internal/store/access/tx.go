// Package access runs the statements of one caller, and restricts them to what this caller can reach.
//
// It hides how visibility becomes SQL: a caller without the role of an owner sees the objects of one project. It also
// hides the cache of the IDs of projects, and where the similar names in the errors of unknown IDs and names come from.
//
// Tx is a transaction or a read of a caller. VisibleTo and Visible restrict other statements, functions like
// VersionsByID read objects by ID, and FindOne, InsertRow and LockRow access one row. Describe and QuoteKeys
// describe objects for people.
package access

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Tx is a transaction or a read of a caller. A read has only DB, Dialect and Who.
type Tx struct {
	*gorm.DB
	Dialect engine.Dialect
	Who     auth.Principal
	// Projects are the IDs of projects by name that committed transactions have found.
	Projects *sync.Map
	// found are the IDs of projects by name that this transaction has read.
	found map[string]models.ID
	// shared are the IDs that this transaction has read from several projects.
	shared map[models.ID]bool
}

// Ctx returns the context of the statements. SQLite does not cancel the statements of a transaction, because others
// share it.
func (tx *Tx) Ctx() context.Context { return tx.Statement.Context }

// Read sends a statement and reads its rows into dest.
func (tx *Tx) Read(dest any, query engine.Expr) error {
	return tx.Raw(query.SQL, query.Args...).Scan(dest).Error
}

// ReadRows sends a statement and calls scan for each of its rows. Hot paths use it, because the reflection of Read is
// a large part of their cost.
func (tx *Tx) ReadRows(query engine.Expr, scan func(row *sql.Rows) error) error {
	rows, err := tx.Raw(query.SQL, query.Args...).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Write sends a statement that returns no rows.
func (tx *Tx) Write(statement engine.Expr) error {
	_, err := tx.WriteCount(statement)
	return err
}

// WriteCount sends a statement that returns no rows, and returns the number of rows that it changed.
func (tx *Tx) WriteCount(statement engine.Expr) (int64, error) {
	done := tx.Exec(statement.SQL, statement.Args...)
	return done.RowsAffected, done.Error
}

// ReviseSubjects returns the statement that sets the revision of existing subjects, and more columns by assignments
// that begin with a comma. A conflict finds the rows by the primary key; an UPDATE of a few subjects might read all
// subjects of the project (ADR 0026). The assignments have no arguments, because Citus would not infer their types.
func (tx *Tx) ReviseSubjects(project models.ID, ids []models.ID, revision int64, more string) engine.Expr {
	return engine.SQL(`INSERT INTO subjects (project_id, id, about, last_logged_at, revision)
		SELECT ?, s.id, s.about, s.last_logged_at, CAST(? AS bigint) FROM ? WHERE TRUE
		ON CONFLICT (project_id, id) DO UPDATE SET revision = excluded.revision`+more, tx.Dialect.TypedID(project), revision,
		tx.Dialect.LookUp(engine.Lookup{Table: "subjects", Alias: "s", Column: "id", IDs: ids,
			Where: engine.SQL("s.project_id = ?", project)}))
}

// WriteTogether sends statements that return no rows and do not depend on each other: one statement on PostgreSQL, and
// one after the other on SQLite.
func (tx *Tx) WriteTogether(statements ...engine.Expr) error {
	if !tx.Dialect.HasOneWriter() {
		return tx.Write(together(statements, "SELECT 1"))
	}
	for _, statement := range statements {
		if err := tx.Write(statement); err != nil {
			return err
		}
	}
	return nil
}

// ReadTogether is WriteTogether, and reads the rows that the last statement returns into dest.
func (tx *Tx) ReadTogether(dest any, statements ...engine.Expr) error {
	if !tx.Dialect.HasOneWriter() {
		return tx.Read(dest, together(statements, fmt.Sprintf("SELECT * FROM s%d", len(statements)-1)))
	}
	last := len(statements) - 1
	if err := tx.WriteTogether(statements[:last]...); err != nil {
		return err
	}
	return tx.Read(dest, statements[last])
}

// together returns one statement of PostgreSQL that has the effects of several, and the rows of result. All of them are
// common table expressions, because Citus confuses the columns of an INSERT with SELECT that follows them.
func together(statements []engine.Expr, result string) engine.Expr {
	parts := make([]engine.Expr, len(statements))
	for i, statement := range statements {
		parts[i] = engine.SQL(fmt.Sprintf("s%d AS (?)", i), statement)
	}
	return engine.SQL("WITH ? "+result, engine.Join(parts, ", "))
}

// LockReplayed locks the row of a used idempotency key in PostgreSQL. So the transaction of a replay writes to the log,
// and its commit waits for the synchronous standbys: the wait of the first call may have been cancelled (ADR 0047).
func (tx *Tx) LockReplayed(project, caller models.ID, operation, key string) error {
	if tx.Dialect.HasOneWriter() {
		return nil
	}
	var rows []int64
	return tx.Read(&rows, engine.SQL("SELECT 1 FROM idempotency_keys WHERE project_id = ? AND caller = ? AND operation = ? AND key = ?"+
		tx.Dialect.ForUpdate(), project, caller, operation, key))
}
