//go:build integration

package e2e

import (
	"database/sql"
	"path/filepath"
	"syscall"
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

// throughPgBouncer returns the URL of a database through the PgBouncer of the machine in transaction mode.
func throughPgBouncer(t *testing.T, direct string) string {
	t.Helper()
	return storetest.NewPooler(t).Through(t, direct, refusal(t))
}

// refusal migrates a database through a PgBouncer whose user lacks the settings, and returns the message.
func refusal(t *testing.T) func(url string) string {
	return func(url string) string {
		code, out := run(t, url, "migrate", "up")
		if code != 1 {
			t.Errorf("a user of the database without the settings: code %d, %s", code, out)
		}
		return out
	}
}

// TestServersBehindPgBouncer writes through two servers behind a PgBouncer, in transaction mode with fewer connections
// to PostgreSQL than the servers have. No request fails, and no write is lost or stored twice.
func TestServersBehindPgBouncer(t *testing.T) {
	t.Parallel()
	storetest.EachPooler(t, func(t *testing.T, p storetest.Pooler) {
		size := map[string]string{"transaction": "default_pool_size = 5", "session": "default_pool_size = 46"}[p.Mode]
		database := p.Through(t, storetest.EmptyPostgres(t), refusal(t), size)
		servers := []*server{start(t, freeAddress(t), database), start(t, freeAddress(t), database)}
		underLoad(t, []string{servers[0].addr, servers[1].addr}, func(l *ledger) {
			l.waitFor(t, 400)
			if len(l.failures) > 0 {
				t.Errorf("failures %v", l.failures)
			}
		})
		for _, s := range servers {
			s.stillRuns(t)
		}
	})
}

// TestDatabaseBehindPgBouncerIsKilled kills PostgreSQL behind a PgBouncer while clients write.
func TestDatabaseBehindPgBouncerIsKilled(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	database := storetest.NewPooler(t).Through(t, cluster.URL.String(), refusal(t), "server_login_retry = 1")
	s := start(t, freeAddress(t), database)
	crashUnderLoad(t, []string{s.addr}, 3, func(int) {
		if err := cluster.Kill(); err != nil {
			t.Error(err)
		}
		if err := cluster.Start(); err != nil {
			t.Fatal(err)
		}
		s.waitReady(t)
	})
	s.stillRuns(t)
}

// TestServerBehindPgBouncerIsFrozen stops the process of a server during a transaction, as TestServerIsFrozen does. The
// control is a server whose transactions have no time limit: another server does not get its locks.
func TestServerBehindPgBouncerIsFrozen(t *testing.T) {
	t.Parallel()
	storetest.EachPooler(t, func(t *testing.T, p storetest.Pooler) {
		direct := storetest.EmptyPostgres(t)
		serverIsFrozen(t, direct, p.Through(t, direct, refusal(t), "default_pool_size = 46"))
	})
	t.Run("control", func(t *testing.T) {
		t.Parallel()
		const unlimited = "&idle_in_transaction_session_timeout=0"
		direct := storetest.EmptyPostgres(t)
		message := refusal(t)
		pooled := storetest.NewPooler(t).Through(t, direct, func(url string) string { return message(url + unlimited) }) + unlimited
		frozen, other := start(t, freeAddress(t), pooled), start(t, freeAddress(t), pooled)
		l := freeze(t, direct, frozen, other)
		got := ask(other.addr, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": l.version},
			"metadata": map[string]any{"a": "second", "b": "second"}}})
		if got.code == "" {
			t.Errorf("a write waits for no server that stands still: %v (%v)", got.data, got.err)
		}
		if err := frozen.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	})
}
