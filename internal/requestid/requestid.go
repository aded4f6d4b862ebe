// Package requestid carries the ID of an HTTP request in a context, for logs, traces and error responses.
package requestid

import "context"

type contextKey struct{}

// NewContext returns a context with the ID of a request.
func NewContext(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, contextKey{}, id)
}

// FromContext returns the ID of the request, empty if ctx has none.
func FromContext(ctx context.Context) string {
	id, _ := ctx.Value(contextKey{}).(string)
	return id
}
