package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// selectHolders selects the names of what can see a row version of the database that was replaced or deleted before the
// transaction $1 began.
const selectHolders = `SELECT string_agg(holder, ', ') FROM (
	SELECT format('the session %s of %I', pid, usename) AS holder FROM pg_stat_activity
	WHERE datname = current_database() AND pid <> pg_backend_pid() AND age(backend_xmin) >= age($1::text::xid)
	UNION ALL SELECT format('the prepared transaction %L', gid) FROM pg_prepared_xacts
	WHERE database = current_database() AND age(transaction) >= age($1::text::xid)
	UNION ALL SELECT format('the replication slot %I', slot_name) FROM pg_replication_slots
	WHERE age(xmin) >= age($1::text::xid)) h`

// waitForHorizon waits until no transaction can see a row version that was replaced or deleted before.
func waitForHorizon(ctx context.Context, conn *sql.Conn) error {
	var present string
	if err := conn.QueryRowContext(ctx, "SELECT pg_current_xact_id()::xid::text").Scan(&present); err != nil {
		return err
	}
	return pollHolders(ctx, func(ctx context.Context) (holders sql.NullString, err error) {
		return holders, conn.QueryRowContext(ctx, selectHolders, present).Scan(&holders)
	})
}

// waitForHorizons is waitForHorizon on all nodes of Citus.
func waitForHorizons(ctx context.Context, conn *sql.Conn) error {
	var nodes sql.NullString
	err := conn.QueryRowContext(ctx, `SELECT string_agg(result, ', ') FROM run_command_on_all_nodes(
		$$SELECT format('(%s, %L)', groupid, pg_current_xact_id()::xid) FROM pg_dist_local_group$$,
		give_warning_for_connection_errors => false)`).Scan(&nodes)
	if err != nil {
		return fmt.Errorf("read the transactions of the nodes of Citus: %w", err)
	}
	present := "(SELECT xid FROM (VALUES " + nodes.String + ") node(groupid, xid) JOIN pg_dist_local_group USING (groupid))"
	onNode := strings.ReplaceAll(selectHolders, "$1", present)
	return pollHolders(ctx, func(ctx context.Context) (holders sql.NullString, err error) {
		return holders, conn.QueryRowContext(ctx, `SELECT string_agg(format('%s (on the node %s)', result, nodeid), ', ')
			FROM run_command_on_all_nodes($1) WHERE result <> ''`, onNode).Scan(&holders)
	})
}

// pollHolders calls read until it returns NULL. It fails with the last result after maxHorizonWait.
func pollHolders(ctx context.Context, read func(ctx context.Context) (sql.NullString, error)) error {
	ctx, cancel := context.WithTimeout(ctx, maxHorizonWait)
	defer cancel()
	for {
		holders, err := read(ctx)
		if err == nil && !holders.Valid {
			return nil
		}
		select {
		case <-ctx.Done():
			if holders.Valid {
				return fmt.Errorf("%s can still see old rows, which would stay: end it and run this command again", holders.String)
			}
			return errors.Join(err, ctx.Err())
		case <-time.After(pollHorizon):
		}
		if err != nil {
			return err
		}
	}
}

// tableBytes returns the size of a table with its indexes.
func tableBytes(ctx context.Context, conn *sql.Conn, table string) (bytes int64, err error) {
	err = conn.QueryRowContext(ctx, "SELECT pg_total_relation_size(to_regclass($1))", table).Scan(&bytes)
	return bytes, err
}

// distributedBytes is tableBytes for a table of a database with Citus. It adds the sizes of all shards.
func distributedBytes(ctx context.Context, conn *sql.Conn, table string) (bytes int64, err error) {
	err = conn.QueryRowContext(ctx, `SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = to_regclass($1))
		THEN citus_total_relation_size(to_regclass($1)) ELSE pg_total_relation_size(to_regclass($1)) END`, table).Scan(&bytes)
	return bytes, err
}
