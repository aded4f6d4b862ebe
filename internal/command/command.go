// Package command implements all commands of placard except serve, and maps errors to exit codes.
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
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/replica"
)

// The exit codes of the program.
const (
	ExitSuccess = iota
	// ExitFailure is the code of all errors without a code of their own.
	ExitFailure
	// ExitUsage is the code for invalid flags, settings or arguments.
	ExitUsage
	// ExitSchemaOutdated is the code for a database whose schema is older than the program, or excludes the program.
	ExitSchemaOutdated
	// ExitUnsupported is the code for a command that the database has its own tools for.
	ExitUnsupported
)

// unsupportedError has the exit code ExitUnsupported.
type unsupportedError struct{ text string }

func (e *unsupportedError) Error() string { return e.text }

// ExitCode returns the exit code of the program for an error, which may be nil.
func ExitCode(err error) int {
	var usage *config.UsageError
	var badURL *engine.URLError
	var missing *engine.MissingFileError
	var encoding *engine.EncodingError
	var behind *engine.SchemaOutdatedError
	var outdated *engine.ProgramOutdatedError
	var unsupported *unsupportedError
	var notReplica *replica.ConfigurationError
	switch {
	case err == nil:
		return ExitSuccess
	case errors.As(err, &usage), errors.As(err, &badURL), errors.As(err, &missing), errors.As(err, &encoding),
		errors.As(err, &notReplica):
		return ExitUsage
	case errors.As(err, &behind), errors.As(err, &outdated):
		return ExitSchemaOutdated
	case errors.As(err, &unsupported):
		return ExitUnsupported
	}
	return ExitFailure
}

// Output receives the result, the messages and the log of a command.
type Output struct {
	Stdout io.Writer
	Stderr io.Writer
	Log    func(level slog.Level, format string) *slog.Logger
}

// Run runs any command except serve. The first SIGINT or SIGTERM cancels it, and the second one ends the process.
func Run(cli *config.CLI, version string, out Output) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	err := run(ctx, cli, version, out)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stopped by a signal before the end: %w", err)
	}
	return err
}

func run(ctx context.Context, cli *config.CLI, version string, out Output) error {
	switch cli.Command {
	case "migrate status":
		return migrateStatus(ctx, &cli.Migrate.Database, out)
	case "migrate up":
		return migrateUp(ctx, &cli.Migrate.Database, out)
	case "migrate repair":
		return migrateRepair(ctx, &cli.Migrate.Database, out)
	case "distribute":
		return distribute(ctx, &cli.Distribute, out)
	case "backup":
		return createBackup(ctx, &cli.Backup, out)
	case "restore":
		return restoreBackup(ctx, &cli.Restore, out)
	case "compact":
		return compact(ctx, &cli.Compact, out)
	case "export":
		return exportProject(ctx, &cli.Export, out)
	case "import":
		return importProject(ctx, &cli.Import, out)
	case "keys create":
		return createKey(ctx, &cli.Keys, out)
	case "keys list":
		return listKeys(ctx, &cli.Keys, out)
	case "keys revoke":
		return revokeKey(ctx, &cli.Keys, out)
	case "version":
		return printVersion(version, out)
	}
	return fmt.Errorf("unknown command %q", cli.Command)
}
