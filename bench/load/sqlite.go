package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqliteTarget writes in one transaction without a journal, because an unfinished file is useless.
type sqliteTarget struct {
	pool    *sql.DB
	tx      *sql.Tx
	indexes []string
	// inserts has the prepared statement of each table, with insertRows rows.
	inserts [tableCount]*sql.Stmt
}

// insertRows is the number of rows per INSERT.
const insertRows = 50

func openSQLite(ctx context.Context, path string) (target, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	options := "_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=foreign_keys(0)&_pragma=cache_size(-1000000)&_dqs=0"
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: options}).String())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	return &sqliteTarget{pool: pool}, pool.PingContext(ctx)
}

func (t *sqliteTarget) close(context.Context) error {
	var err error
	if t.tx != nil {
		err = t.tx.Rollback()
	}
	return errors.Join(err, t.pool.Close())
}

// begin drops the indexes of the two large tables.
func (t *sqliteTarget) begin(ctx context.Context) (err error) {
	if t.tx, err = t.pool.BeginTx(ctx, nil); err != nil {
		return err
	}
	rows, err := t.tx.QueryContext(ctx,
		"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('metadata_entries', 'metadata_latest')")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err returns its errors
	var drops []string
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return err
		}
		drops, t.indexes = append(drops, "DROP INDEX "+name), append(t.indexes, statement)
	}
	return errors.Join(rows.Err(), t.run(ctx, drops))
}

func (t *sqliteTarget) run(ctx context.Context, statements []string) error {
	for _, statement := range statements {
		if _, err := t.tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTarget) write(ctx context.Context, rows *chunk) error {
	for table := range tableCount {
		if err := t.insert(ctx, table, rows[table]); err != nil {
			return fmt.Errorf("%s: %w", tables[table].name, err)
		}
	}
	return nil
}

func (t *sqliteTarget) insert(ctx context.Context, table int, rows [][]any) (err error) {
	if len(rows) >= insertRows && t.inserts[table] == nil {
		if t.inserts[table], err = t.tx.PrepareContext(ctx, insertion(table, insertRows)); err != nil {
			return err
		}
	}
	for len(rows) > 0 {
		n := min(len(rows), insertRows)
		args := make([]any, 0, n*len(rows[0]))
		for _, row := range rows[:n] {
			args = append(args, row...)
		}
		if n == insertRows {
			_, err = t.inserts[table].ExecContext(ctx, args...)
		} else {
			_, err = t.tx.ExecContext(ctx, insertion(table, n), args...)
		}
		if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func insertion(table, rows int) string {
	columns := tables[table].columns
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", tables[table].name, strings.Join(columns, ", "),
		strings.TrimSuffix(strings.Repeat(row+",", rows), ","))
}

// end creates the indexes. AUTOINCREMENT has seen the numbers, and the server collects no statistics in SQLite.
func (t *sqliteTarget) end(ctx context.Context, _ [tableCount]int64, progress func(string)) error {
	for _, statement := range t.indexes {
		progress(statement)
		if err := t.run(ctx, []string{statement}); err != nil {
			return err
		}
	}
	err := t.tx.Commit()
	t.tx = nil
	return err
}
