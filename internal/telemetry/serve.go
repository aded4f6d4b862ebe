package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/placard/placard/graph"
	"github.com/placard/placard/internal/store"
)

// telemetry is what hears of operations, statements and entries, and hands it on to what is switched on.
type telemetry struct {
	metrics *Metrics
	traces  *traces
}

// Begin is that of graph.Observer.
func (t *telemetry) Begin(r *http.Request) (context.Context, func(*graph.Operation)) {
	ctx := store.WithObserver(r.Context(), t)
	endTrace := func(*graph.Operation) {}
	if t.traces != nil {
		ctx, endTrace = t.traces.begin(ctx, r)
	}
	if t.metrics != nil {
		t.metrics.begin()
	}
	return ctx, func(o *graph.Operation) {
		endTrace(o)
		if t.metrics != nil {
			t.metrics.end(o)
		}
	}
}

// Group is that of graph.Observer.
func (t *telemetry) Group(ctx context.Context, field string, objects int) (context.Context, func(error)) {
	if t.traces == nil {
		return ctx, func(error) {}
	}
	return t.traces.group(ctx, field, objects)
}

// BeforeStatement does nothing: statements are observed when they end.
func (t *telemetry) BeforeStatement(context.Context, string, []any) error { return nil }

// Statement is that of store.Observer.
func (t *telemetry) Statement(ctx context.Context, begin time.Time, took time.Duration, text func() string, err error) {
	if t.traces != nil {
		t.traces.statement(ctx, begin, took, text, err)
	}
	if t.metrics != nil {
		t.metrics.statement(took, err)
	}
}

// Entries is that of store.Observer.
func (t *telemetry) Entries(n int) {
	if t.metrics != nil {
		t.metrics.entries.Add(float64(n))
	}
}

// Start makes the server tell what it does until stop is called: by /metrics at an address, if there is one, and by
// traces, if the variables of OpenTelemetry ask for them. Otherwise nothing is measured. It fails when the address cannot
// be listened on. guard makes what refuses requests for /metrics, where the address is one of loopback (local) or another.
func Start(
	api *graph.Server, s *store.Store, build Build, addr string, guard func(local bool) (func(http.Handler) http.Handler, error), log *slog.Logger,
) (stop func(), err error) {
	t := &telemetry{}
	stopMetrics, stopTraces := func() {}, func() {}
	if tracing(log) {
		if t.traces, err = newTraces(build, log); err != nil {
			return nil, fmt.Errorf("traces: %w", err)
		}
		stopTraces = func() { t.traces.stop(log) }
		log.Info("sending traces")
	}
	if addr != "" {
		t.metrics = NewMetrics(build, api, s)
		if stopMetrics, err = t.metrics.serve(addr, guard, log); err != nil {
			return nil, err
		}
	}
	if t.metrics != nil || t.traces != nil {
		api.Observe(t)
	}
	return func() { stopTraces(); stopMetrics() }, nil
}

// serve answers /metrics at an address until stop is called.
func (m *Metrics) serve(addr string, guard func(local bool) (func(http.Handler) http.Handler, error), log *slog.Logger) (stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w (--metrics-addr or PLACARD_METRICS_ADDR sets another address)", err)
	}
	protect, err := guard(listener.Addr().(*net.TCPAddr).IP.IsLoopback())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler: protect(m.Handler(log)), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 8 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are not served any more", "error", err)
		}
	}()
	log.Info("serving metrics", "metrics", "http://"+listener.Addr().String()+"/metrics")
	return func() { _ = server.Close() }, nil // the process ends
}
