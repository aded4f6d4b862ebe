package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/failover"
	"github.com/placard/placard/internal/store/pooler"
	"github.com/placard/placard/models"
)

type postgresDialect struct {
	// config is that of all connections.
	config *pgx.ConnConfig
	lane   laneSet
	probe  *sql.DB
	clock  atomic.Pointer[clockReading]
	// pooler is nil if connections lead to PostgreSQL directly.
	pooler    *pooler.Pooler
	failovers failover.Pools
	// statistics has a connection of its own.
	statistics statistics
}

// customPlanPool is a pool, or a transaction, that plans statements for their arguments each time. A prepared
// statement gets a plan for any arguments after five executions.
type customPlanPool struct{ gorm.ConnPool }

// QueryContext caches the description of a statement, but not its plan.
func (p customPlanPool) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return p.ConnPool.QueryContext(ctx, text, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}

// ExecContext plans a statement like QueryContext.
func (p customPlanPool) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return p.ConnPool.ExecContext(ctx, text, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}

func postgresGORM(pool gorm.ConnPool, log *slog.Logger) (*gorm.DB, error) {
	return openGORM(postgres.New(postgres.Config{Conn: pool}), log, false, nil)
}

func (d *postgresDialect) lanes() *laneSet { return &d.lane }

func (d *postgresDialect) CustomPlans(tx *gorm.DB) *gorm.DB {
	session := tx.Session(&gorm.Session{NewDB: true, Context: tx.Statement.Context}) // with a context it is a copy
	observed := tx.Statement.ConnPool.(*observedTx)
	session.Statement.ConnPool = &observedTx{observedPool{customPlanPool{observed.ConnPool}, nil}, observed.tx}
	return session
}

func (d *postgresDialect) close() error {
	return errors.Join(d.lane.close(), d.probe.Close(), d.statistics.pool.Close())
}

func (d *postgresDialect) ping(ctx context.Context) error {
	var readOnly bool
	err := d.probe.QueryRowContext(ctx, "SELECT current_setting('transaction_read_only')::boolean").Scan(&readOnly)
	if err == nil && readOnly {
		d.failovers.ReplaceConnections()
		return readOnlyError(nil)
	}
	if err != nil {
		return err
	}
	return d.checkProgram(ctx)
}

func (d *postgresDialect) checkProgram(ctx context.Context) error { return checkProgram(ctx, d.probe) }

func (d *postgresDialect) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	mutations := d.lane.mutations
	return mutations.withTurn(ctx, operationOf(ctx).Caller,
		func() error { return mutations.db.WithContext(ctx).Transaction(fn) })
}

// microseconds is the start of the statement. Citus evaluates it on the coordinator; it refuses clock_timestamp() in an
// UPDATE, because that could differ between nodes. Statements that write a time lock their rows before.
const microseconds = "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint"

func (d *postgresDialect) Now(floor int64) any {
	return gorm.Expr("greatest("+microseconds+", ?::bigint)", floor)
}

// presentAge is the time for which a reading of the clock of PostgreSQL is used.
const presentAge = time.Second

// clockReading is a reading of the clock of PostgreSQL. It advances by the monotonic clock of the process.
type clockReading struct {
	micros int64
	sent   time.Time
}

func (r *clockReading) isFresh() bool { return r != nil && time.Since(r.sent) < presentAge }

func (r *clockReading) now() int64 { return r.micros + time.Since(r.sent).Microseconds() }

