package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
)

// telemetry observes operations, statements and entries. Its fields are nil if they are disabled.
type telemetry struct {
	metrics *Metrics
	traces  *traces
}

// StartRequest implements gqlhttp.Observer.
func (t *telemetry) StartRequest(r *http.Request) (context.Context, func(*gqlhttp.Summary)) {
	ctx := engine.WithObserver(r.Context(), t)
	endTrace := func(*gqlhttp.Summary) {}
	if t.traces != nil {
		ctx, endTrace = t.traces.startRequest(ctx, r)
	}
	if t.metrics != nil {
		t.metrics.inFlight.Inc()
	}
	return ctx, func(o *gqlhttp.Summary) {
		endTrace(o)
		if t.metrics != nil {
			t.metrics.endRequest(o)
		}
	}
}

// StartBatch implements operation.Observer.
func (t *telemetry) StartBatch(ctx context.Context, field string, objects int) (context.Context, func(error)) {
	if t.traces == nil {
		return ctx, func(error) {}
	}
	return t.traces.startBatch(ctx, field, objects)
}

// BeforeStatement does nothing: statements are observed when they end.
func (t *telemetry) BeforeStatement(context.Context, string, []any) error { return nil }

// Statement implements engine.Observer.
func (t *telemetry) Statement(ctx context.Context, start time.Time, duration time.Duration, text func() string, err error) {
	if t.traces != nil {
		t.traces.addStatement(ctx, start, duration, text, err)
	}
	if t.metrics != nil {
		t.metrics.observeStatement(duration, err)
	}
}

// Entries implements engine.Observer.
func (t *telemetry) Entries(n int) {
	if t.metrics != nil {
		t.metrics.entries.Add(float64(n))
	}
}

// Start serves /metrics if addr is not empty, and sends traces if the variables of OpenTelemetry configure an
// endpoint, until stop is called. guard returns middleware that rejects requests for /metrics; local reports whether
// addr is on loopback. observer is nil if telemetry is disabled.
func Start(
	queue *admission.Queue[string], s *store.Store, build Build, addr string,
	guard func(local bool) (func(http.Handler) http.Handler, error), log *slog.Logger,
) (observer gqlhttp.Observer, stop func(), err error) {
	t := &telemetry{}
	stopMetrics, stopTraces := func() {}, func() {}
	if tracesEnabled(log) {
		if t.traces, err = newTraces(build, log); err != nil {
			return nil, nil, fmt.Errorf("traces: %w", err)
		}
		stopTraces = func() { t.traces.stop(log) }
		log.Info("sending traces")
	}
	if addr != "" {
		t.metrics = NewMetrics(build, queue, s)
		if stopMetrics, err = t.metrics.serve(addr, guard, log); err != nil {
			return nil, nil, err
		}
	}
	if t.metrics != nil || t.traces != nil {
		observer = t
	}
	return observer, func() { stopTraces(); stopMetrics() }, nil
}

// serve serves /metrics at an address until stop is called.
func (m *Metrics) serve(
	addr string, guard func(local bool) (func(http.Handler) http.Handler, error), log *slog.Logger,
) (stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w (--metrics-addr or PLACARD_METRICS_ADDR sets another address)",
			err)
	}
	protect, err := guard(listener.Addr().(*net.TCPAddr).IP.IsLoopback())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler: protect(m.Handler(log)), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: 30 * time.Second,
		IdleTimeout:  2 * time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("serving metrics failed", "error", err)
		}
	}()
	log.Info("serving metrics", "metrics", "http://"+listener.Addr().String()+"/metrics")
	return func() { _ = server.Close() }, nil // the process ends anyway
}
