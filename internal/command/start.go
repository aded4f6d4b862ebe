package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/distribution"
)

// OpenStore opens the database of a server. Unless a setting forbids it, it updates the schema. It fails with
// distribution.UndistributedError for a database with the extension Citus whose tables are not distributed.
func OpenStore(ctx context.Context, settings *config.Config, log *slog.Logger) (*store.Store, error) {
	open := store.Open
	if settings.NoMigrate {
		open = store.OpenWithoutMigrating
	}
	s, err := open(ctx, settings.DatabaseURL, log, store.WithConnections(settings.DatabaseConnections),
		store.WithCacheBytes(settings.CacheBytes), store.WithReplicas(store.ReplicaSettings{
			URLs: settings.ReadDatabaseURLs, MaxLag: settings.ReplicaMaxLag, Tokens: settings.ConsistencyTokens}))
	if err != nil {
		return nil, err
	}
	if err := distribution.Check(ctx, settings.DatabaseURL); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// UsePlainOutput reports whether the server prints plain lines to a file instead of log lines: it is a terminal, and no
// setting asks for another log. The log then has only warnings and errors.
func UsePlainOutput(settings *config.Config, file *os.File) bool {
	info, err := file.Stat()
	plain := err == nil && info.Mode()&os.ModeCharDevice != 0 && settings.DefaultLogging
	if plain {
		settings.LogLevel = slog.LevelWarn
	}
	return plain
}

// ReportStart reports the version, the address and the database of a server: as plain lines to standard error or as a
// log line.
func ReportStart(log *slog.Logger, plain bool, version, address, database string) {
	if plain {
		fmt.Fprintf(os.Stderr, "version   %s\naddress   http://%s\ndatabase  %s\n", version, address, database)
	} else {
		log.Info("serving", "version", version, "graphql", "http://"+address+"/graphql", "database", database)
	}
}
