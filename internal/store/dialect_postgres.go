package store

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
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/placard/placard/models"
)

type postgresDialect struct {
	// connections bounds those of pool.
	connections int
	pool        *sql.DB
	probe       *sql.DB
	db          *gorm.DB
	searchDB    *gorm.DB
	clock       atomic.Pointer[clockReading]
}

// planning is a pool whose statements are planned for the arguments that they have, each time: what is best depends on
// them. A prepared statement would soon be planned for any arguments.
type planning struct{ *sql.DB }

// QueryContext keeps what a statement looks like, but not the statement.
func (p planning) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return p.DB.QueryContext(ctx, text, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}

func openPostgres(url string, connections int, log *slog.Logger) (dialect, error) {
	config, err := serverConfig(url)
	if err != nil {
		return nil, err
	}
	d := &postgresDialect{connections: connections}
	d.pool, d.probe = d.connect(config, connections), d.connect(config, 1)
	if d.db, err = postgresGORM(d.pool, log); err == nil {
		d.searchDB, err = postgresGORM(planning{d.pool}, log)
	}
	if err != nil {
		return nil, errors.Join(errors.New("PostgreSQL cannot be reached"), explainConnecting(err, config), d.close())
	}
	return d, nil
}

func (d *postgresDialect) connect(config *pgx.ConnConfig, connections int) *sql.DB {
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(watch), stdlib.OptionShouldPing(d.look), stdlib.OptionResetSession(leadsOn))
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxLifetime(30 * time.Minute)
	return pool
}

// watch makes PostgreSQL look now and then whether the connection of a statement that takes long is still there. It is told
// to give up a statement that is no longer wanted; this helps where that gets lost, as on a machine with too much to do.
// PostgreSQL 13 has no such setting.
func watch(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SELECT set_config(name, '2s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'")
	return err
}

// A connection that was idle for mostIdle is asked whether it still leads to PostgreSQL before it is used, and has
// mostSilent to answer.
const (
	mostIdle   = time.Second
	mostSilent = time.Second
)

// look asks a connection that was idle, and closes it when it does not answer in time: as after a gateway on the way has
// forgotten it, of which nobody hears. Then those that are idle beside it are closed, too, so that not one request for
// each has to find out. It never wants pgx to ask again.
func (d *postgresDialect) look(ctx context.Context, p stdlib.ShouldPingParams) bool {
	if p.IdleDuration <= mostIdle {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, mostSilent)
	defer cancel()
	if err := p.Conn.Ping(ctx); err != nil {
		_ = p.Conn.Close(ctx) // it is never used again
		d.pool.SetMaxIdleConns(0)
		d.pool.SetMaxIdleConns(d.connections)
	}
	return false
}

// leadsOn refuses a connection that was closed.
func leadsOn(_ context.Context, conn *pgx.Conn) error {
	if conn.IsClosed() {
		return driver.ErrBadConn
	}
	return nil
}

func postgresGORM(pool gorm.ConnPool, log *slog.Logger) (*gorm.DB, error) {
	db, err := gorm.Open(mute{postgres.New(postgres.Config{Conn: pool})}, gormConfig(log, false))
	if err != nil {
		return nil, err
	}
	return db, metered(db)
}

func (d *postgresDialect) reader() *gorm.DB { return d.db }

func (d *postgresDialect) searcher() *gorm.DB { return d.searchDB }

func (d *postgresDialect) close() error { return errors.Join(d.pool.Close(), d.probe.Close()) }

func (d *postgresDialect) ping(ctx context.Context) error {
	var readOnly bool
	err := d.probe.QueryRowContext(ctx, "SELECT current_setting('transaction_read_only')::boolean").Scan(&readOnly)
	if err == nil && readOnly {
		return postgresReadOnly(nil)
	}
	return err
}

func (d *postgresDialect) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return d.db.WithContext(ctx).Transaction(fn)
}

func (d *postgresDialect) now(floor int64) any {
	return gorm.Expr("greatest((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, ?::bigint)", floor)
}

// presentAge is how long a reading of the clock of PostgreSQL serves.
const presentAge = time.Second

// clockReading is a reading of the clock of PostgreSQL. It advances by the monotonic clock of the process.
type clockReading struct {
	micros int64
	sent   time.Time
}

