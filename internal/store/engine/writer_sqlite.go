package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"modernc.org/sqlite"

	"github.com/placard/placard/models"
)

// writer is the one writer of an SQLite file. It commits the transactions that wait in one group, so that they share
// one fsync. Each of them is still atomic.
type writer struct {
	db   *gorm.DB
	conn *preparedConn
	jobs chan *job
	// pauses are functions that run between two transactions.
	pauses chan pause
	// committed is called after each transaction.
	committed func()
	done      chan struct{}
	close     func() error
}

// pause is a function that runs between two transactions, and the channel for its result.
type pause struct {
	fn     func() error
	result chan error
}

func (p pause) run() { p.result <- p.fn() }

type job struct {
	ctx    context.Context
	fn     func(tx *gorm.DB) error
	result chan error
	// claimed is set by the writer, which then runs the job, or by a caller that stops waiting, which prevents it.
	claimed atomic.Bool
}

var errClosed = errors.New("the database is closed")

// maxGroupSize limits the transactions of a group, so that the first of them does not wait for long.
const maxGroupSize = 128

func newWriter(db *gorm.DB, conn *preparedConn, committed func()) *writer {
	stop, cancel := context.WithCancel(context.Background())
	w := &writer{
		db: db, conn: conn, jobs: make(chan *job,
			maxGroupSize), pauses: make(chan pause), committed: committed, done: make(chan struct{}),
	}
	w.close = func() error {
		cancel()
		<-w.done
		return conn.close()
	}
	go w.run(stop)
	return w
}

// write runs fn inside the next transaction, and returns when that is on the disk. When ctx ends before fn has begun,
// fn never runs and the caller does not wait; what has begun is waited for.
func (w *writer) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	j := &job{ctx: ctx, fn: fn, result: make(chan error, 1)}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.done:
		return errClosed
	}
	select {
	case err := <-j.result:
		return err
	case <-ctx.Done():
		if j.claimed.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	case <-w.done:
	}
	select {
	case err := <-j.result:
		return err
	case <-w.done:
		select {
		case err := <-j.result:
			return err
		default:
			return errClosed
		}
	}
}

func (w *writer) run(stop context.Context) {
	defer close(w.done)
	for {
		select {
		case first := <-w.jobs:
			w.commitAll(w.drainQueue(first))
		case p := <-w.pauses:
			p.run()
		case <-stop.Done():
			for {
				select {
				case first := <-w.jobs:
					w.commitAll(w.drainQueue(first))
				default:
					return
				}
			}
		}
	}
}

// drainQueue returns first and the jobs that wait in the queue.
func (w *writer) drainQueue(first *job) []*job {
	jobs := []*job{first}
	for len(jobs) < maxGroupSize {
		select {
		case next := <-w.jobs:
			jobs = append(jobs, next)
		default:
			return jobs
		}
	}
	return jobs
}

// maxGroupDuration limits the run time of a group, so that entries are committed soon after their time. The other
// jobs wait for the next group.
const maxGroupDuration = 250 * time.Millisecond

func (w *writer) commitAll(jobs []*job) {
	for len(jobs) > 0 {
		jobs = jobs[w.commit(jobs):]
		select {
		case p := <-w.pauses:
			p.run()
		default:
		}
	}
}

// pause runs fn between two transactions and returns its error. fn does not run if ctx ends first; writes wait for fn.
func (w *writer) pause(ctx context.Context, fn func() error) error {
	p := pause{fn, make(chan error, 1)}
	select {
	case w.pauses <- p:
		return <-p.result
	case <-ctx.Done():
		return ctx.Err()
	case <-w.done:
		return errClosed
	}
}

// commit runs jobs in one transaction and returns their number. A failed job is rolled back alone. All get their
// results after the commit, because even a refusal depends on the writes of the others.
func (w *writer) commit(jobs []*job) int {
	results := make([]error, len(jobs))
	begin := time.Now()
	err := w.exec("BEGIN IMMEDIATE")
	if err == nil {
		for i, j := range jobs {
			if i > 0 && time.Since(begin) > maxGroupDuration {
				jobs = jobs[:i]
				break
			}
			if results[i], err = w.runOne(j); err != nil {
				break
			}
		}
		if err == nil {
			err = w.exec("COMMIT")
		}
		if err != nil {
			_ = w.exec("ROLLBACK") // SQLite may have done so itself
		}
	}
	for i, j := range jobs {
		if err != nil {
			results[i] = err
		}
		j.result <- results[i]
	}
	w.committed()
	return len(jobs)
}

// exec sends a statement that begins or ends a transaction.
func (w *writer) exec(sql string) error {
	_, err := w.conn.ExecContext(context.Background(), sql)
	return err
}

// runOne runs a job in a savepoint. It checks the context before, but does not cancel a running statement, because
// that would roll back the other jobs. fatal is an error of the whole transaction.
func (w *writer) runOne(j *job) (result, fatal error) {
	if err := j.ctx.Err(); err != nil {
		return err, nil
	}
	if !j.claimed.CompareAndSwap(false, true) {
		return context.Canceled, nil // nobody reads this
	}
	if err := w.exec("SAVEPOINT job"); err != nil {
		return nil, err
	}
	result = recoverPanic(func() error { return j.fn(w.db.WithContext(context.WithoutCancel(j.ctx))) })
	if result != nil {
		if err := w.exec("ROLLBACK TO job"); err != nil {
			var failed *sqlite.Error
			if errors.As(result, &failed) {
				err = result // a full disk, or one that fails: SQLite has taken back the transaction of all, savepoint and all
			}
			return nil, err // otherwise not result, which belongs to this job alone
		}
	}
	return result, w.exec("RELEASE job")
}

// recoverPanic returns a panic of fn as an error, so that the writer goes on.
func recoverPanic(fn func() error) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = &models.Error{Code: models.CodeInternal, Message: "internal error", Err: fmt.Errorf("panic: %v", problem)}
		}
	}()
	return fn()
}

// preparedConn is the connection of the writer with its prepared statements. The pool of database/sql would prepare
// them in each transaction, which is a quarter of the cost of a small write.
type preparedConn struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

// maxStatements limits the prepared statements; the store has a few dozen.
const maxStatements = 200

// PrepareContext makes a connection a gorm.ConnPool, as the other methods do.
func (c *preparedConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.conn.PrepareContext(ctx, query)
}

// prepared returns the prepared statement of a query.
func (c *preparedConn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement, ok := c.statements[query]; ok {
		return statement, nil
	}
	if len(c.statements) >= maxStatements {
		c.closeStatements()
	}
	statement, err := c.conn.PrepareContext(ctx, query)
	if err == nil {
		c.statements[query] = statement
	}
	return statement, err
}

// ExecContext runs a statement.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}

// QueryContext runs a query.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext runs a query of one row, without keeping it.
func (c *preparedConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.conn.QueryRowContext(ctx, query, args...)
}

func (c *preparedConn) closeStatements() {
	for _, statement := range c.statements {
		_ = statement.Close() // it is never used again
	}
	clear(c.statements)
}

func (c *preparedConn) close() error {
	c.closeStatements()
	return c.conn.Close()
}
