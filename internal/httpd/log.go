package httpd

import (
	"context"
	"log/slog"
	"os"

	"github.com/placard/placard/graph"
)

// NewLogger returns a logger that writes to standard error, in the format json or text.
func NewLogger(level slog.Level, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(WithRequestID(slog.NewJSONHandler(os.Stderr, options)))
	}
	return slog.New(WithRequestID(slog.NewTextHandler(os.Stderr, options)))
}

// WithRequestID returns a log handler that adds requestId to the records of a request, unless they have it.
func WithRequestID(next slog.Handler) slog.Handler { return &requestIDHandler{next} }

type requestIDHandler struct{ slog.Handler }

func (h *requestIDHandler) Handle(ctx context.Context, record slog.Record) error {
	id := graph.RequestID(ctx)
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "requestId" {
			id = ""
		}
		return id != ""
	})
	if id != "" {
		record = record.Clone()
		record.AddAttrs(slog.String("requestId", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h *requestIDHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &requestIDHandler{h.Handler.WithAttrs(attrs)}
}

func (h *requestIDHandler) WithGroup(name string) slog.Handler {
	return &requestIDHandler{h.Handler.WithGroup(name)}
}
