package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/placard/placard/models"
)

type sqliteDialect struct {
	lock      *flock.Flock
	lane      laneSet
	writePool *sql.DB
	probe     *sql.DB
	writer    *writer
	// checkpoints empties the write-ahead log.
	checkpoints checkpointer
	// refused is set if the last write found the database read-only.
	refused atomic.Bool
	// path is the path of the database.
	path string
	// file identifies the opened file.
	file fs.FileInfo
	// last is the latest instant that Now returned, in microseconds since 1970.
	last  atomic.Int64
	clock func() time.Time
}

func openSQLite(ctx context.Context, path string, clock func() time.Time, log *slog.Logger) (backend, error) {
	if errJournal != nil {
		return nil, errJournal
	}
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, &URLError{"the database URL must name a file: sqlite:PATH"}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, explainOpening(path, fmt.Errorf("make the folder of the database: %w", err))
	}
	lock := flock.New(path + ".lock")
	if held, err := lock.TryLock(); err != nil || !held {
		if err != nil {
			return nil, explainOpening(path, fmt.Errorf("lock the database file: %w", err))
		}
		return nil, fmt.Errorf("another process is serving %s: stop it first, or give this one another file", path)
	}
	d := &sqliteDialect{lock: lock, path: path, clock: clock}
	if err := d.open(ctx, path, log); err != nil {
		return nil, errors.Join(explainOpening(path, err), d.close())
	}
	return d, nil
}

func (d *sqliteDialect) open(ctx context.Context, path string, log *slog.Logger) error {
	err := openForWriting(path)
	if err != nil {
		return err
	}
	// FULL: a transaction that was acknowledged is on the disk, also after a loss of power.
	if d.writePool, err = connect(path, 1, writeCache, "synchronous(FULL)",
		fmt.Sprintf("journal_size_limit(%d)", maxLogBytes)); err != nil {
		return err
	}
	if d.probe, err = connect(path, 1, smallCache, "query_only(1)"); err != nil {
		return err
	}
	d.checkpoints = checkpointer{limit: maxLogBytes, retry: retryCheckpoint, log: log, file: path + "-wal"}
	if d.checkpoints.conn, err = connect(path, 1, smallCache, "synchronous(FULL)", "busy_timeout(0)"); err != nil {
		return err
	}
	if err := d.writePool.PingContext(ctx); err != nil { // makes the file, which a reader may not
		return fmt.Errorf("open the database file: %w", err)
	}
	if d.file, err = os.Stat(path); err != nil {
		return fmt.Errorf("open the database file: %w", err)
	}
	warnIfWorldReadable(ctx, path, log)
	if err := probeWrite(ctx, d.writePool); err != nil {
		if refused, _ := isWriteRefused(path, err); refused {
			return err
		}
	}
	return d.openLanes(path, log)
}

// startWriter gives the writing connection to the writer.
func (d *sqliteDialect) startWriter(ctx context.Context, log *slog.Logger) error {
	conn, err := d.writePool.Conn(ctx)
	if err != nil {
		return err
	}
	c := &preparedConn{conn, map[string]*sql.Stmt{}}
	db, err := sqliteGORM(c, log, false, nil)
	if err != nil {
		return errors.Join(err, c.close())
	}
	d.checkpoints.wake = make(chan struct{}, 1)
	d.writer = newWriter(db, c, d.checkpoints.observe)
	d.checkpoints.start(d.writer)
	return nil
}

func (d *sqliteDialect) lanes() *laneSet { return &d.lane }

func (d *sqliteDialect) CustomPlans(tx *gorm.DB) *gorm.DB { return tx }

func (d *sqliteDialect) close() error {
	var errs []error
	if d.writer != nil {
		d.checkpoints.close()
		errs = append(errs, d.writer.close())
	}
	errs = append(errs, d.lane.close())
	for _, pool := range []*sql.DB{d.checkpoints.conn, d.writePool, d.probe} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(append(errs, d.lock.Unlock())...)
}

// ping reads from the file. A removed or replaced file could still be used, but all writes would be lost.
func (d *sqliteDialect) ping(ctx context.Context) error {
	now, err := os.Stat(d.path)
	if err != nil || !os.SameFile(d.file, now) {
		return unavailableError(errors.Join(errors.New("the database file was removed or replaced"), err))
	}
	if err := d.checkProgram(ctx); err != nil {
		return err
	}
	return d.checkWrites(ctx)
}

func (d *sqliteDialect) checkProgram(ctx context.Context) error { return checkProgram(ctx, d.probe) }

