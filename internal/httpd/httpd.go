// Package httpd is the door: which path leads where, and what every request goes through on its way.
package httpd

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/requestid"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
	"github.com/placard/placard/web"
)

// graphqlPath is the path of the API.
const graphqlPath = "/graphql"

// Handler answers everything that the server answers.
type Handler struct {
	http.Handler
	api      *gqlhttp.Handler
	store    *store.Store
	log      *slog.Logger
	draining atomic.Bool
	// exchanges are the requests that are being answered.
	exchanges exchanges
}

// New is a handler for the GraphQL server on the store.
func New(api *gqlhttp.Handler, s *store.Store, where Where, log *slog.Logger) (*Handler, error) {
	names, err := where.names()
	if err != nil {
		return nil, err
	}
	h := &Handler{api: api, store: s, log: log}
	protection, err := where.protection(h.refuse)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(graphqlPath, where.shared(compressed(api)))
	mux.HandleFunc(graphqlPath+"/", func(w http.ResponseWriter, r *http.Request) {
		api.Refuse(w, r, http.StatusNotFound, models.NotFound(nil, "the path of the API is %s", graphqlPath))
	})
	mux.Handle("/graphiql/", http.StripPrefix("/graphiql", web.GraphiQL()))
	mux.HandleFunc("GET /graphiql", toGraphiQL(http.StatusPermanentRedirect))
	mux.HandleFunc("GET /{$}", toGraphiQL(http.StatusTemporaryRedirect))
	mux.HandleFunc("GET /healthz", h.healthy)
	mux.HandleFunc("GET /readyz", h.ready)
	h.Handler = mux
	// The last of these is what a request meets first.
	for _, wrap := range []func(http.Handler) http.Handler{
		protection, names.guard(h.refuse), h.logged, h.protected, hardened, identified, h.exchanged,
	} {
		h.Handler = wrap(h.Handler)
	}
	return h, nil
}

// toGraphiQL leads to the page from beside it. The address is relative, so that it also holds behind a proxy that adds a
// path; [http.Redirect] would make it absolute.
func toGraphiQL(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "graphiql/")
		w.WriteHeader(status)
	}
}

// healthy says that the process lives.
func (h *Handler) healthy(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") }

// ready reports whether requests can be answered: the server is not stopping, and the database answers and can be written.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	switch err := h.store.Ping(ctx); {
	case h.draining.Load():
		answer(w, http.StatusServiceUnavailable, "stopping")
	case errors.Is(err, store.ErrReadOnly):
		h.log.WarnContext(ctx, "not ready", "error", err)
		answer(w, http.StatusServiceUnavailable, store.ErrReadOnly.Error())
	case errors.As(err, new(*store.Outdated)):
		h.log.WarnContext(ctx, "not ready", "error", err)
		answer(w, http.StatusServiceUnavailable, "the tables of the database need a newer server")
	case err != nil:
		h.log.WarnContext(ctx, "not ready", "error", err)
		answer(w, http.StatusServiceUnavailable, "the database does not answer")
	default:
		answer(w, http.StatusOK, "ok")
	}
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": text}) // the client may have left
}

// refusal answers a request with a failure.
type refusal func(w http.ResponseWriter, r *http.Request, status int, failure *models.Error)

// refuse answers with a GraphQL error on the path of the API, and in the form of probes on others.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, status int, failure *models.Error) {
	if r.URL.Path == graphqlPath {
		h.api.Refuse(w, r, status, failure)
	} else {
		answer(w, status, failure.Message)
	}
}

// identified gives each request an ID of its own: what a client sends as one is not used.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(requestid.NewContext(r.Context(), id)))
	})
}

// protected answers a panic with an error, and keeps the process alive.
func (h *Handler) protected(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			problem := recover()
			if problem == nil {
				return
			}
			if problem == http.ErrAbortHandler {
				panic(problem)
			}
			h.log.ErrorContext(r.Context(), "panic", "requestId", requestid.FromContext(r.Context()),
				"problem", fmt.Sprint(problem), "stack", string(debug.Stack()))
			h.refuse(w, r, http.StatusInternalServerError, &models.Error{Code: models.CodeInternal, Message: "internal error"})
		}()
		next.ServeHTTP(w, r)
	})
}

// logged writes a line for each request; at the level debug, because an answer says itself what went wrong.
func (h *Handler) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		h.log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("requestId", requestid.FromContext(r.Context())),
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", recorder.status),
			slog.Duration("took", time.Since(begin)))
	})
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
