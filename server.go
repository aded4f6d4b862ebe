// Placard serves typed metadata of machine-learning artifacts over GraphQL.
//
// This file wires the parts together: settings, store, GraphQL, HTTP. docs/adr and CONTRIBUTING.md lead further.
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
	"github.com/placard/placard/graph/persisted"
	"github.com/placard/placard/internal/command"
	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/httpd"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/telemetry"
)

// version is that of the program; a release sets it when it is built.
var version = "0.1.0"

func main() {
	line, err := config.Parse(command.Arguments(os.Args)[1:], command.Describe(version), os.Stdout, os.Exit)
	if err == nil {
		line.WarnOfUnknownVariables(os.Environ(), logger)
		if line.Command == "serve" {
			err = serve(&line.Serve)
		} else {
			err = command.Run(line, version, command.Output{Answer: os.Stdout, Notes: os.Stderr, Log: logger})
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "placard:", err)
		os.Exit(command.Code(err))
	}
}

// mostSending is how long a client may take to send a request. From the end of its headers on it has the same again, and
// twice what an operation may take, until it has the answer: a minute, unless the limits are others.
const mostSending = 30 * time.Second

// serve runs the server until it is told to stop by SIGINT or SIGTERM.
func serve(settings *config.Config) error {
	log := logger(settings.LogLevel, settings.LogFormat)
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	listener, err := net.Listen("tcp", settings.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w (--addr or PLACARD_ADDR sets another address)", err)
	}
	open := store.Open
	if settings.NoMigrate {
		open = store.OpenCurrent
	}
	s, err := open(stop, settings.DatabaseURL, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	api := graph.NewServer(s, settings.Limit.ServerLimits(), command.Describe(version), log)
	if err := trust(api, settings.Trusted, log); err != nil {
		return errors.Join(err, s.Close(), listener.Close())
	}
	where := httpd.Where{Local: listener.Addr().(*net.TCPAddr).IP.IsLoopback(), Open: settings.Auth == "none",
		PublicURL: settings.PublicURL, Hosts: settings.AllowedHosts, Origins: settings.CORSOrigins}
	api.LogSlow(settings.SlowOperation)
	stopMeasuring, err := telemetry.Start(api, s, telemetry.Build{Version: version, Commit: command.Commit()}, settings.MetricsAddr, log)
	if err != nil {
		return errors.Join(err, s.Close(), listener.Close())
	}
	defer stopMeasuring()
	if settings.Auth == "keys" {
		api.RequireKeys().LimitKeys(settings.RateLimit)
	}
	handler, err := httpd.New(api, s, where, log)
	if err != nil {
		return errors.Join(&config.Usage{Err: err}, s.Close(), listener.Close())
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: mostSending, WriteTimeout: mostSending + 2*settings.Limit.Longest(), IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ConnState: handler.Watch,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	go forget(stop, s, settings.Limit.ServerLimits().IdempotencyRetention(), log)
	s.KeepStatistics(store.StatisticsInterval)
	log.Info("serving", "version", command.Describe(version), "graphql", "http://"+listener.Addr().String()+"/graphql", "database", settings.Database())
	select {
	case err := <-failed:
		return errors.Join(err, s.Close())
	case <-stop.Done():
	}
	cancel() // a second signal ends the process at once
	log.Info("stopping: waiting for requests", "delay", settings.DrainDelay, "atMost", settings.DrainTimeout)
	handler.Drain()
	time.Sleep(settings.DrainDelay) // whoever asks /readyz sends new requests elsewhere meanwhile
	deadline, cancelDeadline := context.WithTimeout(context.Background(), settings.DrainTimeout)
	defer cancelDeadline()
	err = errors.Join(handler.Stop(deadline, server, listener), s.Close())
	log.Info("stopped")
	return err
}

// trust makes the server execute only the documents of a path, if there is one. Its errors are of the type config.Usage.
func trust(api *graph.Server, path string, log *slog.Logger) error {
	if path == "" {
		return nil
	}
	documents, err := persisted.ReadTrusted(path)
	if err == nil {
		err = api.Trust(documents)
	}
	if err != nil {
		return &config.Usage{Err: fmt.Errorf("--trusted-documents: %w", err)}
	}
	log.Info("only trusted documents are executed", "documents", len(documents))
	return nil
}

// forget deletes expired idempotency keys every hour.
func forget(stop context.Context, s *store.Store, retention time.Duration, log *slog.Logger) {
	for tick := time.Tick(time.Hour); ; {
		select {
		case <-stop.Done():
			return
		case <-tick:
			ctx, cancel := context.WithTimeout(stop, 10*time.Minute)
			err := s.ForgetIdempotencyKeys(ctx, retention)
			cancel()
			if err != nil && stop.Err() == nil {
				log.Warn("old idempotency keys could not be dropped", "error", err)
			}
		}
	}
}

func logger(level slog.Level, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(httpd.Identify(slog.NewJSONHandler(os.Stderr, options)))
	}
	return slog.New(httpd.Identify(slog.NewTextHandler(os.Stderr, options)))
}
