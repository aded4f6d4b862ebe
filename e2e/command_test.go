package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// run runs the program with arguments on a database, and returns its code and what it printed.
func run(t testing.TB, database string, args ...string) (int, string) {
	t.Helper()
	command := program(t, args...)
	command.Env = append(os.Environ(), "PLACARD_DATABASE_URL="+database)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), out.String()
}

// expect runs the program and compares its code and a part of what it printed.
func expect(t testing.TB, database string, code int, part string, args ...string) {
	t.Helper()
	if got, out := run(t, database, args...); got != code || !strings.Contains(out, part) {
		t.Errorf("placard %s: code %d instead of %d, without %q:\n%s", strings.Join(args, " "), got, code, part, out)
	}
}

// TestCodes: what the program says and ends with when it cannot do what it was told.
func TestCodes(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	folder := t.TempDir()
	expect(t, database, 2, "unknown flag", "--nonsense")
	expect(t, database, 2, "unexpected argument", "bakup")
	expect(t, database, 2, "insecure-open", "--addr=0.0.0.0:0")
	expect(t, database, 2, `default command "serve"`, "--addr=127.0.0.1:0", "backup", "x")
	expect(t, database, 0, "placard ", "--version")
	expect(t, database, 0, "tables ", "version")
	expect(t, database, 0, "Exit codes:", "--help")
	expect(t, database, 1, "no such file", "backup", filepath.Join(folder, "copy"))
	expect(t, database, 3, "missing   0001_core.sql", "migrate", "status")
	expect(t, database, 3, "run `placard migrate up`", "serve", "--no-migrate", "--addr=127.0.0.1:0")
	expect(t, database, 3, "run `placard migrate up`", "--no-migrate", "--addr=127.0.0.1:0")
	expect(t, database, 0, "are at version", "migrate", "up")
	expect(t, database, 0, "database", "migrate", "status")
	expect(t, "mysql://x", 2, "must begin with", "migrate", "status")
	expect(t, "mysql://x", 2, "must begin with", "serve", "--addr=127.0.0.1:0")
	expect(t, "sqlite:", 2, "must name a file", "serve", "--addr=127.0.0.1:0")
	expect(t, "postgres://[::1", 2, "not a valid postgres:// URL", "migrate", "up")
	expect(t, "postgres://[::1", 2, "not a valid postgres:// URL", "migrate", "status")
	expect(t, "mysql://x", 0, "tables ", "version")
	expect(t, "postgres://127.0.0.1:1/x", 1, "connect", "migrate", "status")
	expect(t, database, 2, "say --owner", "keys", "create", "x")
	expect(t, database, 2, "--owner has no --role", "keys", "create", "x", "--owner", "--role=admin")
	expect(t, database, 2, "drain-timeout", "--drain-timeout=soon")
	for _, path := range []string{"text", "empty"} {
		if err := os.WriteFile(filepath.Join(folder, path), []byte(strings.TrimPrefix(path, "empty")), 0o600); err != nil {
			t.Fatal(err)
		}
		expect(t, database, 1, "", "restore", "--force", filepath.Join(folder, path))
	}
	expect(t, database, 0, "database", "migrate", "status")
	server := launch(t, freeAddress(t), database, "serve", "--no-migrate")
	server.waitReady(t)
	expect(t, database, 1, "another process is serving", "migrate", "up")
	if err := server.stop(t); err != nil {
		t.Error(err)
	}
	postgres := storetest.EmptyPostgres(t)
	expect(t, postgres, 3, "missing   0001_core.sql", "migrate", "status")
	expect(t, postgres, 3, "run `placard migrate up`", "--no-migrate", "--addr=127.0.0.1:0")
	expect(t, postgres, 0, "are at version", "migrate", "up")
	expect(t, postgres, 0, "database", "migrate", "status")
	expect(t, postgres, 4, "pg_dump", "backup", "x")
	expect(t, postgres, 4, "pg_restore", "restore", "x")
}

// TestBackup copies the database while clients write, and restores the copy: everything that was acknowledged before the
// backup is in it, nothing is half there, and the restored server goes on.
func TestBackup(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	s := start(t, freeAddress(t), database)
	created := ask(s.addr, `mutation { createArtifactVersion(input: {artifact: "model"}) { artifactVersion { id } } }`, nil)
	if created.err != nil || created.code != "" {
		t.Fatal(created)
	}
	version := created.data["createArtifactVersion"].(map[string]any)["artifactVersion"].(map[string]any)["id"].(string)
	l := newLedger()
	writers := l.startWriters(t, []string{s.addr}, version, faultWriters)
	folder := t.TempDir()
	var copies []string
	before := map[string]*ledger{}
	for n := range 3 {
		eventually(t, "writes are acknowledged", func() bool { return l.writes() > 100*(n+1) })
		file := filepath.Join(folder, fmt.Sprint(n))
		copies = append(copies, file)
		l.mu.Lock()
		before[file] = &ledger{acked: map[string]string{}, sent: l.sent}
		for value, id := range l.acked {
			before[file].acked[value] = id
		}
		l.mu.Unlock()
		expect(t, database, 0, "is a checked copy", "backup", file)
	}
	expect(t, database, 1, "--force replaces it", "backup", copies[0])
	writers.stop(t)
	expect(t, database, 1, "another process is serving", "restore", "--force", copies[0])
	if err := s.stop(t); err != nil {
		t.Fatal(err)
	}
	expect(t, database, 1, "--force replaces it", "restore", copies[0])
	whole, err := os.ReadFile(copies[0])
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string][]byte{"half": whole[:len(whole)/2], "zeros": append(bytes.Clone(whole[:len(whole)/2]), make([]byte, len(whole)/2)...)} {
		file := filepath.Join(t.TempDir(), what)
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		expect(t, database, 1, "placard: ", "restore", "--force", file)
		expect(t, storetest.SQLite(t), 1, "placard: ", "restore", file)
	}
	for _, target := range []string{storetest.SQLite(t), database} {
		for _, file := range copies {
			expect(t, target, 0, "tables at version", "restore", "--force", file)
			restored := start(t, freeAddress(t), target)
			a, ids := stored(t, restored.addr, version, "a")
			b, _ := stored(t, restored.addr, version, "b")
			for _, violation := range before[file].violations(a, b, ids) {
				t.Error(file, violation)
			}
			if got := ask(restored.addr, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": version},
				"metadata": map[string]any{"after": 1}}}); got.err != nil || got.code != "" {
				t.Errorf("a write after the restore: %+v", got)
			}
			if err := restored.stop(t); err != nil {
				t.Error(err)
			}
		}
	}
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(names) != len(copies) {
		t.Errorf("beside the copies there is something left: %v (%v)", names, err)
	}
}
