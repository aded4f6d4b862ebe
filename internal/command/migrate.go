package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/progress"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
)

// migrateStatus prints the schema version. It returns a *store.SchemaOutdatedError error unless the schema is current.
func migrateStatus(ctx context.Context, settings *config.Database, out Output) error {
	tables, err := engine.ReadSchema(ctx, settings.DatabaseURL)
	if err != nil {
		return err
	}
	text := "database  " + config.RedactURL(settings.DatabaseURL)
	if tables.NoFile {
		text += " (there is no such file)"
	}
	text += fmt.Sprintf("\ntables    %d\nprogram   %d\n", tables.Stored, tables.Newest)
	if tables.Oldest > 0 {
		text += fmt.Sprintf("oldest    %d\n", tables.Oldest)
	}
	for _, name := range tables.Pending {
		text += "missing   " + name + "\n"
	}
	if _, err := io.WriteString(out.Stdout, text); err != nil {
		return err
	}
	if len(tables.Pending) > 0 {
		return &engine.SchemaOutdatedError{Stored: tables.Stored, Newest: tables.Newest}
	}
	return tables.Newer()
}

// reportMigrations writes the first missing migration to out every few seconds until stop is called. Either it runs, or
// another process keeps it from running.
func reportMigrations(ctx context.Context, databaseURL string, out io.Writer) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	end := progress.Start(out, func(elapsed time.Duration) string {
		tables, err := engine.ReadSchema(ctx, databaseURL)
		if err != nil || len(tables.Pending) == 0 {
			return "" // the migration itself returns the error
		}
		return fmt.Sprintf("%s is the first of %d missing migrations; %d s so far",
			tables.Pending[0], len(tables.Pending), int(elapsed.Seconds()))
	})
	return func() { cancel(); end() }
}

// migrateUp updates the schema, which opening the database does.
func migrateUp(ctx context.Context, settings *config.Database, out Output) error {
	stop := reportMigrations(ctx, settings.DatabaseURL, out.Stderr)
	s, err := store.Open(ctx, settings.DatabaseURL, out.Log(settings.LogLevel, settings.LogFormat))
	stop()
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.Stdout, "the tables of %s are at version %d\n", config.RedactURL(settings.DatabaseURL),
		engine.TargetSchemaVersion())
	return err
}

// migrateRepair completes rows that older servers wrote. It returns a *store.SchemaOutdatedError error unless the
// schema is current.
func migrateRepair(ctx context.Context, settings *config.Database, out Output) error {
	s, err := store.OpenWithoutMigrating(ctx, settings.DatabaseURL, out.Log(settings.LogLevel, settings.LogFormat))
	if err != nil {
		return err
	}
	var checked atomic.Pointer[store.Progress]
	stop := progress.Start(out.Stderr, func(time.Duration) string {
		if p := checked.Load(); p != nil {
			return fmt.Sprintf("%d of %d subjects and versions checked", p.Done, p.Total)
		}
		return ""
	})
	done, err := s.Repair(ctx, func(p store.Progress) { checked.Store(&p) })
	stop()
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.Stdout, "filled %d subjects, %d entries and %d latest entries, and added %d moves of tags\n",
		done.Subjects, done.Entries, done.Latest, done.Moves)
	return err
}
