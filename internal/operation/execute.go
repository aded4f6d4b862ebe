package operation

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/internal/entryjson"
	"github.com/placard/placard/internal/meter"
)

// ReserveBytes counts bytes of a value before a resolver makes it, because sibling fields are resolved at the same
// time. It returns an error if the operation has ended.
func ReserveBytes(ctx context.Context, bytes int) error { return meter.From(ctx).ReserveBytes(bytes) }

// Execute executes an operation that Prepare has not refused. The operation ends when ctx ends or a limit of size is
// exceeded. At its deadline only its reads end, so fields without reads still get their values. A query that a replica
// of the database cannot answer is executed again on the primary.
func (e *Executor) Execute(ctx context.Context, o *Operation) *Response {
	response, again := e.executeOnce(ctx, o, false)
	if again {
		response, _ = e.executeOnce(ctx, o, true)
	}
	return response
}

// executeOnce executes an operation. again reports that the response must not be used.
func (e *Executor) executeOnce(ctx context.Context, o *Operation, primary bool) (response *Response, again bool) {
	isMutation := o.definition.Operation == ast.Mutation
	timeout := e.readTimeout
	if isMutation {
		timeout = e.writeTimeout
	}
	operationCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	operationCtx, responseMeter := meter.Start(operationCtx, &e.Limits, cancel)
	operationCtx = entryjson.WithCache(operationCtx, &o.document.entries)
	operationCtx = e.Resolvers.StartOperation(e.withObserver(operationCtx), Start{Caller: o.request.Caller,
		Consistency: o.request.Consistency, IsMutation: isMutation, Primary: primary, Cancel: cancel})
	readCtx, cancelReads := timeout.Start(operationCtx, o.request.StartedAt)
	defer cancelReads()
	readCtx = graphql.WithOperationContext(e.Resolvers.WithLoaders(readCtx), &graphql.OperationContext{
		RawQuery: o.request.Query, OperationName: o.request.OperationName, Variables: o.arguments,
		Doc: o.document.tree, Operation: o.definition, RecoverFunc: e.Presenter.recoverPanic,
		ResolverMiddleware: responseMeter.Resolve,
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			if isMutation {
				ctx = e.Resolvers.WithLoaders(ctx)
			}
			field := graphql.GetFieldContext(ctx).Object + "." + graphql.GetRootFieldContext(ctx).Field.Name
			ctx, end := startBatch(ctx, field, 1)
			defer end(nil)
			return responseMeter.Sized(next(ctx))
		},
	})
	readCtx = graphql.WithResponseContext(readCtx, e.Presenter.Present, e.Presenter.recoverPanic)
	result := e.Schema.Exec(readCtx)(readCtx)
	response, errs := &Response{}, graphql.GetErrors(readCtx)
	if isMutation {
		response.Outcome = MutationExecuted
	}
	if result != nil {
		response.Data, errs = result.Data, append(errs, result.Errors...)
	}
	if cause := context.Cause(operationCtx); cause != nil && !isMutation {
		// A client could take a part of the data for all of it.
		response.Data, errs = nil, gqlerror.List{e.Presenter.Present(operationCtx, cause)}
	}
	slices.SortStableFunc(errs, func(a, b *gqlerror.Error) int { // fields fail in any order
		return strings.Compare(a.Path.String(), b.Path.String())
	})
	response.setErrors(errs, int(e.Limits.Errors))
	e.addCost(response, o)
	if !isMutation && response.hasData() {
		response.setWarnings(e.Resolvers.Warnings(readCtx))
	}
	token, again := e.Resolvers.EndOperation(readCtx)
	response.extensions().Consistency = token.String()
	return response, again
}
