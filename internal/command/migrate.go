package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store"
)

// migrateStatus prints the version of the tables, and fails with store.Behind when it is not the newest.
func migrateStatus(ctx context.Context, settings *config.Database, out Output) error {
	tables, err := store.ReadTables(ctx, settings.DatabaseURL)
	if err != nil {
		return err
	}
	note := ""
	if tables.NoFile {
		note = " (there is no such file)"
	}
	if _, err := fmt.Fprintf(out.Answer, "database  %s%s\ntables    %d\nprogram   %d\n", config.Readable(settings.DatabaseURL), note, tables.Stored,
		tables.Newest); err != nil {
		return err
	}
	if tables.Oldest > 0 {
		if _, err := fmt.Fprintf(out.Answer, "oldest    %d\n", tables.Oldest); err != nil {
			return err
		}
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

// between is the time between two lines about a migration.
const between = 3 * time.Second

// watch says now and then which migration is the first that is missing, until stop is called: it runs, or another process
// keeps it from running.
func watch(ctx context.Context, databaseURL string, notes io.Writer) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	begun, ticker := time.Now(), time.NewTicker(between)
	go func() {
		defer close(ended)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			tables, err := store.ReadTables(ctx, databaseURL)
			if err == nil && len(tables.Pending) > 0 { // otherwise the migration itself says what is wrong
				_, _ = fmt.Fprintf(notes, "%s is the first of %d migrations that are missing, for %d s so far\n",
					tables.Pending[0], len(tables.Pending), int(time.Since(begun).Seconds())) // nobody may read it
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// migrateUp brings the tables up to date. Opening the database does.
func migrateUp(ctx context.Context, settings *config.Database, out Output) error {
	stop := watch(ctx, settings.DatabaseURL, out.Notes)
	s, err := store.Open(ctx, settings.DatabaseURL, out.Log(settings.LogLevel, settings.LogFormat))
	stop()
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.Answer, "the tables of %s are at version %d\n", config.Readable(settings.DatabaseURL), store.NewestTables())
	return err
}

// migrateRepair completes the rows of servers older than the tables. It fails with store.Behind when migrations are missing.
func migrateRepair(ctx context.Context, settings *config.Database, out Output) error {
	s, err := store.OpenCurrent(ctx, settings.DatabaseURL, out.Log(settings.LogLevel, settings.LogFormat))
	if err != nil {
		return err
	}
	told := time.Now()
	done, err := s.Repair(ctx, func(p store.Progress) {
		if time.Since(told) >= between {
			told = time.Now()
			_, _ = fmt.Fprintf(out.Notes, "%d of %d subjects and versions checked\n", p.Done, p.Total) // nobody may read it
		}
	})
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out.Answer, "filled %d subjects, %d entries and %d latest entries, and added %d moves of tags\n",
		done.Subjects, done.Entries, done.Latest, done.Moves)
	return err
}
