// Package pooler opens connections to PostgreSQL that lead through a pooler such as PgBouncer (ADR 0045).
//
// It hides how a pooler is noticed, the settings that it drops, and whether it manages prepared statements. Find
// returns the Pooler of a configuration, or nil. Its methods Connector and CheckSettings are for new connections, and
// Reserve for the start of a server.
package pooler

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// acceptedParameters are the settings that PgBouncer accepts from each client, and restores for it. It does not verify
// application_name.
var acceptedParameters = []string{"application_name", "client_encoding", "datestyle", "standard_conforming_strings",
	"timezone"}

// transactionSettings are the settings that each transaction through a pooler sets for itself. So a suspended server
// never blocks others, also on connections that the pooler opened before ALTER ROLE.
var transactionSettings = []string{"lock_timeout", "idle_in_transaction_session_timeout"}

// Pooler lends connections to PostgreSQL for a session or a transaction.
type Pooler struct {
	// settings are the settings of a session by name, which the user of the database must have.
	settings map[string]string
	// ManagesStatements is set if prepared statements work in each transaction.
	ManagesStatements bool
}

// Find connects to PostgreSQL and returns the pooler in between, nil for none. The user of the database must have the
// settings of config, and more ones. For a pooler Find changes config: it removes the settings that a pooler refuses,
// and no statement stays prepared unless the pooler manages them. It fails if the pooler refuses transactions, or if
// a setting is missing.
func Find(ctx context.Context, config *pgx.ConnConfig, more map[string]string) (*Pooler, error) {
	pooled := config.Copy()
	maps.DeleteFunc(pooled.RuntimeParams, func(name, _ string) bool {
		return name != "options" && !slices.Contains(acceptedParameters, strings.ToLower(name))
	})
	limited, cancel := context.WithTimeout(ctx, pooled.ConnectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(limited, pooled)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it has done its work
	found, err := isPooled(limited, conn)
	if err == nil && !found {
		return nil, nil
	}
	p := &Pooler{settings: maps.Clone(config.RuntimeParams)}
	delete(p.settings, "options")
	delete(p.settings, "application_name")
	maps.Copy(p.settings, more)
	if err == nil {
		err = pgx.BeginFunc(limited, conn, func(pgx.Tx) (err error) { // a pool of statements refuses it
			p.ManagesStatements, err = managesStatements(limited, conn)
			return err
		})
	}
	if err == nil {
		err = p.CheckSettings(limited, conn)
	}
	if !p.ManagesStatements {
		pooled.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	if limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("the pooler gave no connection within %s: raise its pool size, or end other clients", pooled.ConnectTimeout)
	}
	*config = *pooled
	return p, err
}

// isPooled reports whether a connection leads through a pooler. A pooler accepts a client before it chooses a process
// of PostgreSQL, so the process ID of the connection is an invented one.
func isPooled(ctx context.Context, conn *pgx.Conn) (bool, error) {
	var pid uint32
	err := conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeExec).Scan(&pid)
	return pid != conn.PgConn().PID(), err
}

// managesStatements reports whether the pooler of a connection prepares statements again on each connection to
// PostgreSQL, as PgBouncer from 1.21 on. For that it has to rename them. It runs in a transaction, which has one
// connection to PostgreSQL.
func managesStatements(ctx context.Context, conn *pgx.Conn) (bool, error) {
	const name = "placard_pooler"
	if _, err := conn.Prepare(ctx, name, "SELECT 1"); err != nil {
		return false, err
	}
	var kept bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_prepared_statements WHERE name = $1)", pgx.QueryExecModeExec, name).Scan(&kept)
	return !kept, errors.Join(err, conn.Deallocate(ctx, name))
}

