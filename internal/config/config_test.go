package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

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
	if c.Addr != "127.0.0.1:8080" || RedactURL(c.DatabaseURL) != filepath.Join(folder, "placard", "placard.db") ||
		c.LogLevel != slog.LevelInfo {
		t.Errorf("got %+v", c)
	}
	if c.Limit != models.DefaultLimits() {
		t.Errorf("the limits are %+v, models.DefaultLimits is %+v", c.Limit, models.DefaultLimits())
	}
}

func TestFlagsAndVariables(t *testing.T) {
	t.Setenv("PLACARD_ADDR", "127.0.0.1:1")
	t.Setenv("PLACARD_LOG_LEVEL", "debug")
	t.Setenv("PLACARD_LIMIT_PAGE_SIZE", "7")
	t.Setenv("PLACARD_LIMIT_CONCURRENT_OPERATIONS", "3")
	t.Setenv("PLACARD_TRUSTED_DOCUMENTS", "list.json")
	t.Setenv("PLACARD_DATABASE_CONNECTIONS", "6")
	t.Setenv("PLACARD_READ_DATABASE_URLS", "postgres://r1/d,postgresql://r2/d")
	t.Setenv("PLACARD_REPLICA_MAX_LAG", "5s")
	t.Setenv("PLACARD_CONSISTENCY_TOKENS", "true")
	c, _, err := parse(t, "--addr=localhost:2", "--database-url=postgres://u:secret@h/d?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "localhost:2" || c.LogLevel != slog.LevelDebug || c.Limit.PageSize != 7 || c.Limit.ConcurrentOperations != 3 ||
		c.Limit.QueuedOperations != 256 || c.TrustedDocuments != "list.json" || c.DatabaseConnections != 6 {
		t.Errorf("got %+v", c)
	}
	if !slices.Equal(c.ReadDatabaseURLs, []string{"postgres://r1/d", "postgresql://r2/d"}) || c.ReplicaMaxLag != 5*time.Second ||
		!c.ConsistencyTokens {
		t.Errorf("got %+v", c)
	}
	if RedactURL(c.DatabaseURL) != "postgres://u:xxxxx@h/d" {
		t.Errorf("the redacted database is %s", RedactURL(c.DatabaseURL))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no authentication on IPv4":   {"--addr=0.0.0.0:8080"},
		"no authentication on IPv6":   {"--addr=[::]:8080"},
		"public URL without scheme":   {"--public-url=placard"},
		"address without host":        {"--addr=:8080"},
		"address without port":        {"--addr=127.0.0.1"},
		"unknown flag":                {"--nonsense"},
		"unknown authentication":      {"--auth=maybe"},
		"metrics address of one part": {"--metrics-addr=9090"},
		"negative threshold":          {"--slow-operation-threshold=-1s"},
		"page size 0":                 {"--limit-page-size=0"},
		"key longer than the index":   {"--limit-key-characters=251"},
		"no concurrent operation":     {"--limit-concurrent-operations=0"},
		"no queued operation":         {"--limit-queued-operations=0"},
		"short idempotency":           {"--limit-idempotency-hours=23"},
		"long idempotency":            {"--limit-idempotency-hours=8761"},
		"host with port":              {"--allowed-hosts=a.example,b.example:80"},
		"host wildcard":               {"--allowed-hosts=*"},
		"origin wildcard":             {"--cors-origins=*"},
		"subdomain wildcard":          {"--cors-origins=https://*.example"},
		"origin with path":            {"--cors-origins=https://a.example/"},
		"origin in upper case":        {"--cors-origins=https://A.example"},
		"origin null":                 {"--cors-origins=null"},
		"origin without scheme":       {"--cors-origins=a.example"},
	} {
		if _, _, err := parse(t, args...); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, _, err := parse(t, "--addr=0.0.0.0:8080", "--allow-unauthenticated"); err != nil {
		t.Errorf("with confirmation: %v", err)
	}
	if _, _, err := parse(t, "--addr=0.0.0.0:8080", "--auth=keys"); err != nil {
		t.Errorf("with keys: %v", err)
	}
	line, err := Parse([]string{"keys", "create", "ci", "--role=writer", "--project=p"}, "test", io.Discard,
		func(int) {})
	if err != nil || line.Command != "keys create" || line.Keys.Create.Name != "ci" || line.Keys.Create.Project != "p" {
		t.Errorf("a key: %+v, %v", line, err)
	}
}

// TestRefusalMessages checks that an error names the setting and its allowed values, and always the same setting.
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
		"keys create x --role=owner":                                          "keys create: --role must be reader, writer or admin",
		"keys create x":                                                       "keys create: --owner or --role is missing",
		"keys create x --owner --role=admin":                                  "keys create: --owner and --role exclude each other",
		"--drain-delay=-1s":                                                   "--drain-delay must be 0s or longer",
		"--database-connections=5":                                            "--database-connections must be a whole number from 6 to 262143",
		"--slow-operation-threshold=-1s":                                      "--slow-operation-threshold must be 0s or longer",
		"--rate-limit-cost-per-minute=-1":                                     "--rate-limit-cost-per-minute must be a whole number of at least 0",
		"--addr=127.0.0.1:65536":                                              "--addr must be HOST:PORT, such as 127.0.0.1:8080, with a port from 0 to 65535",
		"--read-database-urls=mysql://u:hunter2@h/d":                          "--read-database-urls must be postgres:// URLs of replicas, separated by commas",
		"--read-database-urls=postgres://h/d --database-url=sqlite:x":         "--read-database-urls needs the URL of the PostgreSQL primary in --database-url: SQLite has no replicas",
		"--replica-max-lag=999ms":                                             "--replica-max-lag must be 1s or longer",
		"--replica-max-lag=-1s":                                               "--replica-max-lag must be 1s or longer",
		"--metrics-addr=9090":                                                 "--metrics-addr must be HOST:PORT, such as 127.0.0.1:9090, with a port from 0 to 65535",
		"--metrics-addr=127.0.0.1:nonsense":                                   "--metrics-addr must be HOST:PORT, such as 127.0.0.1:9090, with a port from 0 to 65535",
		"--database-connections=nonsense":                                     "--database-connections: ",
	} {
		for range 20 {
			_, err := Parse(strings.Fields(args), "test", io.Discard, func(int) {})
			var usage *UsageError
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

// TestHelp checks that `placard --help` lists the commands before the common flags only, and that `placard serve
// --help` lists all flags under their new names.
func TestHelp(t *testing.T) {
	t.Parallel()
	_, short, _ := parse(t, "--help")
	commands, flags, ok := strings.Cut(short, "Common flags of serve")
	if !ok || !strings.Contains(commands, "migrate status") {
		t.Errorf("the help lists flags before commands:\n%s", short)
	}
	if n := len(regexp.MustCompile(`(?m)^  (-h,|   )? ?--`).FindAllString(short, -1)); n != 10 {
		t.Errorf("the help lists %d flags:\n%s", n, short)
	}
	_, long, _ := parse(t, "serve", "--help")
	both := []string{"--addr=HOST:PORT ", "127.0.0.1:8080", "PLACARD_DATABASE_URL", "--auth=none|keys ",
		"--allowed-hosts=HOST,... ",
		"--cors-origins=ORIGIN,... ", "default: info"}
	for _, c := range []struct {
		help         string
		wanted, rest []string
	}{
		{flags, both, []string{"--limit-", "…"}},
		{long, append(both, "Advanced:", "--limit-value-bytes=N ", "--drain-timeout=DURATION ",
			"--limit-response-bytes", "--allow-unauthenticated"),
			[]string{"…", "answer", "ANSWER", "insecure", "INSECURE", "--rate-limit=", "RATE_LIMIT)",
				"--slow-operation=", "SLOW_OPERATION)", "backup"}},
	} {
		text := strings.Join(strings.Fields(c.help), " ") + " "
		for _, wanted := range c.wanted {
			if !strings.Contains(text, wanted) {
				t.Errorf("the help does not contain %s:\n%s", wanted, c.help)
			}
		}
		for _, unwanted := range c.rest {
			if strings.Contains(text, unwanted) {
				t.Errorf("the help contains %s:\n%s", unwanted, c.help)
			}
		}
	}
}

// TestOldNames checks that old names of flags and environment variables still work, that a new name wins, and that
// each old name is logged. The control is the command line with new names, which logs nothing.
func TestOldNames(t *testing.T) {
	for _, c := range []struct{ old, renamed, value string }{
		{"insecure-open", "allow-unauthenticated", "true"}, {"slow-operation", "slow-operation-threshold", "3s"},
		{"rate-limit", "rate-limit-cost-per-minute", "7"},
		{"limit-answer-fields", "limit-response-fields", "8"}, {"limit-answer-bytes", "limit-response-bytes", "9"},
	} {
		get := func(environment []string, args ...string) (string, string) {
			t.Helper()
			for _, variable := range environment {
				name, value, _ := strings.Cut(variable, "=")
				t.Setenv(name, value)
				defer func() { _ = os.Unsetenv(name) }() // t.Setenv restores it
			}
			cli, err := Parse(args, "test", io.Discard, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			newLogger := func(slog.Level, string) *slog.Logger { return slog.New(slog.NewTextHandler(&log, nil)) }
			cli.LogWarnings(environment, newLogger)
			serve := cli.Serve
			values := map[string]any{"insecure-open": serve.AllowUnauthenticated,
				"slow-operation": serve.SlowOperation, "rate-limit": serve.RateLimit,
				"limit-answer-fields": serve.Limit.AnswerFields, "limit-answer-bytes": serve.Limit.AnswerBytes}
			return fmt.Sprint(values[c.old]), log.String()
		}
		oldVariable, newVariable := variableOf(c.old), variableOf(c.renamed)
		for _, way := range []struct {
			environment, args []string
			old, renamed      string
		}{
			{nil, []string{"--" + c.old + "=" + c.value}, "--" + c.old, "--" + c.renamed},
			{[]string{oldVariable + "=" + c.value}, nil, oldVariable, newVariable},
			{[]string{newVariable + "=" + c.value}, nil, "", ""},
			{nil, []string{"--" + c.renamed + "=" + c.value}, "", ""},
		} {
			got, log := get(way.environment, way.args...)
			want := "old=" + way.old + " new=" + way.renamed + "\n"
			if got != c.value || way.old != "" && !strings.HasSuffix(log, want) || (log == "") != (way.old == "") {
				t.Errorf("%v %v: got %s, logged %q", way.environment, way.args, got, log)
			}
		}
		if got, _ := get([]string{oldVariable + "=1", newVariable + "=" + c.value}); got != c.value && c.value != "3s" {
			t.Errorf("%s wins over %s: got %s", oldVariable, newVariable, got)
		}
	}
}

// TestPasswordInFlag checks that a password in --database-url is warned of without showing it, and that one in the
// environment is not.
func TestPasswordInFlag(t *testing.T) {
	for url, warned := range map[string]bool{
		"postgres://u:hunter2@h/d": true, "postgres://h/d?user=u&password=hunter2": true,
		"postgres://h/d?sslpassword=hunter2": true,
		"postgres://u@h/d":                   false, "sqlite:/hunter2": false,
	} {
		for _, flag := range []bool{true, false} {
			args := []string{"migrate", "status"}
			if flag {
				args = append(args, "--database-url="+url)
			} else {
				t.Setenv("PLACARD_DATABASE_URL", url)
			}
			cli, err := Parse(args, "test", io.Discard, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			newLogger := func(slog.Level, string) *slog.Logger { return slog.New(slog.NewTextHandler(&log, nil)) }
			cli.LogWarnings(nil, newLogger)
			if got := strings.Contains(log.String(), "set PLACARD_DATABASE_URL instead"); got != (warned && flag) ||
				strings.Contains(log.String(), "hunter2") {
				t.Errorf("%s, flag %t: logged %q", url, flag, log.String())
			}
		}
	}
}

// TestDefaultLogging checks that flags and environment variables of the log are recognised.
func TestDefaultLogging(t *testing.T) {
	for _, c := range []struct {
		variable string
		args     []string
		want     bool
	}{{"", nil, true}, {"", []string{"--log-level=info"}, false}, {"", []string{"serve", "--log-format=text"}, false},
		{"info", nil, false}} {
		if c.variable != "" {
			t.Setenv("PLACARD_LOG_LEVEL", c.variable)
		}
		if got, _, err := parse(t, c.args...); err != nil || got.DefaultLogging != c.want {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}
