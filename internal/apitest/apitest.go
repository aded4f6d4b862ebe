// Package apitest wires a store to a GraphQL handler, for tests and benchmarks of the whole API.
package apitest

import (
	"log/slog"

	"github.com/placard/placard/graph"
	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// Options are the settings of a server that tests change. The zero value is a server without API keys and with the
// default limits.
type Options struct {
	Limits                 *models.ServerLimits
	Log                    *slog.Logger
	RequireAPIKey          bool
	RateLimit              int64
	TrustedDocuments       operation.TrustedDocuments
	Observer               gqlhttp.Observer
	StatementsPerOperation int
}

// New returns a handler on a store, which may be nil. It fails if a trusted document is invalid.
func New(s *store.Store, o Options) (*gqlhttp.Handler, error) {
	limits, log := models.DefaultLimits(), slog.New(slog.DiscardHandler)
	if o.Limits != nil {
		limits = *o.Limits
	}
	if o.Log != nil {
		log = o.Log
	}
	resolver := graph.New(graph.Options{
		Store: s, Limits: limits, Version: "test", RequireAPIKey: o.RequireAPIKey, LimitRates: o.RateLimit > 0,
		TrustDocuments: o.TrustedDocuments != nil, StatementsPerOperation: o.StatementsPerOperation,
	})
	presenter := operation.NewPresenter(log)
	executor, err := operation.New(operation.Options{
		Schema: resolver.Schema(), Resolvers: resolver, Limits: limits, TrustedDocuments: o.TrustedDocuments,
		Observer: o.Observer, Presenter: presenter,
	})
	if err != nil {
		return nil, err
	}
	options := gqlhttp.Options{
		Executor: executor, Presenter: presenter, Limits: limits, RateLimit: o.RateLimit, Observer: o.Observer, Log: log,
		Queue: admission.NewQueue[string](int(limits.ConcurrentOperations), int(limits.QueuedOperations)),
	}
	if o.RequireAPIKey {
		options.Authenticator = s
	}
	return gqlhttp.New(options), nil
}
