package gqlhttp

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/requestid"
	"github.com/placard/placard/models"
)

// Observer is notified of requests and of the reads of their operations.
type Observer interface {
	operation.Observer
	// StartRequest is called when a request arrives, and end when its response is sent. The request is executed with
	// the returned context.
	StartRequest(r *http.Request) (ctx context.Context, end func(*Summary))
}

// Summary describes a request after its response. It contains no values of the client except the name of the operation.
type Summary struct {
	// Type is "query" or "mutation", empty if the request was refused before it was known.
	Type string
	// Name is the name of the operation in the document, empty if it has none.
	Name string
	// Code is CodeOK, or the code of the first error.
	Code string
	// Cost is the estimated cost, 0 if it is unknown.
	Cost int64
	// QueueOutcome is how the wait for a slot ended, empty if the request was refused before.
	QueueOutcome admission.QueueOutcome
	QueueTime    time.Duration
	// Duration is the time from the arrival of the request until its response is ready.
	Duration time.Duration

	startedAt time.Time
	request   *operation.Request
}

// CodeOK is the code of a request without an error.
const CodeOK = "OK"

// Hash returns the first 12 digits of the hash of the query, empty if there is no query.
func (s *Summary) Hash() string {
	if s.request == nil || s.request.Query == "" {
		return ""
	}
	return operation.Hash(s.request.Query)[:12]
}

// recordOperation records a parsed request and its operation, which may be nil.
func (s *Summary) recordOperation(request *operation.Request, o *operation.Operation) {
	s.request = request
	if o != nil {
		s.Type, s.Name, s.Cost = o.Type, o.Name, o.Cost
	}
}

func (s *Summary) recordResponse(response *operation.Response) {
	s.Duration, s.Code = time.Since(s.startedAt), CodeOK
	if len(response.Errors) > 0 {
		s.Code = string(models.CodeInternal)
		if code, ok := response.Errors[0].Extensions["code"].(string); ok {
			s.Code = code
		}
	}
}

// startRequest notifies the observer of a request, and returns the context of the request. end notifies the observer
// again and writes the log.
func (h *Handler) startRequest(r *http.Request) (ctx context.Context, s *Summary, end func()) {
	s = &Summary{Code: string(models.CodeInternal), startedAt: time.Now()} // the code of a panic
	ctx = r.Context()
	endRequest := func(*Summary) {}
	if h.Observer != nil {
		ctx, endRequest = h.Observer.StartRequest(r)
	}
	return ctx, s, func() {
		if s.Duration == 0 {
			s.Duration = time.Since(s.startedAt)
		}
		endRequest(s)
		if s.Code == string(models.CodeCancelled) {
			h.Log.DebugContext(ctx, "the client has left", "requestId", requestid.FromContext(ctx),
				"type", s.Type, "hash", s.Hash(), "took", s.Duration)
		}
		if h.SlowThreshold > 0 && s.Duration >= h.SlowThreshold {
			h.logSlow(ctx, s)
		}
	}
}

// maxLoggedName is the number of bytes of a name in the log.
const maxLoggedName = 100

func (h *Handler) logSlow(ctx context.Context, s *Summary) {
	h.Log.LogAttrs(ctx, slog.LevelWarn, "slow operation", slog.String("requestId", requestid.FromContext(ctx)),
		slog.String("type", s.Type), slog.String("name", s.Name[:min(len(s.Name), maxLoggedName)]),
		slog.String("hash", s.Hash()), slog.String("code", s.Code), slog.Int64("cost", s.Cost),
		slog.Duration("waited", s.QueueTime), slog.Duration("took", s.Duration))
}