// Now never goes back. No other process writes to the file.
func (d *sqliteDialect) Now(floor int64) any {
	for {
		last := d.last.Load()
		now := max(d.clock().UnixMicro(), last+1, floor)
		if d.last.CompareAndSwap(last, now) {
			return now
		}
	}
}

// present includes the instants that Now returned: an entry can be later than the clock.
func (d *sqliteDialect) present(context.Context) (int64, error) {
	return max(d.clock().UnixMicro(), d.last.Load()), nil
}

// NowMinus ignores the instants that Now returned: a clock that was once ahead must not make keys old.
func (d *sqliteDialect) NowMinus(age time.Duration) any { return d.clock().Add(-age).UnixMicro() }

func (d *sqliteDialect) TypedID(id models.ID) Expr { return SQL("?", id) }

func (d *sqliteDialect) IDIn(column string, ids []models.ID) Expr {
	return Expr{column + " IN (SELECT unhex(value, '-') FROM json_each(?))", []any{jsonText(ids)}}
}

// parentID takes the place of the ID of a parent in the arguments of a SELECT.
type parentID struct{}

// PerParent repeats the SELECT for each parent: SQLite has no LATERAL. Parents that do not exist fill up to a power of
// two, so that there are few different statements, which are kept prepared.
func (d *sqliteDialect) PerParent(parents []models.ID, sel func(parent Expr) Expr) Expr {
	for n := len(parents); n&(n-1) != 0; n++ {
		parents = append(parents[:len(parents):len(parents)], models.ID{})
	}
	one := SQL("SELECT * FROM (?)", sel(SQL("?", parentID{})))
	parts := make([]Expr, len(parents))
	for i, parent := range parents {
		parts[i] = Expr{one.SQL, slices.Clone(one.Args)}
		for j, arg := range one.Args {
			if _, ok := arg.(parentID); ok {
				parts[i].Args[j] = parent
			}
		}
	}
	return Join(parts, "\nUNION ALL\n")
}

func (d *sqliteDialect) JSONRows(rows any, columns ...Column) Expr {
	parts := make([]string, len(columns))
	for i, c := range columns {
		value := "value ->> '" + c.name + "'"
		if c.kind == idColumn {
			value = "unhex(" + value + ", '-')"
		}
		parts[i] = value + " AS " + c.name
	}
	return Expr{"(SELECT " + strings.Join(parts, ", ") + " FROM json_each(?)) AS t", []any{jsonText(rows)}}
}

// placard_fold is models.Fold as a function of SQLite.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction("placard_fold", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			if text, ok := args[0].(string); ok {
				return models.Fold(text), nil
			}
			return nil, nil
		})
}

// LateralJoin is a CROSS JOIN, whose order SQLite never changes.
func (d *sqliteDialect) LateralJoin(table, _ string, on Expr) Expr {
	return Expr{" CROSS JOIN " + table + " ON " + on.SQL, on.Args}
}

func (d *sqliteDialect) LeftLateralJoin(table, _ string, on Expr) Expr {
	return Expr{" LEFT JOIN " + table + " ON " + on.SQL, on.Args}
}

// LockedJoin locks nothing: transactions run one after the other.
func (d *sqliteDialect) LockedJoin(table, alias string, on Expr) Expr {
	return d.LateralJoin(table, alias, on)
}

func (d *sqliteDialect) LookUp(l Lookup) Expr {
	all := l.Where.And(d.IDIn(l.Alias+"."+l.Column, l.IDs))
	return SQL("(SELECT * FROM "+l.Table+" "+l.Alias+" WHERE ?) "+l.Alias, all)
}

// FindByID compares the project after the look-up: SQLite could use an index by project otherwise. LIMIT keeps it from
// moving conditions into the look-up.
func (d *sqliteDialect) FindByID(table, alias string, ids []models.ID, project *models.ID) Expr {
	where := d.IDIn(alias+".id", ids)
	found := SQL(fmt.Sprintf("(SELECT * FROM %[1]s %[2]s WHERE ? LIMIT -1) %[2]s WHERE TRUE", table, alias), where)
	if project != nil {
		found = found.Concat(SQL(" AND "+alias+".project_id = ?", *project))
	}
	return found
}

func (d *sqliteDialect) SelectFirst(columns string, from Expr, order []string, limit int) Expr {
	return Expr{fmt.Sprintf("SELECT %s FROM %s ORDER BY %s LIMIT %d", columns, from.SQL, strings.Join(order, ", "), limit),
		from.Args}
}

