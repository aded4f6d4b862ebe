//go:build integration

package e2e

import (
	"bufio"
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// traced is a process whose system calls strace writes to a file.
type traced struct {
	strace *exec.Cmd
	file   string
}

// trace starts strace on a process.
func trace(t *testing.T, pid int) traced {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		storetest.Lacks(t, "strace")
	}
	file := filepath.Join(t.TempDir(), "trace")
	strace := harness.Command(t, 2*time.Minute, path, "-f", "-y", "-s", "16", "-o", file, "-e", "trace=fsync,fdatasync,read,write,pwrite64", "-p", fmt.Sprint(pid))
	said, err := strace.StderrPipe()
	if err == nil {
		err = strace.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	if !lines.Scan() || !strings.Contains(lines.Text(), "attached") {
		_ = strace.Wait()
		storetest.Lacks(t, "the right to trace a process: "+lines.Text())
	}
	go func() {
		for lines.Scan() {
		}
	}()
	return traced{strace, file}
}

// countSynced stops strace. It returns the number of requests with an fsync of the log between request and response, and the
// number of the others.
func (tr traced) countSynced(t *testing.T) (countSynced, others int) {
	t.Helper()
	_ = tr.strace.Process.Signal(syscall.SIGINT)
	_ = tr.strace.Wait() // the signal ends it
	text, err := os.ReadFile(tr.file)
	if err != nil {
		t.Fatal(err)
	}
	begun := map[string]bool{} // threads that are in an fsync of the log
	var asked, done bool
	for line := range strings.Lines(string(text)) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		switch {
		case strings.Contains(call, `OST /graphql`): // net/http reads the first byte separately
			asked, done = true, false
		case strings.HasPrefix(call, "fsync(") || strings.HasPrefix(call, "fdatasync("):
			begun[thread] = strings.Contains(call, ".db-wal>")
			done = done || begun[thread] && strings.HasSuffix(call, "= 0")
		case strings.Contains(call, "sync resumed>"):
			done = done || begun[thread] && strings.HasSuffix(call, "= 0")
		case strings.Contains(call, `"HTTP/1.1 200`) && asked:
			if done {
				countSynced++
			} else {
				others++
			}
			asked = false
		}
	}
	return countSynced, others
}

// durableWrites is the number of traced writes.
const durableWrites = 60

// TestDurable checks that SQLite syncs its log before a write is acknowledged. The controls are reads, and databases
// with other settings of synchronous.
func TestDurable(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	version := newVersion(t, s.addr)
	tr := trace(t, s.Process.Pid)
	for n := range durableWrites {
		if got := ask(s.addr, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": version}, "metadata": map[string]any{"n": n}}}); got.err != nil || got.code != "" {
			t.Fatal(got)
		}
	}
	if synced, others := tr.countSynced(t); synced != durableWrites || others != 0 {
		t.Errorf("%d writes were synced before the acknowledgement, %d after", synced, others)
	}
	tr = trace(t, s.Process.Pid)
	for range durableWrites {
		if got := ask(s.addr, "{ artifacts { totalCount } }", nil); got.err != nil || got.code != "" {
			t.Fatal(got)
		}
	}
	if synced, others := tr.countSynced(t); synced != 0 || others != durableWrites {
		t.Errorf("the control: %d reads with a sync, %d without", synced, others)
	}
	if synced, others := traceWriter(t, "FULL"); synced != durableWrites || others != 0 {
		t.Errorf("the control with synchronous=FULL: %d and %d", synced, others)
	}
	if synced, others := traceWriter(t, "NORMAL"); synced > durableWrites/2 || others == 0 {
		t.Errorf("the control with synchronous=NORMAL: %d and %d", synced, others)
	}
}

// traceWriter traces a process that writes to a database with a setting of synchronous.
func traceWriter(t *testing.T, synchronous string) (synced, others int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	writer := harness.Command(t, harness.Limit, self, "-test.run", "^TestCareless$")
	writer.Env = append(os.Environ(), carelessVariable+"=file:"+filepath.Join(t.TempDir(), "careless.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous("+synchronous+")")
	stdin, err := writer.StdinPipe()
	if err == nil {
		writer.Stdout, writer.Stderr = &bytes.Buffer{}, os.Stderr
		err = writer.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	tr := trace(t, writer.Process.Pid)
	_ = stdin.Close() // the process waits for this
	if err := writer.Wait(); err != nil {
		t.Fatal(err)
	}
	return tr.countSynced(t)
}

// TestCareless is the process that careless starts.
func TestCareless(t *testing.T) {
	database := os.Getenv(carelessVariable)
	if database == "" {
		return
	}
	db, err := sql.Open("sqlite", database)
	if err == nil {
		db.SetMaxOpenConns(1)
		_, err = db.Exec("CREATE TABLE t (a)")
	}
	if err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
	for n := range durableWrites {
		fmt.Println("POST /graphql")
		if _, err := db.Exec("INSERT INTO t VALUES (?)", n); err != nil {
			t.Fatal(err)
		}
		fmt.Println("HTTP/1.1 200")
	}
}
