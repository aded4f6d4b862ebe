package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// postgresTarget writes by COPY.
type postgresTarget struct {
	conn *pgx.Conn
	// indexes has the statements that create the indexes and constraints.
	indexes []string
}

func openPostgres(ctx context.Context, url string) (target, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	for _, setting := range []string{
		// The rows satisfy the foreign keys. Without the right to disable their checks, loading takes longer.
		"DO $$ BEGIN SET session_replication_role = replica; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$",
		"SET synchronous_commit = off", "SET maintenance_work_mem = '512MB'",
	} {
		if _, err := conn.Exec(ctx, setting); err != nil {
			return nil, errors.Join(err, conn.Close(ctx))
		}
	}
	return &postgresTarget{conn: conn}, nil
}

func (t *postgresTarget) close(ctx context.Context) error { return t.conn.Close(ctx) }

// begin drops the indexes and constraints of the two large tables. No other table refers to them.
func (t *postgresTarget) begin(ctx context.Context) error {
	rows, err := t.conn.Query(ctx, `
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype IN ('p', 'u') AND conrelid IN ('metadata_entries'::regclass, 'metadata_latest'::regclass)
UNION ALL
SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index i WHERE indrelid IN ('metadata_entries'::regclass, 'metadata_latest'::regclass)
AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)`)
	if err != nil {
		return err
	}
	type index struct{ Drop, Make string }
	indexes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	if err != nil {
		return err
	}
	for _, index := range indexes {
		t.indexes = append(t.indexes, index.Make)
		if _, err := t.conn.Exec(ctx, index.Drop); err != nil {
			return err
		}
	}
	return nil
}

func (t *postgresTarget) write(ctx context.Context, rows *chunk) error {
	for table, rows := range rows {
		into := tables[table]
		_, err := t.conn.CopyFrom(ctx, pgx.Identifier{into.name}, into.columns, pgx.CopyFromRows(rows))
		if err != nil {
			return fmt.Errorf("%s: %w", into.name, err)
		}
	}
	return nil
}

func (t *postgresTarget) end(ctx context.Context, seqs [tableCount]int64, progress func(string)) error {
	for _, statement := range t.indexes {
		progress(statement)
		if _, err := t.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	for _, table := range numbered {
		if _, err := t.conn.Exec(ctx, "SELECT setval(pg_get_serial_sequence($1, 'seq'), $2)", tables[table].name, max(seqs[table], 1)); err != nil {
			return err
		}
	}
	progress("VACUUM ANALYZE")
	_, err := t.conn.Exec(ctx, "VACUUM ANALYZE")
	return err
}
