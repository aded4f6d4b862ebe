package bulk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// Project is what a project is called.
type Project struct {
	ID        models.ID
	Name      string
	CreatedAt models.Time
}

// Snapshot is a database as it is at one instant. A server may go on meanwhile.
type Snapshot struct {
	pool *sql.DB
	tx   *sql.Tx
}

// Open opens the database at url for reading. It fails with store.Behind when the tables are older than the program needs.
func Open(ctx context.Context, url string) (*Snapshot, error) {
	pool, err := store.OpenReadOnly(ctx, url)
	if err != nil {
		return nil, err
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &Snapshot{pool, tx}, nil
}

// Close ends the reading.
func (s *Snapshot) Close() error {
	err := s.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) {
		err = nil // its context has ended
	}
	return errors.Join(err, s.pool.Close())
}

// Project is the project of that name; nil when there is none.
func (s *Snapshot) Project(ctx context.Context, name string) (*Project, error) {
	var p Project
	err := s.tx.QueryRowContext(ctx, "SELECT id, name, created_at FROM projects WHERE name = $1", name).Scan(&p.ID, &p.Name, &p.CreatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &p, err
}

// Each calls fn with every row of the project in a table, in the order of the table. It holds one row at a time.
func (s *Snapshot) Each(ctx context.Context, project models.ID, t *Table, fn func(row []any) error) error {
	rows, err := s.tx.QueryContext(ctx, "SELECT "+t.selected()+" FROM "+t.name+" x WHERE x.project_id = $1"+t.where+" ORDER BY "+t.order(), project)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	for r := newRow(t); rows.Next(); {
		values, err := r.scan(rows)
		if err != nil {
			return fmt.Errorf("read %s: %w", t.name, err)
		}
		if err := fn(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	return nil
}
