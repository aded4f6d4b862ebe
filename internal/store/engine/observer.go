package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Observer observes the statements of a context, but not those that begin and end transactions.
type Observer interface {
	// BeforeStatement is called before a statement is sent. A statement for which it returns an error is not sent, and
	// fails with this error.
	BeforeStatement(ctx context.Context, text string, args []any) error
	// Statement is called after a statement. text returns its SQL, with placeholders instead of values.
	Statement(ctx context.Context, begin time.Time, took time.Duration, text func() string, err error)
	// Entries is called after a transaction that stored n entries.
	Entries(n int)
}

type observerKey struct{}

// WithObserver returns a context that adds an observer to those of ctx.
func WithObserver(ctx context.Context, o Observer) context.Context {
	observers := observersOf(ctx)
	return context.WithValue(ctx, observerKey{}, append(observers[:len(observers):len(observers)], o))
}

func observersOf(ctx context.Context) []Observer {
	observers, _ := ctx.Value(observerKey{}).([]Observer)
	return observers
}

// ObserveEntries reports n stored entries to the observers of the context.
func (*DB) ObserveEntries(ctx context.Context, n int) {
	if n == 0 {
		return
	}
	for _, o := range observersOf(ctx) {
		o.Entries(n)
	}
}

// observedPool calls the observers of a context before each statement. It sends no statement whose context has ended.
type observedPool struct {
	gorm.ConnPool
	// gate delays reads; nil for none.
	gate *readGate
}

// observe makes a session of GORM use an observedPool.
func observe(db *gorm.DB, gate *readGate) *gorm.DB {
	db.ConnPool = &observedPool{db.ConnPool, gate}
	db.Statement.ConnPool = db.ConnPool
	return db
}

func (p *observedPool) before(ctx context.Context, text string, args []any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, o := range observersOf(ctx) {
		if err := o.BeforeStatement(ctx, text, args); err != nil {
			return err
		}
	}
	if p.gate != nil {
		return p.gate.wait(ctx)
	}
	return nil
}

// QueryContext sends a statement that returns rows.
func (p *observedPool) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if err := p.before(ctx, text, args); err != nil {
		return nil, err
	}
	return p.ConnPool.QueryContext(ctx, text, args...)
}

// ExecContext sends a statement that returns no rows.
func (p *observedPool) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if err := p.before(ctx, text, args); err != nil {
		return nil, err
	}
	return p.ConnPool.ExecContext(ctx, text, args...)
}

// BeginTx begins a transaction whose statements are observed, too.
func (p *observedPool) BeginTx(ctx context.Context, options *sql.TxOptions) (gorm.ConnPool, error) {
	beginner, ok := p.ConnPool.(gorm.TxBeginner)
	if !ok {
		return nil, gorm.ErrInvalidTransaction
	}
	tx, err := beginner.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return &observedTx{observedPool{tx, nil}, tx}, nil
}

// observedTx is the transaction of an observedPool.
type observedTx struct {
	observedPool
	tx *sql.Tx
}

// Commit commits the transaction.
func (t *observedTx) Commit() error { return t.tx.Commit() }

// Rollback rolls the transaction back.
func (t *observedTx) Rollback() error { return t.tx.Rollback() }

// A statement that takes slowStatement is logged with maxSlowBytes of its text, and at most one per slowLogInterval.
const (
	slowStatement   = 500 * time.Millisecond
	maxSlowBytes    = 200
	slowLogInterval = 10 * time.Second
)

// statementLogger calls the observers of a context after each statement, and logs slow statements. It omits the
// messages of GORM, because its errors are returned.
type statementLogger struct {
	logger.Interface
	log     *slog.Logger
	mu      sync.Mutex
	logged  time.Time
	omitted int
}

func newStatementLogger(log *slog.Logger) *statementLogger {
	return &statementLogger{Interface: logger.Discard, log: log}
}

// LogMode returns the logger: it has one level.
func (l *statementLogger) LogMode(logger.LogLevel) logger.Interface { return l }

// Trace implements logger.Interface. GORM calls it after each statement.
func (l *statementLogger) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	took := time.Since(begin)
	for _, o := range observersOf(ctx) {
		o.Statement(ctx, begin, took, func() string { text, _ := statement(); return text }, err)
	}
	if took < slowStatement {
		return
	}
	if omitted, ok := l.admit(begin.Add(took)); ok {
		text, rows := statement()
		l.log.WarnContext(ctx, "slow statement", "took", took, "rows", rows, "omitted", omitted, "sql",
			text[:min(len(text), maxSlowBytes)])
	}
}

// admit reports whether a statement that ended at now is logged, and returns how many were omitted since the last one.
func (l *statementLogger) admit(now time.Time) (omitted int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.logged.IsZero() && now.Sub(l.logged) < slowLogInterval {
		l.omitted++
		return 0, false
	}
	omitted, l.omitted, l.logged = l.omitted, 0, now
	return omitted, true
}

// Explain returns the plan of a reading statement, line by line. PostgreSQL executes the statement for it, and returns
// the cost of each step.
func (db *DB) Explain(ctx context.Context, text string, args []any) ([]string, error) {
	return db.backend.explain(ctx, text, args)
}

// readPlan returns the lines of a plan, which are in the last column.
func readPlan(rows *sql.Rows, err error) (lines []string, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err returns its error
	columns, err := rows.Columns()
	for err == nil && rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(any)
		}
		if err = rows.Scan(row...); err == nil {
			lines = append(lines, fmt.Sprint(*row[len(row)-1].(*any)))
		}
	}
	return lines, errors.Join(err, rows.Err())
}
