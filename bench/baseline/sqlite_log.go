package baseline

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/workload"
	"github.com/placard/placard/models"
)

// logger is the side that logs entries, one transaction after the other: SQLite has one writer.
type logger struct {
	path     string
	subjects []models.ID
}

// Log returns the side that logs entries of random subjects on copies of the tables. Each transaction is on the disk
// before the next one begins.
func (f File) Log(ctx context.Context, data workload.Dataset) (measure.Side, error) {
	path, err := f.copyTables(ctx)
	if err != nil {
		return nil, err
	}
	l := &logger{path: path, subjects: make([]models.ID, data.Versions())}
	for i := range l.subjects {
		l.subjects[i] = models.NewID()
	}
	return l, nil
}

// Name returns the name of the side.
func (l *logger) Name() string { return "SQLite log" }

const (
	insertEntry = `INSERT INTO metadata_entries (project_id, subject_id, id, card, key, kind, value, retracted, logged_at, sort_key)
		VALUES (?, ?, ?, '', ?, 'INTEGER', ?, 0, ?, ?)`
	upsertLatest = `INSERT INTO metadata_latest (project_id, subject_id, card, key, first_seq, seq, id, kind, value, retracted,
			logged_at, sort_key, about, object_id)
		VALUES (?1, ?2, '', ?3, ?4, ?4, ?5, 'INTEGER', ?6, 0, ?7, ?8, 'V', ?2)
		ON CONFLICT (project_id, subject_id, card, key) DO UPDATE SET seq = excluded.seq, id = excluded.id,
			kind = excluded.kind, value = excluded.value, retracted = excluded.retracted, logged_at = excluded.logged_at,
			sort_key = excluded.sort_key, about = excluded.about, object_id = excluded.object_id`
)

// Turn logs with one connection for any number of clients.
func (l *logger) Turn(ctx context.Context, _ int, duration time.Duration) (t measure.Turn, err error) {
	pool, err := openFile(l.path, 1, "busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-16000)",
		"secure_delete(1)")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	statements := [2]*sql.Stmt{}
	for i, text := range []string{insertEntry, upsertLatest} {
		if statements[i], err = conn.PrepareContext(ctx, text); err != nil {
			return t, err
		}
		defer func() { err = errors.Join(err, statements[i].Close()) }()
	}
	before, err := process.OwnCPU()
	if err != nil {
		return t, err
	}
	var latencies []time.Duration
	begin := time.Now()
	for at := begin; at.Sub(begin) < duration; at = time.Now() {
		if err := l.log(ctx, conn, statements); err != nil {
			return t, err
		}
		latencies = append(latencies, time.Since(at))
	}
	t.Elapsed, t.Operations = time.Since(begin), len(latencies)
	slices.Sort(latencies)
	t.P50, t.P99 = measure.Percentile(latencies, 0.5), measure.Percentile(latencies, 0.99)
	after, err := process.OwnCPU()
	t.Database = after - before
	return t, err
}

// log logs the entries of one subject in one transaction. After an error the connection is useless.
func (l *logger) log(ctx context.Context, conn *sql.Conn, statements [2]*sql.Stmt) error {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	project, subject, now := models.DefaultProjectID, l.subjects[rand.IntN(len(l.subjects))], time.Now().UnixMicro()
	value, sortKey := strconv.FormatInt(now, 10), "n"+strconv.FormatInt(now, 16)
	for key := range workload.EntriesPerLog {
		id, name := models.NewID(), "metric_"+strconv.Itoa(key)
		result, err := statements[0].ExecContext(ctx, project[:], subject[:], id[:], name, value, now, sortKey)
		if err != nil {
			return err
		}
		seq, err := result.LastInsertId()
		if err != nil {
			return err
		}
		_, err = statements[1].ExecContext(ctx, project[:], subject[:], name, seq, id[:], value, now, sortKey)
		if err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, "COMMIT")
	return err
}
