package config

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
)

// TestUnknownVariables checks that each command warns of unknown variables, suggests the nearest setting, and ignores
// variables of other programs.
func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	foreign := []string{"PLACARD_URL=x", "PLACARD_API_KEY=x", "PLACARD_PORT=8080", "PLACARD_TEST_DATABASE_URL=x",
		"PATH=/bin", "PLACARD=x",
		"PLACARD_SERVICE_HOST=10.0.0.1", "PLACARD_SERVICE_PORT=80", "PLACARD_SERVICE_PORT_HTTP=80",
		"PLACARD_PORT=tcp://10.0.0.1:80",
		"PLACARD_PORT_80_TCP=tcp://10.0.0.1:80", "PLACARD_PORT_80_TCP_ADDR=10.0.0.1",
		"PLACARD_QUEUE_SERVICE_HOST=10.0.0.1", "PLACARD_QUEUE_PORT=tcp://10.0.0.1:9090",
		"PLACARD_ADDR=x", "PLACARD_LIMIT_PAGE_SIZE=3", "PLACARD_LOG_FORMAT=text"}
	for _, c := range []struct{ setting, nearest string }{
		{"PLACARD_LOGLEVEL=hunter2", "PLACARD_LOG_LEVEL"},
		{"PLACARD_DATABASEURL=hunter2", "PLACARD_DATABASE_URL"},
		{"PLACARD_LIMITS_PAGE_SIZE=hunter2", "PLACARD_LIMIT_PAGE_SIZE"},
		{"Placard_Addr=hunter2", "PLACARD_ADDR"},
		{"PLACARD_METRICS_PORT=9090", "PLACARD_METRICS_ADDR"},
		{"PLACARD_WORKERS_OF_THE_WORLD=hunter2", ""},
		{"PLACARD_=hunter2", ""},
	} {
		for _, command := range []string{"", "serve", "migrate status", "keys list", "backup x", "restore x",
			"export x", "import x", "version"} {
			line, err := Parse(strings.Fields(command), "test", io.Discard, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			newLogger := func(level slog.Level, _ string) *slog.Logger {
				return slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))
			}
			line.LogWarnings(foreign, newLogger)
			if log.Len() > 0 {
				t.Errorf("%s: variables of others: %s", command, log.String())
			}
			line.LogWarnings(append(foreign, c.setting), newLogger)
			name, _, _ := strings.Cut(c.setting, "=")
			want := " variable=" + name
			if c.nearest != "" {
				want += " nearest=" + c.nearest
			}
			if text := log.String(); !strings.Contains(text, "level=WARN") || !strings.HasSuffix(text, want+"\n") ||
				strings.Count(text, "\n") != 1 {
				t.Errorf("%s, %s: got %s", command, c.setting, text)
			}
		}
	}
}
