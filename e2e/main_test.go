// Package e2e tests the built program from outside. Files with the tag integration need minutes or more programs.
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
	"syscall"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// programs is the folder of the built programs.
var programs string

// A test process with one of these variables was started by another test.
const (
	// carelessVariable is the database that TestCareless writes to.
	carelessVariable = "PLACARD_TEST_CARELESS"
	// doomedVariable is the folder of the programs that TestDoomed starts.
	doomedVariable = "PLACARD_TEST_DOOMED_PROGRAMS"
)

func TestMain(m *testing.M) {
	if os.Getenv(carelessVariable) != "" {
		os.Exit(m.Run()) // it needs no program
	}
	if programs = os.Getenv(doomedVariable); programs != "" { // the other test process has built them
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
	if err := harness.EndWithProcess(command); err != nil {
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

// launch starts the program with arguments and does not wait until it is ready.
func launch(t testing.TB, addr, database string, args ...string) *server {
	t.Helper()
	return launchProgram(t, filepath.Join(programs, "placard"), addr, database, args...)
}

// launchProgram starts the program at a path and does not wait until it is ready.
func launchProgram(t testing.TB, path, addr, database string, args ...string) *server {
	t.Helper()
	s := newServer(t, addr, path, append(args, "--public-url=https://placard.example")...)
	s.begin(t, database)
	return s
}

// begin starts the process of a server with additional settings. The process ends with the test.
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

// kill ends the process of the server with SIGKILL.
func (s *server) kill(t testing.TB) {
	t.Helper()
	if err := s.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = s.exit(t) // it returns the signal
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

// stop sends SIGTERM and returns the error of the process.
func (s *server) stop(t testing.TB) error {
	t.Helper()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	return s.exit(t)
}

// graphQLResponse is a GraphQL response. err is an error of the network, and code is that of the first GraphQL error.
type graphQLResponse struct {
	data      map[string]any
	warnings  []any
	code      string
	message   string
	retryable bool
	err       error
}

var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

func ask(addr, query string, variables any) graphQLResponse {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return graphQLResponse{err: err}
	}
	response, err := client.Post("http://"+addr+"/graphql", "application/json", bytes.NewReader(body))
	if err != nil {
		return graphQLResponse{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return graphQLResponse{err: err}
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
		Extensions struct {
			Warnings []any
		}
	}
	if err := json.Unmarshal(text, &decoded); err != nil {
		return graphQLResponse{err: fmt.Errorf("%w: %.200s", err, text)}
	}
	if len(decoded.Errors) > 0 {
		first := decoded.Errors[0].Extensions
		return graphQLResponse{data: decoded.Data, code: first.Code, message: decoded.Errors[0].Message, retryable: first.Retryable}
	}
	return graphQLResponse{data: decoded.Data, warnings: decoded.Extensions.Warnings}
}

// startWith starts the program with additional settings and waits until it is ready.
func startWith(t *testing.T, database string, settings ...string) *server {
	t.Helper()
	s := newServer(t, freeAddress(t), filepath.Join(programs, "placard"))
	s.run(t, database, settings...)
	return s
}

// run starts the process of a server with additional settings and waits until it is ready.
func (s *server) run(t *testing.T, database string, settings ...string) {
	t.Helper()
	s.begin(t, database, settings...)
	s.waitReady(t)
}