// SortFirst changes nothing, because SQLite would sort again.
func (d *sqliteDialect) SortFirst(from Expr, _ string, _ Expr) Expr { return from }

func (d *sqliteDialect) IndexedBy(index, table, alias string) string {
	return table + " " + alias + " INDEXED BY " + index
}

func (d *sqliteDialect) Strpos(text string) string { return "instr(" + text + ", ?)" }

func (d *sqliteDialect) CollateBinary(text string) string { return text }

// JSONPath joins json_each for each level, because the paths of SQLite's JSON functions cannot contain all keys.
func (d *sqliteDialect) JSONPath(json string, path []string) Expr {
	var from, where []string
	var args []any
	inside := "COALESCE(" + json + ", '[]')"
	for i, step := range path {
		from = append(from, fmt.Sprintf("json_each(%s) j%d", inside, i))
		inside = fmt.Sprintf("CASE WHEN j%d.type IN ('array', 'object') THEN j%[1]d.value ELSE '[]' END", i)
		if isArrayIndex(step) {
			where = append(where, fmt.Sprintf("j%d.key IN (?, CAST(? AS INTEGER))", i))
			args = append(args, step)
		} else {
			where = append(where, fmt.Sprintf("j%d.key = ?", i))
		}
		args = append(args, step)
	}
	return Expr{fmt.Sprintf("(SELECT CAST(j%d.value AS TEXT) FROM %s WHERE %s)", len(path)-1,
		strings.Join(from, ", "), strings.Join(where, " AND ")), args}
}

func (d *sqliteDialect) JSONElements(array string) string { return "json_each(" + array + ")" }

func (d *sqliteDialect) JSONArray(values []string) string {
	return "json_array(" + strings.Join(values, ", ") + ")"
}

func (d *sqliteDialect) AggDistinct(value string) string {
	return "group_concat(DISTINCT " + value + ")"
}

func (d *sqliteDialect) SeqAndID(seq, id string) string {
	return "printf('%020d', " + seq + ") || hex(" + id + ")"
}

func (d *sqliteDialect) ForUpdate() string { return "" }

// LockNumber does nothing: transactions run one after the other.
func (d *sqliteDialect) LockNumber(*gorm.DB, int64) error { return nil }

func (d *sqliteDialect) HasOneWriter() bool { return true }

// translateError goes by the result codes of SQLite (https://www.sqlite.org/rescode.html).
func (d *sqliteDialect) translateError(err error) *models.Error {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		if errors.Is(err, sql.ErrConnDone) || errors.Is(err, errClosed) {
			return unavailableError(err)
		}
		return nil
	}
	switch failed.Code() & 0xff {
	case sqlite3.SQLITE_INTERRUPT:
		return interruptedError(err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM:
		return unavailableError(err)
	}
	return nil
}

func (d *sqliteDialect) explain(ctx context.Context, text string, args []any) ([]string, error) {
	return readPlan(d.lane.unbounded.pool.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, args...))
}

// analyze does nothing: the statements do not depend on statistics.
func (d *sqliteDialect) analyze(context.Context, *slog.Logger, bool) error { return nil }

func (d *sqliteDialect) pools() []Pool {
	return append(d.lane.pools(), pool("sqlite_write", d.writePool))
}

func (d *sqliteDialect) logBytes() (int64, bool) {
	size, err := d.checkpoints.size()
	return size, err == nil
}

func (d *sqliteDialect) emptyLog(ctx context.Context) { d.checkpoints.emptyNow(ctx) }

func (d *sqliteDialect) migrate(ctx context.Context, log *slog.Logger, up bool) error {
	if !up {
		if err := requireCurrent(ctx, d.writePool, sqliteHasTables); err != nil {
			return err
		}
	} else if err := migrateSQLite(ctx, d.writePool, log); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", err)
	}
	var last sql.NullInt64
	err := d.writePool.QueryRowContext(ctx, `SELECT max(at) FROM (
		SELECT (SELECT logged_at FROM metadata_entries ORDER BY seq DESC LIMIT 1) AS at
		UNION ALL SELECT (SELECT created_at FROM artifact_versions ORDER BY rowid DESC LIMIT 1)
		UNION ALL SELECT (SELECT moved_at FROM alias_moves ORDER BY seq DESC LIMIT 1)
		UNION ALL SELECT (SELECT max(created_at) FROM audit_events))`).Scan(&last)
	d.last.Store(last.Int64)
	if err != nil {
		return err
	}
	return d.startWriter(ctx, log)
}
