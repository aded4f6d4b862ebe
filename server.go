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

// mostSending is how long a client may take to send a request. From the end of its headers on it has the same again,
// and twice what an operation may take, until it has the answer: a minute, unless the limits are others.
const mostSending = 30 * time.Second

// serve runs the server until it is told to stop by SIGINT or SIGTERM.
func serve(settings *config.Config) error {
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
		open = store.OpenCurrent
	}
	s, err := open(stop, settings.DatabaseURL, log, store.WithConnections(settings.DatabaseConnections))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	api := graph.NewServer(s, settings.Limit, command.VersionString(version), log)
	if err := trust(api, settings.Trusted, log); err != nil {
		return errors.Join(err, s.Close(), listener.Close())
	}
	where := httpd.Where{Local: listener.Addr().(*net.TCPAddr).IP.IsLoopback(), Open: settings.Auth == "none",
		PublicURL: settings.PublicURL, Hosts: settings.AllowedHosts, Origins: settings.CORSOrigins}
	api.LogSlow(settings.SlowOperation)
	stopMeasuring, err := telemetry.Start(api, s, telemetry.Build{Version: version, Commit: command.Commit()}, settings.MetricsAddr, where.Metrics, log)
	if err != nil {
		return errors.Join(err, s.Close(), listener.Close())
	}
	defer stopMeasuring()
	if settings.Auth == "keys" {
		api.RequireKeys().LimitKeys(settings.RateLimit)
	}
	handler, err := httpd.New(api, s, where, log)
	if err != nil {
		return errors.Join(&config.UsageError{Err: err}, s.Close(), listener.Close())
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: mostSending, WriteTimeout: mostSending + 2*max(settings.Limit.ReadSeconds, settings.Limit.WriteSeconds).Duration(), IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ConnState: handler.Watch,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	go forget(stop, s, settings.Limit.IdempotencyRetention(), log)
	s.KeepStatistics(store.StatisticsInterval)
	command.ReportStart(log, plain, command.VersionString(version), listener.Addr().String(), settings.Database())
	select {
	case err := <-failed:
		return errors.Join(err, s.Close())
	case <-stop.Done():
	}
	cancel() // a second signal ends the process at once
	log.Info("stopping: waiting for requests", "delay", settings.DrainDelay, "timeout", settings.DrainTimeout)
	handler.Drain()
	time.Sleep(settings.DrainDelay) // whoever asks /readyz sends new requests elsewhere meanwhile
	deadline, cancelDeadline := context.WithTimeout(context.Background(), settings.DrainTimeout)
	defer cancelDeadline()
	err = errors.Join(handler.Stop(deadline, server, listener), s.Close())
	log.Info("stopped")
	return err
}

// trust makes the server execute only the documents of a path, if there is one. Its errors are of the type
// *config.UsageError.
func trust(api *graph.Server, path string, log *slog.Logger) error {
	if path == "" {
		return nil
	}
	documents, err := persisted.ReadTrusted(path)
	if err == nil {
		err = api.Trust(documents)
	}
	if err != nil {
		return &config.UsageError{Err: fmt.Errorf("--trusted-documents: %w", err)}
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
				log.Warn("could not delete expired idempotency keys", "error", err)
			}
		}
	}
}
