package operation

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/models"
)

// responseMeter counts the fields and the approximate bytes of a response while it is made, and cancels the operation
// at a limit. The cost of an operation does not bound its response, because values can be long and are repeated for
// each field that selects them.
type responseMeter struct {
	fields, bytes atomic.Int64
	limits        *models.ServerLimits
	ctx           context.Context
	cancel        context.CancelCauseFunc
}

type meterKey struct{}

// withMeter returns a context with a meter, which cancels ctx.
func withMeter(
	ctx context.Context, limits *models.ServerLimits, cancel context.CancelCauseFunc,
) (context.Context, *responseMeter) {
	m := &responseMeter{limits: limits, ctx: ctx, cancel: cancel}
	return context.WithValue(ctx, meterKey{}, m), m
}

func (m *responseMeter) addField() {
	if n, limit := m.fields.Add(1), int64(m.limits.AnswerFields); n > limit {
		m.cancel(models.LimitExceeded(nil, "fields of a response", limit, n))
	}
}

func (m *responseMeter) add(bytes int64) {
	if n, limit := m.bytes.Add(bytes), int64(m.limits.AnswerBytes); n > limit {
		m.cancel(models.LimitExceeded(nil, "bytes of a response", limit, n))
	}
}

// ReserveBytes counts bytes of a value before a resolver makes it, because sibling fields are resolved at the same
// time. It returns an error if the operation has ended.
func ReserveBytes(ctx context.Context, bytes int) error {
	m := ctx.Value(meterKey{}).(*responseMeter)
	m.add(int64(bytes))
	return context.Cause(m.ctx)
}

// fieldBytes returns the approximate size of a field in the response: its name and its value, if the value is a leaf.
// Resolvers of large JSON objects reserve their bytes instead.
func fieldBytes(field *graphql.FieldContext, value any) int64 {
	bytes := len(`"":,`)
	if field != nil && field.Field.Field != nil {
		bytes += len(field.Field.Alias)
	}
	switch value := value.(type) {
	case string:
		bytes += jsonStringLen(value)
	case *string:
		if value != nil {
			bytes += jsonStringLen(*value)
		}
	case []string:
		for _, text := range value {
			bytes += jsonStringLen(text) + len(",")
		}
	case *models.RawJSON:
		if value != nil {
			bytes += len(*value)
		}
	default:
		bytes += len("null")
	}
	return int64(bytes)
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
