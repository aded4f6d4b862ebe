package engine

import (
	"cmp"
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/placard/placard/internal/store/failover"
	"github.com/placard/placard/internal/store/pooler"
	"github.com/placard/placard/internal/store/rawrow"
)

// sessionSettings are the settings of PostgreSQL for the sessions of a server, unless the database URL has others.
var sessionSettings = map[string]string{
	"application_name":              "placard",
	"timezone":                      "UTC",
	"default_transaction_isolation": "read committed",
	"lock_timeout":                  "10s",
	// Nothing is waited for inside a transaction, so this one's server is gone, and others wait for its locks.
	"idle_in_transaction_session_timeout": "5s",
	// A page needs few rows of many: compiling the plan costs more than it saves, and rows are mostly in memory.
	"jit":              "off",
	"random_page_cost": "1.1",
	// Starting workers takes longer than a page does, and other requests want the processors.
	"max_parallel_workers_per_gather": "0",
	// A page follows the index that has its order. Without statistics all rows of a project would be sorted: see
	// docs/adr/0026.
	"enable_sort": "off",
}

// Tracer traces the statements on databases of PostgreSQL that are opened later; nil for none. Tests set it.
var Tracer pgx.QueryTracer

// PlannerSettings returns the settings of the sessions of a server on PostgreSQL that change plans.
func (Options) PlannerSettings() map[string]string {
	settings := map[string]string{}
	for _, name := range []string{"jit", "random_page_cost", "max_parallel_workers_per_gather", "enable_sort"} {
		settings[name] = sessionSettings[name]
	}
	return settings
}

