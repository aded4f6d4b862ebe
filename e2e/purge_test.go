//go:build integration

package e2e

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// TestPurgeIsKilled kills a server while it purges a deleted project. The next server purges the rest. Its control is the
// rows that are left while no server runs.
func TestPurgeIsKilled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, database string) {
		const brief = "--limit-write-seconds=2" // a purge begins after this time
		s := start(t, freeAddress(t), database, brief)
		must := func(query string, variables any) map[string]any {
			t.Helper()
			got := ask(s.addr, query, variables)
			if got.err != nil || got.code != "" {
				t.Fatalf("%s: %+v", query, got)
			}
			return got.data
		}
		id := must(`mutation { createProject(input: {name: "doomed"}) { project { id } } }`, nil)["createProject"].(map[string]any)["project"].(map[string]any)["id"]
		facts := map[string]any{}
		for i := range 1000 {
			facts[fmt.Sprint("key ", i)] = i
		}
		for range 25 {
			must(`mutation($facts: JSONObject) { createArtifactVersion(input: {project: "doomed", artifact: "model", metadata: $facts}) { deduplicated } }`,
				map[string]any{"facts": facts})
		}
		must(`mutation { createArtifactVersion(input: {artifact: "kept", metadata: {a: 1}}) { deduplicated } }`, nil)
		driver, name := "pgx", database
		if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
			driver, name = "sqlite", path
		}
		db, err := sql.Open(driver, name)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		rows := func(table string) (n int) {
			t.Helper()
			if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		all := rows("metadata_latest")
		must(`mutation($id: ID!) { deleteProject(input: {projectId: $id, name: "doomed"}) { deletedProjectId } }`, map[string]any{"id": id})
		eventually(t, "the purge has begun", func() bool { return rows("metadata_latest") < all })
		s.kill(t)
		left := rows("metadata_latest") + rows("metadata_entries")
		if rows("projects") != 2 || left < 1000 {
			t.Fatalf("the purge has ended before the server: %d rows are left", left)
		}
		s = start(t, s.addr, database, brief)
		if got := must(`{ projects { nodes { name } } }`, nil); fmt.Sprint(got) != "map[projects:map[nodes:[map[name:default]]]]" {
			t.Errorf("after the start: %v", got)
		}
		eventually(t, "the rest is purged", func() bool { return rows("projects") == 1 })
		for table, want := range map[string]int{"metadata_latest": 1, "metadata_entries": 1, "artifact_versions": 1, "artifacts": 1, "subjects": 1} {
			if n := rows(table); n != want {
				t.Errorf("%s has %d rows, want %d", table, n, want)
			}
		}
		if err := s.stop(t); err != nil || !strings.Contains(s.log.String(), "purged a deleted project") {
			t.Errorf("%v\n%s", err, s.log)
		}
	})
}
