package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/models"
)

// present is a failure as a client sees it. Only what a models.Error says gets out.
func present(err error) *gqlerror.Error {
	var failure *models.Error
	if !errors.As(err, &failure) {
		failure = &models.Error{Code: models.CodeInternal, Message: "internal error"}
	}
	extensions := map[string]any{"code": string(failure.Code)}
	if len(failure.Path) > 0 {
		extensions["path"] = short(failure.Path)
	}
	if failure.Limit != nil {
		extensions["limit"] = *failure.Limit
	}
	if failure.Actual != nil {
		extensions["actual"] = *failure.Actual
	}
	if failure.Candidates != nil {
		extensions["candidates"] = failure.Candidates
	}
	if failure.Retryable {
		extensions["retryable"] = true
	}
	return &gqlerror.Error{Message: failure.Message, Extensions: extensions}
}

// short is a path with its steps cut to a length that no good key has.
func short(path []any) []any {
	steps := slices.Clone(path)
	for i, step := range steps {
		if text, ok := step.(string); ok && utf8.RuneCountInString(text) > models.MaxNameCharacters+1 {
			steps[i] = string([]rune(text)[:models.MaxNameCharacters]) + "…"
		}
	}
	return steps
}

// presenter decides what a client sees of a failure, and writes the rest to the log.
func (s *Server) presenter(ctx context.Context, err error) *gqlerror.Error {
	err = s.interruption(ctx, err)
	presented := present(err)
	presented.Path = graphql.GetPath(ctx)
	switch code := presented.Extensions["code"]; code {
	case string(models.CodeInternal):
		presented.Extensions["requestId"] = RequestID(ctx)
		s.log.ErrorContext(ctx, "internal error", "requestId", RequestID(ctx), "error", err)
	case string(models.CodeUnavailable), string(models.CodeOverloaded):
		s.log.WarnContext(ctx, "request failed", "code", code, "requestId", RequestID(ctx), "error", err)
	}
	return presented
}

// interruption returns why a read was interrupted, such as the deadline: drivers only report that it was. Any other error is
// returned as it is. UNAVAILABLE when the client has left.
func (s *Server) interruption(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		var known *models.Error
		if cause == nil || errors.As(err, &known) {
			return err
		}
		s.log.WarnContext(ctx, "error after the end of the request", "requestId", RequestID(ctx), "error", err)
	}
	var reason *models.Error
	if errors.As(cause, &reason) || cause == nil && errors.As(err, &reason) {
		return reason
	}
	return &models.Error{Code: models.CodeUnavailable, Message: errCancelled.Message, Retryable: true, Err: err}
}

// recovered makes a panic in a resolver an internal error; the process lives on.
func (s *Server) recovered(ctx context.Context, problem any) error {
	s.log.LogAttrs(ctx, slog.LevelError, "panic", slog.String("requestId", RequestID(ctx)),
		slog.String("problem", fmt.Sprint(problem)), slog.String("stack", string(debug.Stack())))
	return &models.Error{Code: models.CodeInternal, Message: "internal error", Err: fmt.Errorf("panic: %v", problem)}
}

type requestIDKey struct{}

// WithRequestID gives the request of ctx its ID, which stands in the log and in the answer to an internal error.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID is the ID of the request of ctx.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
