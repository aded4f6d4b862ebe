package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// metrics reads what Prometheus would: the values by name with labels.
func metrics(t testing.TB, addr string) map[string]float64 {
	t.Helper()
	response, err := client.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d %s (%v)", response.StatusCode, text, err)
	}
	values := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if name == strings.TrimSpace(line) {
			name, value, _ = strings.Cut(name, " ")
		} else {
			name += "}"
		}
		if number, err := strconv.ParseFloat(value, 64); err == nil {
			values[name] = number
		}
	}
	return values
}

// TestMetrics: what is counted is what was done, on each engine, and names that clients choose stay bounded.
func TestMetrics(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, database string) {
		measured := freeAddress(t)
		s := start(t, freeAddress(t), database, "--metrics-addr="+measured)
		for range 3 {
			ask(s.addr, `mutation Make { createArtifactVersion(input: {artifact: "model", metadata: {a: 1, b: 2}}) { artifactVersion { id } } }`, nil)
		}
		ask(s.addr, `mutation Make { createArtifactVersion(input: {artifact: "m", idempotencyKey: "k", metadata: {a: 1}}) { artifactVersion { id } } }`, nil)
		ask(s.addr, `mutation Make { createArtifactVersion(input: {artifact: "m", idempotencyKey: "k", metadata: {a: 1}}) { artifactVersion { id } } }`, nil)
		ask(s.addr, `query Miss { artifactVersion(ref: {named: {name: "nothing"}}) { id } }`, nil)
		ask(s.addr, `{ __typename }`, nil)
		ask(s.addr, `{ nonsense }`, nil)
		ask(s.addr, `query `+strings.Repeat("x", 101)+` { __typename }`, nil)
		for i := range 200 {
			ask(s.addr, fmt.Sprintf(`query Q%d { __typename }`, i), nil)
		}
		got := metrics(t, measured)
		for name, want := range map[string]float64{
			`placard_operations_total{code="OK",name="Make",type="mutation"}`:                  5,
			`placard_operations_total{code="OK",name="",type="query"}`:                         1,
			`placard_operations_total{code="GRAPHQL_VALIDATION_FAILED",name="",type=""}`:       1,
			`placard_operations_total{code="OK",name="Q0",type="query"}`:                       1,
			`placard_operations_total{code="OK",name="other",type="query"}`:                    200 - 98 + 1,
			`placard_operation_duration_seconds_count{name="Make",type="mutation"}`:            5,
			`placard_operation_duration_seconds_bucket{name="Make",type="mutation",le="+Inf"}`: 5,
			`placard_entries_written_total`:                                                    7,
			`placard_operations_in_flight`:                                                     0,
			`placard_operations_executing`:                                                     0,
			`placard_operations_waiting`:                                                       0,
			`placard_operation_wait_seconds_count`:                                             209,
			`placard_operations_refused_total{reason="queue_full"}`:                            0,
			`placard_operations_refused_total{reason="queue_timeout"}`:                         0,
			`placard_operations_refused_total{reason="memory"}`:                                0,
			`placard_sql_statement_duration_seconds_count{result="failed"}`:                    0,
		} {
			if value, ok := got[name]; !ok || value != want {
				t.Errorf("%s is %v, want %v", name, value, want)
			}
		}
		found := false
		for name, value := range got {
			found = found || strings.HasPrefix(name, "placard_operations_total") && strings.Contains(name, `name="Miss"`) && value == 1
		}
		if !found || got[`placard_sql_statement_duration_seconds_count{result="ok"}`] < 10 || got["go_goroutines"] == 0 || got["process_start_time_seconds"] == 0 {
			t.Errorf("something is not counted: %v", got)
		}
		if size, ok := got["placard_sqlite_log_bytes"]; ok != strings.HasPrefix(database, "sqlite:") || ok && size == 0 {
			t.Errorf("the write-ahead log has %v bytes (%v)", size, ok)
		}
		documented(t, got)
		conventional(t, measured)
		if response, err := client.Get("http://" + s.addr + "/metrics"); err != nil || response.StatusCode != http.StatusNotFound {
			t.Errorf("the address of the API answers /metrics: %v (%v)", response, err)
		}
	})
}

// conventional: names, types and help are as Prometheus wants them.
func conventional(t *testing.T, addr string) {
	t.Helper()
	response, err := client.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	problems, err := promlint.New(response.Body).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v (%v)", problems, err)
	}
}

// documented: docs/operations.md explains every metric of the program.
func documented(t *testing.T, got map[string]float64) {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for name := range got {
		name, _, _ = strings.Cut(name, "{")
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, end)
		}
		if strings.HasPrefix(name, "placard_") && !strings.Contains(string(text), "`"+name+"`") {
			missing[name] = true
		}
	}
	if len(missing) > 0 {
		t.Errorf("docs/operations.md does not explain %v", missing)
	}
}

