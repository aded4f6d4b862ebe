package replica

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/placard/placard/internal/consistency"
)

// status is the state of a node.
type status struct {
	// token is the position up to which everything is visible: flushed on the primary, replayed on a replica.
	token consistency.Token
	// database identifies the tables. Its Table is 0 if there are none.
	database database
	// asyncCommit is set for a primary that shows commits before they are flushed.
	asyncCommit bool
	// isReplica is set for a server in recovery, isPaused if its replay is paused, and isStreaming if it replays what it
	// receives from another server.
	isReplica, isPaused, isStreaming bool
}

// database identifies the tables of a program in a cluster. A replica has the same numbers as its primary.
type database struct{ id, table int64 }

// findDatabase is the part of a status that identifies the tables.
const findDatabase = `(SELECT oid::bigint FROM pg_database WHERE datname = current_database()),
	coalesce(to_regclass('goose_db_version')::oid::bigint, 0)`

// readPrimary returns the status of a primary. The name of a file of the log begins with the timeline.
func readPrimary(ctx context.Context, pool *sql.DB) (status, error) {
	var s status
	var system int64
	var file, position string
	err := pool.QueryRowContext(ctx, `SELECT c.system_identifier, pg_walfile_name(p), p::text,
		current_setting('synchronous_commit') = 'off', `+findDatabase+`
		FROM pg_control_system() c, pg_current_wal_flush_lsn() p`).
		Scan(&system, &file, &position, &s.asyncCommit, &s.database.id, &s.database.table)
	if err != nil {
		return s, err
	}
	s.token, err = newToken(uint64(system), file, position)
	return s, err
}

// readFlushed returns the position that the primary has flushed. A commit that is visible is flushed.
func readFlushed(ctx context.Context, pool *sql.DB, system uint64) (consistency.Token, error) {
	var file, position string
	err := pool.QueryRowContext(ctx, "SELECT pg_walfile_name(p), p::text FROM pg_current_wal_flush_lsn() p").
		Scan(&file, &position)
	if err != nil {
		return consistency.Token{}, err
	}
	return newToken(system, file, position)
}

// newToken returns the token of a position on the timeline of a file of the log.
func newToken(system uint64, file, position string) (consistency.Token, error) {
	const timelineDigits = 8
	timeline, err := strconv.ParseUint(file[:min(timelineDigits, len(file))], 16, 32)
	if err != nil {
		return consistency.Token{}, fmt.Errorf("the file %q of the log has no timeline", file)
	}
	t := consistency.Token{System: system, Timeline: uint32(timeline)}
	t.Position, err = consistency.ParsePosition(position)
	return t, err
}

// readReplica returns the status of a replica, or of a server that should be one. The timeline is the greatest one that
// replay is known to have reached. Only members of pg_read_all_stats see it at once after a failover; for others it
// follows with the next checkpoint of the replica.
func readReplica(ctx context.Context, pool *sql.DB) (status, error) {
	var s status
	var system, timeline int64
	var position string
	err := pool.QueryRowContext(ctx, `SELECT c.system_identifier, pg_is_in_recovery(),
		CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END,
		greatest(p.timeline_id, r.min_recovery_end_timeline, (SELECT max(received_tli) FROM pg_stat_wal_receiver))::bigint,
		coalesce(pg_last_wal_replay_lsn()::text, '0/0'),
		coalesce(pg_last_wal_receive_lsn() >= pg_last_wal_replay_lsn(), false), `+findDatabase+`
		FROM pg_control_system() c, pg_control_checkpoint() p, pg_control_recovery() r`).
		Scan(&system, &s.isReplica, &s.isPaused, &timeline, &position, &s.isStreaming, &s.database.id, &s.database.table)
	if err != nil {
		return s, err
	}
	s.token = consistency.Token{System: uint64(system), Timeline: uint32(timeline)}
	s.token.Position, err = consistency.ParsePosition(position)
	return s, err
}

// readReplayed returns the position that a replica has replayed, and the one up to which it has received the log.
func readReplayed(ctx context.Context, pool *sql.DB) (replayed, received uint64, err error) {
	var texts [2]string
	err = pool.QueryRowContext(ctx, `SELECT pg_last_wal_replay_lsn()::text,
		greatest(pg_last_wal_replay_lsn(), pg_last_wal_receive_lsn())::text`).Scan(&texts[0], &texts[1])
	if err == nil {
		replayed, err = consistency.ParsePosition(texts[0])
	}
	if err == nil {
		received, err = consistency.ParsePosition(texts[1])
	}
	return replayed, received, err
}

// readRunning returns the IDs of the transactions that run. Each holds a lock on its ID until its commit is visible. A
// snapshot of PostgreSQL does not have those that are newer than the last one that has ended.
func readRunning(ctx context.Context, pool *sql.DB) ([]string, error) {
	var ids string
	err := pool.QueryRowContext(ctx, `SELECT coalesce(string_agg(transactionid::text, ' '), '') FROM pg_locks
		WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted`).Scan(&ids)
	return strings.Fields(ids), err
}

// readVersion returns the version of the tables.
func readVersion(ctx context.Context, pool *sql.DB) (version int64, err error) {
	err = pool.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&version)
	return version, err
}
