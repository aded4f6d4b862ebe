//go:build integration

package e2e

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// codeBlocks returns the code blocks of docs/operations.md with the language sh, without the indentation of lists.
func codeBlocks(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range regexp.MustCompile("(?ms)^( *)```sh\n(.*?)^ *```$").FindAllStringSubmatch(string(text), -1) {
		found = append(found, regexp.MustCompile("(?m)^"+match[1]).ReplaceAllString(match[2], ""))
	}
	return found
}

// pageURL matches the URLs of PostgreSQL in docs/operations.md.
var pageURL = regexp.MustCompile(`postgres://placard@127\.0\.0\.1:5432/(\w+)`)

// newPageCluster starts a PostgreSQL server and runs the commands of the administrator from docs/operations.md, without
// --pwprompt. The other blocks then run with the rights of the documented user.
func newPageCluster(t *testing.T) *storetest.Cluster {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := storetest.ClusterOptions{Superuser: "postgres"}.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	commands := regexp.MustCompile(`(?m)^ *\$ sudo -u postgres (create.*)$`).FindAllStringSubmatch(string(text), -1)
	if len(commands) < 3 {
		t.Fatalf("the page has the commands %q", commands)
	}
	for _, command := range commands {
		args := strings.Fields(strings.Replace(command[1], "--pwprompt ", "", 1))
		program := harness.Command(t, harness.Limit, filepath.Join(cluster.Programs(), args[0]), args[1:]...)
		program.Env = append(os.Environ(), "PGHOST="+cluster.URL.Query().Get("host"), "PGUSER=postgres")
		if out, err := program.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command[1], err, out)
		}
	}
	return cluster
}

// TestOperationsDocument runs each code block of docs/operations.md in an empty folder, with the rights of the
// documented user. Only addresses are replaced, so that tests can run in parallel.
func TestOperationsDocument(t *testing.T) {
	t.Parallel()
	cluster := newPageCluster(t)
	steps := codeBlocks(t)
	if len(steps) < 8 {
		t.Fatalf("only %d blocks were found", len(steps))
	}
	script := "set -euo pipefail\ntrap 'code=$?; kill $(jobs -p) 2>/dev/null || true; exit $code' EXIT\nset -x\n" + strings.Join(steps, "\n")
	script = strings.NewReplacer("127.0.0.1:8080", freeAddress(t), "127.0.0.1:9090", freeAddress(t),
		"placard serve", "placard serve --addr=$ADDRESS").Replace(script)
	script = pageURL.ReplaceAllStringFunc(script, func(page string) string {
		u := *cluster.URL
		u.User, u.Path = url.User("placard"), page[strings.LastIndex(page, "/"):]
		return "'" + u.String() + "'"
	})
	rights, err := sql.Open("pgx", cluster.URL.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rights.Close() }()
	var special bool
	if err := rights.QueryRow("SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = 'placard'").Scan(&special); err != nil || special {
		t.Errorf("the user of the page has special rights: %t (%v)", special, err)
	}
	address := regexp.MustCompile(`http://(127\.0\.0\.1:\d+)/readyz`).FindStringSubmatch(script)[1]
	shell := harness.Command(t, 2*time.Minute, "bash", "-c", script)
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "PATH="+programs+":"+cluster.Programs()+":"+os.Getenv("PATH"), "ADDRESS="+address)
	out, err := shell.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "tables at version") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// TestServerWithFewRights runs a server with the documented rights of a user who may not change tables.
func TestServerWithFewRights(t *testing.T) {
	t.Parallel()
	database := storetest.EmptyPostgres(t)
	expect(t, database, 0, "are at version", "migrate", "up")
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rights := regexp.MustCompile(`GRANT [^']+ TO placard_server`).FindAllString(string(text), -1)
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
	must(`mutation($id: ID!) { deleteArtifact(input: {artifactId: $id}) { deletedArtifactId } }`, map[string]any{"id": version["artifact"].(map[string]any)["id"]})
	if err := s.stop(t); err != nil {
		t.Errorf("%v\n%s", err, s.log)
	}
}
