// Package gqlhttp serves GraphQL over HTTP. It hides the negotiation of media types, the reading of bodies within a
// memory budget, the look-up of API keys, rate limits, the queue and status codes.
//
// New returns a Handler for Options. An Observer is notified of each request and gets its Summary.
package gqlhttp

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/requestid"
	"github.com/placard/placard/models"
)

// Options configure a Handler.
type Options struct {
	Executor  *operation.Executor
	Presenter *operation.Presenter
	Limits    models.ServerLimits
	// Queue shares the operations that are executed at once between callers: API keys, or addresses of clients without
	// one.
	Queue *admission.Queue[string]
	// Authenticator looks up API keys. If it is nil, requests need no key, and every caller is an owner.
	Authenticator Authenticator
	// RateLimit is the cost of the operations that an API key may execute in a minute; 0 means no limit.
	RateLimit int64
	// Observer may be nil.
	Observer Observer
	// SlowThreshold is the duration from which a request is logged as slow; 0 logs none.
	SlowThreshold time.Duration
	Log           *slog.Logger
}

// Handler answers GraphQL requests: POST with a JSON body, and GET for queries.
type Handler struct {
	Options
	// keyLookups bounds concurrent look-ups of API keys, so that a flood of invalid keys cannot occupy the connections
	// of the database.
	keyLookups *admission.Queue[string]
	// requestBytes and responseBytes bound the buffers for slow clients.
	requestBytes, responseBytes *admission.ByteBudget
	rateLimiter                 *rateLimiter
	// lookupTimeout bounds the look-up of an API key, and queueTimeout the wait for a slot.
	lookupTimeout, queueTimeout *operation.Timeout
}

// maxConcurrentKeyLookups is the number of API keys that are looked up at once.
const maxConcurrentKeyLookups = 4

// New returns a handler.
func New(o Options) *Handler {
	return &Handler{
		Options:       o,
		keyLookups:    admission.NewQueue[string](maxConcurrentKeyLookups, int(o.Limits.QueuedOperations)),
		requestBytes:  admission.NewByteBudget(maxBufferedBodies * int64(o.Limits.RequestBytes)),
		responseBytes: admission.NewByteBudget(int64(o.Limits.ConcurrentOperations) * int64(o.Limits.AnswerBytes)),
		rateLimiter:   newRateLimiter(o.RateLimit),
		lookupTimeout: operation.NewTimeout(o.Limits.ReadSeconds),
		queueTimeout:  operation.NewTimeout(min(o.Limits.ReadSeconds, o.Limits.WriteSeconds)),
	}
}

// exchange is a request and its response.
type exchange struct {
	*Handler
	w http.ResponseWriter
	r *http.Request
	// ctx is the context of the request for the operation. It has the principal, and what the observer has added.
	ctx     context.Context
	summary *Summary
	// media is the media type of the response.
	media string
	// caller is the API key, or the address of a client without one.
	caller string
	// authenticatedAt is the time of the look-up of the API key.
	authenticatedAt time.Time
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, summary, end := h.startRequest(r)
	defer end()
	x := &exchange{Handler: h, w: w, r: r, ctx: ctx, summary: summary, media: negotiate(r.Header.Values("Accept"))}
	if x.media == "" {
		x.media = mediaTypeJSON
		x.respond(http.StatusNotAcceptable, operation.Refuse(models.BadInput(nil,
			"the response can be %s or %s", mediaTypeGraphQLResponse, mediaTypeJSON)))
		return
	}
	response, err := x.execute()
	if err != nil {
		x.respondError(err)
		return
	}
	reserved, err := h.reserveResponse(response)
	if err != nil {
		x.respondError(err)
		return
	}
	defer h.responseBytes.Release(reserved)
	x.respond(x.statusOf(response), response)
}

// execute reads and executes the request. It waits for a slot of the queue when the body is in memory, so that a slow
// client does not hold a slot.
func (x *exchange) execute() (*operation.Response, error) {
	if err := x.authenticate(); err != nil {
		return nil, err
	}
	body, err := x.readBody()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	startedAt := time.Now()
	if err := x.acquireSlot(startedAt); err != nil {
		return nil, err
	}
	defer x.Queue.Release(x.caller)
	if err := x.reauthenticate(); err != nil {
		return nil, err
	}
	request, err := x.parse(body)
	if err != nil {
		return nil, err
	}
	request.Caller, request.StartedAt, request.QueryOnly = x.caller, startedAt, x.r.Method == http.MethodGet
	o, refusal := x.Executor.Prepare(request)
	x.summary.recordOperation(request, o)
	if refusal != nil {
		return refusal, nil
	}
	if err := x.rateLimiter.allow(auth.FromContext(x.ctx), o.Cost); err != nil {
		return nil, err
	}
	return x.Executor.Execute(x.Queue.WithSlot(x.ctx, x.caller), o), nil
}

// acquireSlot waits for a slot of the queue. The wait counts against the timeout of the operation. The shorter one of
// queries and mutations applies, because the request is not parsed yet.
func (x *exchange) acquireSlot(startedAt time.Time) error {
	if x.Queue.TryAcquire(x.caller) {
		x.summary.QueueOutcome = admission.Admitted
		return nil
	}
	ctx, cancel := x.queueTimeout.Start(x.ctx, startedAt)
	defer cancel()
	err := x.Queue.Acquire(ctx, x.caller)
	x.summary.QueueTime, x.summary.QueueOutcome = time.Since(startedAt), admission.OutcomeOf(x.ctx, err)
	if err == nil {
		return nil
	}
	if x.ctx.Err() != nil {
		err = operation.Cancelled(nil)
	}
	return unavailable(queueError(err))
}

// Refuse answers a request that does not reach ServeHTTP, in the same form.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, status int, failure *models.Error) {
	media := negotiate(r.Header.Values("Accept"))
	if media == "" {
		media = mediaTypeJSON
	}
	response := operation.Refuse(failure)
	if failure.Code == models.CodeInternal {
		response.Errors[0].Extensions["requestId"] = requestid.FromContext(r.Context())
	}
	h.write(w, r, media, status, response)
}