// CheckSettings returns a MissingSettingsError if the user of the database lacks a setting. set_config returns a value
// as current_setting does, and changes it until the end of the statement only.
func (p *Pooler) CheckSettings(ctx context.Context, conn *pgx.Conn) error {
	names := slices.Sorted(maps.Keys(p.settings))
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = p.settings[name]
	}
	rows, err := conn.Query(ctx, `SELECT format('ALTER ROLE %I IN DATABASE %I SET %I = %L', session_user, current_database(), name, wanted)
		FROM (SELECT t.name, t.wanted, current_setting(t.name) AS present, set_config(t.name, t.wanted, true) AS future
			FROM unnest($1::text[], $2::text[]) AS t(name, wanted) WHERE EXISTS (SELECT 1 FROM pg_settings s WHERE s.name = t.name)
			OFFSET 0) c
		WHERE present <> future`, pgx.QueryExecModeExec, names, values)
	if err != nil {
		return err
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(statements) > 0 {
		return &MissingSettingsError{statements}
	}
	return err
}

// MissingSettingsError is the failure to use a pooler, because the user of the database lacks settings.
type MissingSettingsError struct {
	// statements set them.
	statements []string
}

func (e *MissingSettingsError) Error() string {
	return "a pooler does not keep the settings of a session, so the user of the database needs them: execute " +
		strings.Join(e.statements, "; ") + "; then make the pooler reconnect to PostgreSQL (RECONNECT in the console of PgBouncer), " +
		"and start again"
}

// Connector returns a connector whose transactions set transactionSettings.
func (p *Pooler) Connector(next driver.Connector) driver.Connector {
	begin := "begin"
	for _, name := range transactionSettings {
		begin += fmt.Sprintf("; set local %s = '%s'", name, strings.ReplaceAll(p.settings[name], "'", "''"))
	}
	return pooledConnector{next, begin}
}

// pooledConnector opens connections through a pooler.
type pooledConnector struct {
	driver.Connector
	begin string
}

// Connect implements driver.Connector.
func (c pooledConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &pooledConn{conn.(*stdlibConn), c.begin}, nil
}

type stdlibConn = stdlib.Conn

// pooledConn is a connection through a pooler.
type pooledConn struct {
	*stdlibConn
	// begin begins a transaction. It is one message, so no connection of the pool is left in a transaction without
	// the settings.
	begin string
}

// BeginTx implements driver.ConnBeginTx, without options.
func (c *pooledConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if options != (driver.TxOptions{}) {
		return nil, errors.New("a transaction through a pooler has no options")
	}
	if c.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	tx, err := c.Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: c.begin})
	if err != nil {
		if pgconn.SafeToRetry(err) {
			return nil, driver.ErrBadConn // nothing was sent
		}
		return nil, err
	}
	return pooledTx{ctx, tx}, nil
}

// pooledTx is a transaction of a pooledConn.
type pooledTx struct {
	ctx context.Context
	tx  pgx.Tx
}

// Commit implements driver.Tx.
func (t pooledTx) Commit() error { return t.tx.Commit(t.ctx) }

// Rollback implements driver.Tx.
func (t pooledTx) Rollback() error { return t.tx.Rollback(t.ctx) }

// reserveTimeout is the time in which a pooler must give a server all of its connections.
const reserveTimeout = 15 * time.Second

// Reserve opens all connections of the pools of a server at once. In a pool of sessions each takes one of PostgreSQL
// until it is closed. With fewer, requests would wait for connections that nobody uses.
func Reserve(ctx context.Context, pools []*sql.DB) (err error) {
	wanted := 0
	for _, pool := range pools {
		wanted += pool.Stats().MaxOpenConnections
	}
	limited, cancel := context.WithTimeout(ctx, reserveTimeout)
	defer cancel()
	var conns []*sql.Conn
	defer func() {
		for _, conn := range conns {
			err = errors.Join(err, conn.Close())
		}
	}()
	for _, pool := range pools {
		for range pool.Stats().MaxOpenConnections {
			conn, err := pool.Conn(limited)
			if limited.Err() != nil && ctx.Err() == nil {
				return fmt.Errorf("the pooler gave %d of the %d connections of this server within %s: with pool_mode = session raise its pool size to %d for "+
					"each server, set pool_mode = transaction, or lower --database-connections", len(conns), wanted, reserveTimeout, wanted)
			}
			if err != nil {
				return err
			}
			conns = append(conns, conn)
		}
	}
	return nil
}
