package command

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store"
)

// migrateStatus prints the version of the tables, and fails with store.Behind when it is not the newest.
func migrateStatus(ctx context.Context, settings *config.Database, out Output) error {
	tables, err := store.ReadTables(ctx, settings.DatabaseURL)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out.Answer, "database  %s\ntables    %d\nprogram   %d\n", config.Readable(settings.DatabaseURL), tables.Stored,
		tables.Newest); err != nil {
		return err
	}
	for _, name := range tables.Pending {
		if _, err := fmt.Fprintln(out.Answer, "missing  ", name); err != nil {
			return err
		}
	}
	if len(tables.Pending) > 0 {
		return &store.Behind{Stored: tables.Stored, Newest: tables.Newest}
	}
	return tables.Newer()
}

// migrateUp brings the tables up to date. Opening the database does.
func migrateUp(ctx context.Context, settings *config.Database, out Output) error {
	s, err := store.Open(ctx, settings.DatabaseURL, out.Log(settings.LogLevel, settings.LogFormat))
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.Answer, "the tables of %s are at version %d\n", config.Readable(settings.DatabaseURL), store.NewestTables())
	return err
}
