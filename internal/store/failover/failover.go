// Package failover lets connections to PostgreSQL survive a failover to another server (ADR 0047).
//
// A Pools replaces the connections that lead to a former primary. NoticeUnreplicated and Connector let commits fail
// that PostgreSQL reports as successful although no standby has confirmed them.
package failover

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/placard/placard/models"
)

// Pools replaces the connections of pools after one of them led to a server that accepts no writes, as the former
// primary after a failover. Its zero value is ready for use.
type Pools struct {
	mu sync.Mutex
	// count is the number of replacements, and last the time of the last one.
	count int
	last  time.Time
}

// replacementInterval is the minimum time between two replacements: a database may be read-only on all servers.
const replacementInterval = time.Second

// ReplaceConnections makes all pools replace their connections before the next use of each.
func (p *Pools) ReplaceConnections() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.last) >= replacementInterval {
		p.count++
		p.last = time.Now()
	}
}

func (p *Pools) current() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// failoverKey is the key of the value of Pools.count in the data of a connection.
const failoverKey = "placard.failovers"

// Mark returns a function that prepares a new connection as next does, and for CheckUsable.
func (p *Pools) Mark(next func(context.Context, *pgx.Conn) error) func(context.Context, *pgx.Conn) error {
	return func(ctx context.Context, conn *pgx.Conn) error {
		conn.PgConn().CustomData()[failoverKey] = p.current()
		return next(ctx, conn)
	}
}

// CheckUsable refuses a connection that is closed or must be replaced.
func (p *Pools) CheckUsable(_ context.Context, conn *pgx.Conn) error {
	if conn.IsClosed() || conn.PgConn().CustomData()[failoverKey] != p.current() {
		return driver.ErrBadConn
	}
	return nil
}

// pgWarning is the code of a warning without a code of its own.
const pgWarning = "01000"

// unreplicatedKey is the key of a true value in the data of a connection with an unreplicated commit.
const unreplicatedKey = "placard.unreplicated"

// NoticeUnreplicated marks the connection of a transaction that PostgreSQL is about to report as committed although its
// wait for the synchronous standbys was cancelled.
func NoticeUnreplicated(conn *pgconn.PgConn, notice *pgconn.Notice) {
	if notice.Code == pgWarning && notice.Routine == "SyncRepWaitForLSN" {
		conn.CustomData()[unreplicatedKey] = true
	}
}

// Connector returns a connector whose transactions fail to commit if they do not wait for the synchronous standbys.
func Connector(next driver.Connector) driver.Connector { return replicatedConnector{next} }

type replicatedConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c replicatedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return replicatedConn{conn.(pgxConn)}, nil
}

// pgxConn has the methods of a connection of pgx that database/sql uses.
type pgxConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	Conn() *pgx.Conn
}

type replicatedConn struct{ pgxConn }

// BeginTx implements driver.ConnBeginTx.
func (c replicatedConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	tx, err := c.pgxConn.BeginTx(ctx, options)
	return replicatedTx{tx, c.Conn().PgConn()}, err
}

type replicatedTx struct {
	driver.Tx
	conn *pgconn.PgConn
}

// errUnreplicated is the failure of a commit that a failover may lose.
var errUnreplicated = &models.Error{Code: models.CodeUnavailable, Message: "the database did not confirm the commit; try again",
	Retryable: true, Err: errors.New("the wait of a commit for the synchronous standbys was cancelled")}

// Commit fails with UNAVAILABLE if the wait of the commit for the synchronous standbys was cancelled.
func (t replicatedTx) Commit() error {
	err := t.Tx.Commit()
	if err == nil && t.conn.CustomData()[unreplicatedKey] == true {
		delete(t.conn.CustomData(), unreplicatedKey)
		return errUnreplicated
	}
	return err
}
