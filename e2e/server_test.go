// Package e2e tests the built program from outside, as its users and its accidents meet it.
package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/placard/placard/internal/store/storetest"
)

// programs is the folder with the built programs.
var programs string

func TestMain(m *testing.M) {
	if os.Getenv(carelessVariable) != "" {
		os.Exit(m.Run()) // needs no program
	}
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == fmt.Sprint(runtime.GOMAXPROCS(0)) {
		_ = flag.Set("test.parallel", "6") // most of them wait most of the time
	}
	folder, err := os.MkdirTemp("", "placard-e2e-")
	if err == nil {
		programs = folder
		err = os.Chmod(folder, 0o755) // some tests run the program as another user
	}
	if err == nil {
		var out []byte
		if out, err = exec.Command("go", "build", "-o", folder+"/", "github.com/placard/placard", "github.com/placard/placard/examples/penguins").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
	storetest.Main(m, func() { _ = os.RemoveAll(folder) })
}

// server is a process of the program.
type server struct {
	*exec.Cmd
	addr string
	log  *bytes.Buffer
	done chan error
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// launch starts the program with arguments and does not wait for it.
func launch(t testing.TB, addr, database string, args ...string) *server {
	t.Helper()
	s := &server{exec.Command(filepath.Join(programs, "placard"), append(args, "--public-url=https://placard.example")...), addr, &bytes.Buffer{}, make(chan error, 1)}
	s.Env = append(os.Environ(), "PLACARD_ADDR="+addr, "PLACARD_DATABASE_URL="+database)
	s.Stderr = s.log
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.done <- s.Wait() }()
	t.Cleanup(func() { _ = s.Process.Kill() })
	return s
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
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if answer, err := http.Get("http://" + s.addr + "/readyz"); err == nil {
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

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not happen that %s", what)
		}
	}
}

// stop asks the program to stop and returns how it ended.
func (s *server) stop(t testing.TB) error {
	t.Helper()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the server does not stop")
		return nil
	}
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
		demo := exec.Command(filepath.Join(programs, "penguins"), "-once", "-url", "http://"+addr+"/graphql", "-while", fmt.Sprint(s.Process.Pid))
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
		if err := <-second.done; second.ProcessState.ExitCode() != 1 || !strings.Contains(second.log.String(), "address already in use") ||
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
	if err := <-second.done; err == nil || !strings.Contains(second.log.String(), "another process is serving") {
		t.Errorf("%v: %s", err, second.log)
	}
}

// TestPages: the pages and probes are there, and another site cannot post.
func TestPages(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/graphiql/": "<title>", "/": "<title>", "/graphql?query=%7B__typename%7D": "Query"} {
		response, err := http.Get("http://" + s.addr + path)
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
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("a post from %s: %d", what, response.StatusCode)
		}
	}
}