// present asks PostgreSQL at most once per presentAge. Between readings it is ahead by at most the duration of the
// query.
func (d *postgresDialect) present(ctx context.Context) (int64, error) {
	reading := d.clock.Load()
	if reading.isFresh() {
		return reading.now(), nil
	}
	keys := d.lane.keys
	err := keys.run(ctx, keys.db, func(*gorm.DB) error {
		if reading = d.clock.Load(); reading.isFresh() {
			return nil
		}
		reading = &clockReading{sent: time.Now()}
		err := keys.pool.QueryRowContext(ctx, "SELECT "+microseconds).Scan(&reading.micros)
		if err == nil {
			d.clock.Store(reading)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return reading.now(), nil
}

func (d *postgresDialect) NowMinus(age time.Duration) any {
	return gorm.Expr("("+microseconds+" - ?::bigint)", age.Microseconds())
}

func (d *postgresDialect) IDIn(column string, ids []models.ID) Expr {
	return Expr{column + " = ANY(CAST(? AS uuid[]))", []any{idArray(ids)}}
}

func (d *postgresDialect) TypedID(id models.ID) Expr { return SQL("CAST(? AS uuid)", id) }

func (d *postgresDialect) JSONRows(rows any, columns ...Column) Expr {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = c.name + " " + [...]string{textColumn: `text COLLATE "C"`, numberColumn: "bigint",
			idColumn: "uuid"}[c.kind]
	}
	return Expr{"json_to_recordset(CAST(? AS json)) AS t(" + strings.Join(parts, ", ") + ")", []any{jsonText(rows)}}
}

func (d *postgresDialect) IndexedBy(_, table, alias string) string { return table + " " + alias }

func (d *postgresDialect) Strpos(text string) string { return "strpos(" + text + ", ?)" }

func (d *postgresDialect) CollateBinary(text string) string { return "(" + text + `) COLLATE "C"` }

// JSONPath uses #>, which accepts an index of an array and a key of an object. A step that #> would read as an index
// although it is none, such as -1, is looked up as a key.
func (d *postgresDialect) JSONPath(json string, path []string) Expr {
	whole := Expr{SQL: "CAST(" + json + " AS jsonb)"}
	for _, step := range path {
		if strings.Trim(step, " \t\n\v\f\r+-0123456789") == "" && !isArrayIndex(step) {
			whole.SQL += " -> CAST(? AS text)"
		} else {
			whole.SQL += " #> ARRAY[CAST(? AS text)]"
		}
		whole.Args = append(whole.Args, step)
	}
	return Expr{"((" + whole.SQL + ") #>> '{}')", whole.Args}
}

func (d *postgresDialect) JSONElements(array string) string {
	return "(SELECT t.value FROM jsonb_array_elements_text(CAST(" + array + " AS jsonb)) AS t(value))"
}

func (d *postgresDialect) JSONArray(values []string) string {
	return "json_build_array(" + strings.Join(values, ", ") + ")"
}

func (d *postgresDialect) AggDistinct(value string) string {
	return "string_agg(DISTINCT " + value + ", ',')"
}

func (d *postgresDialect) SeqAndID(seq, id string) string {
	return "lpad(CAST(" + seq + " AS text), 20, '0') || CAST(" + id + " AS text)"
}

func (d *postgresDialect) KeyGroups(from Expr, owner string, ranged Expr) Expr {
	return SQL("SELECT "+owner+` AS owner, m.card, m.key, m.kind, count(*) AS size,
		min(CASE WHEN ? THEN m.sort_key END) AS least, max(CASE WHEN ? THEN m.sort_key END) AS greatest,
		max(`+d.SeqAndID("m.seq", "m.id")+") AS last FROM ? GROUP BY "+owner+", m.card, m.key, m.kind", ranged, ranged, from)
}

func (d *postgresDialect) IsClustered() bool { return false }

func (d *postgresDialect) ForUpdate() string { return " FOR UPDATE" }

func (d *postgresDialect) LockNumber(tx *gorm.DB, number int64) error {
	return tx.Exec("SELECT pg_advisory_xact_lock(?)", number).Error
}

func (d *postgresDialect) HasOneWriter() bool { return false }

// readOnlyError returns the failure of a write on a standby, or where transactions are read-only. It is retryable: a
// failover makes the database writable without an operator.
func readOnlyError(err error) *models.Error {
	return &models.Error{Code: models.CodeUnavailable, Message: "the database is read-only at the moment; try again",
		Retryable: true,
		Err:       errors.Join(ErrReadOnly, err)}
}

// translateError returns the failure for an error of the driver. Failures to connect come first: they wrap errors of
// PostgreSQL and of contexts. Appendix A of the manual of PostgreSQL lists the classes of codes.
func (d *postgresDialect) translateError(err error) *models.Error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return unavailableError(stripDSN(err))
	}
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		switch {
		case failed.Code == "40001", failed.Code == "40P01", failed.Code == "55P03", failed.Code == "23505", failed.Code == "23503":
			return concurrentWrite(err)
		case failed.Code == "57014":
			return interruptedError(err)
		case strings.HasPrefix(failed.Code, "08"), strings.HasPrefix(failed.Code, "53"), strings.HasPrefix(failed.Code, "57"),
			strings.HasPrefix(failed.Code, "58"), failed.Code == "25P03":
			return unavailableError(err)
		case failed.Code == "25006":
			d.failovers.ReplaceConnections()
			return readOnlyError(err)
		case failed.Code == "42501":
			return permissionError(failed)
		}
		return nil
	}
	if errors.Is(err, sql.ErrTxDone) { // the end of the context has rolled the transaction back
		return interruptedError(err)
	}
	if isContextError(err) { // it would pass for a network error
		return nil
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		pgconn.SafeToRetry(err) || errors.Is(err, pgconn.ErrConnClosed) {
		return unavailableError(err)
	}
	return nil
}

// permissionError returns the failure of a statement for which the user of the database has no right. PostgreSQL names
// the table in its message. The failure is not retryable: an operator has to grant the right.
func permissionError(err *pgconn.PgError) *models.Error {
	return &models.Error{Code: models.CodeUnavailable,
		Message: "the database refuses its user this; an operator has to grant the right",
		Err:     fmt.Errorf("%w: grant the user of --database-url SELECT, INSERT, UPDATE and DELETE on all tables, and USAGE on all sequences", err)}
}

func (d *postgresDialect) explain(ctx context.Context, text string, args []any) ([]string, error) {
	return readPlan(d.lane.unbounded.pool.QueryContext(ctx, "EXPLAIN (ANALYZE, BUFFERS) "+text, args...))
}

func (d *postgresDialect) analyze(ctx context.Context, log *slog.Logger, all bool) error {
	return d.statistics.run(ctx, log, all)
}

func (d *postgresDialect) pools() []Pool { return d.lane.pools() }

func (d *postgresDialect) migrate(ctx context.Context, log *slog.Logger, up bool) error {
	if err := checkEncoding(ctx, d.lane.mutations.pool); err != nil {
		return err
	}
	if !up {
		if err := requireCurrent(ctx, d.lane.mutations.pool, postgresHasTables); err != nil {
			return err
		}
	} else if err := migratePostgres(ctx, d.lane.mutations.pool, log); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", stripDSN(err))
	}
	if err := d.ping(ctx); errors.Is(err, ErrReadOnly) {
		log.WarnContext(ctx, "the database is read-only: writes are refused until that ends")
	}
	return nil
}

func (d *postgresDialect) logBytes() (int64, bool) { return 0, false }

func (d *postgresDialect) emptyLog(context.Context) {}
