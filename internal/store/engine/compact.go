package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Compact rewrites the tables that hold values, so that their files keep nothing of deleted rows and of former values.
// For SQLite it rewrites the whole file. For PostgreSQL it locks one table after the other. begin and end are called
// with the name of a file or table and its size in bytes.
func (db *DB) Compact(ctx context.Context, begin, end func(name string, bytes int64)) error {
	return db.backend.compact(ctx, begin, end)
}

// compact runs VACUUM on the connection of the writer, between two transactions.
func (d *sqliteDialect) compact(ctx context.Context, begin, end func(name string, bytes int64)) error {
	size, err := d.fileBytes()
	if err != nil {
		return err
	}
	begin(d.path, size)
	err = d.writer.pause(ctx, func() error {
		if _, err := d.writer.conn.conn.ExecContext(ctx, "VACUUM"); err != nil {
			return fmt.Errorf("rewrite the database file: %w", err)
		}
		var busy, pages, copied int64
		err := d.writer.conn.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &copied)
		if err == nil && busy != 0 {
			err = errors.New("another program reads the database file, so its write-ahead log could not be emptied: " +
				"end that program and run this command again")
		}
		return err
	})
	if err != nil {
		return err
	}
	size, err = d.fileBytes()
	end(d.path, size)
	return err
}

// fileBytes returns the size of the database with its write-ahead log.
func (d *sqliteDialect) fileBytes() (int64, error) {
	info, err := os.Stat(d.path)
	if err != nil {
		return 0, err
	}
	log, err := d.checkpoints.size()
	return info.Size() + log, err
}

// valueTables are the tables of PostgreSQL that hold values, reasons or answers.
var valueTables = []string{
	"metadata_entries", "metadata_latest", "idempotency_keys", "idempotency_answers", "events", "audit_events",
}

const (
	// maxHorizonWait is the longest wait for transactions that can still see the rows of before.
	maxHorizonWait = 10 * time.Second
	// pollHorizon is the interval between two checks for such transactions.
	pollHorizon = 100 * time.Millisecond
)

// compact runs VACUUM FULL, which keeps the rows that older transactions can see. So it waits for their end before it
// locks anything.
func (d *postgresDialect) compact(ctx context.Context, begin, end func(name string, bytes int64)) error {
	if d.pooler != nil {
		return errors.New("VACUUM FULL needs a session of its own, which a pooler may not give: run this command with a " +
			"--database-url that leads to PostgreSQL directly")
	}
	conn, err := d.statistics.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // it goes back to its pool
	if err := checkOwner(ctx, conn); err != nil {
		return err
	}
	if err := waitForHorizon(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "SET statement_timeout = 0"); err != nil {
		return err
	}
	for _, table := range valueTables {
		size, err := tableBytes(ctx, conn, table)
		if err != nil {
			return err
		}
		begin(table, size)
		if _, err := conn.ExecContext(ctx, "VACUUM (FULL) "+table); err != nil {
			return fmt.Errorf("rewrite the table %s (tables before it are done; run this command again): %w", table, err)
		}
		if size, err = tableBytes(ctx, conn, table); err != nil {
			return err
		}
		end(table, size)
	}
	return nil
}

// checkOwner returns an error if the user may not rewrite all tables.
func checkOwner(ctx context.Context, conn *sql.Conn) error {
	var user string
	var refused sql.NullString
	err := conn.QueryRowContext(ctx, `SELECT current_user, string_agg(c.relname, ', ' ORDER BY c.relname)
		FILTER (WHERE NOT pg_has_role(c.relowner, 'USAGE') AND NOT pg_has_role(d.datdba, 'USAGE'))
		FROM pg_class c CROSS JOIN pg_database d
		WHERE d.datname = current_database() AND c.oid = ANY(SELECT to_regclass(t) FROM unnest(string_to_array($1, ',')) t)`,
		strings.Join(valueTables, ",")).Scan(&user, &refused)
	if err == nil && refused.Valid {
		err = fmt.Errorf("the user %q does not own the tables %s: run this command as their owner", user, refused.String)
	}
	return err
}

// waitForHorizon waits until no transaction can see a row version that was replaced or deleted before.
func waitForHorizon(ctx context.Context, conn *sql.Conn) error {
	var present string
	if err := conn.QueryRowContext(ctx, "SELECT pg_current_xact_id()::xid::text").Scan(&present); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, maxHorizonWait)
	defer cancel()
	for {
		var holder sql.NullString
		err := conn.QueryRowContext(ctx, `SELECT string_agg(holder, ', ') FROM (
			SELECT format('the session %s of %I', pid, usename) AS holder FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND age(backend_xmin) >= age($1::text::xid)
			UNION ALL SELECT format('the prepared transaction %L', gid) FROM pg_prepared_xacts
			WHERE database = current_database() AND age(transaction) >= age($1::text::xid)
			UNION ALL SELECT format('the replication slot %I', slot_name) FROM pg_replication_slots
			WHERE age(xmin) >= age($1::text::xid)) h`, present).Scan(&holder)
		if err == nil && !holder.Valid {
			return nil
		}
		select {
		case <-ctx.Done():
			if holder.Valid {
				return fmt.Errorf("%s can still see old rows, which would stay: end it and run this command again", holder.String)
			}
			return errors.Join(err, ctx.Err())
		case <-time.After(pollHorizon):
		}
		if err != nil {
			return err
		}
	}
}

func tableBytes(ctx context.Context, conn *sql.Conn, table string) (bytes int64, err error) {
	err = conn.QueryRowContext(ctx, "SELECT pg_total_relation_size(to_regclass($1))", table).Scan(&bytes)
	return bytes, err
}
