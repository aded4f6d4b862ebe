// Placard serves typed metadata of machine-learning artifacts over GraphQL.
//
// This file wires the packages: settings, store, resolvers, operations, HTTP. CONTRIBUTING.md has a map of the code.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/placard/placard/graph"
	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/command"
	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/gcpace"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/httpd"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/telemetry"
	"github.com/placard/placard/web"
)

// version is the version of the program. The build of a release sets it.
var version = "0.1.0"

func main() {
	cli, err := config.Parse(os.Args[1:], command.VersionString(version), os.Stdout, os.Exit)
	if err == nil {
		cli.LogWarnings(os.Environ(), httpd.NewLogger)
		if cli.Command == "serve" {
			err = serve(&cli.Serve)
		} else {
			err = command.Run(cli, version, command.Output{Stdout: os.Stdout, Stderr: os.Stderr, Log: httpd.NewLogger})
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "placard:", err)
		os.Exit(command.ExitCode(err))
	}
}

// maxUploadTime is the time for a client to send a request. After the headers the client has as long again, plus twice
// the timeout of an operation, until the response must be received: a minute with the default limits.
const maxUploadTime = 30 * time.Second

// freeHeap is the memory that the server allocates before its garbage is collected, or more if its heap is larger.
const freeHeap = 64 << 20

// serve runs the server until SIGINT or SIGTERM.
func serve(settings *config.Config) error {
	defer gcpace.KeepFree(freeHeap)()
	plain := command.UsePlainOutput(settings, os.Stderr)
	log := httpd.NewLogger(settings.LogLevel, settings.LogFormat)
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	listener, err := net.Listen("tcp", settings.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w (--addr or PLACARD_ADDR sets another address)", err)
	}
	open := store.Open
	if settings.NoMigrate {
		open = store.OpenWithoutMigrating
	}
	s, err := open(stop, settings.DatabaseURL, log, store.WithConnections(settings.DatabaseConnections),
		store.WithCacheBytes(settings.CacheBytes), store.WithReplicas(store.ReplicaSettings{
			URLs: settings.ReadDatabaseURLs, MaxLag: settings.ReplicaMaxLag, Tokens: settings.ConsistencyTokens}))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	handler, stopTelemetry, err := newHandler(settings, s, listener, log)
	if err != nil {
		return errors.Join(err, s.Close(), listener.Close())
	}
	defer stopTelemetry()
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: maxUploadTime, IdleTimeout: 2 * time.Minute,
		WriteTimeout:   maxUploadTime + 2*max(settings.Limit.ReadSeconds, settings.Limit.WriteSeconds).Duration(),
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ConnState: handler.TrackConnection,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	s.KeepStatistics(5 * time.Second)
	s.KeepDeletingIdempotencyKeys(settings.Limit.IdempotencyRetention())
	s.KeepPurgingProjects(settings.Limit.WriteSeconds.Duration())
	command.ReportStart(log, plain, command.VersionString(version), listener.Addr().String(), config.RedactURL(settings.DatabaseURL))
	select {
	case err := <-failed:
		return errors.Join(err, s.Close())
	case <-stop.Done():
	}
	cancel() // a second signal ends the process at once
	log.Info("stopping: waiting for requests", "delay", settings.DrainDelay, "timeout", settings.DrainTimeout)
	handler.Drain()
	time.Sleep(settings.DrainDelay) // load balancers that poll /readyz redirect new requests in the meantime
	deadline, cancelDeadline := context.WithTimeout(context.Background(), settings.DrainTimeout)
	defer cancelDeadline()
	err = errors.Join(handler.Stop(deadline, server, listener), s.Close())
	log.Info("stopped")
	return err
}

// newHandler returns the HTTP handler on a store, and starts telemetry.
func newHandler(
	settings *config.Config, s *store.Store, listener net.Listener, log *slog.Logger,
) (handler *httpd.Handler, stopTelemetry func(), err error) {
	limits := settings.Limit
	queue := admission.NewQueue[string](int(limits.ConcurrentOperations), int(limits.QueuedOperations))
	hosts := httpd.HostOptions{LoopbackOnly: listener.Addr().(*net.TCPAddr).IP.IsLoopback(), Unauthenticated: settings.Auth == "none",
		PublicURL: settings.PublicURL, AllowedHosts: settings.AllowedHosts, AllowedOrigins: settings.CORSOrigins}
	build := telemetry.Build{Version: version, Commit: command.Commit()}
	observer, stopTelemetry, err := telemetry.Start(queue, s, build, settings.MetricsAddr, hosts.MetricsGuard, log)
	if err != nil {
		return nil, nil, err
	}
	trusted, err := operation.ReadTrustedDocuments(settings.TrustedDocuments, web.DashboardDocuments())
	if err != nil {
		return nil, nil, &config.UsageError{Err: fmt.Errorf("--trusted-documents: %w", err)}
	}
	resolver := graph.New(graph.Options{
		Store: s, Limits: limits, Version: command.VersionString(version), RequireAPIKey: settings.Auth == "keys",
		LimitRates: settings.RateLimit > 0, TrustDocuments: trusted != nil,
	})
	presenter := operation.NewPresenter(log)
	executor, err := operation.New(operation.Options{Schema: resolver.Schema(), Resolvers: resolver, Limits: limits,
		TrustedDocuments: trusted, Observer: observer, Presenter: presenter})
	if err != nil {
		return nil, nil, &config.UsageError{Err: fmt.Errorf("--trusted-documents: %w", err)}
	}
	if trusted != nil {
		log.Info("only trusted documents are executed", "documents", len(trusted))
	}
	options := gqlhttp.Options{Executor: executor, Presenter: presenter, Limits: limits, Queue: queue,
		RateLimit: settings.RateLimit, Observer: observer, SlowThreshold: settings.SlowOperation, Log: log}
	if settings.Auth == "keys" {
		options.Authenticator = s
	}
	if handler, err = httpd.New(gqlhttp.New(options), s, hosts, log); err != nil {
		return nil, nil, &config.UsageError{Err: err}
	}
	return handler, stopTelemetry, nil
}
