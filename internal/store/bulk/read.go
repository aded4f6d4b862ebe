// Package bulk reads all rows of a project at one instant, and writes rows of a project into another database.
package bulk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Snapshot is a read-only transaction, which reads one instant. Servers may write meanwhile.
type Snapshot struct {
	pool *sql.DB
	tx   *sql.Tx
}

// Open opens the database at url for reading. It returns a SchemaOutdatedError if the schema is older than the program.
func Open(ctx context.Context, url string) (*Snapshot, error) {
	pool, tx, err := engine.OpenSnapshot(ctx, url)
	if err != nil {
		return nil, err
	}
	return &Snapshot{pool, tx}, nil
}

// Close ends the transaction and closes the database.
func (s *Snapshot) Close() error {
	err := s.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) {
		err = nil // the end of its context has ended it
	}
	return errors.Join(err, s.pool.Close())
}

// Project returns the project with a name, or nil if it does not exist.
func (s *Snapshot) Project(ctx context.Context, name string) (*models.Project, error) {
	var p models.Project
	row := s.tx.QueryRowContext(ctx, selectProject+" AND name = $1", name)
	err := row.Scan(&p.ID, &p.Name, &p.CreatedAt, &p.Description)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &p, err
}

// EachRow calls fn with the rows of a project in a table, in the order of the table. It holds one row in memory.
func (s *Snapshot) EachRow(ctx context.Context, project models.ID, t *Table, fn func(Row) error) error {
	rows, err := s.tx.QueryContext(ctx,
		"SELECT "+t.selection()+" FROM "+t.name+" x WHERE x.project_id = $1"+t.where+" ORDER BY "+t.orderBy(), project)
	if err == nil {
		err = newScanner(t).each(rows, fn)
	}
	if err != nil {
		return fmt.Errorf("export %s: %w", t.name, err)
	}
	return nil
}
