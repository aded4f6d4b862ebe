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
	made, err := transfer.Export(ctx, settings.DatabaseURL, transfer.ExportOptions{
		Project: settings.Project, File: settings.File, Overwrite: settings.Force, Stdout: out.Stdout, Notes: out.Stderr,
	})
	if err != nil {
		return err
	}
	summary := out.Stdout
	if settings.File == transfer.Stdio {
		summary = out.Stderr
	}
	_, err = fmt.Fprintf(summary, "exported project %q: %d lines, %d of them entries, %d bytes\n", made.Project,
		made.Lines, made.Entries, made.Bytes)
	return err
}

func importProject(ctx context.Context, settings *config.Import, out Output) error {
	log := out.Log(max(settings.LogLevel, slog.LevelWarn), settings.LogFormat)
	done, err := transfer.Import(ctx, settings.DatabaseURL, transfer.ImportOptions{
		File: settings.File, Project: settings.Project, Limits: transfer.Limits(settings.Limit), Log: log,
		Stdin: os.Stdin, Notes: out.Stderr,
	})
	if err != nil {
		return err
	}
	var parts []string
	for _, table := range bulk.Tables {
		if n := done.Records[table.Record]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", table.Record, n))
		}
	}
	if done.Updated > 0 {
		parts = append(parts, fmt.Sprintf("changed %d", done.Updated))
	}
	if len(parts) == 0 && !done.Created {
		parts = append(parts, "nothing new")
	}
	if done.Created {
		parts = append([]string{"created"}, parts...)
	}
	if done.Unchanged > 0 {
		parts = append(parts, fmt.Sprintf("unchanged %d", done.Unchanged))
	}
	_, err = fmt.Fprintf(out.Stdout, "imported project %q: %s\n", done.Project, strings.Join(parts, ", "))
	for _, kept := range []struct {
		count int
		text  string
	}{
		{done.Kept["retiredNumber"], "%d versions are deleted in the source of the file and stay in this database\n"},
		{done.Kept["header"] + done.Kept["artifact"] + done.Kept["artifactVersion"],
			"%d descriptions differ from the file and stay as they are in this database\n"},
		{done.Kept["entry"] + done.Kept["event"], "%d values are erased in this database and stay erased\n"},
	} {
		if err == nil && kept.count > 0 {
			_, err = fmt.Fprintf(out.Stdout, kept.text, kept.count)
		}
	}
	return err
}
