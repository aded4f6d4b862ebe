package engine

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// failovers replaces the connections of all pools after one of them led to a server that accepts no writes, as the
// former primary after a failover. Its zero value is ready for use.
type failovers struct {
	mu sync.Mutex
	// count is the number of replacements, and last the time of the last one.
	count int
	last  time.Time
}

// replacementInterval is the minimum time between two replacements: a database may be read-only on all servers.
const replacementInterval = time.Second

// replaceConnections makes all pools replace their connections before the next use of each.
func (f *failovers) replaceConnections() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.last) >= replacementInterval {
		f.count++
		f.last = time.Now()
	}
}

func (f *failovers) current() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// failoverKey is the key of the value of failovers.count in the data of a connection.
const failoverKey = "placard.failovers"

// mark returns a function that prepares a new connection as next does, and for checkUsable.
func (f *failovers) mark(next func(context.Context, *pgx.Conn) error) func(context.Context, *pgx.Conn) error {
	return func(ctx context.Context, conn *pgx.Conn) error {
		conn.PgConn().CustomData()[failoverKey] = f.current()
		return next(ctx, conn)
	}
}

// checkUsable refuses a connection that is closed or must be replaced.
func (f *failovers) checkUsable(_ context.Context, conn *pgx.Conn) error {
	if conn.IsClosed() || conn.PgConn().CustomData()[failoverKey] != f.current() {
		return driver.ErrBadConn
	}
	return nil
}

// pgWarning is the code of a warning without a code of its own.
const pgWarning = "01000"

// unreplicatedKey is the key of a true value in the data of a connection with an unreplicated commit.
const unreplicatedKey = "placard.unreplicated"

// noticeUnreplicated marks the connection of a transaction that PostgreSQL is about to report as committed although its
// wait for the synchronous standbys was cancelled.
func noticeUnreplicated(conn *pgconn.PgConn, notice *pgconn.Notice) {
	if notice.Code == pgWarning && notice.Routine == "SyncRepWaitForLSN" {
		conn.CustomData()[unreplicatedKey] = true
	}
}

// replicatedConnector opens connections whose commits fail if they do not wait for the synchronous standbys.
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

// Commit fails with UNAVAILABLE if the transaction is committed, but its wait for the synchronous standbys was cancelled:
// a failover may lose it.
func (t replicatedTx) Commit() error {
	err := t.Tx.Commit()
	if err == nil && t.conn.CustomData()[unreplicatedKey] == true {
		delete(t.conn.CustomData(), unreplicatedKey)
		return unavailableError(errors.New("the wait of a commit for the synchronous standbys was cancelled"))
	}
	return err
}
