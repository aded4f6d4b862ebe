package engine

import (
	"context"
	"database/sql"
	"log/slog"
	"sync/atomic"
	"time"
)

// KeepStatistics runs ANALYZE in the background, until Close, on each table that has passed 500, 2,000, 8,000, 32,000
// and so on rows since its last ANALYZE. Autovacuum does the same, but may come minutes later: until then plans are
// made for tables of unknown size. Of several servers, one at a time does it. SQLite needs no statistics.
func (db *DB) KeepStatistics(interval time.Duration) {
	db.Repeat(interval, func(ctx context.Context) {
		if err := db.backend.analyze(ctx, db.log, false); err != nil && ctx.Err() == nil {
			db.log.Debug("ANALYZE failed", "error", err)
		}
	})
}

// Analyze runs ANALYZE on the tables that have grown, or on all of them. It does nothing while another server does it.
func (db *DB) Analyze(ctx context.Context, all bool) error {
	return db.backend.analyze(ctx, db.log, all)
}

// statistics runs ANALYZE on the tables of PostgreSQL.
type statistics struct {
	// pool has one connection, so that neither requests nor the probe wait for an ANALYZE.
	pool *sql.DB
	// warned reports whether the log has named the tables that the user of the server may not analyze.
	warned atomic.Bool
}

// tableSize is a table with its rows, now and at its last ANALYZE.
type tableSize struct {
	name     string
	rows     int64
	analyzed int64
	// permitted reports whether the user of the server may run ANALYZE on the table.
	permitted bool
}

// firstAnalyze is the number of rows at which a table gets its first ANALYZE, and each further one comes at
// analyzeFactor times as many.
const (
	firstAnalyze  = 500
	analyzeFactor = 4
)

// isDue reports whether the table has passed a number of rows since its last ANALYZE.
func (t tableSize) isDue() bool {
	next := int64(firstAnalyze)
	for next <= t.analyzed {
		next *= analyzeFactor
	}
	return t.rows >= next
}

// analyzeLock is the advisory lock of the server that runs ANALYZE: the text "placstat" in a byte each.
const analyzeLock = 0x706c616373746174

// run analyzes the tables that are due, or all of them, unless another server is at it.
func (s *statistics) run(ctx context.Context, log *slog.Logger, all bool) error {
	done := map[string]bool{}
	for {
		table, err := s.analyzeOne(ctx, log, all, done)
		if table == "" || err != nil {
			return err
		}
		done[table] = true
	}
}

// analyzeOne analyzes a table that is due, or that is not done if all is set. It returns its name, empty if there is
// none or another server is at it. The lock is one of the transaction, because a pooler may give each transaction
// another session.
func (s *statistics) analyzeOne(ctx context.Context, log *slog.Logger, all bool, done map[string]bool) (string, error) {
	begin := time.Now()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	var locked bool
	if err := tx.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock($1)", int64(analyzeLock)).Scan(&locked); err != nil ||
		!locked {
		return "", err
	}
	tables, err := readTableSizes(ctx, tx)
	if err != nil {
		return "", err
	}
	var refused []string
	for _, table := range tables {
		switch {
		case done[table.name] || !all && !table.isDue():
		case !table.permitted:
			refused = append(refused, table.name)
		default:
			if _, err := tx.ExecContext(ctx, "ANALYZE (SKIP_LOCKED) "+table.name); err != nil {
				return "", err
			}
			if err := tx.Commit(); err != nil {
				return "", err
			}
			log.DebugContext(ctx, "ran ANALYZE", "table", table.name, "rows", table.rows, "took", time.Since(begin))
			return table.name, nil
		}
	}
	if len(refused) > 0 && !s.warned.Swap(true) {
		log.WarnContext(ctx, "tables have grown, and the user of the server may not run ANALYZE on them: "+
			"leave it to autovacuum, or run ANALYZE as their owner", "tables", refused)
	}
	return "", nil
}

// readTableSizes returns the tables of the program. VACUUM and CREATE INDEX set reltuples, so it counts only after an
// ANALYZE.
func readTableSizes(ctx context.Context, tx *sql.Tx) ([]tableSize, error) {
	rows, err := tx.QueryContext(ctx, `SELECT format('%I.%I', s.schemaname, s.relname), s.n_live_tup,
		CASE WHEN s.last_analyze IS NULL AND s.last_autoanalyze IS NULL THEN 0 ELSE greatest(c.reltuples, 0)::bigint END,
		pg_has_role(c.relowner, 'USAGE') OR pg_has_role(d.datdba, 'USAGE')
		FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
		JOIN pg_class home ON home.oid = to_regclass('goose_db_version') AND home.relnamespace = c.relnamespace
		JOIN pg_database d ON d.datname = current_database()
		WHERE c.relname = 'projects' OR EXISTS (SELECT 1 FROM pg_attribute a
			WHERE a.attrelid = c.oid AND a.attname = 'project_id' AND NOT a.attisdropped)
		ORDER BY s.relname`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	var tables []tableSize
	for rows.Next() {
		var t tableSize
		if err := rows.Scan(&t.name, &t.rows, &t.analyzed, &t.permitted); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, rows.Err()
}
