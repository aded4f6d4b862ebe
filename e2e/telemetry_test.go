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

// metrics returns the values of /metrics by name with labels.
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

// TestMetrics checks counters after requests, on each engine. Names from clients do not become labels.
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
			t.Errorf("a counter is missing: %v", got)
		}
		if size, ok := got["placard_sqlite_log_bytes"]; ok != strings.HasPrefix(database, "sqlite:") || ok && size == 0 {
			t.Errorf("the write-ahead log has %v bytes (%v)", size, ok)
		}
		checkDocumented(t, got)
		lintMetrics(t, measured)
		if response, err := client.Get("http://" + s.addr + "/metrics"); err != nil || response.StatusCode != http.StatusNotFound {
			t.Errorf("the address of the API serves /metrics: %v (%v)", response, err)
		}
	})
}

// lintMetrics checks metrics with the linter of Prometheus.
func lintMetrics(t *testing.T, addr string) {
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

// checkDocumented checks that docs/reference/metrics.md explains each metric of the program.
func checkDocumented(t *testing.T, got map[string]float64) {
	t.Helper()
	text := documentPage(t, "reference/metrics.md")
	missing := map[string]bool{}
	for name := range got {
		name, _, _ = strings.Cut(name, "{")
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, end)
		}
		if strings.HasPrefix(name, "placard_") && !strings.Contains(text, "`"+name+"`") {
			missing[name] = true
		}
	}
	if len(missing) > 0 {
		t.Errorf("docs/reference/metrics.md does not explain %v", missing)
	}
}

// TestSlowOperations checks the log of slow operations. It contains no value of a client.
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
			t.Errorf("the log lacks %s:\n%s", wanted, log)
		}
	}
	if strings.Contains(log, "secret") || strings.Contains(quiet.log.String(), "slow operation") {
		t.Errorf("the log contains a value of a client or a fast operation:\n%s\n%s", log, quiet.log)
	}
}

// status requests a path and returns the status and the body, or 0 if there is no response.
func status(addr, path string) (int, string) {
	response, err := client.Get("http://" + addr + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// waitForStatus waits for a status and returns the duration.
func waitForStatus(t testing.TB, addr, path string, want int, part string) time.Duration {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		got, text := status(addr, path)
		if got == want && strings.Contains(text, part) {
			return time.Since(begin)
		}
		if time.Since(begin) > harness.Limit {
			t.Fatalf("%s is %d %s, not %d %s", path, got, text, want, part)
		}
	}
}

// maxDetection is the maximum time until /readyz fails without a database: each request has a timeout of two seconds.
const maxDetection = 4 * time.Second

// TestReadiness checks that /readyz fails while PostgreSQL is stopped and while the server stops, and recovers without
// a restart. /healthz always succeeds.
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
		if took := waitForStatus(t, s.addr, "/readyz", http.StatusServiceUnavailable, "the database does not answer"); took > maxDetection {
			t.Errorf("/readyz succeeded for %v", took)
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
		if took := waitForStatus(t, s.addr, "/readyz", http.StatusOK, "ok"); took > maxDetection {
			t.Errorf("/readyz failed for another %v", took)
		}
		if got := ask(s.addr, `{ artifacts { totalCount } }`, nil); got.code != "" || got.err != nil {
			t.Errorf("a query after the recovery: %+v", got)
		}
	}
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitForStatus(t, s.addr, "/readyz", http.StatusServiceUnavailable, "stopping")
	if got := ask(s.addr, `{ artifacts { totalCount } }`, nil); got.code != "" || got.err != nil {
		t.Errorf("a query while the server waits to be forgotten: %+v", got)
	}
	if err := s.exit(t); err != nil {
		t.Errorf("%v\n%s", err, s.log)
	}
}

// TestReadinessOfFile moves the file of an SQLite database away. /readyz fails, because no other process can open the
// file of the server.
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
