package models

import (
	"errors"
	"fmt"
)

// Code is the stable identifier of an error in `extensions.code` of a GraphQL error.
type Code string

// The error codes except the two of GraphQL itself; docs/reference/errors.md describes each.
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

// Error is an error that clients may see. Message never contains values of the client or internals of the server;
// details for the log are in Err.
type Error struct {
	Code    Code
	Message string
	// Path leads to a value of the input, by fields and keys (string) and list indexes (int).
	Path []any
	// Limit and Actual are set by LIMIT_EXCEEDED only.
	Limit, Actual *int64
	// Candidates are names that the caller may have meant; nil for codes without candidates.
	Candidates []string
	// Retryable reports that the same call may succeed later.
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

// CodeOf returns the code of the first Error in the chain of err, INTERNAL without one.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// BadInput returns the error of an invalid input.
func BadInput(at *Path, format string, args ...any) *Error {
	return &Error{Code: CodeBadInput, Message: fmt.Sprintf(format, args...), Path: at.Steps()}
}

// NotFound returns the error of a name or ID that does not exist or that the caller may not see.
func NotFound(at *Path, format string, args ...any) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf(format, args...), Path: at.Steps()}
}

// Forbidden returns the error of a call on a visible object that the caller's role does not allow.
func Forbidden(format string, args ...any) *Error {
	return &Error{Code: CodeForbidden, Message: fmt.Sprintf(format, args...)}
}

// Conflict returns the error of an input that contradicts stored data.
func Conflict(at *Path, format string, args ...any) *Error {
	return &Error{Code: CodeConflict, Message: fmt.Sprintf(format, args...), Path: at.Steps()}
}

// LimitExceeded returns the error of an input that exceeds a limit.
func LimitExceeded(at *Path, quantity string, limit, actual int64) *Error {
	return &Error{
		Code:    CodeLimitExceeded,
		Message: fmt.Sprintf("%s: at most %d, got %d", quantity, limit, actual),
		Path:    at.Steps(), Limit: &limit, Actual: &actual,
	}
}

// Path is the path of a value in an input, as a linked list that shares its prefix. nil is the root.
type Path struct {
	parent *Path
	step   any
}

// NewPath returns the path with the given steps.
func NewPath(steps ...any) *Path {
	var p *Path
	for _, step := range steps {
		p = p.Child(step)
	}
	return p
}

// Child returns the path of a field or key (string) or a list item (int) of p.
func (p *Path) Child(step any) *Path { return &Path{p, step} }

// nounPrefix returns a noun, such as "a key", for the start of a message, unless p ends at a field of this name.
func (p *Path) nounPrefix(noun string) string {
	if p != nil && "a "+fmt.Sprint(p.step) == noun {
		return ""
	}
	return noun + " "
}

// Steps returns the steps from the root to p.
func (p *Path) Steps() []any {
	if p == nil {
		return nil
	}
	return append(p.parent.Steps(), p.step)
}
