package operation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/placard/placard/internal/requestid"
	"github.com/placard/placard/models"
)

// TestPresent checks what clients see of an error, and what the log has of it.
func TestPresent(t *testing.T) {
	t.Parallel()
	limit, actual := int64(3), int64(4)
	for _, c := range []struct {
		name       string
		err        error
		message    string
		extensions map[string]any
		level      string
	}{
		{"an unknown error", errors.New("secret"), "internal error", map[string]any{"code": "INTERNAL", "requestId": "r1"}, "ERROR"},
		{"a wrapped error of a caller", fmt.Errorf("secret: %w", models.BadInput(models.NewPath("a").Child(1), "must be x")), "a[1]: must be x",
			map[string]any{"code": "BAD_INPUT", "path": []any{"a", 1}}, ""},
		{"all fields", &models.Error{Code: models.CodeLimitExceeded, Message: "m", Limit: &limit, Actual: &actual, Candidates: []string{}, Err: errors.New("secret")},
			"m", map[string]any{"code": "LIMIT_EXCEEDED", "limit": int64(3), "actual": int64(4), "candidates": []string{}}, ""},
		{"an unavailable database", &models.Error{Code: models.CodeUnavailable, Message: "m", Retryable: true, Err: errors.New("secret")}, "m",
			map[string]any{"code": "UNAVAILABLE", "retryable": true}, "WARN"},
		{"an overloaded server", &models.Error{Code: models.CodeOverloaded, Message: "m"}, "m", map[string]any{"code": "OVERLOADED"}, "WARN"},
		{"an error of the application", &models.Error{Code: models.CodeInternal, Message: "m"}, "m", map[string]any{"code": "INTERNAL", "requestId": "r1"}, "ERROR"},
		{"an interrupted statement", fmt.Errorf("secret: %w", context.DeadlineExceeded), "the database interrupted the request; retry later",
			map[string]any{"code": "UNAVAILABLE", "retryable": true}, "WARN"},
		{"an interrupted statement with a code", &models.Error{Code: models.CodeConflict, Message: "m", Err: context.Canceled}, "m", map[string]any{"code": "CONFLICT"}, ""},
	} {
		var log bytes.Buffer
		p := NewPresenter(slog.New(slog.NewTextHandler(&log, nil)))
		got := p.Present(requestid.NewContext(context.Background(), "r1"), c.err)
		if got.Message != c.message || fmt.Sprint(got.Extensions) != fmt.Sprint(c.extensions) {
			t.Errorf("%s: got %q %v", c.name, got.Message, got.Extensions)
		}
		if strings.Contains(fmt.Sprintf("%+v", got), "secret") {
			t.Errorf("%s: the client sees the cause: %+v", c.name, got)
		}
		if (c.level == "") != (log.Len() == 0) || c.level != "" && !strings.Contains(log.String(), "level="+c.level) {
			t.Errorf("%s: logged %q", c.name, log.String())
		}
	}
}

// TestInterruption checks the reason of an error after the end of a request.
func TestInterruption(t *testing.T) {
	t.Parallel()
	timeout := &models.Error{Code: models.CodeLimitExceeded, Message: "too slow"}
	unavailable, conflict := &models.Error{Code: models.CodeUnavailable}, &models.Error{Code: models.CodeConflict}
	interrupted := &models.Error{Code: models.CodeUnavailable, Err: context.Canceled}
	running, left, late := context.Background(), ended(context.Canceled), ended(timeout)
	plain := errors.New("secret")
	for _, c := range []struct {
		name  string
		ctx   context.Context
		err   error
		want  models.Code
		level string
	}{
		{"a running request", running, conflict, models.CodeConflict, ""},
		{"an unknown error of a running request", running, plain, models.CodeInternal, ""},
		{"a statement that the database interrupted", running, context.Canceled, models.CodeUnavailable, ""},
		{"a statement after the deadline", late, context.Canceled, models.CodeLimitExceeded, ""},
		{"an interrupted statement after the deadline", late, interrupted, models.CodeLimitExceeded, ""},
		{"a known error after the deadline", late, conflict, models.CodeConflict, ""},
		{"an unavailable database after the deadline", late, unavailable, models.CodeUnavailable, ""},
		{"an unknown error after the deadline", late, plain, models.CodeLimitExceeded, "WARN"},
		{"a statement of a client that left", left, context.Canceled, models.CodeCancelled, ""},
		{"a closed connection of a client that left", left, unavailable, models.CodeCancelled, ""},
		{"a known error of a client that left", left, conflict, models.CodeConflict, ""},
		{"an unknown error of a client that left", left, plain, models.CodeCancelled, "DEBUG"},
	} {
		var log bytes.Buffer
		p := NewPresenter(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		got := p.Interruption(c.ctx, c.err)
		if models.CodeOf(got) != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
		if (c.level == "") != (log.Len() == 0) || c.level != "" && !strings.Contains(log.String(), "level="+c.level) {
			t.Errorf("%s: logged %q", c.name, log.String())
		}
	}
}

func ended(cause error) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	return ctx
}

// TestRefuse checks that an overloaded server, which refuses many requests, does not log each.
func TestRefuse(t *testing.T) {
	t.Parallel()
	for code, logs := range map[models.Code]bool{models.CodeOverloaded: false, models.CodeUnavailable: true, models.CodeUnauthenticated: false} {
		var log bytes.Buffer
		response := NewPresenter(slog.New(slog.NewTextHandler(&log, nil))).Refuse(context.Background(), &models.Error{Code: code})
		if response.Outcome != Refused || len(response.Errors) != 1 || response.Errors[0].Extensions["code"] != string(code) || (log.Len() > 0) != logs {
			t.Errorf("%s: got %+v, logged %q", code, response, log.String())
		}
	}
}

func TestTruncatePath(t *testing.T) {
	t.Parallel()
	allowed := strings.Repeat("é", models.MaxNameCharacters+1)
	path := []any{allowed, 7, allowed + "é"}
	got := truncatePath(path)
	if want := []any{allowed, 7, allowed[:2*models.MaxNameCharacters] + "…"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v", got)
	}
	if path[2] != allowed+"é" {
		t.Error("the path itself has changed")
	}
}
