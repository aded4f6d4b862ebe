package command

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/internal/transfer"
)

func exportProject(ctx context.Context, settings *config.Export, out Output) error {
	made, err := transfer.Export(ctx, settings.DatabaseURL, settings.Project, settings.File, settings.Force, out.Stdout, out.Stderr)
	if err != nil {
		return err
	}
	summary := out.Stdout
	if settings.File == transfer.Standard {
		summary = out.Stderr
	}
	_, err = fmt.Fprintf(summary, "exported project %q: %d lines, %d of them entries, %d bytes\n", made.Project, made.Lines, made.Entries, made.Bytes)
	return err
}

func importProject(ctx context.Context, settings *config.Import, out Output) error {
	log := out.Log(max(settings.LogLevel, slog.LevelWarn), settings.LogFormat)
	options := transfer.Options{Project: settings.Project, Limits: transfer.Limits(settings.Limit)}
	done, err := transfer.Import(ctx, settings.DatabaseURL, settings.File, options, log, os.Stdin, out.Stderr)
	if err != nil {
		return err
	}
	var parts []string
	for _, table := range bulk.Tables {
		if n := done.Records[table.Record]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", table.Record, n))
		}
	}
	if done.Changed > 0 {
		parts = append(parts, fmt.Sprintf("changed %d", done.Changed))
	}
	if len(parts) == 0 && !done.Created {
		parts = append(parts, "nothing new")
	}
	if done.Created {
		parts = append([]string{"created"}, parts...)
	}
	if done.Same > 0 {
		parts = append(parts, fmt.Sprintf("unchanged %d", done.Same))
	}
	_, err = fmt.Fprintf(out.Stdout, "imported project %q: %s\n", done.Project, strings.Join(parts, ", "))
	if err == nil && done.Kept > 0 {
		_, err = fmt.Fprintf(out.Stdout, "%d versions are deleted in the source of the file and stay in this database\n", done.Kept)
	}
	return err
}
