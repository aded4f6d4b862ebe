package graph

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/models"
)

// extent is how large an answer has become. An answer grows with each list inside a list, with long values, and with each
// time that the same is asked for, also when nothing is read any more. Beyond the limits the operation is stopped.
type extent struct {
	fields, bytes atomic.Int64
	limits        *models.ServerLimits
	// operation is the context that stop ends.
	operation context.Context
	stop      context.CancelCauseFunc
}

type extentKey struct{}

func withExtent(ctx context.Context, limits *models.ServerLimits, stop context.CancelCauseFunc) (context.Context, *extent) {
	e := &extent{limits: limits, operation: ctx, stop: stop}
	return context.WithValue(ctx, extentKey{}, e), e
}

// addField counts a field.
func (e *extent) addField() {
	if n, most := e.fields.Add(1), int64(e.limits.AnswerFields); n > most {
		e.stop(models.LimitExceeded(nil, "fields in an answer", most, n))
	}
}

// add counts bytes.
func (e *extent) add(bytes int64) {
	if n, most := e.bytes.Add(bytes), int64(e.limits.AnswerBytes); n > most {
		e.stop(models.LimitExceeded(nil, "bytes of an answer", most, n))
	}
}

// announce counts what entries will take as one JSON object, before the object is made: fields beside each other are made
// at the same time.
func announce(ctx context.Context, entries []*models.MetadataEntry) error {
	bytes := 0
	for _, entry := range entries {
		bytes += len(`"":,`) + len(entry.Key) + len(*entry.Text)
	}
	e := ctx.Value(extentKey{}).(*extent)
	e.add(int64(bytes))
	return context.Cause(e.operation)
}

// weight is about how many bytes a field takes in the answer: its name, and its value if that is a leaf that has not been
// announced.
func weight(field *graphql.FieldContext, value any) int64 {
	bytes := len(`"":,`)
	if field != nil && field.Field.Field != nil {
		bytes += len(field.Field.Alias)
	}
	switch value := value.(type) {
	case string:
		bytes += quoted(value)
	case *string:
		if value != nil {
			bytes += quoted(*value)
		}
	case []string:
		for _, text := range value {
			bytes += quoted(text) + len(",")
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

// quoted is how many bytes a text takes as JSON.
func quoted(text string) int {
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
