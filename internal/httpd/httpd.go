// Package httpd routes the paths of the server and holds the middleware of all requests: security headers, checks of
// the host name and of the origin, request IDs, logging, compression and a graceful shutdown.
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
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
	"github.com/placard/placard/web"
)

// graphqlPath is the path of the API.
const graphqlPath = "/graphql"

// Handler serves all paths of the server.
type Handler struct {
	http.Handler
	api      *gqlhttp.Handler
	store    *store.Store
	log      *slog.Logger
	draining atomic.Bool
	inFlight inFlight
}

// New returns a handler for the GraphQL server and the store.
func New(api *gqlhttp.Handler, s *store.Store, where HostOptions, log *slog.Logger) (*Handler, error) {
	hosts, err := where.hostPolicy()
	if err != nil {
		return nil, err
	}
	h := &Handler{api: api, store: s, log: log}
	checkOrigin, err := where.checkOrigin(h.refuse)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(graphqlPath, where.allowOrigins(compress(api)))
	mux.HandleFunc(graphqlPath+"/", func(w http.ResponseWriter, r *http.Request) {
		api.Refuse(w, r, http.StatusNotFound, models.NotFound(nil, "not found; the path of the API is %s", graphqlPath))
	})
	mux.Handle("/graphiql/", http.StripPrefix("/graphiql", web.GraphiQL()))
	mux.HandleFunc("GET /graphiql", redirectToGraphiQL(http.StatusPermanentRedirect))
	dashboard := web.Dashboard(where.PublicURL)
	for _, path := range web.DashboardPaths() {
		mux.Handle(path, dashboard)
	}
	mux.HandleFunc("GET /healthz", h.serveHealth)
	mux.HandleFunc("GET /readyz", h.serveReadiness)
	h.Handler = mux
	// The last middleware runs first.
	for _, wrap := range []func(http.Handler) http.Handler{
		checkOrigin, redirectBrowsers, hosts.checkHost(h.refuse), h.logRequests, h.recoverPanics, setSecurityHeaders,
		assignRequestID, h.trackInFlight,
	} {
		h.Handler = wrap(h.Handler)
	}
	return h, nil
}

// redirectToGraphiQL redirects to the page of GraphiQL. The URL is relative, so that it also works if a proxy adds
// a path; [http.Redirect] would make it absolute.
func redirectToGraphiQL(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "graphiql/")
		w.WriteHeader(status)
	}
}

// redirectBrowsers returns middleware that redirects a browser to GraphiQL if it opens the path of the API without
// parameters. It runs before the check of the origin, because pages may be linked from other sites.
func redirectBrowsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != graphqlPath || r.Method != http.MethodGet || r.URL.RawQuery != "" || !gqlhttp.PrefersHTML(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Accept")
		redirectToGraphiQL(http.StatusTemporaryRedirect)(w, r)
	})
}

// serveHealth reports that the process runs.
func (h *Handler) serveHealth(w http.ResponseWriter, _ *http.Request) {
	writeStatus(w, http.StatusOK, "ok")
}

// serveReadiness reports whether the server can serve requests: it is not draining, and the database is reachable and
// writable.
func (h *Handler) serveReadiness(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	switch err := h.store.Ping(ctx); {
	case h.draining.Load():
		writeStatus(w, http.StatusServiceUnavailable, "stopping")
	case errors.Is(err, engine.ErrReadOnly):
		h.log.WarnContext(ctx, "not ready", "error", err)
		writeStatus(w, http.StatusServiceUnavailable, engine.ErrReadOnly.Error())
	case errors.As(err, new(*engine.ProgramOutdatedError)):
		h.log.WarnContext(ctx, "not ready", "error", err)
		writeStatus(w, http.StatusServiceUnavailable, "the tables of the database need a newer server")
	case err != nil:
		h.log.WarnContext(ctx, "not ready", "error", err)
		writeStatus(w, http.StatusServiceUnavailable, "the database does not answer")
	default:
		writeStatus(w, http.StatusOK, "ok")
	}
}

// writeStatus writes the body of a probe.
func writeStatus(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": text}) // the client may be gone
}

// refusal writes the response to a rejected request.
type refusal func(w http.ResponseWriter, r *http.Request, status int, failure *models.Error)

// refuse writes a GraphQL error on the path of the API, and the body of a probe on other paths.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, status int, failure *models.Error) {
	if r.URL.Path == graphqlPath {
		h.api.Refuse(w, r, status, failure)
	} else {
		writeStatus(w, status, failure.Message)
	}
}

// assignRequestID gives each request a new ID. It ignores an ID that the client sends.
func assignRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(requestid.NewContext(r.Context(), id)))
	})
}

// recoverPanics turns a panic into an error response, so that the process goes on.
func (h *Handler) recoverPanics(next http.Handler) http.Handler {
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
			h.refuse(w, r, http.StatusInternalServerError,
				&models.Error{Code: models.CodeInternal, Message: "internal error"})
		}()
		next.ServeHTTP(w, r)
	})
}

// logRequests logs each request at the level debug, because a response describes its errors itself.
func (h *Handler) logRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.log.Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(w, r)
			return
		}
		start := time.Now()
		recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		h.log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("requestId", requestid.FromContext(r.Context())),
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", recorder.status),
			slog.Duration("duration", time.Since(start)))
	})
}

// recorder records the status of a response.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap returns the wrapped writer for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
