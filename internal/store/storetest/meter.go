package storetest

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/store/engine"
)

// Meter counts the statements of a context, and can make one of them fail.
type Meter struct {
	statements atomic.Int64
	// FailAt is the number of the statement that fails without being sent, from 1 on; 0 for none.
	FailAt int64
	// Record, if not nil, is called with each statement before it is sent.
	Record func(text string, args []any)
	// Hold, if not nil, is called with the context of each statement before it is sent, and may delay the statement.
	Hold func(ctx context.Context, text string)
}

var _ engine.Observer = (*Meter)(nil)

// errMeter is the failure of the statement FailAt.
var errMeter = errors.New("the meter of the context makes this statement fail")

// WithMeter returns a context whose statements the meter counts.
func WithMeter(ctx context.Context, meter *Meter) context.Context {
	return engine.WithObserver(ctx, meter)
}

// Statements returns the number of statements.
func (m *Meter) Statements() int64 { return m.statements.Load() }

// BeforeStatement counts a statement.
func (m *Meter) BeforeStatement(ctx context.Context, text string, args []any) error {
	if m.Hold != nil {
		m.Hold(ctx, text)
	}
	if m.Record != nil {
		m.Record(text, slices.Clone(args))
	}
	if m.statements.Add(1) == m.FailAt {
		return errMeter
	}
	return nil
}

// Statement does nothing.
func (m *Meter) Statement(context.Context, time.Time, time.Duration, func() string, error) {}

// Entries does nothing.
func (m *Meter) Entries(int) {}