// TestSlowOperations: the log names what took long, and shows nothing that a client gave as a value.
func TestSlowOperations(t *testing.T) {
	t.Parallel()
	query := `query Find($key: String!) { artifactVersions(where: {metadata: {key: $key, eq: "secret-literal"}}) { totalCount } }`
	s := start(t, freeAddress(t), storetest.SQLite(t), "--slow-operation-threshold=1ns", "--log-format=json")
	if got := ask(s.addr, query, map[string]any{"key": "secret-variable"}); got.code != "" || got.err != nil {
		t.Fatal(got)
	}
	invalid := `{ nonsense(secret: "secret-literal") }`
	if got := ask(s.addr, invalid, nil); got.code != "GRAPHQL_VALIDATION_FAILED" {
		t.Fatal(got)
	}
	quiet := start(t, freeAddress(t), storetest.SQLite(t), "--slow-operation-threshold=0")
	ask(quiet.addr, query, map[string]any{"key": "secret-variable"})
	for _, server := range []*server{s, quiet} {
		if err := server.stop(t); err != nil {
			t.Error(err)
		}
	}
	log := s.log.String()
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])[:12]
	}
	for _, wanted := range []string{`"msg":"slow operation"`, `"requestId":"`, `"type":"query","name":"Find","hash":"` + hash(query) + `","code":"OK","cost":`,
		`"type":"","name":"","hash":"` + hash(invalid) + `","code":"GRAPHQL_VALIDATION_FAILED"`, `"waited":`, `"took":`} {
		if !strings.Contains(log, wanted) {
			t.Errorf("the log does not say %s:\n%s", wanted, log)
		}
	}
	if strings.Contains(log, "secret") || strings.Contains(quiet.log.String(), "slow operation") {
		t.Errorf("the log says too much:\n%s\n%s", log, quiet.log)
	}
}

// status asks a path and returns the status and the body, 0 when nobody answers.
func status(addr, path string) (int, string) {
	response, err := client.Get("http://" + addr + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// until waits for a status, and returns for how long.
func until(t testing.TB, addr, path string, want int, part string) time.Duration {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		got, text := status(addr, path)
		if got == want && strings.Contains(text, part) {
			return time.Since(begin)
		}
		if time.Since(begin) > harness.Limit {
			t.Fatalf("%s is %d %s, and never %d %s", path, got, text, want, part)
		}
	}
}

// noticed bounds how long /readyz may say yes when the database is gone: it asks it each time, for two seconds.
const noticed = 4 * time.Second

// TestReadiness: /readyz says no while PostgreSQL is gone and while the server stops, and yes in between without a
// restart; /healthz says yes all the time.
func TestReadiness(t *testing.T) {
	t.Parallel()
	cluster, err := storetest.NewCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	s := start(t, freeAddress(t), cluster.URL.String(), "--drain-delay=3s")
	for range 2 {
		if err := cluster.Stop("fast"); err != nil {
			t.Fatal(err)
		}
		if took := until(t, s.addr, "/readyz", http.StatusServiceUnavailable, "the database does not answer"); took > noticed {
			t.Errorf("/readyz said yes for %v", took)
		}
		if got, _ := status(s.addr, "/healthz"); got != http.StatusOK {
			t.Errorf("/healthz is %d while the database is gone", got)
		}
		if got := ask(s.addr, `{ artifacts { totalCount } }`, nil); got.code != "UNAVAILABLE" {
			t.Errorf("a query while the database is gone: %+v", got)
		}
		if err := cluster.Start(); err != nil {
			t.Fatal(err)
		}
		if took := until(t, s.addr, "/readyz", http.StatusOK, "ok"); took > noticed {
			t.Errorf("/readyz said no for %v more", took)
		}
		if got := ask(s.addr, `{ artifacts { totalCount } }`, nil); got.code != "" || got.err != nil {
			t.Errorf("a query when the database is back: %+v", got)
		}
	}
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(t, s.addr, "/readyz", http.StatusServiceUnavailable, "stopping")
	if got := ask(s.addr, `{ artifacts { totalCount } }`, nil); got.code != "" || got.err != nil {
		t.Errorf("a query while the server waits to be forgotten: %+v", got)
	}
	if err := s.exit(t); err != nil {
		t.Errorf("%v\n%s", err, s.log)
	}
}

// TestReadinessOfFile: the same while an SQLite file is not where it was: the server still has it, and nobody else ever will.
func TestReadinessOfFile(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	path := strings.TrimPrefix(database, "sqlite:")
	s := start(t, freeAddress(t), database)
	for _, replaced := range []bool{false, true} {
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if replaced {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, text := status(s.addr, "/readyz"); got != http.StatusServiceUnavailable || !strings.Contains(text, "the database does not answer") {
			t.Errorf("replaced %t: %d %s", replaced, got, text)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		if got, text := status(s.addr, "/readyz"); got != http.StatusOK {
			t.Errorf("afterwards: %d %s", got, text)
		}
	}
	if err := s.stop(t); err != nil || strings.Count(s.log.String(), "the database file was removed or replaced") != 2 {
		t.Errorf("%v\n%s", err, s.log)
	}
}