// present asks PostgreSQL at most once per presentAge. Between readings it is ahead by at most the duration of the query.
func (d *postgresDialect) present(ctx context.Context) (int64, error) {
	if reading := d.clock.Load(); reading != nil && time.Since(reading.sent) < presentAge {
		return reading.micros + time.Since(reading.sent).Microseconds(), nil
	}
	reading := &clockReading{sent: time.Now()}
	err := d.pool.QueryRowContext(ctx, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").Scan(&reading.micros)
	if err == nil {
		d.clock.Store(reading)
	}
	return reading.micros + time.Since(reading.sent).Microseconds(), err
}

func (d *postgresDialect) ago(age time.Duration) any {
	return gorm.Expr("((extract(epoch FROM clock_timestamp()) * 1000000)::bigint - ?::bigint)", age.Microseconds())
}

func (d *postgresDialect) oneOf(column string, ids []models.ID) condition {
	return condition{column + " = ANY(CAST(? AS uuid[]))", []any{idArray(ids)}}
}

func (d *postgresDialect) below(parents []models.ID, sql string, args []any) (string, []any) {
	return "SELECT page.* FROM unnest(CAST(? AS uuid[])) AS parent(id) CROSS JOIN LATERAL (" + sql + ") AS page",
		append([]any{idArray(parents)}, args...)
}

// idArray is IDs as the text of an array.
func idArray(ids []models.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return "{" + strings.Join(texts, ",") + "}"
}

func (d *postgresDialect) rows(columns ...column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = c.name + " " + [...]string{textColumn: `text COLLATE "C"`, numberColumn: "bigint", idColumn: "uuid"}[c.kind]
	}
	return "json_to_recordset(CAST(? AS json)) AS t(" + strings.Join(parts, ", ") + ")"
}

// behind keeps the planner from turning the join around: OFFSET 0 makes it take the rows as they come.
func (d *postgresDialect) behind(table, alias string, on condition) condition {
	return condition{" CROSS JOIN LATERAL (SELECT * FROM " + table + " WHERE " + on.sql + " OFFSET 0) " + alias, on.args}
}

func (d *postgresDialect) inOrder(from condition, alias, order string) condition {
	return condition{"(SELECT " + alias + ".* FROM " + from.sql + " ORDER BY " + order + " OFFSET 0) " + alias, from.args}
}

func (d *postgresDialect) by(_, table, alias string) string { return table + " " + alias }

func (d *postgresDialect) position(text string) string { return "strpos(" + text + ", ?)" }

func (d *postgresDialect) bytewise(text string) string { return "(" + text + `) COLLATE "C"` }

// part follows a path by #>, which takes a place in an array and a key of an object. What it would take for a place
// although it is none, such as -1, is looked up as a key.
func (d *postgresDialect) part(json string, path []string) condition {
	whole := condition{sql: "CAST(" + json + " AS jsonb)"}
	for _, step := range path {
		if strings.Trim(step, " \t\n\v\f\r+-0123456789") == "" && !isPlace(step) {
			whole.sql += " -> CAST(? AS text)"
		} else {
			whole.sql += " #> ARRAY[CAST(? AS text)]"
		}
		whole.args = append(whole.args, step)
	}
	return condition{"((" + whole.sql + ") #>> '{}')", whole.args}
}

func (d *postgresDialect) members(array string) string {
	return "(SELECT t.value FROM jsonb_array_elements_text(CAST(" + array + " AS jsonb)) AS t(value))"
}

func (d *postgresDialect) array(values []string) string {
	return "json_build_array(" + strings.Join(values, ", ") + ")"
}

func (d *postgresDialect) distinct(value string) string {
	return "string_agg(DISTINCT " + value + ", ',')"
}

func (d *postgresDialect) dated(seq, id string) string {
	return "lpad(CAST(" + seq + " AS text), 20, '0') || CAST(" + id + " AS text)"
}

func (d *postgresDialect) lockRow() string { return " FOR UPDATE" }

// lockBulk takes a lock that nobody else takes; its number is the text "placard" in a byte each.
func (d *postgresDialect) lockBulk(tx *gorm.DB) error {
	return tx.Exec("SELECT pg_advisory_xact_lock(31644362926551652)").Error
}

func (d *postgresDialect) lockSubjects(tx *gorm.DB, project models.ID, subjects []models.ID) (locked, error) {
	one := d.oneOf("id", subjects)
	var rows []struct {
		ID                models.ID
		ArtifactVersionID models.ID
		LoggedAt          int64
	}
	// In order of ID, so that two batches about the same subjects wait for each other and not in a circle.
	err := tx.Raw("SELECT id, artifact_version_id, logged_at FROM subjects WHERE project_id = ? AND "+one.sql+
		" ORDER BY id FOR UPDATE", append([]any{project}, one.args...)...).Scan(&rows).Error
	held := locked{versions: map[models.ID]models.ID{}}
	for _, row := range rows {
		held.versions[row.ID] = row.ArtifactVersionID
		held.floor = max(held.floor, row.LoggedAt+1)
	}
	return held, err
}

