package store

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gorm.io/gorm/logger"
)

// slow is the duration from which the log mentions a statement.
const slow = 500 * time.Millisecond

// format returns a message of GORM with its arguments, and removes settings from errors of connections.
func format(text string, args []any) string {
	shown := slices.Clone(args)
	for i, arg := range shown {
		if err, ok := arg.(error); ok {
			shown[i] = redacted(err)
		}
	}
	return fmt.Sprintf(text, shown...)
}

// gormLogger sends what GORM has to say to slog.
type gormLogger struct{ log *slog.Logger }

func (l gormLogger) LogMode(logger.LogLevel) logger.Interface { return l }

func (l gormLogger) Info(ctx context.Context, text string, args ...any) {
	l.log.InfoContext(ctx, "gorm", "text", format(text, args))
}

func (l gormLogger) Warn(ctx context.Context, text string, args ...any) {
	l.log.WarnContext(ctx, "gorm", "text", format(text, args))
}

func (l gormLogger) Error(ctx context.Context, text string, args ...any) {
	l.log.ErrorContext(ctx, "gorm", "text", format(text, args))
}

func (l gormLogger) Trace(ctx context.Context, begin time.Time, fc func() (string, int64), err error) {
	took := time.Since(begin)
	observeStatement(ctx, begin, took, fc, err)
	if took >= slow {
		sql, rows := fc()
		l.log.WarnContext(ctx, "slow statement", "took", took, "rows", rows, "sql", sql)
	}
}
