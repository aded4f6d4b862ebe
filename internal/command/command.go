// Package command is what placard does beside serving: the tables of the database, backups, projects as files, versions.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store"
)

// The codes that the program ends with.
const (
	CodeDone = iota
	// CodeFailed is anything that has no code of its own.
	CodeFailed
	// CodeUsage is wrong flags, settings or arguments.
	CodeUsage
	// CodeBehind is a database whose tables are older than the program needs, or exclude the program.
	CodeBehind
	// CodeElsewhere is something that the database has tools of its own for.
	CodeElsewhere
)

// elsewhere is a failure with the code CodeElsewhere.
type elsewhere struct{ text string }

func (e *elsewhere) Error() string { return e.text }

// Code is what the program ends with after err.
func Code(err error) int {
	var usage *config.Usage
	var nowhere *store.BadURL
	var missing *store.Missing
	var behind *store.Behind
	var outdated *store.Outdated
	var other *elsewhere
	switch {
	case err == nil:
		return CodeDone
	case errors.As(err, &usage), errors.As(err, &nowhere), errors.As(err, &missing):
		return CodeUsage
	case errors.As(err, &behind), errors.As(err, &outdated):
		return CodeBehind
	case errors.As(err, &other):
		return CodeElsewhere
	}
	return CodeFailed
}

// Output is where a command writes: its answer, what it says about it, and what it logs on the way.
type Output struct {
	Answer io.Writer
	Notes  io.Writer
	Log    func(level slog.Level, format string) *slog.Logger
}

// Run does what a line says other than serve. It ends early when the process is told to, and at once when it is told again.
func Run(line *config.Line, version string, out Output) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	err := run(ctx, line, version, out)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stopped by a signal before it was done: %w", err)
	}
	return err
}

func run(ctx context.Context, line *config.Line, version string, out Output) error {
	switch line.Command {
	case "migrate status":
		return migrateStatus(ctx, &line.Migrate.Status.Database, out)
	case "migrate up":
		return migrateUp(ctx, &line.Migrate.Up.Database, out)
	case "migrate repair":
		return migrateRepair(ctx, &line.Migrate.Repair.Database, out)
	case "backup":
		return backup(ctx, &line.Backup, out)
	case "restore":
		return restore(ctx, &line.Restore, out)
	case "export":
		return export(ctx, &line.Export, out)
	case "import":
		return importProject(ctx, &line.Import, out)
	case "keys create", "keys list", "keys revoke":
		return manageKeys(ctx, line, out)
	case "version":
		return about(version, out)
	}
	return fmt.Errorf("the command %q is not known", line.Command)
}

// manageKeys makes, lists or revokes API keys. What the database has to say is of no interest then, unless it is bad.
func manageKeys(ctx context.Context, line *config.Line, out Output) error {
	settings := &line.Keys
	log := out.Log(max(settings.LogLevel, slog.LevelWarn), settings.LogFormat)
	switch line.Command {
	case "keys create":
		return settings.Create.Run(ctx, settings.DatabaseURL, log, out.Answer, out.Notes)
	case "keys list":
		return settings.List.Run(ctx, settings.DatabaseURL, log, out.Answer, out.Notes)
	}
	return settings.Revoke.Run(ctx, settings.DatabaseURL, log, out.Answer, out.Notes)
}
