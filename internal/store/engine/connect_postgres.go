package engine

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	for name, value := range sessionSettings {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// parsePostgres reads a postgres:// URL. Texts are sent and received as UTF-8. Its error is a URLError without a
// password.
func parsePostgres(databaseURL string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, explainURL(databaseURL, err) // err repeats the password
	}
	config.RuntimeParams["client_encoding"] = utf8Encoding
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

// explainConnecting returns err without the password. If a pooler refused the settings of a session, it adds the
// remedy.
func explainConnecting(err error, config *pgx.ConnConfig) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != pgProtocolViolation {
		return stripDSN(err)
	}
	names := []string{"default_transaction_read_only"} // of commands that only read
	for _, settings := range []map[string]string{sessionSettings, config.RuntimeParams} {
		for name := range settings {
			if !slices.Contains(poolerParameters, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return fmt.Errorf("%w: add this line to the section [pgbouncer] of pgbouncer.ini, and give the user of the database these settings as "+
		"docs/how-to/use-postgresql.md shows: ignore_startup_parameters = %s", stripDSN(err), strings.Join(slices.Compact(names), ","))
}

// pgProtocolViolation is the code with which PgBouncer refuses a startup parameter.
const pgProtocolViolation = "08P01"

// poolerParameters are the settings that PgBouncer accepts from each client.
var poolerParameters = []string{"application_name", "client_encoding", "datestyle", "standard_conforming_strings",
	"timezone"}

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
