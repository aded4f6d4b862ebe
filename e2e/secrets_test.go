package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// TestNoSecrets: a password of the database stands in nothing that the program writes, whatever goes wrong.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	const password = "hunter2-pa%73s" // an escape in it, which some messages undo
	for name, database := range map[string]string{
		"a wrong port":      "postgres://placard:" + password + "@127.0.0.1:1/placard",
		"a wrong host":      "postgres://placard:" + password + "@nowhere.invalid:5432/placard",
		"no URL":            "postgres://placard:" + password + "@[::1/placard",
		"a bad port":        "postgres://placard:" + password + "@127.0.0.1:port/placard",
		"a bad escape":      "postgres://placard:" + password + "%zz@127.0.0.1/placard",
		"a bad setting":     "postgres://placard:" + password + "@127.0.0.1:1/placard?sslmode=" + password,
		"an unknown scheme": "mysql://placard:" + password + "@127.0.0.1:1/placard",
		"a parameter":       "postgres://127.0.0.1:1/placard?user=placard&password=" + password,
		"words":             "host=127.0.0.1 port=1 user=placard password=" + password,
		"several hosts":     "postgres://placard:" + password + "@127.0.0.1:1,127.0.0.1:2/placard",
	} {
		for _, help := range []bool{false, true} {
			command := program(t, "--log-level=debug", "--addr="+freeAddress(t))
			if help {
				command.Args = append(command.Args, "--help")
			}
			command.Env = append(os.Environ(), "PLACARD_DATABASE_URL="+database)
			out, err := command.CombinedOutput()
			if !help && err == nil || strings.Contains(string(out), "hunter2") || strings.Contains(string(out), "%v") {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
			if said := "dial error: dial tcp 127.0.0.1:1: connect: connection refused"; name == "a wrong port" && !help && !strings.Contains(string(out), said) {
				t.Errorf("%s: the log lacks %q:\n%s", name, said, out)
			}
		}
	}
}

// TestPasswordInFlag checks that a password in a flag works, is logged as a warning, and is not shown in the log.
func TestPasswordInFlag(t *testing.T) {
	t.Parallel()
	database, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	user := database.User.Username()
	if user == "" {
		user = database.Query().Get("user")
	}
	database.User = url.UserPassword(user, "hunter2") // the cluster trusts all users, so any password is right
	for _, flag := range [][]string{{"--database-url=" + database.String()}, {"serve", "--database-url", database.String() + "&password=hunter2"}} {
		s := launch(t, freeAddress(t), "", flag...)
		s.waitReady(t)
		if err := s.stop(t); err != nil {
			t.Errorf("%v: %s", err, s.log)
		}
		if log := s.log.String(); strings.Count(log, "set PLACARD_DATABASE_URL instead") != 1 || strings.Contains(log, "hunter2") {
			t.Errorf("the log is %s", log)
		}
	}
}

// TestNoSecretsInLogs: nor while the program serves and the database goes away.
func TestNoSecretsInLogs(t *testing.T) {
	t.Parallel()
	cluster, err := storetest.NewCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	database, err := url.Parse(cluster.URL.String())
	if err != nil {
		t.Fatal(err)
	}
	user := database.User.Username()
	if user == "" {
		user = database.Query().Get("user")
	}
	database.User = url.UserPassword(user, "hunter2") // the cluster trusts everybody, so any password is right
	s := startWith(t, database.String(), "PLACARD_LOG_LEVEL=debug")
	if err := cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	refused := 0
	eventually(t, "three reads are refused", func() bool {
		got := ask(s.addr, "{ artifacts { totalCount } }", nil)
		if got.err != nil || got.code != "UNAVAILABLE" && got.code != "" {
			t.Fatalf("got %v %s", got.err, got.code)
		}
		if got.code != "" {
			refused++
		}
		_, _ = status(s.addr, "/readyz") // which logs, too
		return refused == 3
	})
	if err := s.stop(t); err != nil {
		t.Error(err)
	}
	if strings.Contains(s.log.String(), "hunter2") || !strings.Contains(s.log.String(), "UNAVAILABLE") || !strings.Contains(s.log.String(), "level=DEBUG") {
		t.Errorf("the log:\n%s", s.log)
	}
}

// startWith starts the program with more settings and waits until it is ready.
func startWith(t *testing.T, database string, settings ...string) *server {
	t.Helper()
	s := newServer(t, freeAddress(t), filepath.Join(programs, "placard"))
	s.run(t, database, settings...)
	return s
}

// run starts the command of a server with more settings and waits until it is ready.
func (s *server) run(t *testing.T, database string, settings ...string) {
	t.Helper()
	s.begin(t, database, settings...)
	s.waitReady(t)
}

// TestNoSecretsOfCollectors: what OpenTelemetry is given stands in no log, whatever is wrong with it, and the server serves.
func TestNoSecretsOfCollectors(t *testing.T) {
	t.Parallel()
	angry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(angry.Close)
	host := strings.TrimPrefix(angry.URL, "http://")
	for what, c := range map[string]struct{ setting, said string }{
		"a collector that refuses": {"OTEL_EXPORTER_OTLP_ENDPOINT=http://placard:hunter2@" + host, "401 Unauthorized"},
		"a collector that is gone": {"OTEL_EXPORTER_OTLP_ENDPOINT=http://placard:hunter2@127.0.0.1:1", "connection refused"},
		"no URL":                   {"OTEL_EXPORTER_OTLP_ENDPOINT=http://placard:hunter2@[::1", "parse url"},
		"no header":                {"OTEL_EXPORTER_OTLP_HEADERS=hunter2", "parse headers"},
		"a bad escape":             {"OTEL_EXPORTER_OTLP_HEADERS=authorization=hunter2%zz", "escape header value"},
	} {
		s := startWith(t, storetest.SQLite(t), "OTEL_EXPORTER_OTLP_ENDPOINT="+angry.URL, "OTEL_EXPORTER_OTLP_TIMEOUT=500", "OTEL_BSP_SCHEDULE_DELAY=10", c.setting)
		if got := ask(s.addr, "{ __typename }", nil); got.err != nil || got.code != "" {
			t.Errorf("%s: %+v", what, got)
		}
		if err := s.stop(t); err != nil {
			t.Error(err)
		}
		if log := s.log.String(); strings.Contains(log, "hunter2") || !strings.Contains(log, c.said) {
			t.Errorf("%s:\n%s", what, log)
		}
	}
}
