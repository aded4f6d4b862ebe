// Package distribution brings a PostgreSQL database with the extension Citus to the distributed form: projects, API
// keys and audit events are on each node, and the other rows of a project are on one node.
//
// Distribute is one transaction. So a process that is killed leaves the database as it was, and no statement of a
// server sees a part of the work. See docs/adr/0044.
package distribution

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/placard/placard/internal/store/engine"
)

// oldestCitus is the oldest major version of Citus that the tests cover.
const oldestCitus = 13

// UndistributedError is the failure of a server on a database with the extension whose tables are not distributed.
type UndistributedError struct {
	// Tables are the tables that are not distributed.
	Tables []string
}

func (e *UndistributedError) Error() string {
	return "the database has the extension Citus, but its tables are not distributed (" + strings.Join(e.Tables, ", ") +
		"): run `placard distribute`, or use a database without the extension"
}

// Check returns an UndistributedError for a PostgreSQL database with the extension unless all its tables are
// distributed. The schema must be current. It changes nothing.
func Check(ctx context.Context, url string) error {
	if !engine.IsPostgres(url) {
		return nil
	}
	pool, tx, err := engine.OpenSnapshot(ctx, url) // it also passes a pooler
	if err != nil {
		return err
	}
	return errors.Join(check(ctx, tx), tx.Rollback(), pool.Close())
}

// openPool returns a pool of one connection to a PostgreSQL database. Package engine has registered the driver. Without
// names, statements also pass a pooler that gives connections to transactions.
func openPool(url string) (*sql.DB, error) {
	const parameter = "default_query_exec_mode="
	if !strings.Contains(url, parameter) {
		separator := "?"
		if strings.Contains(url, "?") {
			separator = "&"
		}
		url += separator + parameter + "cache_describe"
	}
	pool, err := sql.Open("pgx", url)
	if err == nil {
		pool.SetMaxOpenConns(1)
	}
	return pool, err
}

// Settings returns the settings of a distributed database on each node. The workers plan the statements, and their
// sessions do not have the settings of the server. A transaction uses one connection to each worker, because it may
// change a reference table after it has read on several workers. Migrations may create triggers.
func Settings() map[string]string {
	settings := engine.Options{}.PlannerSettings()
	settings["citus.multi_shard_modify_mode"] = "sequential"
	settings["citus.enable_unsafe_triggers"] = "on"
	return settings
}

func check(ctx context.Context, db querier) error {
	version, err := readCitusVersion(ctx, db)
	if err != nil || version == "" {
		return err
	}
	pending, err := readPending(ctx, db)
	if err != nil {
		return fmt.Errorf("read the distribution of the tables: %w", err)
	}
	if len(pending) == 0 {
		return nil
	}
	return &UndistributedError{Tables: names(pending)}
}

// readCitusVersion returns the version of the extension in the database, empty without it.
func readCitusVersion(ctx context.Context, db querier) (string, error) {
	var version sql.NullString
	err := db.QueryRowContext(ctx, "SELECT max(extversion) FROM pg_extension WHERE extname = 'citus'").Scan(&version)
	if err != nil {
		return "", fmt.Errorf("read the extensions of the database: %w", err)
	}
	return version.String, nil
}

// checkCluster returns an error unless the database is that of a coordinator with a version of Citus and nodes that can
// hold the tables.
func checkCluster(ctx context.Context, db querier) error {
	version, err := readCitusVersion(ctx, db)
	if err != nil {
		return err
	}
	if version == "" {
		return errors.New("the database does not have the extension Citus: install Citus on the coordinator and the workers, " +
			"run CREATE EXTENSION citus in the database of each node, and register the workers with citus_add_node")
	}
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(strings.SplitN(major, "-", 2)[0]); err != nil || n < oldestCitus {
		return fmt.Errorf("the database has Citus %s; Placard needs Citus %d or later", version, oldestCitus)
	}
	var coordinator bool
	var nodes int
	err = db.QueryRowContext(ctx, `SELECT citus_is_coordinator(), (SELECT count(*) FROM pg_dist_node
		WHERE isactive AND shouldhaveshards AND noderole = 'primary')`).Scan(&coordinator, &nodes)
	switch {
	case err != nil:
		return fmt.Errorf("read the nodes of Citus: %w", err)
	case nodes == 0:
		return errors.New("no node of Citus has room for the rows: register the workers on the coordinator with " +
			"SELECT citus_add_node('HOST', 5432)")
	case !coordinator:
		return errors.New("the database is on a worker of Citus: set --database-url to the coordinator")
	}
	return nil
}