func (d *postgresDialect) appendEntries(tx *gorm.DB, project models.ID, at any, entries string) ([]appended, error) {
	var done []appended
	err := tx.Raw(`
WITH moment AS MATERIALIZED (
    SELECT CAST(@at AS bigint) AS logged_at
), given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(CAST(@entries AS json)) AS e(
        n bigint, id uuid, subject_id uuid, card text, key text, kind text, value text, retracted boolean,
        reason text, logged_at bigint, logged_by text, step_run_id uuid, sort_key text, parts text)
), stored AS (
    INSERT INTO metadata_entries (project_id, subject_id, id, card, key, kind, value, retracted, reason, logged_at,
        logged_by, step_run_id, sort_key, parts)
    SELECT CAST(@project AS uuid), subject_id, id, card, key, kind, value, retracted, reason,
        coalesce(logged_at, (SELECT logged_at FROM moment)), logged_by, step_run_id, sort_key, parts
    FROM given ORDER BY n
    RETURNING *
), latest AS (
    `+latestInsert("stored")+`
), touched AS (
    UPDATE subjects SET logged_at = (SELECT logged_at FROM moment)
    WHERE project_id = CAST(@project AS uuid) AND id IN (SELECT subject_id FROM given)
)
SELECT id, seq, logged_at FROM stored ORDER BY seq`, map[string]any{
		"at": at, "entries": entries, "project": project,
	}).Scan(&done).Error
	return done, err
}

// postgresReadOnly returns the failure of a write on a standby, or where transactions are read-only. It is retryable: a failover
// makes the database writable without an operator.
func postgresReadOnly(err error) *models.Error {
	return &models.Error{Code: models.CodeUnavailable, Message: "the database is read-only at the moment; try again", Retryable: true,
		Err: errors.Join(ErrReadOnly, err)}
}

// translate returns the failure for an error of the driver. Failures to connect come first: they wrap errors of PostgreSQL
// and of contexts. Appendix A of the manual of PostgreSQL lists the classes of codes.
func (d *postgresDialect) translate(err error) *models.Error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return unavailable(redacted(err))
	}
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		switch {
		case failed.Code == "40001", failed.Code == "40P01", failed.Code == "55P03", failed.Code == "23505", failed.Code == "23503":
			return &models.Error{Code: models.CodeConflict, Message: "others write the same thing; try again", Retryable: true, Err: err}
		case failed.Code == "57014":
			return interrupted(err)
		case strings.HasPrefix(failed.Code, "08"), strings.HasPrefix(failed.Code, "53"), strings.HasPrefix(failed.Code, "57"),
			strings.HasPrefix(failed.Code, "58"), failed.Code == "25P03":
			return unavailable(err)
		case failed.Code == "25006":
			return postgresReadOnly(err)
		case failed.Code == "42501":
			return postgresRefused(failed)
		}
		return nil
	}
	if errors.Is(err, sql.ErrTxDone) { // the end of the context has rolled the transaction back
		return interrupted(err)
	}
	if isContextError(err) { // it would pass for a network error
		return nil
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed") {
		return unavailable(err)
	}
	return nil
}

// postgresRefused returns the failure of a statement for which the user of the database has no right. PostgreSQL names the
// table in its message. The failure is not retryable: an operator has to grant the right.
func postgresRefused(err *pgconn.PgError) *models.Error {
	return &models.Error{Code: models.CodeUnavailable, Message: "the database refuses its user this; an operator has to grant the right",
		Err: fmt.Errorf("%w: grant the user of --database-url SELECT, INSERT, UPDATE and DELETE on all tables, and USAGE on all sequences", err)}
}

func (d *postgresDialect) explain(ctx context.Context, text string, args []any) ([]string, error) {
	return planned(d.pool.QueryContext(ctx, "EXPLAIN (ANALYZE, BUFFERS) "+text, args...))
}

func (d *postgresDialect) pools() []Pool { return []Pool{pool("postgres", d.pool)} }

func (d *postgresDialect) migrate(ctx context.Context, log *slog.Logger, up bool) error {
	if err := checkEncoding(ctx, d.pool); err != nil {
		return err
	}
	if !up {
		if err := notBehind(ctx, d.pool, postgresHasTables); err != nil {
			return err
		}
	} else if err := migratePostgres(ctx, d.pool, log); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", redacted(err))
	}
	if err := d.ping(ctx); errors.Is(err, ErrReadOnly) {
		log.WarnContext(ctx, "the database is read-only: writes are refused until that ends")
	}
	return nil
}
