//go:build integration

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goose "github.com/pressly/goose/v3/lock"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// ballast makes an SQLite database large enough to interrupt commands on it.
func ballast(t testing.TB, database string) {
	t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(database, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{"PRAGMA synchronous = OFF", "CREATE TABLE ballast (weight BLOB)",
		"INSERT INTO ballast WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT zeroblob(1000000) FROM n"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

// interrupted runs the program, sends it SIGINT when ready returns true for its output, and returns its exit code and
// output.
func interrupted(t testing.TB, database string, ready func(printed string) bool, args ...string) (int, string) {
	t.Helper()
	command := program(t, append(args, "--database-url="+database)...)
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = output.Close() }()
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	printed := func() string {
		text, err := os.ReadFile(output.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for deadline := time.Now().Add(harness.Limit); !ready(printed()); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatalf("placard %s ends before the signal: %s", strings.Join(args, " "), printed())
		}
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatalf("%v: it had finished before the signal: %s", err, printed())
	}
	_ = command.Wait() // its exit code is checked
	return command.ProcessState.ExitCode(), printed()
}

// TestInterrupted interrupts a backup and a restore. They leave no file, and existing files are unchanged.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	database, folder := storetest.SQLite(t), t.TempDir()
	expect(t, database, 0, "", "migrate", "up")
	ballast(t, database)
	copied := filepath.Join(folder, "copy")
	begun := func(path string) func(string) bool {
		return func(string) bool {
			info, err := os.Stat(path + ".partial")
			return err == nil && info.Size() > 0
		}
	}
	if code, out := interrupted(t, database, begun(copied), "backup", copied); code != 1 || !strings.Contains(out, "stopped by a signal") {
		t.Errorf("backup: code %d: %s", code, out)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("the backup left %v (%v)", left, err)
	}
	expect(t, database, 0, "is a checked copy", "backup", copied)
	other := storetest.SQLite(t)
	expect(t, other, 0, "", "migrate", "up")
	path := strings.TrimPrefix(other, "sqlite:")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if code, out := interrupted(t, other, begun(path), "restore", "--force", copied); code != 1 || !strings.Contains(out, "stopped by a signal") {
		t.Errorf("restore: code %d: %s", code, out)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("an interrupted restore has changed the database (%v)", err)
	}
	if _, err := os.Stat(path + ".partial"); err == nil {
		t.Error("the restore left a file")
	}
	expect(t, other, 0, "restored", "restore", "--force", copied)
}

// TestMigrationIsWatched checks that a long migration logs its name, and that an interrupted one changes nothing. The
// migration waits for another process that migrates.
func TestMigrationIsWatched(t *testing.T) {
	t.Parallel()
	database := storetest.EmptyPostgres(t)
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	other, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(context.Background(), "SELECT pg_advisory_lock($1)", goose.DefaultLockID); err != nil {
		t.Fatal(err)
	}
	const said = "0001_core.sql is the first of"
	code, out := interrupted(t, database, func(printed string) bool { return strings.Contains(printed, said) }, "migrate", "up")
	if code != 1 || !strings.Contains(out, said) || !strings.Contains(out, "stopped by a signal") {
		t.Errorf("code %d: %s", code, out)
	}
	expect(t, database, 3, "missing   0001_core.sql", "migrate", "status")
	if _, err := other.ExecContext(context.Background(), "SELECT pg_advisory_unlock_all()"); err != nil {
		t.Fatal(err)
	}
	expect(t, database, 0, "are at version", "migrate", "up")
}
