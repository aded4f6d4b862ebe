package command

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/backup"
	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store/engine"
)

// postgresTools explains how to back up PostgreSQL.
const postgresTools = `this command is for SQLite; use the tools of PostgreSQL instead.
Back up while the servers run:
  pg_dump --format=custom --no-owner --file=FILE "$PLACARD_DATABASE_URL"
Restore into an empty database while no server runs:
  pg_restore --no-owner --exit-on-error --single-transaction --dbname="$PLACARD_DATABASE_URL" FILE
docs/how-to/back-up.md has every step`

func createBackup(ctx context.Context, settings *config.Backup, out Output) error {
	if engine.IsPostgres(settings.DatabaseURL) {
		return &unsupportedError{postgresTools}
	}
	made, err := backup.Make(ctx, settings.DatabaseURL, settings.File, settings.Force, out.Stderr)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.Stdout, "%s is a checked copy of %s: %d bytes, tables at version %d\n", made.To,
		made.From, made.Bytes, made.Tables)
	return err
}

func restoreBackup(ctx context.Context, settings *config.Restore, out Output) error {
	if engine.IsPostgres(settings.DatabaseURL) {
		return &unsupportedError{postgresTools}
	}
	made, err := backup.Restore(ctx, settings.DatabaseURL, settings.File, settings.Force, out.Stderr)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.Stdout, "restored %s from %s: %d bytes, tables at version %d\n", made.To, made.From,
		made.Bytes, made.Tables)
	return err
}
