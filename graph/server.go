// Package graph is GraphQL in and GraphQL out. A request goes through request.go (what came in), document.go (is it
// valid and within the limits), coerce.go (are its values of their types) and the resolvers, which stand in one file
// per GraphQL type and call the store. errors.go alone decides what a client sees of a failure. exec/ is generated.
package graph

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/graph/exec"
	"github.com/placard/placard/graph/persisted"
	"github.com/placard/placard/graph/recent"
	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/seqmarshal"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// Server answers GraphQL requests.
type Server struct {
	store     *store.Store
	limits    models.ServerLimits
	version   string
	log       *slog.Logger
	schema    graphql.ExecutableSchema
	documents *recent.Memory[*document]
	queue     *admission.Queue[sharer]
	// lookUps bounds the look-ups of API keys, which have connections of their own, and shares them between addresses.
	lookUps *admission.Queue[sharer]
	// arriving and leaving are the budgets of bodies and answers that slow clients keep in memory.
	arriving, leaving *admission.Bytes
	// statementsAtOnce bounds the statements of one operation that run at once.
	statementsAtOnce int
	texts            *persisted.Texts
	// trusted is all that is executed, unless it is nil.
	trusted persisted.Trusted
	// observer hears of all operations, unless it is nil; slow is how long one takes before the log names it.
	observer Observer
	slow     time.Duration
	// keys says that every request needs an API key.
	keys bool
	rate rateLimit
}

// keptDocuments is how many query texts are kept parsed, and keptBytes about how many bytes they may take together.
const (
	keptDocuments = 500
	keptBytes     = 48 << 20
)

// statementsAtOnce is the number of statements of one operation that may run at once. It is enough for the fields of a page,
// and one operation cannot keep a database busy with so few.
const statementsAtOnce = 3

// lookUpsAtOnce is how many API keys are looked up at once.
const lookUpsAtOnce = 4

// NewServer is a server on the store. version is that of the program.
func NewServer(s *store.Store, limits models.ServerLimits, version string, log *slog.Logger) *Server {
	server := &Server{
		store: s, limits: limits, version: version, log: log, texts: persisted.NewTexts(),
		documents: recent.New(keptDocuments, keptBytes, func(d *document) int { return d.bytes }),
		queue:     admission.NewQueue[sharer](int(limits.ConcurrentOperations), int(limits.QueuedOperations)),
		lookUps:   admission.NewQueue[sharer](lookUpsAtOnce, int(limits.QueuedOperations)),
		arriving:  admission.NewBytes(bodiesHeld * int64(limits.RequestBytes)),
		leaving:   admission.NewBytes(int64(limits.ConcurrentOperations) * int64(limits.AnswerBytes)),

		statementsAtOnce: statementsAtOnce,
	}
	server.schema = exec.NewExecutableSchema(exec.Config{Schema: schema(), Resolvers: &resolver{server}})
	return server
}

// schema is the schema without @defer: parts that come later need a transport of their own, which there is none.
func schema() *ast.Schema {
	reduced := *exec.NewExecutableSchema(exec.Config{}).Schema()
	reduced.Directives = maps.Clone(reduced.Directives)
	delete(reduced.Directives, "defer")
	return &reduced
}

// response is an answer to a request.
type response struct {
	data       []byte
	errors     gqlerror.List
	extensions map[string]any
	// refused says that nothing was executed, so that there is no data, not even null.
	refused bool
	// unknownHash says that the client may send the query again with its text. No status but 200 is safe then: some
	// clients read the errors of no other.
	unknownHash bool
	// changed says that a mutation was executed: what it has done stays, whether the client gets the answer or not.
	changed bool
}

func (s *Server) refuse(ctx context.Context, errs gqlerror.List) *response {
	r := &response{refused: true}
	r.fail(errs, int(s.limits.Errors))
	return r
}

// fail gives the answer its errors, at most so many, and says how many there are beside them.
func (r *response) fail(errs gqlerror.List, most int) {
	r.errors = errs
	if len(errs) > most {
		r.errors = errs[:most]
		r.extend("errorsOmitted", len(errs)-most)
	}
}

// extend adds a member to the extensions of the answer.
func (r *response) extend(name string, value any) {
	if r.extensions == nil {
		r.extensions = map[string]any{}
	}
	r.extensions[name] = value
}

