package load

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/placard/placard/models"
)

// postgresTarget writes by COPY, with one connection for the current state and one for everything else.
type postgresTarget struct {
	main, latest *pgx.Conn
	// indexes has the statements that create the indexes and constraints.
	indexes []string
}

func openPostgres(ctx context.Context, url string) (target, error) {
	t := &postgresTarget{}
	for _, conn := range []**pgx.Conn{&t.main, &t.latest} {
		var err error
		if *conn, err = pgx.Connect(ctx, url); err != nil {
			return nil, errors.Join(err, t.close(ctx))
		}
		for _, setting := range []string{
			// The rows satisfy the foreign keys. Without the right to disable their checks, loading takes longer.
			"DO $$ BEGIN SET session_replication_role = replica; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$",
			"SET synchronous_commit = off", "SET maintenance_work_mem = '512MB'",
		} {
			if _, err := (*conn).Exec(ctx, setting); err != nil {
				return nil, errors.Join(err, t.close(ctx))
			}
		}
	}
	return t, nil
}

func (t *postgresTarget) close(ctx context.Context) error {
	var errs []error
	for _, conn := range []*pgx.Conn{t.main, t.latest} {
		if conn != nil {
			errs = append(errs, conn.Close(ctx))
		}
	}
	return errors.Join(errs...)
}

// begin drops the indexes and constraints of the two large tables. No other table refers to them.
func (t *postgresTarget) begin(ctx context.Context) error {
	rows, err := t.main.Query(ctx, `
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
		if _, err := t.main.Exec(ctx, index.Drop); err != nil {
			return err
		}
	}
	return nil
}

func (t *postgresTarget) write(ctx context.Context, rows *chunk) error {
	done := make(chan error, 1)
	go func() { done <- copyRows(ctx, t.latest, latest, rows[latest]) }()
	var errs []error
	for table := range tableCount {
		if table != latest && len(errs) == 0 {
			if err := copyRows(ctx, t.main, table, rows[table]); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(append(errs, <-done)...)
}

func copyRows(ctx context.Context, conn *pgx.Conn, table int, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	var text []byte
	for _, row := range rows {
		for i, value := range row {
			if i > 0 {
				text = append(text, '\t')
			}
			text = appendCopied(text, value)
		}
		text = append(text, '\n')
	}
	_, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(text), fmt.Sprintf("COPY %s (%s) FROM STDIN",
		tables[table].name, strings.Join(tables[table].columns, ", ")))
	return err
}

// appendCopied appends a value in the text format of COPY.
func appendCopied(b []byte, value any) []byte {
	switch value := value.(type) {
	case models.ID:
		return hex.AppendEncode(b, value[:])
	case int64:
		return strconv.AppendInt(b, value, 10)
	case bool:
		return strconv.AppendBool(b, value)
	case string:
		for i := range len(value) {
			switch c := value[i]; c {
			case '\\':
				b = append(b, `\\`...)
			case '\n':
				b = append(b, `\n`...)
			case '\t':
				b = append(b, `\t`...)
			case '\r':
				b = append(b, `\r`...)
			default:
				b = append(b, c)
			}
		}
		return b
	}
	return append(b, `\N`...)
}

func (t *postgresTarget) end(ctx context.Context, seqs [tableCount]int64, progress func(string)) error {
	work := make(chan string, len(t.indexes))
	for _, statement := range t.indexes {
		work <- statement
	}
	close(work)
	build := func(conn *pgx.Conn) error {
		for statement := range work {
			progress(statement)
			if _, err := conn.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}
	done := make(chan error, 1)
	go func() { done <- build(t.latest) }()
	if err := errors.Join(build(t.main), <-done); err != nil {
		return err
	}
	for _, table := range numbered {
		if _, err := t.main.Exec(ctx, "SELECT setval(pg_get_serial_sequence($1, 'seq'), $2)", tables[table].name, max(seqs[table], 1)); err != nil {
			return err
		}
	}
	progress("VACUUM ANALYZE")
	_, err := t.main.Exec(ctx, "VACUUM ANALYZE")
	return err
}
