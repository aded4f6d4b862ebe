package httpd

import (
	"context"
	"log/slog"

	"github.com/placard/placard/graph"
)

// Identify makes a handler of log lines that adds requestId to each line of a request, if it does not say it itself.
func Identify(next slog.Handler) slog.Handler { return &identify{next} }

type identify struct{ slog.Handler }

// Handle writes a line.
func (h *identify) Handle(ctx context.Context, line slog.Record) error {
	id := graph.RequestID(ctx)
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
