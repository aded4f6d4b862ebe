package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// migrateSQLite runs the migrations that are missing. The lock on the file keeps other processes away.
func migrateSQLite(ctx context.Context, pool *sql.DB, log *slog.Logger) error {
	return migrate(ctx, goose.DialectSQLite3, pool, "migrations/sqlite", log)
}

// migratePostgres runs the migrations that are missing, under a lock that other processes wait for.
func migratePostgres(ctx context.Context, pool *sql.DB, log *slog.Logger) error {
	// A second between tries, for five minutes.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return err
	}
	return migrate(ctx, goose.DialectPostgres, pool, "migrations/postgres", log, goose.WithSessionLocker(locker))
}

func migrate(
	ctx context.Context, dialect goose.Dialect, pool *sql.DB, folder string, log *slog.Logger, options ...goose.ProviderOption,
) error {
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, pool, files, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	done, err := provider.Up(ctx)
	for _, step := range done {
		log.InfoContext(ctx, "migrated the database", "version", step.Source.Version, "took", step.Duration)
	}
	if err != nil {
		return err
	}
	stored, err := provider.GetDBVersion(ctx)
	if err == nil && stored > newest {
		err = fmt.Errorf("a newer program has written this database: it is at version %d, this program knows %d; "+
			"use the newer program, or restore a backup", stored, newest)
	}
	return err
}
