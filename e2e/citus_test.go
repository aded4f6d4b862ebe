//go:build integration

package e2e

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// TestCitus checks that a server refuses Citus without the distribution, and serves after placard distribute. A server
// that runs meanwhile answers afterwards.
func TestCitus(t *testing.T) {
	t.Parallel()
	empty := storetest.EmptyCitus(t)
	expect(t, empty, 3, "placard migrate up", "distribute")
	expect(t, empty, 1, "run `placard distribute`", "serve", "--addr="+freeAddress(t))
	expect(t, empty, 0, "distributed api_keys", "distribute")
	expect(t, empty, 0, "nothing to do", "distribute")
	s := start(t, freeAddress(t), empty)
	create := func(addr string) {
		t.Helper()
		got := ask(addr, `mutation { createArtifactVersion(input: {artifact: "model", metadata: {accuracy: 0.5}}) { artifactVersion { id } } }`, nil)
		if got.err != nil || got.code != "" {
			t.Fatalf("%+v", got)
		}
	}
	create(s.addr)
	got := ask(s.addr, `{ artifactVersions(project: "default", where: {metadata: {key: "accuracy", gt: 0.1}}) { totalCount } }`, nil)
	if got.err != nil || got.code != "" || fmt.Sprint(got.data) != "map[artifactVersions:map[totalCount:1]]" {
		t.Errorf("%+v", got)
	}

	running := storetest.UndistributedCitus(t)
	hideCitus(t, running, func() { s = start(t, freeAddress(t), running) })
	create(s.addr)
	expect(t, running, 0, "distributed api_keys", "distribute")
	create(s.addr)
	if strings.Contains(s.log.String(), "internal error") {
		t.Error(s.log)
	}
}

// hideCitus calls fn while the database seems to have no extension.
func hideCitus(t *testing.T, database string, fn func()) {
	t.Helper()
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	execute := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	execute("DROP EXTENSION citus CASCADE")
	fn()
	execute("CREATE EXTENSION citus")
}
