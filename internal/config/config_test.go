package config

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/models"
)

func TestMain(m *testing.M) { harness.Main(m) }

func parse(t *testing.T, args ...string) (*Config, string, error) {
	t.Helper()
	var out bytes.Buffer
	line, err := Parse(args, "test", &out, func(int) {})
	if err != nil {
		return nil, out.String(), err
	}
	return &line.Serve, out.String(), nil
}

func TestDefaults(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("XDG_DATA_HOME", folder)
	c, _, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:8080" || c.Database() != filepath.Join(folder, "placard", "placard.db") || c.LogLevel != slog.LevelInfo {
		t.Errorf("got %+v", c)
	}
	if c.Limit.ServerLimits() != models.DefaultLimits() {
		t.Errorf("the limits are %+v, those of models are %+v", c.Limit, models.DefaultLimits())
	}
}

func TestFlagsAndVariables(t *testing.T) {
	t.Setenv("PLACARD_ADDR", "127.0.0.1:1")
	t.Setenv("PLACARD_LOG_LEVEL", "debug")
	t.Setenv("PLACARD_LIMIT_PAGE_SIZE", "7")
	t.Setenv("PLACARD_LIMIT_CONCURRENT_OPERATIONS", "3")
	t.Setenv("PLACARD_TRUSTED_DOCUMENTS", "list.json")
	t.Setenv("PLACARD_DATABASE_CONNECTIONS", "6")
	c, _, err := parse(t, "--addr=localhost:2", "--database-url=postgres://u:secret@h/d?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "localhost:2" || c.LogLevel != slog.LevelDebug || c.Limit.PageSize != 7 || c.Limit.ConcurrentOperations != 3 ||
		c.Limit.QueuedOperations != 256 || c.Trusted != "list.json" || c.DatabaseConnections != 6 {
		t.Errorf("got %+v", c)
	}
	if c.Database() != "postgres://u:xxxxx@h/d" {
		t.Errorf("the database for people is %s", c.Database())
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"open to all":        {"--addr=0.0.0.0:8080"},
		"open to all, IPv6":  {"--addr=[::]:8080"},
		"no URL":             {"--public-url=placard"},
		"no host":            {"--addr=:8080"},
		"no port":            {"--addr=127.0.0.1"},
		"unknown flag":       {"--nonsense"},
		"unknown auth":       {"--auth=maybe"},
		"no port of metrics": {"--metrics-addr=9090"},
		"slow before it is":  {"--slow-operation=-1s"},
		"no page":            {"--limit-page-size=0"},
		"key beyond indexes": {"--limit-key-characters=251"},
		"nothing at once":    {"--limit-concurrent-operations=0"},
		"nobody waits":       {"--limit-queued-operations=0"},
		"keys for an hour":   {"--limit-idempotency-hours=23"},
		"keys for ever":      {"--limit-idempotency-hours=8761"},
		"a host with a port": {"--allowed-hosts=a.example,b.example:80"},
		"all hosts":          {"--allowed-hosts=*"},
		"all sites":          {"--cors-origins=*"},
		"some sites":         {"--cors-origins=https://*.example"},
		"a site with a path": {"--cors-origins=https://a.example/"},
		"a site in capitals": {"--cors-origins=https://A.example"},
		"no site":            {"--cors-origins=null"},
		"a name as a site":   {"--cors-origins=a.example"},
	} {
		if _, _, err := parse(t, args...); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, _, err := parse(t, "--addr=0.0.0.0:8080", "--insecure-open"); err != nil {
		t.Errorf("said twice: %v", err)
	}
	if _, _, err := parse(t, "--addr=0.0.0.0:8080", "--auth=keys"); err != nil {
		t.Errorf("with keys: %v", err)
	}
	line, err := Parse([]string{"keys", "create", "ci", "--role=writer", "--project=p"}, "test", io.Discard, func(int) {})
	if err != nil || line.Command != "keys create" || line.Keys.Create.Name != "ci" || line.Keys.Create.Project != "p" {
		t.Errorf("a key: %+v, %v", line, err)
	}
}

// TestRefusalMessages checks that a refusal names the setting and its values, and always the same setting.
func TestRefusalMessages(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--limit-queued-operations=0 --limit-query-depth=0 --limit-errors=-1": "--limit-query-depth must be a whole number from 1 to 2147483647",
		"--limit-idempotency-hours=0":                                         "--limit-idempotency-hours must be a whole number from 24 to 8760",
		"--limit-key-characters=251":                                          "--limit-key-characters must be a whole number from 1 to 250",
		"--limit-read-seconds=NaN":                                            "--limit-read-seconds must be a number greater than 0 and at most 86400",
		"--limit-write-seconds=1e300":                                         "--limit-write-seconds must be a number greater than 0 and at most 86400",
		"import x --limit-value-nesting=0":                                    "--limit-value-nesting must be a whole number from 1 to 2147483647",
		"--log-level=loud":                                                    `--log-level: must be one of debug, info, warn, error but got "loud"`,
		"keys list --log-level=loud":                                          `--log-level: must be one of debug, info, warn, error but got "loud"`,
		"--drain-timeout=-1s":                                                 "--drain-timeout must be 0s or longer",
		"--drain-delay=-1s":                                                   "--drain-delay must be 0s or longer",
		"--database-connections=5":                                            "--database-connections must be a whole number from 6 to 262143",
		"--slow-operation=-1s":                                                "--slow-operation must be 0s or longer",
		"--addr=127.0.0.1:65536":                                              "--addr must be HOST:PORT, such as 127.0.0.1:8080, with a port from 0 to 65535",
		"--metrics-addr=9090":                                                 "--metrics-addr must be HOST:PORT, such as 127.0.0.1:9090, with a port from 0 to 65535",
		"--metrics-addr=127.0.0.1:nonsense":                                   "--metrics-addr must be HOST:PORT, such as 127.0.0.1:9090, with a port from 0 to 65535",
		"--database-connections=nonsense":                                     "--database-connections: ",
	} {
		for range 20 {
			_, err := Parse(strings.Fields(args), "test", io.Discard, func(int) {})
			var usage *Usage
			if !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("%s: got %v, want %s", args, err, want)
			}
		}
	}
	for _, level := range []string{"debug", "WARN", "Info"} {
		if _, _, err := parse(t, "--log-level="+level); err != nil {
			t.Errorf("the level %s: %v", level, err)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	_, out, _ := parse(t, "--help")
	for _, wanted := range []string{"--addr", "PLACARD_DATABASE_URL", "--limit-value-bytes", "127.0.0.1:8080"} {
		if !strings.Contains(out, wanted) {
			t.Errorf("the help does not mention %s:\n%s", wanted, out)
		}
	}
	for _, wanted := range []string{"--allowed-hosts=HOST,... ", "--cors-origins=ORIGIN,... "} {
		if !strings.Contains(out, wanted) || strings.Contains(out, "…") {
			t.Errorf("the help does not show %s as a list:\n%s", wanted, out)
		}
	}
}
