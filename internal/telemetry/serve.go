package telemetry

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/placard/placard/graph"
	"github.com/placard/placard/internal/store"
)

// Start makes the server tell what it does, and answers /metrics at an address, until stop is called. Without an address
// nothing is measured. It fails when the address cannot be listened on.
func Start(api *graph.Server, s *store.Store, build Build, addr string, log *slog.Logger) (stop func(), err error) {
	if addr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	metrics := NewMetrics(build, s)
	api.Observe(metrics)
	server := &http.Server{
		Handler: metrics.Handler(log), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second,
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
