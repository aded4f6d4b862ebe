package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/models"
)

// Operation is what there is to know about an operation when it is answered. Nothing in it is a value of a caller.
type Operation struct {
	// Type is "query" or "mutation", empty for a request that was refused before that was known.
	Type string
	// Name is that in the document, empty when it has none.
	Name string
	// Code is "OK", or the code of the first error.
	Code string
	// Cost is the estimate, 0 when there is none.
	Cost int64
	// Turn is how its wait for a turn ended, and Waited how long that was.
	Turn   Turn
	Waited time.Duration
	// Took is the time from the arrival of the request until its answer is ready.
	Took time.Duration

	begun   time.Time
	request *request
}

// CodeOK is the code of an operation without an error.
const CodeOK = "OK"

// Hash is the first 12 hexadecimal digits of the SHA-256 of the query text, empty when there is none.
func (o *Operation) Hash() string {
	if o.request == nil || o.request.query == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(o.request.query))
	return hex.EncodeToString(sum[:])[:12]
}

// Turn is how the wait of a request for its turn ended; empty when it was refused before.
type Turn string

const (
	TurnGiven Turn = "given"
	// TurnFull is a request that found as many waiting as may.
	TurnFull Turn = "full"
	// TurnLate is a request that waited until its time was over, and TurnLeft one whose client did not wait so long.
	TurnLate Turn = "late"
	TurnLeft Turn = "left"
)

// Observer hears of operations.
type Observer interface {
	// Begin is called when a request arrives. Its answer is made with the context that is returned, and then ended.
	Begin(r *http.Request) (ctx context.Context, end func(*Operation))
	// Group is called when resolvers begin to read something: a field of Query or Mutation, or a field of so many objects
	// that came in one list, for all of them at once. It is read with the context that is returned, and then ended.
	Group(ctx context.Context, field string, objects int) (read context.Context, end func(error))
}

// Observe makes an observer hear of all operations. It must be called before the server serves.
func (s *Server) Observe(o Observer) { s.observer = o }

// LogSlow makes the log name operations that take that long or longer, unless it is 0. It must be called before the
// server serves.
func (s *Server) LogSlow(slow time.Duration) { s.slow = slow }

type operationKey struct{}

type observerKey struct{}

// group tells the observer of a context, if there is one, that resolvers read a field of so many objects.
func group(ctx context.Context, field func(context.Context) string, objects int) (read context.Context, end func(error)) {
	if o, ok := ctx.Value(observerKey{}).(Observer); ok {
		return o.Group(ctx, field(ctx), objects)
	}
	return ctx, func(error) {}
}

// fieldOf is the field that is resolved, such as ArtifactVersion.metadata.
func fieldOf(ctx context.Context) string {
	field := graphql.GetFieldContext(ctx)
	if field == nil || field.Field.Field == nil {
		return "relation"
	}
	return field.Object + "." + field.Field.Name
}

// rootFieldOf is the field of Query or Mutation that is resolved.
func rootFieldOf(ctx context.Context) string {
	return graphql.GetFieldContext(ctx).Object + "." + graphql.GetRootFieldContext(ctx).Field.Name
}

// Load is how many requests have their turn, and how many wait for it.
func (s *Server) Load() (executed, waiting int) {
	load := s.queue.Load()
	return load.Turns, load.Waiting
}

// ServeHTTP answers GraphQL over HTTP: POST with a JSON body, and GET for queries.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o := &Operation{Code: string(models.CodeInternal), begun: time.Now()} // unless an answer says something else
	ctx, end := r.Context(), func(*Operation) {}
	if s.observer != nil {
		ctx, end = s.observer.Begin(r)
		ctx = context.WithValue(ctx, observerKey{}, s.observer)
	}
	ctx = context.WithValue(ctx, operationKey{}, o)
	defer func() {
		if o.Took == 0 {
			o.Took = time.Since(o.begun)
		}
		end(o)
		if s.slow > 0 && o.Took >= s.slow {
			s.logSlow(ctx, o)
		}
	}()
	s.serve(w, r.WithContext(ctx))
}

// mostName is how many characters of a name the log shows.
const mostName = 100

func (s *Server) logSlow(ctx context.Context, o *Operation) {
	s.log.LogAttrs(ctx, slog.LevelWarn, "slow operation", slog.String("requestId", RequestID(ctx)), slog.String("type", o.Type),
		slog.String("name", o.Name[:min(len(o.Name), mostName)]), slog.String("hash", o.Hash()), slog.String("code", o.Code),
		slog.Int64("cost", o.Cost), slog.Duration("waited", o.Waited), slog.Duration("took", o.Took))
}

// queued notes how long a request has waited for its turn, and why it has none if err says so.
func queued(ctx context.Context, waited time.Duration, err error) {
	o, ok := ctx.Value(operationKey{}).(*Operation)
	if !ok {
		return
	}
	o.Waited, o.Turn = waited, TurnGiven
	switch {
	case err == nil:
	case ctx.Err() != nil:
		o.Turn = TurnLeft
	case models.CodeOf(err) == models.CodeOverloaded:
		o.Turn = TurnFull
	default:
		o.Turn = TurnLate
	}
}

// received notes a request that was read, so that it has a hash also if it is not understood.
func received(ctx context.Context, r *request) {
	if o, ok := ctx.Value(operationKey{}).(*Operation); ok {
		o.request = r
	}
}

// understood notes which operation a request is.
func understood(ctx context.Context, r *request, kind, name string, cost int64) {
	if o, ok := ctx.Value(operationKey{}).(*Operation); ok {
		o.Type, o.Name, o.Cost, o.request = kind, name, cost, r
	}
}

// answered notes what the answer is, just before it is sent.
func answered(ctx context.Context, answer *response) {
	o, ok := ctx.Value(operationKey{}).(*Operation)
	if !ok {
		return
	}
	o.Took, o.Code = time.Since(o.begun), CodeOK
	if len(answer.errors) > 0 {
		o.Code = string(models.CodeInternal)
		if code, ok := answer.errors[0].Extensions["code"].(string); ok {
			o.Code = code
		}
	}
}