// execute answers a request. onlyQueries refuses mutations, as for GET.
func (s *Server) execute(ctx context.Context, r *request, onlyQueries bool) (*response, error) {
	if problem := s.recall(r); problem != nil {
		refusal := s.refuse(ctx, gqlerror.List{problem})
		refusal.unknownHash = problem.Extensions["code"] == codeUnknownHash
		return refusal, nil
	}
	doc, known := s.documents.Get(r.query)
	if !known {
		var problems gqlerror.List
		if doc, problems = parseDocument(s.schema.Schema(), &s.limits, r.query); len(problems) > 0 {
			return s.refuse(ctx, problems), nil
		}
		s.documents.Add(r.query, doc)
	}
	s.remember(r)
	operation, err := doc.operation(r.operationName)
	if err != nil {
		return s.refuse(ctx, gqlerror.List{present(err)}), nil
	}
	if onlyQueries && operation.Operation != ast.Query {
		return nil, errOnlyQueries
	}
	values, err := doc.values(s.schema.Schema(), operation, r)
	if err != nil {
		return s.refuse(ctx, gqlerror.List{present(err)}), nil
	}
	cost, refusal := costOf(s.schema.Schema(), &s.limits, operation, values)
	understood(ctx, r, string(operation.Operation), operation.Name, cost)
	var answer *response
	if refusal != nil {
		answer = s.refuse(ctx, gqlerror.List{present(refusal)})
	} else if limit := int64(s.limits.QueryCost); cost > limit {
		answer = s.refuse(ctx, gqlerror.List{present(models.LimitExceeded(nil, "cost of a query", limit, cost))})
	} else if err := s.rate.charge(ctx, cost); err != nil {
		return nil, err
	} else {
		answer = s.run(ctx, r, doc, operation, values)
		answer.changed = operation.Operation == ast.Mutation
	}
	answer.extend("cost", map[string]int64{"estimated": cost, "limit": int64(s.limits.QueryCost)})
	return answer, nil
}

// run executes an operation. Two contexts end it: that of the operation when the client leaves or a limit of size is exceeded,
// which ends it whole; and its child with the deadline, which ends reads only. Fields that need no read are resolved all
// the same.
func (s *Server) run(
	ctx context.Context, r *request, doc *document, operation *ast.OperationDefinition, values map[string]any,
) *response {
	seconds := float64(s.limits.ReadSeconds)
	if operation.Operation == ast.Mutation {
		seconds = float64(s.limits.WriteSeconds)
	}
	operationCtx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	operationCtx, size := withExtent(operationCtx, &s.limits, stop)
	operationCtx = seqmarshal.WithOperation(store.WithBudget(operationCtx, s.limits.ReadBytes(), stop))
	operationCtx = store.WithOperation(operationCtx, store.Operation{
		Caller: string(sharerOf(ctx)), Mutation: operation.Operation == ast.Mutation, StatementsAtOnce: s.statementsAtOnce,
	})
	ctx, cancel := context.WithDeadlineCause(operationCtx, r.begun.Add(duration(seconds)), tooLong(seconds))
	defer cancel()
	ctx = graphql.WithOperationContext(s.withLoaders(ctx), &graphql.OperationContext{
		RawQuery: r.query, OperationName: r.operationName, Variables: values, Doc: doc.tree, Operation: operation,
		RecoverFunc: s.recovered,
		ResolverMiddleware: func(ctx context.Context, next graphql.Resolver) (any, error) {
			if size.addField(); operationCtx.Err() != nil {
				return nil, context.Cause(operationCtx)
			}
			value, err := next(ctx)
			size.add(weight(graphql.GetFieldContext(ctx), value))
			return value, err
		},
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			if operation.Operation == ast.Mutation {
				ctx = s.withLoaders(ctx) // what the mutation before has read is old
			}
			ctx, end := group(ctx, rootFieldOf, 1)
			defer end(nil)
			return next(ctx)
		},
	})
	ctx = graphql.WithResponseContext(ctx, s.presenter, s.recovered)
	answer := s.schema.Exec(ctx)(ctx)
	result, errs := &response{}, graphql.GetErrors(ctx)
	if answer != nil {
		result.data, errs = answer.Data, append(errs, answer.Errors...)
	}
	if cause := context.Cause(operationCtx); cause != nil && operation.Operation == ast.Query {
		// A client would take half a response for a whole one.
		return &response{errors: gqlerror.List{s.presenter(operationCtx, cause)}}
	}
	slices.SortStableFunc(errs, func(a, b *gqlerror.Error) int { // fields fail in any order
		return strings.Compare(a.Path.String(), b.Path.String())
	})
	result.fail(errs, int(s.limits.Errors))
	return result
}

// tooLong is the failure of a request that took longer than it may.
func tooLong(seconds float64) error {
	limit := int64(math.Ceil(seconds))
	return &models.Error{
		Code: models.CodeLimitExceeded, Message: fmt.Sprintf("the request took longer than %g seconds", seconds),
		Limit: &limit, Actual: &limit, Retryable: true,
	}
}
