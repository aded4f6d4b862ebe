package command_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/placard/placard/internal/command"
	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
)

// TestMinConnections checks that --database-connections has the same minimum as the store.
func TestMinConnections(t *testing.T) {
	t.Parallel()
	for n, accepted := range map[int]bool{engine.MinConnections: true, engine.MinConnections - 1: false} {
		_, err := config.Parse([]string{fmt.Sprintf("--database-connections=%d", n)}, "test", io.Discard, func(int) {})
		if (err == nil) != accepted {
			t.Errorf("%d connections: %v", n, err)
		}
	}
}

// TestPlainOutput checks that plain lines replace log lines on a terminal only, and only with the default log. A
// pseudoterminal is the terminal, and a file is the control.
func TestPlainOutput(t *testing.T) {
	t.Parallel()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		storetest.Lacks(t, "a pseudoterminal")
	}
	defer func() { _ = terminal.Close() }()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, c := range []struct {
		file           *os.File
		defaultLogging bool
		want           bool
	}{{terminal, true, true}, {terminal, false, false}, {file, true, false}} {
		settings := &config.Config{DefaultLogging: c.defaultLogging}
		if got := command.UsePlainOutput(settings, c.file); got != c.want ||
			(settings.LogLevel == slog.LevelWarn) != c.want {
			t.Errorf("%s, default log %t: %t at level %s", c.file.Name(), c.defaultLogging, got, settings.LogLevel)
		}
	}
}
