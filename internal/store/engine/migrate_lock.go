package engine

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/pressly/goose/v3/lock"
)

// migrationLock keeps other processes from migrating a PostgreSQL database. It is an advisory lock of a transaction,
// which is open as long as the lock is held. So PostgreSQL releases the lock when the process or its connection ends,
// also through a pooler that gives connections to transactions. Its number is that of the session lock of earlier
// programs, which it excludes.
type migrationLock struct {
	conn *sql.Conn
	tx   *sql.Tx
}

// migrationLockEvery is the time between two tries to take the lock. A waiting process holds no connection between
// them: a pooler may have no other for the process that migrates.
const migrationLockEvery = 250 * time.Millisecond

// Lock waits for the lock until ctx ends.
func (l *migrationLock) Lock(ctx context.Context, pool *sql.DB) error {
	ticker := time.NewTicker(migrationLockEvery)
	defer ticker.Stop()
	for {
		if held, err := l.try(ctx, pool); held || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

func (l *migrationLock) try(ctx context.Context, pool *sql.DB) (held bool, err error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		if !held {
			err = errors.Join(err, conn.Close())
		}
	}()
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil) // Unlock ends it
	if err != nil {
		return false, err
	}
	err = tx.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock($1)", lock.DefaultLockID).Scan(&held)
	if err == nil {
		// The transaction is idle as long as the migrations take. SET also ends the snapshot of the SELECT, for which
		// CREATE INDEX CONCURRENTLY would wait.
		_, err = tx.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0")
	}
	if err != nil || !held {
		return false, errors.Join(err, tx.Rollback())
	}
	l.conn, l.tx = conn, tx
	return true, nil
}

// Unlock ends the transaction and with it the lock.
func (l *migrationLock) Unlock(context.Context, *sql.DB) error {
	return errors.Join(l.tx.Rollback(), l.conn.Close())
}
