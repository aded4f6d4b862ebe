package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

// lines is a log in memory.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestStatistics checks when servers run ANALYZE, on a PostgreSQL cluster without autovacuum.
func TestStatistics(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	cluster, err := storetest.NewCluster("autovacuum=off")
	must(t, err)
	t.Cleanup(cluster.Remove)
	for name, test := range map[string]func(statisticsWorld){
		"in the background": keepStatistics, "all tables": analyzeAll, "one server at a time": analyzeIsExclusive, "tables of another owner": analyzeWithoutOwnership,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(statisticsWorld{t, cluster})
		})
	}
}

// statisticsWorld is a test on a cluster.
type statisticsWorld struct {
	*testing.T
	cluster *storetest.Cluster
}

// createDatabase returns the URL of a new database.
func (w statisticsWorld) createDatabase(name string) *url.URL {
	w.Helper()
	admin, err := sql.Open("pgx", w.cluster.URL.String())
	must(w.T, err)
	defer func() { _ = admin.Close() }()
	_, err = admin.Exec("CREATE DATABASE " + name)
	must(w.T, err)
	u := *w.cluster.URL
	u.Path = "/" + name
	return &u
}

// createGrown returns the URL of a new database in which metadata_entries has 600 rows and artifacts has one.
func (w statisticsWorld) createGrown(name string) *url.URL {
	w.Helper()
	u := w.createDatabase(name)
	s, err := store.Open(context.Background(), u.String(), quiet)
	if err != nil {
		w.Fatal(err)
	}
	var writes []store.Write
	version := newVersion(w.T, s)
	for i := range 600 {
		writes = append(writes, store.Write{Target: target(version), Facts: fact(w.T, fmt.Sprint("k", i), "1")})
	}
	_, _, err = s.LogMetadata(everyone, store.Call{}, writes)
	must(w.T, err)
	must(w.T, s.Close()) // the end of a session reports its rows to the statistics views
	w.eventually(name+": the rows are counted",
		func() bool { return w.countTables(u, "n_live_tup >= 600 AND relname = 'metadata_entries'") == 1 })
	return u
}

// countTables returns the number of tables for which a condition on pg_stat_user_tables holds.
func (w statisticsWorld) countTables(u *url.URL, condition string) (n int) {
	w.Helper()
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRow("SELECT count(*) FROM pg_stat_user_tables WHERE " + condition).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

// eventually waits until so returns true, and fails after 30 seconds.
func (w statisticsWorld) eventually(what string, so func() bool) {
	w.Helper()
	ticker, deadline := time.NewTicker(20*time.Millisecond), time.Now().Add(30*time.Second)
	defer ticker.Stop()
	for !so() {
		if time.Now().After(deadline) {
			w.Fatalf("%s: not after 30 seconds", what)
		}
		<-ticker.C
	}
}

const analyzed = "last_analyze IS NOT NULL AND relname = "

// keepStatistics checks that a table with more than 500 rows is analyzed in the background. A smaller table is not, and
// neither is a table of a server that does not keep statistics.
func keepStatistics(w statisticsWorld) {
	t := w.T
	kept, other := w.createGrown("kept"), w.createGrown("other")
	var log lines
	s, err := store.Open(context.Background(), kept.String(),
		slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	must(t, err)
	without, err := store.Open(context.Background(), other.String(), quiet)
	must(t, err)
	s.KeepStatistics(10 * time.Millisecond)
	w.eventually("metadata_entries is analyzed",
		func() bool { return w.countTables(kept, analyzed+"'metadata_entries'") == 1 })
	if n := w.countTables(kept, analyzed+"'artifacts'"); n != 0 {
		t.Error("a table of one row was analyzed")
	}
	if n := w.countTables(other, "last_analyze IS NOT NULL"); n != 0 {
		t.Error("the control: without KeepStatistics, tables were analyzed")
	}
	must(t, s.Close())
	must(t, without.Close())
	if text := log.String(); strings.Count(text, `msg="ran ANALYZE" table=public.metadata_entries rows=600`) != 1 {
		t.Errorf("the log does not have the one ANALYZE of metadata_entries: %s", text)
	}
}

// analyzeAll checks that Analyze collects statistics of every table.
func analyzeAll(w statisticsWorld) {
	t := w.T
	u := w.createDatabase("all_tables")
	s, err := store.Open(context.Background(), u.String(), quiet)
	must(t, err)
	s.Analyze(context.Background())
	must(t, s.Close())
	w.eventually("all tables are analyzed", func() bool {
		return w.countTables(u, "last_analyze IS NULL AND relname NOT IN ('goose_db_version', 'compatibility')") == 0
	})
}

// analyzeIsExclusive checks that a server does nothing while another one has the lock.
func analyzeIsExclusive(w statisticsWorld) {
	t := w.T
	u := w.createGrown("exclusive")
	db, err := sql.Open("pgx", u.String())
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	lock := func(function string) {
		_, err := db.Exec("SELECT "+function+"($1::bigint)", int64(0x706c616373746174))
		must(t, err)
	}
	s, err := store.Open(context.Background(), u.String(), quiet)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	lock("pg_advisory_lock")
	must(t, store.AnalyzeGrown(context.Background(), s))
	if n := w.countTables(u, "last_analyze IS NOT NULL"); n != 0 {
		t.Errorf("%d tables were analyzed beside the server that has the lock", n)
	}
	lock("pg_advisory_unlock")
	must(t, store.AnalyzeGrown(context.Background(), s))
	w.eventually("metadata_entries is analyzed",
		func() bool { return w.countTables(u, analyzed+"'metadata_entries'") == 1 })
}

// analyzeWithoutOwnership checks that a server whose user does not own the tables logs one warning with their names.
func analyzeWithoutOwnership(w statisticsWorld) {
	t := w.T
	u := w.createGrown("owned")
	db, err := sql.Open("pgx", u.String())
	must(t, err)
	_, err = db.Exec("CREATE ROLE guest LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest")
	must(t, err)
	must(t, db.Close())
	guest := *u
	guest.User = url.User("guest")
	var log lines
	s, err := store.OpenWithoutMigrating(context.Background(), guest.String(), slog.New(slog.NewTextHandler(&log, nil)))
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	for range 3 {
		must(t, store.AnalyzeGrown(context.Background(), s))
	}
	text := log.String()
	if strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, "public.metadata_entries") ||
		!strings.Contains(text, "run ANALYZE as their owner") {
		t.Errorf("the log has no single warning: %s", text)
	}
	if n := w.countTables(u, "last_analyze IS NOT NULL"); n != 0 {
		t.Errorf("%d tables were analyzed", n)
	}
}

// TestProjectStatistics checks that PostgreSQL collects no statistics of project_id where an index begins with it.
func TestProjectStatistics(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("pgx", storetest.Postgres(t))
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	var tables, without int
	must(t, db.QueryRow(`SELECT count(*), count(*) FILTER (WHERE a.attstattarget = 0) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relkind = 'r' AND a.attname = 'project_id'
		AND EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum)`).Scan(&tables, &without))
	if tables < 17 || tables != without {
		t.Errorf("%d of %d tables have no statistics of project_id: add SET STATISTICS 0 to the migration of a new table",
			without, tables)
	}
}
