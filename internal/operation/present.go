package operation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/internal/requestid"
	"github.com/placard/placard/models"
)

// Presenter turns errors into the errors that clients see, and logs what clients must not see.
type Presenter struct{ log *slog.Logger }

// NewPresenter returns a presenter that writes to a log.
func NewPresenter(log *slog.Logger) *Presenter { return &Presenter{log} }

// Present returns the error of a client for err, at the path of the field of ctx. It logs internal errors and failures
// of the server. If ctx was interrupted, it returns the reason.
func (p *Presenter) Present(ctx context.Context, err error) *gqlerror.Error {
	err = p.Interruption(ctx, err)
	presented := toGraphQLError(err)
	presented.Path = graphql.GetPath(ctx)
	switch code := presented.Extensions["code"]; code {
	case string(models.CodeInternal):
		presented.Extensions["requestId"] = requestid.FromContext(ctx)
		p.log.ErrorContext(ctx, "internal error", "requestId", requestid.FromContext(ctx), "error", err)
	case string(models.CodeUnavailable), string(models.CodeOverloaded):
		p.log.WarnContext(ctx, "request failed", "code", code, "requestId", requestid.FromContext(ctx), "error", err)
	}
	return presented
}

// Refuse returns the response of a request that is not executed because of err. It logs err as Present does, except
// OVERLOADED, which comes in large numbers.
func (p *Presenter) Refuse(ctx context.Context, err error) *Response {
	if models.CodeOf(err) == models.CodeOverloaded {
		return Refuse(err)
	}
	return &Response{Outcome: Refused, Errors: gqlerror.List{p.Present(ctx, err)}}
}

// Interruption returns the reason if err follows from the end of ctx: a deadline, a limit, or CANCELLED if the client
// has left. Drivers report only that they were interrupted. Interruption returns other errors unchanged.
func (p *Presenter) Interruption(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	var known, reason *models.Error
	isKnown, hasReason := errors.As(err, &known), errors.As(cause, &reason)
	clientLeft := cause != nil && !hasReason
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case clientLeft && isKnown && known.Code == models.CodeUnavailable: // the driver has closed the connection
	case cause == nil, isKnown:
		return err
	default:
		level := slog.LevelWarn
		if clientLeft {
			level = slog.LevelDebug
		}
		p.log.Log(ctx, level, "error after the end of the request", "requestId", requestid.FromContext(ctx), "error", err)
	}
	switch {
	case hasReason:
		return reason
	case clientLeft:
		return Cancelled(err)
	case isKnown:
		return known
	}
	return &models.Error{
		Code: models.CodeUnavailable, Message: "the database interrupted the request; retry later", Retryable: true, Err: err,
	}
}

// Cancelled returns the error of a request whose client has left. cause may be nil.
func Cancelled(cause error) error {
	return &models.Error{Code: models.CodeCancelled, Message: "the request was cancelled", Retryable: true, Err: cause}
}

// recoverPanic turns a panic of a resolver into an internal error and logs its stack.
func (p *Presenter) recoverPanic(ctx context.Context, problem any) error {
	p.log.LogAttrs(ctx, slog.LevelError, "panic", slog.String("requestId", requestid.FromContext(ctx)),
		slog.String("problem", fmt.Sprint(problem)), slog.String("stack", string(debug.Stack())))
	return &models.Error{Code: models.CodeInternal, Message: "internal error", Err: fmt.Errorf("panic: %v", problem)}
}

// toGraphQLError returns err as clients see it: the fields of a models.Error, or an internal error without details.
func toGraphQLError(err error) *gqlerror.Error {
	var failure *models.Error
	if !errors.As(err, &failure) {
		failure = &models.Error{Code: models.CodeInternal, Message: "internal error"}
	}
	extensions, message := map[string]any{"code": string(failure.Code)}, failure.Message
	if len(failure.Path) > 0 {
		extensions["path"] = truncatePath(failure.Path)
		message = place(failure.Path) + ": " + message
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
	return &gqlerror.Error{Message: message, Extensions: extensions}
}

// maxPlaceSteps is the number of steps at each end of a path that a message names.
const maxPlaceSteps = 20

// plainStep matches a key that needs no quotes in a place.
var plainStep = regexp.MustCompile(`^[^\s."'\[\]:\pC]+$`)

// place returns a path for the start of a message, such as `input.entries[2].value`. Keys are cut to 100 characters,
// and those that are no words are quoted: `input.metadata["a.b"]`.
func place(path []any) string {
	var b strings.Builder
	for i, step := range path {
		if i == maxPlaceSteps && len(path) > 2*maxPlaceSteps {
			b.WriteString(".…")
		}
		if i >= maxPlaceSteps && i < len(path)-maxPlaceSteps {
			continue
		}
		text, isKey := step.(string)
		switch text = models.TruncateName(text); {
		case !isKey:
			fmt.Fprintf(&b, "[%v]", step)
		case !plainStep.MatchString(text):
			fmt.Fprintf(&b, "[%q]", text)
		case i > 0:
			b.WriteString("." + text)
		default:
			b.WriteString(text)
		}
	}
	return b.String()
}

// truncatePath returns a path whose steps are cut to a length that no valid key exceeds.
func truncatePath(path []any) []any {
	steps := slices.Clone(path)
	for i, step := range steps {
		if text, ok := step.(string); ok && utf8.RuneCountInString(text) > models.MaxNameCharacters+1 {
			steps[i] = string([]rune(text)[:models.MaxNameCharacters]) + "…"
		}
	}
	return steps
}

// withCode sets the code of an error of the GraphQL parser or validator.
func withCode(err *gqlerror.Error, code string) *gqlerror.Error {
	if err.Extensions == nil {
		err.Extensions = map[string]any{}
	}
	err.Extensions["code"] = code
	return err
}
