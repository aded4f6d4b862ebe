package models

import (
	"errors"
	"fmt"
)

// Code is the stable name of a kind of failure, which a client may act on: `extensions.code` of a GraphQL error.
type Code string

// The codes, without the two that GraphQL brings itself; docs/reference/errors.md says when each is given.
const (
	CodeBadInput             Code = "BAD_INPUT"
	CodeNotFound             Code = "NOT_FOUND"
	CodeAmbiguousOutput      Code = "AMBIGUOUS_OUTPUT"
	CodeNoOutputs            Code = "NO_OUTPUTS"
	CodeOutputNotFound       Code = "OUTPUT_NOT_FOUND"
	CodeConflict             Code = "CONFLICT"
	CodeIdempotencyKeyReused Code = "IDEMPOTENCY_KEY_REUSED"
	CodeLimitExceeded        Code = "LIMIT_EXCEEDED"
	CodeForbidden            Code = "FORBIDDEN"
	CodeOverloaded           Code = "OVERLOADED"
	CodeUnauthenticated      Code = "UNAUTHENTICATED"
	CodeUnavailable          Code = "UNAVAILABLE"
	CodeCancelled            Code = "CANCELLED"
	CodeInternal             Code = "INTERNAL"
)

// Error is a failure that a client may see. Its message never holds a value that the client sent, nor anything of
// the inside of the server; what the log needs is in Err.
type Error struct {
	Code    Code
	Message string
	// Path points into the input: strings for fields and keys, ints for places in lists.
	Path []any
	// Limit and Actual are set together, by LIMIT_EXCEEDED.
	Limit, Actual *int64
	// Candidates are the names that the caller may have meant; nil when the code has none.
	Candidates []string
	// Retryable says that the same call may succeed later.
	Retryable bool
	// Err is the cause, for the log only.
	Err error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf is the code of the first Error in the chain of err, and INTERNAL when there is none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// BadInput is an input that can never be accepted.
func BadInput(at *Path, format string, args ...any) *Error {
	return &Error{Code: CodeBadInput, Message: fmt.Sprintf(format, args...), Path: at.Steps()}
}

// NotFound is a name or ID that stands for nothing, or for nothing that the caller may see.
func NotFound(at *Path, format string, args ...any) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf(format, args...), Path: at.Steps()}
}

// Forbidden is what the caller may not do with something that it may see.
func Forbidden(format string, args ...any) *Error {
	return &Error{Code: CodeForbidden, Message: fmt.Sprintf(format, args...)}
}

// Conflict is an input that what is stored contradicts.
func Conflict(at *Path, format string, args ...any) *Error {
	return &Error{Code: CodeConflict, Message: fmt.Sprintf(format, args...), Path: at.Steps()}
}

// LimitExceeded is an input with more of something than the server accepts.
func LimitExceeded(at *Path, what string, limit, actual int64) *Error {
	return &Error{
		Code:    CodeLimitExceeded,
		Message: fmt.Sprintf("%s: at most %d, got %d", what, limit, actual),
		Path:    at.Steps(), Limit: &limit, Actual: &actual,
	}
}

// Path is a place in an input. It grows at the end without copying; nil is the root.
type Path struct {
	parent *Path
	step   any
}

// At is the path of the given steps.
func At(steps ...any) *Path {
	var p *Path
	for _, step := range steps {
		p = p.In(step)
	}
	return p
}

// In is the place of a field, a key (string) or a list item (int) inside p.
func (p *Path) In(step any) *Path { return &Path{p, step} }

// Steps are the steps from the root to p.
func (p *Path) Steps() []any {
	if p == nil {
		return nil
	}
	return append(p.parent.Steps(), p.step)
}
