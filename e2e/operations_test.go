//go:build integration

package e2e

import (
	"database/sql"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// TestServerWithFewRights checks that a server works whose user may not change tables. The user has the privileges that
// docs/how-to/use-postgresql.md grants.
func TestServerWithFewRights(t *testing.T) {
	t.Parallel()
	database := storetest.EmptyPostgres(t)
	expect(t, database, 0, "are at version", "migrate", "up")
	rights := regexp.MustCompile(`GRANT [^']+ TO placard_server`).FindAllString(documentPage(t, "how-to/use-postgresql.md"), -1)
	if len(rights) != 2 {
		t.Fatalf("the document contains %q", rights)
	}
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	user := "few_rights_of_" + strings.Trim(u.Path, "/") // users belong to all databases of a cluster
	statements := []string{"CREATE ROLE " + user + " LOGIN PASSWORD 'few'"}
	for _, right := range rights {
		statements = append(statements, strings.Replace(right, "placard_server", user, 1))
	}
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	t.Cleanup(func() {
		db, err := sql.Open("pgx", database)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = db.Close() }()
		if _, err := db.Exec("DROP OWNED BY " + user + "; DROP ROLE " + user); err != nil {
			t.Error(err)
		}
	})
	u.User = url.UserPassword(user, "few")
	parameters := u.Query()
	parameters.Del("user")
	u.RawQuery = parameters.Encode()
	expect(t, u.String(), 0, "database", "migrate", "status")
	s := start(t, freeAddress(t), u.String(), "--no-migrate")
	must := func(query string, variables any) map[string]any {
		got := ask(s.addr, query, variables)
		if got.err != nil || got.code != "" {
			t.Fatalf("%s: %+v\n%s", query, got, s.log)
		}
		return got.data
	}
	made := must(`mutation { createArtifactVersion(input: {artifact: "model", tags: ["t"], aliases: ["prod"], metadata: {a: 1}, idempotencyKey: "k"}) {
		artifactVersion { artifact { id } } } }`, nil)
	must(`{ artifactVersions(where: {metadata: {key: "a", gt: 0}}) { totalCount nodes { metadata { key } } } }`, nil)
	version := made["createArtifactVersion"].(map[string]any)["artifactVersion"].(map[string]any)
	must(`mutation($id: ID!) { deleteArtifact(input: {artifactId: $id, force: true}) { deletedArtifactId } }`, map[string]any{"id": version["artifact"].(map[string]any)["id"]})
	if err := s.stop(t); err != nil {
		t.Errorf("%v\n%s", err, s.log)
	}
}
