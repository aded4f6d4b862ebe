// Package e2e tests the built program from outside, as its users and its accidents meet it.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// programs is the folder with the built programs.
var programs string

func TestMain(m *testing.M) {
	if os.Getenv(carelessVariable) != "" {
		os.Exit(m.Run()) // needs no program
	}
	if programs = os.Getenv(doomedVariable); programs != "" { // built by the process that started this one
		storetest.Main(m)
	}
	harness.Parallel(6)
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
	storetest.Main(m)
}

// build builds the programs.
func build() error {
	folder, err := harness.Folder()
	if err != nil {
		return err
	}
	programs = filepath.Join(folder, "programs")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "go", "build", "-o", programs+"/", "github.com/placard/placard", "github.com/placard/placard/examples/penguins")
	if err := harness.Own(command); err != nil {
		return err
	}
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// server is a process of the program.
type server struct {
	*exec.Cmd
	addr string
	log  *bytes.Buffer
	done chan error
}

// freeAddress returns a loopback address that only this test uses.
func freeAddress(t testing.TB) string {
	t.Helper()
	return harness.Address(t)
}

// program returns a command that runs the program. The test fails if it runs longer than a minute.
func program(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	return harness.Command(t, harness.Limit, filepath.Join(programs, "placard"), args...)
}

// newServer returns a server that has not started. It ends with the test, after ten minutes at the latest.
func newServer(t testing.TB, addr string, name string, args ...string) *server {
	t.Helper()
	return &server{harness.Command(t, 10*time.Minute, name, args...), addr, &bytes.Buffer{}, make(chan error, 1)}
}

// launch starts the program with arguments and does not wait for it.
func launch(t testing.TB, addr, database string, args ...string) *server {
	t.Helper()
	return launchProgram(t, filepath.Join(programs, "placard"), addr, database, args...)
}

// launchProgram starts the program at a path and does not wait for it.
func launchProgram(t testing.TB, path, addr, database string, args ...string) *server {
	t.Helper()
	s := newServer(t, addr, path, append(args, "--public-url=https://placard.example")...)
	s.begin(t, database)
	return s
}

// begin starts the process of a server with more settings. The process ends with the test.
func (s *server) begin(t testing.TB, database string, settings ...string) {
	t.Helper()
	s.Env = append(append(os.Environ(), "PLACARD_ADDR="+s.addr, "PLACARD_DATABASE_URL="+database), settings...)
	s.Stderr = s.log
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { s.done <- s.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = s.Process.Kill()
		harness.Receive(t, "a killed server has ended", ended)
	})
}

// exit waits until the process of the server has ended, and returns its error.
func (s *server) exit(t testing.TB) error {
	t.Helper()
	return harness.Receive(t, "the server has ended", s.done)
}

// kill ends the process of the server as a crash does.
func (s *server) kill(t testing.TB) {
	t.Helper()
	if err := s.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = s.exit(t) // it reports the signal
}

// start starts the program and waits until it is ready.
func start(t testing.TB, addr, database string, args ...string) *server {
	t.Helper()
	s := launch(t, addr, database, args...)
	s.waitReady(t)
	return s
}

func (s *server) waitReady(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(harness.Limit); ; time.Sleep(10 * time.Millisecond) {
		if answer, err := client.Get("http://" + s.addr + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			_ = s.Process.Kill()
			t.Fatalf("the server is not ready:\n%s", s.log)
		}
	}
}

// eventually waits until a condition is true, for a minute at most.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	harness.Eventually(t, what, condition)
}

// stop asks the program to stop and returns how it ended.
func (s *server) stop(t testing.TB) error {
	t.Helper()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	return s.exit(t)
}

// answer is what a request came back with; err is one of the network, and code that of the first GraphQL error.
type answer struct {
	data      map[string]any
	code      string
	message   string
	retryable bool
	err       error
}

var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

func ask(addr, query string, variables any) answer {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return answer{err: err}
	}
	response, err := client.Post("http://"+addr+"/graphql", "application/json", bytes.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{err: err}
	}
	var decoded struct {
		Data   map[string]any
		Errors []struct {
			Message    string
			Extensions struct {
				Code      string
				Retryable bool
			}
		}
	}
	if err := json.Unmarshal(text, &decoded); err != nil {
		return answer{err: fmt.Errorf("%w: %.200s", err, text)}
	}
	if len(decoded.Errors) > 0 {
		first := decoded.Errors[0].Extensions
		return answer{data: decoded.Data, code: first.Code, message: decoded.Errors[0].Message, retryable: first.Retryable}
	}
	return answer{data: decoded.Data}
}

