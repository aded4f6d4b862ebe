//go:build integration

package e2e

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// TestOutdatedServer migrates the tables of a running server to a version that excludes it. The controls are the tables
// before, and newer tables that allow the server.
func TestOutdatedServer(t *testing.T) {
	t.Parallel()
	database := storetest.Postgres(t)
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	migrate := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, freeAddress(t), database, "--no-migrate")
	const write, read = `mutation { startPipelineRun(input: {pipeline: "p"}) { deduplicated } }`, "{ artifacts { totalCount } }"
	migrate("INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)")
	expect(t, database, 0, "tables    999", "migrate", "status")
	if got, text := status(s.addr, "/readyz"); got != http.StatusOK {
		t.Errorf("/readyz on newer tables that allow the program: %d %s", got, text)
	}
	if got := ask(s.addr, write, nil); got.err != nil || got.code != "" {
		t.Errorf("a write on newer tables that allow the program: %v %s", got.err, got.code)
	}
	migrate("UPDATE compatibility SET oldest_program = 999")
	if got, text := status(s.addr, "/readyz"); got != http.StatusServiceUnavailable || !strings.Contains(text, "need a newer server") {
		t.Errorf("/readyz on tables that exclude the program: %d %s", got, text)
	}
	migrate("DELETE FROM pipeline_runs")
	migrate("ALTER TABLE pipeline_runs ADD COLUMN required text NOT NULL")
	if got := ask(s.addr, write, nil); got.code != "UNAVAILABLE" || !got.retryable {
		t.Errorf("a write that the tables refuse: %v %s", got.err, got.code)
	}
	if got := ask(s.addr, read, nil); got.err != nil || got.code != "" {
		t.Errorf("a read: %v %s", got.err, got.code)
	}
	for _, args := range []string{"migrate status", "serve --addr=127.0.0.1:0", "serve --no-migrate --addr=127.0.0.1:0", "migrate up", "migrate repair", "keys list"} {
		expect(t, database, 3, "use the newer program", strings.Fields(args)...)
	}
	if err := s.stop(t); err != nil {
		t.Error(err)
	}
	if !strings.Contains(s.log.String(), `msg="request failed" code=UNAVAILABLE`) || !strings.Contains(s.log.String(), "a newer program has written this database") {
		t.Errorf("the log lacks the reason:\n%s", s.log)
	}
}
