package httpd

import (
	"context"
	"log/slog"
	"os"

	"github.com/placard/placard/internal/requestid"
)

// NewLogger returns a logger to the standard error that adds the ID of its request to each line. format is "json" or "text".
func NewLogger(level slog.Level, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(Identify(slog.NewJSONHandler(os.Stderr, options)))
	}
	return slog.New(Identify(slog.NewTextHandler(os.Stderr, options)))
}

// Identify makes a handler of log lines that adds requestId to each line of a request, if it does not say it itself.
func Identify(next slog.Handler) slog.Handler { return &identify{next} }

type identify struct{ slog.Handler }

// Handle writes a line.
func (h *identify) Handle(ctx context.Context, line slog.Record) error {
	id := requestid.FromContext(ctx)
	line.Attrs(func(a slog.Attr) bool {
		if a.Key == "requestId" {
			id = ""
		}
		return id != ""
	})
	if id != "" {
		line = line.Clone()
		line.AddAttrs(slog.String("requestId", id))
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs is the handler with attributes for all its lines.
func (h *identify) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &identify{h.Handler.WithAttrs(attrs)}
}

// WithGroup is the handler with a group around what follows.
func (h *identify) WithGroup(name string) slog.Handler { return &identify{h.Handler.WithGroup(name)} }
