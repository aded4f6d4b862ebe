// Package operation executes one GraphQL operation, without HTTP and without a database. It hides parsing, validation,
// the coercion of arguments, the estimate of the cost, the caches of documents and queries, and the presentation of
// errors.
//
// ParseRequest and ParseParameters return a Request. Executor.Prepare makes an Operation with its cost of it, and
// Executor.Execute returns the Response. A request that cannot be executed gets its Response from Prepare. Presenter
// decides what clients see of errors. Resolvers use StartBatch and ReserveBytes.
package operation

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/lru"
	"github.com/placard/placard/models"
)

// Options configure an Executor.
type Options struct {
	Schema    graphql.ExecutableSchema
	Resolvers Resolvers
	Limits    models.ServerLimits
	// TrustedDocuments are the only documents that are executed, unless it is nil.
	TrustedDocuments TrustedDocuments
	// Observer is notified of reads. It may be nil.
	Observer  Observer
	Presenter *Presenter
}

// Resolvers prepare the contexts of the resolvers of a schema.
type Resolvers interface {
	// StartOperation returns the context of an operation, to which its reads are charged.
	StartOperation(ctx context.Context, start Start) context.Context
	// EndOperation returns the consistency token of an operation that has ended, zero if the database has none. again
	// reports that a query must be executed again, with Start.Primary. It is called with the context of the resolvers.
	EndOperation(ctx context.Context) (token consistency.Token, again bool)
	// WithLoaders returns a context without cached objects. It is called at the start of an operation, and again for
	// each root field of a mutation, because the previous field may have changed the objects.
	WithLoaders(ctx context.Context) context.Context
	// Warnings returns the warnings of a query that has ended. It is called with the context of the resolvers.
	Warnings(ctx context.Context) []models.Warning
}

// Start describes an operation that starts.
type Start struct {
	// Caller is Request.Caller, and Consistency the token of the request.
	Caller      string
	Consistency consistency.Token
	IsMutation  bool
	// Primary requires that the primary of the database answers a query.
	Primary bool
	// Cancel ends the operation with a cause.
	Cancel context.CancelCauseFunc
}

// Executor prepares and executes operations. It is safe for concurrent use.
type Executor struct {
	Options
	documents *lru.Cache[string, *document]
	// queries are the queries that clients have sent with their hashes (automatic persisted queries).
	queries                   *lru.Cache[string, string]
	readTimeout, writeTimeout *Timeout
}

const (
	maxCachedDocuments = 500
	// maxCachedBytes is the approximate size in memory of all cached documents.
	maxCachedBytes      = 48 << 20
	maxCachedQueries    = 1000
	maxCachedQueryBytes = 8 << 20
)

// New returns an executor. It fails if a trusted document is invalid or exceeds a limit.
func New(o Options) (*Executor, error) {
	for hash, text := range o.TrustedDocuments {
		if _, problems := parseDocument(o.Schema.Schema(), &o.Limits, text); len(problems) > 0 {
			return nil, fmt.Errorf("trusted document %s (%.60q): %w", hash, text, problems[0])
		}
	}
	return &Executor{
		Options:     o,
		documents:   lru.New[string](maxCachedDocuments, maxCachedBytes, func(d *document) int { return d.memorySize }),
		queries:     lru.New[string](maxCachedQueries, maxCachedQueryBytes, func(query string) int { return len(query) }),
		readTimeout: NewTimeout(o.Limits.ReadSeconds), writeTimeout: NewTimeout(o.Limits.WriteSeconds),
	}, nil
}

// Operation is a valid operation with its arguments and its cost.
type Operation struct {
	// Type is "query" or "mutation".
	Type string
	// Name is the name in the document, empty if it has none.
	Name string
	// Cost is the estimated cost.
	Cost int64

	request    *Request
	document   *document
	definition *ast.OperationDefinition
	// arguments are the coerced arguments by placeholder.
	arguments map[string]any
}

// Prepare returns the operation of a request. If it must not be executed, Prepare also returns the response; then the
// operation is nil unless its cost is known. Prepare sets r.Query if the request has only its hash.
func (e *Executor) Prepare(r *Request) (*Operation, *Response) {
	if refusal := e.resolveQuery(r); refusal != nil {
		return nil, refusal
	}
	doc, cached := e.documents.Get(r.Query)
	if !cached {
		var problems gqlerror.List
		if doc, problems = parseDocument(e.Schema.Schema(), &e.Limits, r.Query); len(problems) > 0 {
			return nil, e.refuse(problems)
		}
		e.documents.Add(r.Query, doc)
	}
	e.cacheQuery(r)
	definition, err := doc.operation(r.OperationName)
	if err != nil {
		return nil, Refuse(err)
	}
	if r.QueryOnly && definition.Operation != ast.Query {
		refusal := Refuse(models.BadInput(nil, "GET executes queries only; send mutations by POST"))
		refusal.Outcome = MutationNotAllowed
		return nil, refusal
	}
	arguments, err := doc.coerceArguments(e.Schema.Schema(), definition, r)
	if err != nil {
		return nil, Refuse(err)
	}
	o := &Operation{
		Type: string(definition.Operation), Name: definition.Name,
		request: r, document: doc, definition: definition, arguments: arguments,
	}
	if o.Cost, err = estimateCost(e.Schema.Schema(), &e.Limits, definition, arguments); err == nil {
		if limit := int64(e.Limits.QueryCost); o.Cost > limit {
			err = models.LimitExceeded(nil, "cost of a query", limit, o.Cost)
		}
	}
	if err != nil {
		refusal := Refuse(err)
		e.addCost(refusal, o)
		return o, refusal
	}
	return o, nil
}

// addCost adds the cost of the operation to the extensions of a response.
func (e *Executor) addCost(r *Response, o *Operation) {
	r.extensions().Cost = &operationCost{o.Cost, int64(e.Limits.QueryCost)}
}

// refuse returns the response of a request with invalid GraphQL.
func (e *Executor) refuse(problems gqlerror.List) *Response {
	r := &Response{Outcome: Refused}
	r.setErrors(problems, int(e.Limits.Errors))
	return r
}
