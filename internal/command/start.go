package command

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/placard/placard/internal/config"
)

// UsePlainOutput reports whether the server prints plain lines to a file instead of log lines: it is a terminal, and no
// setting asks for another log. The log then has only warnings and errors.
func UsePlainOutput(settings *config.Config, file *os.File) bool {
	info, err := file.Stat()
	plain := err == nil && info.Mode()&os.ModeCharDevice != 0 && settings.DefaultLogging
	if plain {
		settings.LogLevel = slog.LevelWarn
	}
	return plain
}

// ReportStart reports the version, the address and the database of a server: as plain lines to standard error or as a
// log line.
func ReportStart(log *slog.Logger, plain bool, version, address, database string) {
	if plain {
		fmt.Fprintf(os.Stderr, "version   %s\naddress   http://%s\ndatabase  %s\n", version, address, database)
	} else {
		log.Info("serving", "version", version, "graphql", "http://"+address+"/graphql", "database", database)
	}
}