// serverConfig returns how a server connects to the database at databaseURL. Its error is a URLError.
func serverConfig(databaseURL string) (*pgx.ConnConfig, error) {
	config, err := parsePostgres(databaseURL)
	if err != nil {
		return nil, err
	}
	config.OnNotice = failover.NoticeUnreplicated
	config.Tracer = Tracer
	for name, value := range sessionSettings {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// newPostgres returns a dialect that connects to the server at url, also through a pooler. It has no lanes. If the
// server cannot be reached, it returns the dialect with the error, which is not a URLError.
func newPostgres(ctx context.Context, url string) (*postgresDialect, error) {
	config, err := serverConfig(url)
	if err != nil {
		return nil, err
	}
	d := &postgresDialect{config: config}
	d.pooler, err = pooler.Find(ctx, config, map[string]string{connectionCheck: connectionCheckInterval})
	return d, err
}

func openPostgres(ctx context.Context, url string, options Options, log *slog.Logger) (backend, error) {
	d, err := newPostgres(ctx, url)
	if d == nil {
		return nil, err
	}
	if err != nil {
		if missing := (*pooler.MissingSettingsError)(nil); !errors.As(err, &missing) {
			err = errors.Join(errors.New("PostgreSQL cannot be reached"), stripDSN(err))
		}
		return nil, err
	}
	d.probe, d.statistics.pool = d.connect(), d.connect()
	d.probe.SetMaxOpenConns(1)
	d.statistics.pool.SetMaxOpenConns(1)
	reads, questions, mutations, keys := shareConnections(cmp.Or(options.Connections, defaultConnections))
	d.lane = laneSet{
		reads:     newLane("postgres_read", d.connect(), reads),
		unbounded: newLane("postgres_question", d.connect(), questions),
		mutations: newLane("postgres_write", d.connect(), mutations),
		keys:      newLane("postgres_keys", d.connect(), keys),
	}
	if err := d.openSessions(log); err != nil {
		return nil, errors.Join(err, d.close())
	}
	if d.pooler != nil {
		log.InfoContext(ctx, "PostgreSQL is reached through a pooler", "preparedStatements", d.pooler.ManagesStatements)
		if options.Connections > 0 {
			pools := []*sql.DB{d.probe, d.statistics.pool}
			for _, lane := range d.lane.all() {
				pools = append(pools, lane.pool)
			}
			err = pooler.Reserve(ctx, pools)
		}
	}
	if err != nil {
		return nil, errors.Join(stripDSN(err), d.close())
	}
	return d, nil
}

// openSessions gives the lanes their sessions of GORM. It sends nothing.
func (d *postgresDialect) openSessions(log *slog.Logger) (err error) {
	for _, lane := range d.lane.all() {
		lane.send, lane.numbered = rawrow.Postgres, true
		if lane.db, err = postgresGORM(lane.pool, log); err != nil {
			return err
		}
	}
	d.lane.unbounded.customPlans, err = postgresGORM(customPlanPool{d.lane.unbounded.pool}, log)
	return err
}

// connect returns a pool of connections to the server. It sends nothing.
func (d *postgresDialect) connect() *sql.DB {
	var pool *sql.DB
	afterConnect := setConnectionCheckInterval
	if d.pooler != nil {
		afterConnect = func(ctx context.Context, conn *pgx.Conn) error { return checkPooled(ctx, d.pooler, conn) }
	}
	connector := stdlib.GetConnector(*d.config, stdlib.OptionAfterConnect(d.failovers.Mark(afterConnect)),
		stdlib.OptionResetSession(d.failovers.CheckUsable),
		stdlib.OptionShouldPing(func(ctx context.Context, p stdlib.ShouldPingParams) bool { return pingIdle(ctx, pool, p) }))
	if d.pooler != nil {
		connector = d.pooler.Connector(connector)
	}
	pool = sql.OpenDB(failover.Connector(connector))
	pool.SetConnMaxLifetime(30 * time.Minute)
	return pool
}

// connectionCheckInterval is the interval at which PostgreSQL checks the connection of a long statement. The
// cancellation of a statement can get lost if the machine is overloaded. connectionCheck is the name of the setting,
// which PostgreSQL 13 lacks.
const (
	connectionCheck         = "client_connection_check_interval"
	connectionCheckInterval = "2s"
)

// checkPooled checks the settings of a new connection through a pooler.
func checkPooled(ctx context.Context, p *pooler.Pooler, conn *pgx.Conn) error {
	err := p.CheckSettings(ctx, conn)
	if missing := (*pooler.MissingSettingsError)(nil); errors.As(err, &missing) {
		return unavailableError(err)
	}
	return err
}

// setConnectionCheckInterval sets connectionCheck. It refuses a connection that leads through a pooler, which was not
// there when the server started.
func setConnectionCheckInterval(ctx context.Context, conn *pgx.Conn) error {
	var pid uint32
	var value sql.NullString
	err := conn.QueryRow(ctx, "SELECT pg_backend_pid(), (SELECT set_config(name, $2, false) FROM pg_settings WHERE name = $1)",
		pgx.QueryExecModeExec, connectionCheck, connectionCheckInterval).Scan(&pid, &value)
	if err == nil && pid != conn.PgConn().PID() {
		return unavailableError(errors.New("a pooler is between the server and PostgreSQL now: restart the server"))
	}
	return err
}

const (
	// maxIdleTime is the idle time after which a connection is checked before use, and pingTimeout the time for the
	// check.
	maxIdleTime = time.Second
	pingTimeout = time.Second
)

// pingIdle checks a connection that was idle, and closes it if it does not respond in time, as after a gateway
// dropped it. Then it closes the idle connections of the pool, because they are likely to be broken, too. It never
// makes pgx ping again.
func pingIdle(ctx context.Context, pool *sql.DB, p stdlib.ShouldPingParams) bool {
	if p.IdleDuration <= maxIdleTime {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := p.Conn.Ping(ctx); err != nil {
		_ = p.Conn.Close(ctx) // it is never used again
		pool.SetMaxIdleConns(0)
		pool.SetMaxIdleConns(pool.Stats().MaxOpenConnections)
	}
	return false
}

// parsePostgres reads a postgres:// URL. Texts are sent and received as UTF-8. Its error is a URLError without a
// password.
func parsePostgres(databaseURL string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, explainURL(databaseURL, err) // err repeats the password
	}
	config.RuntimeParams["client_encoding"] = utf8Encoding
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, 5*time.Second)
	return config, nil
}

// certificateParameters are the parameters of a database URL that name files, with the variables of libpq for them.
var certificateParameters = []struct{ name, variable string }{
	{"sslrootcert", "PGSSLROOTCERT"}, {"sslcert", "PGSSLCERT"}, {"sslkey", "PGSSLKEY"},
}

// explainURL returns the reason why pgx refused a database URL with err. It names an unusable file and its parameter.
func explainURL(databaseURL string, err error) *URLError {
	var query url.Values
	if u, err := url.Parse(databaseURL); err == nil {
		query = u.Query()
	}
	var failed *fs.PathError
	isFile := errors.As(err, &failed)
	for _, p := range certificateParameters {
		path, source := query.Get(p.name), "the parameter "+p.name+" of the database URL"
		if path == "" {
			path, source = os.Getenv(p.variable), "the variable "+p.variable
		}
		switch {
		case path == "":
		case isFile && failed.Path == path:
			return &URLError{fmt.Sprintf("%s names the file %s, which cannot be read: %v", source, path, failed.Err)}
		case !isFile && p.name == "sslrootcert" && path != "system" && !hasCertificate(path):
			return &URLError{fmt.Sprintf("%s names the file %s, which has no certificate in PEM form", source, path)}
		case !isFile && p.name == "sslkey":
			return &URLError{fmt.Sprintf("%s names the file %s, which must have the key of sslcert in PEM form, without a passphrase or with sslpassword", source, path)}
		}
	}
	if isFile { // a file of the home folder
		return &URLError{fmt.Sprintf("the file %s of the connection to PostgreSQL cannot be read: %v", failed.Path, failed.Err)}
	}
	return errPostgresURL
}

func hasCertificate(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && x509.NewCertPool().AppendCertsFromPEM(text)
}

// stripDSN returns err without the configuration that a connection error repeats.
func stripDSN(err error) error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return connect.Unwrap()
	}
	return err
}

// utf8Encoding is the one encoding of databases that the program accepts.
const utf8Encoding = "UTF8"

// EncodingError is the failure to open a PostgreSQL database that does not store text as UTF-8.
type EncodingError struct {
	// Database is its name, and Encoding that of its encoding, as PostgreSQL spells it.
	Database, Encoding string
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("the database %q has the encoding %s, which cannot hold all text: create another one, by "+
		"CREATE DATABASE name TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C', and set --database-url to it", e.Database, e.Encoding)
}

// checkEncoding returns WrongEncoding unless the database of the pool stores text as UTF-8.
func checkEncoding(ctx context.Context, pool *sql.DB) error {
	var wrong EncodingError
	err := pool.QueryRowContext(ctx, "SELECT current_database(), current_setting('server_encoding')").Scan(&wrong.Database,
		&wrong.Encoding)
	if err == nil && wrong.Encoding != utf8Encoding {
		return &wrong
	}
	if err != nil {
		return fmt.Errorf("read the encoding of the database: %w", stripDSN(err))
	}
	return nil
}
