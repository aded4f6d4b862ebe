//go:build integration

package e2e

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// change makes a file or a folder of a database unwritable, or writable again.
type change func(t *testing.T, folder string)

func chmod(name string, mode os.FileMode) change {
	return func(t *testing.T, folder string) {
		t.Helper()
		if err := os.Chmod(filepath.Join(folder, name), mode); err != nil {
			t.Fatal(err)
		}
	}
}

func chown(name string, uid int) change {
	return func(t *testing.T, folder string) {
		t.Helper()
		if err := os.Chown(filepath.Join(folder, name), uid, uid); err != nil {
			t.Fatal(err)
		}
	}
}

func remount(option string) change {
	return func(t *testing.T, folder string) {
		t.Helper()
		if out, err := harness.Command(t, harness.Limit, "mount", "-o", "remount,"+option, folder).CombinedOutput(); err != nil {
			t.Fatalf("remount: %v %s", err, out)
		}
	}
}

// TestUnwritableFile checks that the program refuses an SQLite database that it cannot write. The message names the
// file, the cause and the remedy. The control: the program starts when the database is writable again.
func TestUnwritableFile(t *testing.T) {
	t.Parallel()
	const file, denied = "placard.db", "permission denied"
	uid := os.Geteuid()
	if attributes, err := storetest.Unprivileged(t.TempDir()); err == nil && attributes != nil {
		uid = int(attributes.Credential.Uid)
	}
	for name, c := range map[string]struct {
		harm, mend    change
		cause, remedy string
		root, mounts  bool
	}{
		"file":             {chmod(file, 0o444), chmod(file, 0o600), file + ": " + denied, fmt.Sprintf("(UID %d)", uid), false, false},
		"folder":           {chmod("", 0o555), chmod("", 0o700), denied, fmt.Sprintf("(UID %d)", uid), false, false},
		"unreadable":       {chmod(file, 0), chmod(file, 0o600), file + ": " + denied, "to the user of this process", false, false},
		"owner":            {chown(file, 0), chown(file, uid), file + ": " + denied, "to the user of this process", true, false},
		"owner of lock":    {chown(file+".lock", 0), chown(file+".lock", uid), file + ".lock: " + denied, "to the user of this process", true, false},
		"read-only system": {remount("ro"), remount("rw"), "read-only file system", "mount its file system read-write", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.root && os.Geteuid() != 0 {
				storetest.Lacks(t, "root")
			}
			folder, err := os.MkdirTemp("", "placard-writable-")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(folder) })
			if c.mounts {
				folder = newDisk(t, "16m").folder
			}
			user, err := storetest.Unprivileged(folder)
			if err != nil {
				t.Fatal(err)
			}
			var credential *syscall.Credential
			if user != nil {
				credential = user.Credential
			}
			path := filepath.Join(folder, file)
			run := func(args ...string) (int, string) {
				command := program(t, args...)
				command.Env, command.Dir = append(os.Environ(), "PLACARD_DATABASE_URL=sqlite:"+path), "/"
				command.SysProcAttr.Credential = credential
				out, err := command.CombinedOutput()
				if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
					t.Fatal(err)
				}
				return command.ProcessState.ExitCode(), string(out)
			}
			if code, out := run("migrate", "up"); code != 0 {
				t.Fatalf("%d: %s", code, out)
			}
			for range 2 {
				c.harm(t, folder)
				for _, args := range [][]string{{"--addr=127.0.0.1:0"}, {"--addr=127.0.0.1:0", "--no-migrate"}, {"keys", "create", "x", "--owner"}, {"migrate", "up"}} {
					code, out := run(args...)
					for _, part := range []string{"the database file " + path + " cannot be written", c.cause, c.remedy} {
						if code != 1 || !strings.Contains(out, part) || strings.Contains(out, "serving") {
							t.Errorf("placard %v: code %d, without %q:\n%s", args, code, part, out)
						}
					}
				}
				c.mend(t, folder)
				s := newServer(t, freeAddress(t), filepath.Join(programs, "placard"))
				s.SysProcAttr.Credential, s.Dir = credential, "/"
				s.run(t, "sqlite:"+path)
				newVersion(t, s.addr)
				if err := s.stop(t); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// inject makes system calls of a process on a path fail until stop is called.
func inject(t *testing.T, pid int, path, calls, refusal string) (stop func()) {
	t.Helper()
	tracer, err := exec.LookPath("strace")
	if err != nil {
		storetest.Lacks(t, "strace")
	}
	strace := harness.Command(t, 5*harness.Limit, tracer, "-f", "-o", os.DevNull, "-P", path, "-e", "trace="+calls, "-e", "inject="+calls+":error="+refusal, "-p", fmt.Sprint(pid))
	said, err := strace.StderrPipe()
	if err == nil {
		err = strace.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.Contains(lines.Text(), "attached") {
		if strings.Contains(lines.Text(), "ermitted") {
			_ = strace.Wait()
			storetest.Lacks(t, "the right to trace a process: "+lines.Text())
		}
	}
	go func() {
		for lines.Scan() {
		}
	}()
	return func() {
		_ = strace.Process.Signal(syscall.SIGINT)
		_ = strace.Wait() // the signal ends it
	}
}

// execute runs a statement on a PostgreSQL database.
func execute(t *testing.T, database, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// expectReadOnly checks a server whose database has become read-only: writes fail with UNAVAILABLE and without
// internals, /readyz reports the cause, and reads succeed.
func expectReadOnly(t *testing.T, s *server, write func() graphQLResponse, retryable bool) {
	t.Helper()
	if got := write(); got.err != nil || got.code != "UNAVAILABLE" || got.retryable != retryable || strings.ContainsAny(got.message, "/()") {
		t.Errorf("a write: %+v", got)
	}
	for range 2 {
		if got, text := status(s.addr, "/readyz"); got != http.StatusServiceUnavailable || !strings.Contains(text, "the database cannot be written") {
			t.Errorf("/readyz: %d %s", got, text)
		}
	}
	if got := ask(s.addr, "{ artifacts { totalCount } }", nil); got.err != nil || got.code != "" {
		t.Errorf("a read: %+v", got)
	}
}

// TestBecomesReadOnly makes the database of a running server read-only and writable again.
func TestBecomesReadOnly(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			database, sqlite := storetest.SQLite(t), engine == "sqlite"
			if !sqlite {
				database = newCluster(t).URL.String()
			}
			s := start(t, freeAddress(t), database)
			version := newVersion(t, s.addr)
			write := func() graphQLResponse {
				return ask(s.addr, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": version}, "metadata": map[string]any{"a": 1}}})
			}
			for range 2 {
				if got := write(); got.err != nil || got.code != "" {
					t.Fatalf("before: %+v", got)
				}
				if sqlite {
					stop := inject(t, s.Process.Pid, strings.TrimPrefix(database, "sqlite:")+"-wal", "pwrite64,faccessat,faccessat2", "EROFS")
					expectReadOnly(t, s, write, false)
					stop()
				} else {
					execute(t, database, "ALTER SYSTEM SET default_transaction_read_only = on")
					execute(t, database, "SELECT pg_reload_conf()")
					waitForStatus(t, s.addr, "/readyz", http.StatusServiceUnavailable, "the database cannot be written")
					// Each connection of PostgreSQL reloads the setting at its own time.
					harness.Eventually(t, "a write is refused", func() bool { return write().code != "" })
					expectReadOnly(t, s, write, true)
					other := launch(t, freeAddress(t), database)
					waitForStatus(t, other.addr, "/readyz", http.StatusServiceUnavailable, "the database cannot be written")
					if err := other.stop(t); err != nil || !strings.Contains(other.log.String(), "the database is read-only") {
						t.Errorf("a server that starts meanwhile: %v\n%s", err, other.log)
					}
					execute(t, database, "ALTER SYSTEM RESET default_transaction_read_only")
					execute(t, database, "SELECT pg_reload_conf()")
				}
				waitForStatus(t, s.addr, "/readyz", http.StatusOK, "ok")
			}
			if got := write(); got.err != nil || got.code != "" {
				t.Errorf("afterwards: %+v", got)
			}
			s.stillRuns(t)
			if strings.Contains(s.log.String(), "internal error") {
				t.Errorf("the log:\n%s", s.log)
			}
		})
	}
}
