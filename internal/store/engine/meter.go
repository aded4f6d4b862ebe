package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

// Meter counts the statements of a context, and may make one of them fail, for tests. What begins and ends
// transactions is not counted.
type Meter struct {
	statements atomic.Int64
	// FailAt is the statement that fails without being sent, 1 for the first; 0 for none.
	FailAt int64
	// Record, if any, hears each statement before it is sent.
	Record func(text string, args []any)
	// Hold, if any, is called before each statement with its context, and may delay the statement.
	Hold func(ctx context.Context, text string)
}

// Statements is how many statements there have been.
func (m *Meter) Statements() int64 { return m.statements.Load() }

type meterKey struct{}

// WithMeter makes a context whose statements the meter counts.
func WithMeter(ctx context.Context, meter *Meter) context.Context {
	return context.WithValue(ctx, meterKey{}, meter)
}

// Explain is how the database answers a reading statement that a Meter has recorded, line by line, for tests and
// measurements. PostgreSQL answers it for that, and says what each step cost.
func (db *DB) Explain(ctx context.Context, text string, args []any) ([]string, error) {
	return db.backend.explain(ctx, text, args)
}

// errMeter is the failure that a meter asked for.
var errMeter = errors.New("the meter of the context asked for this failure")

// metered makes db look for a meter before each statement. A statement whose context has ended is not sent, and no meter
// counts it.
func metered(db *gorm.DB) error {
	look := func(db *gorm.DB) {
		ctx := db.Statement.Context
		if err := ctx.Err(); err != nil {
			_ = db.AddError(err)
			return
		}
		meter, ok := ctx.Value(meterKey{}).(*Meter)
		if !ok {
			return
		}
		if meter.Hold != nil {
			meter.Hold(ctx, db.Statement.SQL.String())
		}
		if meter.Record != nil {
			meter.Record(db.Statement.SQL.String(), slices.Clone(db.Statement.Vars))
		}
		if meter.statements.Add(1) == meter.FailAt {
			_ = db.AddError(errMeter)
		}
	}
	return errors.Join(
		db.Callback().Raw().Before("gorm:raw").Register("placard:meter", look),
		db.Callback().Row().Before("gorm:row").Register("placard:meter", look))
}

// Observer hears of what the store does for a context.
type Observer interface {
	// Statement is called after a statement; text makes its SQL, with placeholders instead of values. What begins and ends
	// transactions is not a statement.
	Statement(ctx context.Context, begin time.Time, took time.Duration, text func() string, err error)
	// Entries is called after a transaction that has stored n entries.
	Entries(n int)
}

type observerKey struct{}

// WithObserver makes a context of which the observer hears.
func WithObserver(ctx context.Context, o Observer) context.Context {
	return context.WithValue(ctx, observerKey{}, o)
}

func observeStatement(ctx context.Context, begin time.Time, took time.Duration, statement func() (string, int64), err error) {
	if o, ok := ctx.Value(observerKey{}).(Observer); ok {
		o.Statement(ctx, begin, took, func() string { text, _ := statement(); return text }, err)
	}
}

// ObserveEntries reports n stored entries to the observer of the context.
func ObserveEntries(ctx context.Context, n int) {
	if o, ok := ctx.Value(observerKey{}).(Observer); ok && n > 0 {
		o.Entries(n)
	}
}

// readPlan are the lines of a plan, which stand in the last column.
func readPlan(rows *sql.Rows, err error) (lines []string, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
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