// TestFirstStart: what `make run` does, with a new database and then with the same one again.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	addr, database := freeAddress(t), storetest.SQLite(t)
	s := start(t, addr, database)
	penguins := func() string {
		demo := harness.Command(t, harness.Limit, filepath.Join(programs, "penguins"), "-once", "-url", "http://"+addr+"/graphql")
		out, err := demo.CombinedOutput()
		if err != nil {
			t.Fatalf("penguins: %v: %s", err, out)
		}
		return string(out)
	}
	first := penguins()
	for _, wanted := range []string{"penguins_model version", "accuracy", "confusion_matrix", "curl ", "/graphiql", "Ctrl-C"} {
		if !strings.Contains(first, wanted) {
			t.Errorf("the terminal does not show %q:\n%s", wanted, first)
		}
	}
	if path := strings.TrimPrefix(database, "sqlite:"); !strings.Contains(s.log.String(), path) {
		t.Errorf("the log does not say where the database lies (%s):\n%s", path, s.log)
	}
	checkReadme(t, addr)
	if err := s.stop(t); err != nil {
		t.Errorf("stop: %v\n%s", err, s.log)
	}
	s = start(t, addr, database)
	if second := penguins(); second != first {
		t.Errorf("the data is not as it was:\n%s\nwas\n%s", second, first)
	}
	versions := ask(addr, `{ a: artifact(name: "penguins_clean") { versions { totalCount } } b: artifact(name: "penguins_model") { versions { totalCount } } }`, nil)
	if text := fmt.Sprint(versions.data); text != "map[a:map[versions:map[totalCount:4]] b:map[versions:map[totalCount:4]]]" {
		t.Errorf("got %s (%v)", text, versions.err)
	}
}

// checkReadme asks the first query of the README and compares the answer.
func checkReadme(t *testing.T, addr string) {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string) string {
		_, rest, _ := strings.Cut(string(text), "```"+kind+"\n")
		found, _, _ := strings.Cut(rest, "```")
		return found
	}
	var want map[string]any
	if err := json.Unmarshal([]byte(block("json")), &want); err != nil {
		t.Fatal(err)
	}
	if got := ask(addr, block("graphql"), nil); !reflect.DeepEqual(got.data, want["data"]) {
		t.Errorf("the README promises %v, the answer is %v (%v %s)", want["data"], got.data, got.err, got.code)
	}
}

// TestPortTaken checks that a server ends when another process listens on one of its addresses, and names the flag for it.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	for _, c := range []struct {
		addr, part string
		args       []string
	}{
		{s.addr, "(--addr or PLACARD_ADDR sets another address)", nil},
		{freeAddress(t), "(--metrics-addr or PLACARD_METRICS_ADDR sets another address)", []string{"--metrics-addr=" + s.addr}},
	} {
		second := launch(t, c.addr, storetest.SQLite(t), c.args...)
		if err := second.exit(t); second.ProcessState.ExitCode() != 1 || !strings.Contains(second.log.String(), "address already in use") ||
			!strings.Contains(second.log.String(), c.part) {
			t.Errorf("%v: %s", err, second.log)
		}
	}
}

// TestFileTaken checks that a server ends when another process has its database.
func TestFileTaken(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	start(t, freeAddress(t), database)
	second := launch(t, freeAddress(t), database)
	if err := second.exit(t); err == nil || !strings.Contains(second.log.String(), "another process is serving") {
		t.Errorf("%v: %s", err, second.log)
	}
}

// TestPages: the pages and probes are there, and another site cannot post.
func TestPages(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/graphiql/": "<title>", "/": "<title>", "/graphql?query=%7B__typename%7D": "Query"} {
		response, err := client.Get("http://" + s.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), want) || response.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d %.100s (%v)", path, response.StatusCode, body, err)
		}
	}
	for what, c := range map[string]struct {
		origin, host string
		want         int
	}{
		"here":         {"http://" + s.addr, s.addr, http.StatusOK},
		"the proxy":    {"https://placard.example", "placard.example", http.StatusOK},
		"another site": {"https://evil.example", s.addr, http.StatusForbidden},
		"another name": {"http://rebound.example", "rebound.example", http.StatusMisdirectedRequest},
	} {
		r, err := http.NewRequest(http.MethodPost, "http://"+s.addr+"/graphql", strings.NewReader(`{"query": "{ __typename }"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", c.origin)
		r.Host = c.host
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("a post from %s: %d", what, response.StatusCode)
		}
	}
}
