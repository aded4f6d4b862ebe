package store

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// gormConfig is how both engines use GORM: no hidden transactions, no hidden writes, no values in the log.
func gormConfig(log *slog.Logger, prepare bool) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            prepare,
		Logger:                 gormLogger{log},
	}
}

// mute is a dialect that writes statements for the log without their arguments. GORM would write them out for each
// statement, which costs time and shows values.
type mute struct{ gorm.Dialector }

// Explain is the statement with its placeholders.
func (mute) Explain(sql string, _ ...any) string { return sql[:min(len(sql), mostLogged)] }

// mostLogged is how many bytes of a statement the log shows.
const mostLogged = 2000

// slow is how long a statement takes before the log mentions it.
const slow = 500 * time.Millisecond

// gormLogger sends what GORM has to say to slog.
type gormLogger struct{ log *slog.Logger }

func (l gormLogger) LogMode(logger.LogLevel) logger.Interface { return l }

func (l gormLogger) Info(ctx context.Context, text string, args ...any) {
	l.log.InfoContext(ctx, "gorm", "text", text)
}

func (l gormLogger) Warn(ctx context.Context, text string, args ...any) {
	l.log.WarnContext(ctx, "gorm", "text", text)
}

func (l gormLogger) Error(ctx context.Context, text string, args ...any) {
	l.log.ErrorContext(ctx, "gorm", "text", text)
}

func (l gormLogger) Trace(ctx context.Context, begin time.Time, fc func() (string, int64), _ error) {
	if took := time.Since(begin); took >= slow {
		sql, rows := fc()
		l.log.WarnContext(ctx, "slow statement", "took", took, "rows", rows, "sql", sql)
	}
}

// Meter counts the statements of a context, and may make one of them fail, for tests. What begins and ends
// transactions is not counted.
type Meter struct {
	statements atomic.Int64
	// FailAt is the statement that fails without being sent, 1 for the first; 0 for none.
	FailAt int64
}

// Statements is how many statements there have been.
func (m *Meter) Statements() int64 { return m.statements.Load() }

type meterKey struct{}

// WithMeter makes a context whose statements the meter counts.
func WithMeter(ctx context.Context, meter *Meter) context.Context {
	return context.WithValue(ctx, meterKey{}, meter)
}

// errMeter is the failure that a meter asked for.
var errMeter = errors.New("the meter of the context asked for this failure")

// metered makes db look for a meter before each statement.
func metered(db *gorm.DB) error {
	look := func(db *gorm.DB) {
		meter, ok := db.Statement.Context.Value(meterKey{}).(*Meter)
		if ok && meter.statements.Add(1) == meter.FailAt {
			_ = db.AddError(errMeter)
		}
	}
	return errors.Join(
		db.Callback().Raw().Before("gorm:raw").Register("placard:meter", look),
		db.Callback().Row().Before("gorm:row").Register("placard:meter", look))
}
