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

func export(ctx context.Context, settings *config.Export, out Output) error {
	made, err := transfer.Export(ctx, settings.DatabaseURL, settings.Project, settings.File, settings.Force, out.Answer, out.Notes)
	if err != nil {
		return err
	}
	answer := out.Answer
	if settings.File == transfer.Standard {
		answer = out.Notes
	}
	_, err = fmt.Fprintf(answer, "exported project %q: %d lines, %d of them entries, %d bytes\n", made.Project, made.Lines, made.Entries, made.Bytes)
	return err
}

func importProject(ctx context.Context, settings *config.Import, out Output) error {
	log := out.Log(max(settings.LogLevel, slog.LevelWarn), settings.LogFormat)
	limits := transfer.Limits{ValueBytes: settings.LimitValueBytes, KeyCharacters: settings.LimitKeyCharacters, ValueNesting: settings.LimitValueNesting}
	done, err := transfer.Import(ctx, settings.DatabaseURL, settings.File, transfer.Options{Project: settings.Project, Limits: limits}, log, os.Stdin, out.Notes)
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
		parts = append(parts, fmt.Sprintf("there already %d", done.Same))
	}
	_, err = fmt.Fprintf(out.Answer, "imported project %q: %s\n", done.Project, strings.Join(parts, ", "))
	if err == nil && done.Kept > 0 {
		_, err = fmt.Fprintf(out.Answer, "%d versions have been deleted where the file comes from and stay here\n", done.Kept)
	}
	return err
}
