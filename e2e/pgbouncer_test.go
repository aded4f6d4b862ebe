//go:build integration

package e2e

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// TestMigrationIsKilled checks that a killed migration leaves no lock, directly and through a PgBouncer in transaction
// mode. The next migration succeeds. The control is that the lock is held before.
func TestMigrationIsKilled(t *testing.T) {
	t.Parallel()
	for name, through := range map[string]func(*testing.T, string) string{
		"directly":         func(_ *testing.T, url string) string { return url },
		"behind PgBouncer": throughPgBouncer,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := storetest.EmptyPostgres(t)
			database := through(t, direct)
			db, err := sql.Open("pgx", direct)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			locks := func() (n int) {
				if err := db.QueryRow(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
					AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			blocker, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := blocker.Exec("CREATE TABLE projects ()"); err != nil { // the migration waits for the end of this transaction
				t.Fatal(err)
			}
			migration := harness.Command(t, harness.Limit, filepath.Join(programs, "placard"), "migrate", "up", "--database-url="+database)
			if err := migration.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the migration holds the lock", func() bool { return locks() == 1 })
			if err := migration.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = migration.Wait() // it was killed
			eventually(t, "the lock is gone", func() bool { return locks() == 0 })
			if err := blocker.Rollback(); err != nil {
				t.Fatal(err)
			}
			expect(t, database, 0, "are at version", "migrate", "up")
		})
	}
}

// throughPgBouncer returns the URL of a database through a PgBouncer with the settings of the error message.
func throughPgBouncer(t *testing.T, direct string) string {
	t.Helper()
	code, out := run(t, storetest.PgBouncer(t, direct), "migrate", "up")
	line := regexp.MustCompile(`ignore_startup_parameters = [a-z_,]+`).FindString(out)
	if code != 1 || line == "" {
		t.Fatalf("a PgBouncer without the settings: code %d, %s", code, out)
	}
	return storetest.PgBouncer(t, direct, line) + "&default_query_exec_mode=exec"
}
