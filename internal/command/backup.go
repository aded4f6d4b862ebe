package command

import (
	"context"
	"fmt"

	copies "github.com/placard/placard/internal/backup"
	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store"
)

// postgresTools is what to do instead of backup and restore.
const postgresTools = `PostgreSQL has its own tools for this. A backup, while the servers run:
  pg_dump --format=custom --no-owner --file=FILE "$PLACARD_DATABASE_URL"
Its way back, into an empty database, while no server runs:
  pg_restore --no-owner --exit-on-error --single-transaction --dbname="$PLACARD_DATABASE_URL" FILE
docs/how-to/back-up.md has every step`

func backup(ctx context.Context, settings *config.Backup, out Output) error {
	if store.IsPostgres(settings.DatabaseURL) {
		return &elsewhere{postgresTools}
	}
	made, err := copies.Make(ctx, settings.DatabaseURL, settings.File, settings.Force, out.Notes)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.Answer, "%s is a checked copy of %s: %d bytes, tables at version %d\n", made.To, made.From, made.Bytes, made.Tables)
	return err
}

func restore(ctx context.Context, settings *config.Restore, out Output) error {
	if store.IsPostgres(settings.DatabaseURL) {
		return &elsewhere{postgresTools}
	}
	made, err := copies.Restore(ctx, settings.DatabaseURL, settings.File, settings.Force, out.Notes)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.Answer, "%s is what %s was: %d bytes, tables at version %d\n", made.To, made.From, made.Bytes, made.Tables)
	return err
}
