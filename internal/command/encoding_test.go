package command_test

import (
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/command"
	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// TestEncodingOfCommands checks that each command exits with code 2 on a PostgreSQL database that is not UTF-8, and
// names its encoding. The control is the exit code of the same commands on a UTF-8 database.
func TestEncodingOfCommands(t *testing.T) {
	t.Parallel()
	run := func(database, line string) error {
		parsed, err := config.Parse(append(strings.Fields(line), "--database-url="+database), "test", io.Discard,
			func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		quiet := func(slog.Level, string) *slog.Logger { return slog.New(slog.DiscardHandler) }
		return command.Run(parsed, "test", command.Output{Stdout: io.Discard, Stderr: io.Discard, Log: quiet})
	}
	latin, unicode := storetest.EncodedPostgres(t, "LATIN1"), storetest.EncodedPostgres(t, "UTF8")
	file := filepath.Join(t.TempDir(), "default.jsonl")
	for _, line := range []string{"migrate up", "migrate status", "keys create k --owner", "keys list",
		"keys revoke k", "export " + file, "import " + file} {
		if err := run(unicode, line); command.ExitCode(err) == command.ExitUsage {
			t.Errorf("%s on UTF8: %v", line, err)
		}
		if err := run(latin, line); command.ExitCode(err) != command.ExitUsage ||
			!strings.Contains(err.Error(), "LATIN1") {
			t.Errorf("%s on LATIN1: code %d, %v", line, command.ExitCode(err), err)
		}
	}
}
