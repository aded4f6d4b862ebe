// Package meter counts the fields and the approximate bytes of a response while it is made, and ends the operation at a
// limit. The cost of an operation does not bound its response, because values can be long and are repeated for each
// field that selects them.
package meter

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/models"
)

// Meter counts the fields and the bytes of one response. It is safe for concurrent use.
type Meter struct {
	fields, bytes atomic.Int64
	limits        *models.ServerLimits
	operation     context.Context
	cancel        context.CancelCauseFunc
}

type key struct{}

// Start returns a context with a meter for an operation, which ends when ctx is done. The meter calls cancel at a
// limit.
func Start(
	ctx context.Context, limits *models.ServerLimits, cancel context.CancelCauseFunc,
) (context.Context, *Meter) {
	m := &Meter{limits: limits, operation: ctx, cancel: cancel}
	return context.WithValue(ctx, key{}, m), m
}

// From returns the meter of the operation of a context. The context may be done before the operation ends, for example
// at the deadline of a read.
func From(ctx context.Context) *Meter { return ctx.Value(key{}).(*Meter) }

// HasEnded reports whether the operation has ended.
func (m *Meter) HasEnded() bool { return m.operation.Err() != nil }

// Resolve calls the resolver of a field, and counts the field. It returns an error if the operation has ended.
func (m *Meter) Resolve(ctx context.Context, next graphql.Resolver) (any, error) {
	if n, limit := m.fields.Add(1), int64(m.limits.AnswerFields); n > limit {
		m.cancel(models.LimitExceeded(nil, "fields of a response", limit, n))
	}
	if m.HasEnded() {
		return nil, context.Cause(m.operation)
	}
	value, err := next(ctx)
	bytes := valueBytes(value)
	if field := graphql.GetFieldContext(ctx); field != nil && field.Field.Field != nil {
		bytes += NameBytes(field.Field.Alias)
	}
	m.add(bytes)
	return value, err
}

// Reserve counts fields and bytes that a marshaler writes without Resolve. If a limit would be exceeded or the
// operation has ended, it counts nothing and returns false.
func (m *Meter) Reserve(fields, bytes int) bool {
	if m.HasEnded() {
		return false
	}
	if m.fields.Add(int64(fields)) > int64(m.limits.AnswerFields) {
		m.fields.Add(-int64(fields))
		return false
	}
	if m.bytes.Add(int64(bytes)) > int64(m.limits.AnswerBytes) {
		m.fields.Add(-int64(fields))
		m.bytes.Add(-int64(bytes))
		return false
	}
	return true
}

// ReserveBytes counts bytes of a value before a resolver makes it, because sibling fields are resolved at the same
// time. It returns an error if the operation has ended.
func (m *Meter) ReserveBytes(bytes int) error {
	m.add(bytes)
	return context.Cause(m.operation)
}

// MaxBytes returns the limit of bytes.
func (m *Meter) MaxBytes() int { return int(m.limits.AnswerBytes) }

func (m *Meter) add(bytes int) {
	if n, limit := m.bytes.Add(int64(bytes)), int64(m.limits.AnswerBytes); n > limit {
		m.cancel(models.LimitExceeded(nil, "bytes of a response", limit, n))
	}
}

// OtherBytes is the number of bytes that counts for a value that is neither text nor JSON, and for an object or a list
// without its fields and items.
const OtherBytes = len("null")

// NameBytes returns the number of bytes that counts for the name of a field in the response.
func NameBytes(alias string) int { return len(`"":,`) + len(alias) }

// valueBytes returns the approximate size of a value in the response, if it is a leaf. Resolvers of large JSON objects
// reserve their bytes instead.
func valueBytes(value any) (bytes int) {
	switch value := value.(type) {
	case string:
		return jsonStringLen(value)
	case *string:
		if value != nil {
			return jsonStringLen(*value)
		}
	case []string:
		for _, text := range value {
			bytes += jsonStringLen(text) + len(",")
		}
	case *models.RawJSON:
		if value != nil {
			return len(*value)
		}
	default:
		return OtherBytes
	}
	return bytes
}

// jsonStringLen returns the length of a text as a JSON string.
func jsonStringLen(text string) int {
	bytes := len(`""`) + len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t':
			bytes++
		case c < ' ':
			bytes += len(`\u0000`) - 1
		}
	}
	return bytes
}
