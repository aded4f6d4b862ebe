package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm/logger"
)

// slow is the duration from which the log mentions a statement, slowBytes how many bytes of its text, and slowEvery the
// shortest time between two of these lines.
const (
	slow      = 500 * time.Millisecond
	slowBytes = 200
	slowEvery = 10 * time.Second
)

// slowLog bounds the lines about slow statements, of which a lock makes many at once.
type slowLog struct {
	mu      sync.Mutex
	last    time.Time
	omitted int
}

// take reports whether there is a line about a statement that ended at now, and how many there were none about since the last.
func (l *slowLog) take(now time.Time) (omitted int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.last.IsZero() && now.Sub(l.last) < slowEvery {
		l.omitted++
		return 0, false
	}
	omitted, l.omitted, l.last = l.omitted, 0, now
	return omitted, true
}

// format returns a message of GORM with its arguments, and removes settings from errors of connections.
func format(text string, args []any) string {
	shown := slices.Clone(args)
	for i, arg := range shown {
		if err, ok := arg.(error); ok {
			shown[i] = stripDSN(err)
		}
	}
	return fmt.Sprintf(text, shown...)
}

// gormLogger sends what GORM has to say to slog.
type gormLogger struct {
	log  *slog.Logger
	slow *slowLog
}

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
	if took < slow {
		return
	}
	if omitted, ok := l.slow.take(begin.Add(took)); ok {
		sql, rows := fc()
		l.log.WarnContext(ctx, "slow statement", "took", took, "rows", rows, "omitted", omitted, "sql", sql[:min(len(sql), slowBytes)])
	}
}
