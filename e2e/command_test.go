//go:build integration

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

// run runs the program on a database and returns its exit code and output.
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

// expect runs the program and checks its exit code and a part of its output.
func expect(t testing.TB, database string, code int, part string, args ...string) {
	t.Helper()
	if got, out := run(t, database, args...); got != code || !strings.Contains(out, part) {
		t.Errorf("placard %s: code %d instead of %d, without %q:\n%s", strings.Join(args, " "), got, code, part, out)
	}
}

// TestCodes checks the exit code and the message of commands that fail.
func TestCodes(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	folder := t.TempDir()
	expect(t, database, 2, "unknown flag", "--nonsense")
	expect(t, database, 2, "unexpected argument", "bakup")
	expect(t, database, 2, "allow-unauthenticated", "--addr=0.0.0.0:0")
	expect(t, database, 2, `default command "serve"`, "--addr=127.0.0.1:0", "backup", "x")
	expect(t, database, 0, "placard ", "--version")
	expect(t, database, 0, "tables ", "version")
	expect(t, database, 0, "Exit codes:", "--help")
	expect(t, database, 2, "there is no database file", "backup", filepath.Join(folder, "copy"))
	expect(t, database, 3, "missing   0001_core.sql", "migrate", "status")
	expect(t, database, 3, "run `placard migrate up`", "serve", "--no-migrate", "--addr=127.0.0.1:0")
	expect(t, database, 3, "run `placard migrate up`", "--no-migrate", "--addr=127.0.0.1:0")
	expect(t, database, 0, "are at version", "migrate", "up")
	expect(t, database, 0, "database", "migrate", "status")
	expect(t, database, 0, "filled 0 subjects", "migrate", "repair")
	expect(t, "mysql://x", 2, "must begin with", "migrate", "status")
	expect(t, "mysql://x", 2, "must begin with", "serve", "--addr=127.0.0.1:0")
	expect(t, "sqlite:", 2, "must name a file", "serve", "--addr=127.0.0.1:0")
	expect(t, "postgres://[::1", 2, "not a valid postgres:// URL", "migrate", "up")
	expect(t, "postgres://[::1", 2, "not a valid postgres:// URL", "migrate", "status")
	expect(t, "mysql://x", 0, "tables ", "version")
	expect(t, "postgres://127.0.0.1:1/x", 1, "connect", "migrate", "status")
	expect(t, database, 2, "--owner or --role is missing", "keys", "create", "x")
	expect(t, database, 2, "--owner and --role exclude each other", "keys", "create", "x", "--owner", "--role=admin")
	expect(t, database, 2, "drain-timeout", "--drain-timeout=soon")
	expect(t, database, 2, "--drain-timeout must be 0s or longer", "--drain-timeout=-1s")
	expect(t, database, 2, "--metrics-addr must be HOST:PORT", "--metrics-addr=127.0.0.1:70000")
	expect(t, database, 2, "debug, info, warn, error", "--log-level=loud")
	expect(t, database, 2, "--trusted-documents: ", "--addr=127.0.0.1:0", "--trusted-documents="+filepath.Join(folder, "nothing"))
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
	expect(t, postgres, 3, "run `placard migrate up`", "migrate", "repair")
	expect(t, postgres, 3, "run `placard migrate up`", "--no-migrate", "--addr=127.0.0.1:0")
	expect(t, postgres, 0, "are at version", "migrate", "up")
	expect(t, postgres, 0, "database", "migrate", "status")
	expect(t, database, 2, "only PostgreSQL with the extension Citus", "distribute")
	expect(t, postgres, 1, "does not have the extension Citus", "distribute")
	expect(t, postgres, 4, "pg_dump", "backup", "x")
	expect(t, postgres, 4, "pg_restore", "restore", "x")
}

// TestMisspeltVariable checks that commands warn of an unknown variable, and only of this.
func TestMisspeltVariable(t *testing.T) {
	t.Parallel()
	const warning = `msg="this environment variable is unknown and has no effect" variable=PLACARD_DATABASEURL nearest=PLACARD_DATABASE_URL`
	for _, args := range []string{"version", "migrate up", "migrate status", "keys list", "serve --no-migrate --addr=127.0.0.1:0"} {
		for _, misspelt := range []bool{true, false} {
			command := program(t, strings.Fields(args)...)
			command.Env = append(os.Environ(), "PLACARD_DATABASE_URL="+storetest.SQLite(t))
			if misspelt {
				command.Env = append(command.Env, "PLACARD_DATABASEURL=hunter2")
			}
			out, _ := command.CombinedOutput() // the exit code does not matter
			if strings.Contains(string(out), warning) != misspelt || strings.Contains(string(out), "hunter2") {
				t.Errorf("placard %s, misspelt %t:\n%s", args, misspelt, out)
			}
		}
	}
}

// TestMissingDatabase checks which commands create a missing SQLite database. The others create no file.
func TestMissingDatabase(t *testing.T) {
	t.Parallel()
	backup, export := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "export")
	source := storetest.SQLite(t)
	expect(t, source, 0, "", "migrate", "up")
	expect(t, source, 0, "", "backup", backup)
	expect(t, source, 0, "", "export", export)
	const missing = "there is no database file"
	for _, c := range []struct {
		args  string
		code  int
		part  string
		makes bool
	}{
		{"keys list", 2, missing, false},
		{"keys revoke x", 2, missing, false},
		{"export -", 2, missing, false},
		{"backup " + backup + "2", 2, missing, false},
		{"migrate status", 3, "there is no such file", false},
		{"serve --no-migrate --addr=127.0.0.1:0", 3, missing, false},
		{"migrate up", 0, "are at version", true},
		{"keys create x --owner", 0, "plc_", true},
		{"import " + export, 0, "imported project", true},
		{"restore " + backup, 0, "tables at version", true},
		{"version", 0, "tables ", false},
	} {
		folder := filepath.Join(t.TempDir(), "new")
		path := filepath.Join(folder, "placard.db")
		expect(t, "sqlite:"+path, c.code, c.part, strings.Fields(c.args)...)
		if c.part == missing {
			expect(t, "sqlite:"+path, c.code, path+": correct --database-url", strings.Fields(c.args)...)
		}
		_, err := os.Stat(path)
		_, folderErr := os.Stat(folder)
		if made := err == nil; made != c.makes || !c.makes && folderErr == nil {
			t.Errorf("placard %s made the database: %t, and its folder: %t", c.args, made, folderErr == nil)
		}
	}
	// A command that needs current tables migrates none.
	empty := storetest.EmptyPostgres(t)
	for _, args := range []string{"keys list", "keys revoke x", "export -", "migrate status"} {
		expect(t, empty, 3, "", strings.Fields(args)...)
		expect(t, empty, 3, "missing   0001_core.sql", "migrate", "status")
	}
}

// TestBackup copies the database while clients write, and restores the copy. The copy contains each write that was
// acknowledged before the backup, and no part of a write. The restored database accepts writes.
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
		t.Errorf("the folder has other files than the copies: %v (%v)", names, err)
	}
}
