package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// ownServer lists the pages whose blocks start servers themselves. They run in this order: an import needs an empty
// PostgreSQL database, and a dump needs its tables. setup is a shell script that runs first.
var ownServer = []struct{ page, setup string }{
	{"how-to/run-a-server.md", ""},
	{"how-to/move-to-postgresql.md", runningServer},
	{"how-to/use-postgresql.md", ""},
	{"how-to/back-up.md", runningServer},
	{"how-to/erase.md", runningServer},
	{"how-to/upgrade.md", "export PLACARD_DATABASE_URL=postgres://placard@127.0.0.1:5432/placard\nplacard migrate up\n"},
	{"how-to/keys.md", ""},
}

// runningServer starts a server on an SQLite file with one version.
const runningServer = `export PLACARD_DATABASE_URL=sqlite:$PWD/placard.db
placard serve & server=$!
until curl -fsS http://127.0.0.1:8080/readyz; do sleep 0.2; done
curl -fsS http://127.0.0.1:8080/graphql -H 'Content-Type: application/json' -d '{"query":
	"mutation { createArtifactVersion(input: {artifact: \"model\", metadata: {accuracy: 0.95}}) { artifactVersion { version } } }"}'
`

// withExample lists the pages whose queries read the data of examples/penguins.
var withExample = []string{"../README.md", "tutorial/first-dashboard-query.md", "how-to/compare.md", "how-to/changes.md"}

// documentPage returns the text of a page below docs.
func documentPage(t testing.TB, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../docs", page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documentBlock is a code block of a page.
type documentBlock struct{ language, text string }

var fencedBlock = regexp.MustCompile("(?ms)^( *)```([a-z]*)\n(.*?)^ *```$")

// documentBlocks returns the code blocks of a page without the indentation of lists.
func documentBlocks(t testing.TB, page string) []documentBlock {
	t.Helper()
	var found []documentBlock
	for _, match := range fencedBlock.FindAllStringSubmatch(documentPage(t, page), -1) {
		found = append(found, documentBlock{match[2], regexp.MustCompile("(?m)^"+match[1]).ReplaceAllString(match[3], "")})
	}
	return found
}

// executedPages returns the pages below docs, and the README, that have a block of sh or graphql.
func executedPages(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, path := range append(paths, "../docs/coming-from.md", "../docs/../README.md") {
		page := strings.TrimPrefix(path, "../docs/")
		if slices.ContainsFunc(documentBlocks(t, page), func(b documentBlock) bool { return b.language == "sh" || b.language == "graphql" }) {
			pages = append(pages, page)
		}
	}
	return pages
}

// TestDocuments executes the shell commands and then the queries of each page on a server of its own, and compares
// the responses with the JSON blocks that follow them.
func TestDocuments(t *testing.T) {
	t.Parallel()
	pages := executedPages(t)
	for _, own := range ownServer {
		if !slices.Contains(pages, own.page) {
			t.Errorf("%s has no block that is executed", own.page)
		}
		pages = slices.DeleteFunc(pages, func(page string) bool { return page == own.page })
	}
	if len(pages) < 8 {
		t.Errorf("only the pages %q have blocks that are executed", pages)
	}
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, database string) {
				s := start(t, freeAddress(t), database)
				if slices.Contains(withExample, page) {
					demo := harness.Command(t, harness.Limit, filepath.Join(programs, "penguins"), "-once",
						"-url", "http://"+s.addr+"/graphql")
					if out, err := demo.CombinedOutput(); err != nil {
						t.Fatalf("penguins: %v: %s", err, out)
					}
				}
				blocks := documentBlocks(t, page)
				checkResponses(t, blocks, "sh", runBlocks(t, blocks, strings.NewReplacer("127.0.0.1:8080", s.addr), "", nil))
				checkQueries(t, blocks, s.addr)
			})
		})
	}
}

// TestServerGuides executes the shell commands of the pages that start servers, each in an empty folder. The user of
// PostgreSQL has the privileges that the pages give it. Only the addresses differ, so that tests can run side by side.
func TestServerGuides(t *testing.T) {
	t.Parallel()
	cluster := newPageCluster(t)
	checkPlainUser(t, cluster)
	for _, own := range ownServer {
		t.Run(own.page, func(t *testing.T) {
			address := freeAddress(t)
			replace := strings.NewReplacer("127.0.0.1:8080", address, "127.0.0.1:9090", freeAddress(t),
				"placard serve", "placard serve --addr="+address)
			blocks := documentBlocks(t, own.page)
			checkResponses(t, blocks, "sh", runBlocks(t, blocks, replace, own.setup, cluster))
		})
	}
}

// pageURL matches the URLs of PostgreSQL in the pages.
var pageURL = regexp.MustCompile(`postgres://placard@127\.0\.0\.1:5432/(\w+)`)

// runBlocks runs the blocks of sh in one shell and an empty folder, and returns the output of each of them.
func runBlocks(t *testing.T, blocks []documentBlock, replace *strings.Replacer, setup string, cluster *storetest.Cluster) []string {
	t.Helper()
	output := t.TempDir()
	var script strings.Builder
	script.WriteString("set -euo pipefail\ntrap 'code=$?; kill $(jobs -p) 2>/dev/null || true; exit $code' EXIT\nset -x\n" + setup)
	count := 0
	for _, block := range blocks {
		if block.language == "sh" {
			fmt.Fprintf(&script, "{\n%s} > %s/%d\n", block.text, output, count)
			count++
		}
	}
	if count == 0 {
		return nil
	}
	commands := replace.Replace(script.String())
	path := programs
	if cluster != nil {
		path += ":" + cluster.Programs()
		commands = pageURL.ReplaceAllStringFunc(commands, func(page string) string {
			u := *cluster.URL
			u.User, u.Path = url.User("placard"), page[strings.LastIndex(page, "/"):]
			return "'" + u.String() + "'"
		})
	}
	shell := harness.Command(t, 2*time.Minute, "bash", "-c", commands)
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "PATH="+path+":"+os.Getenv("PATH"))
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	var outputs []string
	for i := range count {
		text, err := os.ReadFile(filepath.Join(output, fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		outputs = append(outputs, string(text))
	}
	return outputs
}

// checkResponses compares the output of each block of a language with the block of JSON that follows it.
func checkResponses(t *testing.T, blocks []documentBlock, language string, outputs []string) {
	t.Helper()
	for i, n := 0, 0; i < len(blocks); i++ {
		if blocks[i].language != language {
			continue
		}
		if i+1 < len(blocks) && blocks[i+1].language == "json" {
			checkResponse(t, blocks[i].text, outputs[n], blocks[i+1].text, map[string]string{})
		}
		n++
	}
}

// checkQueries sends the blocks of graphql and compares each response with the block of JSON that follows it. A text
// such as "<end>" in JSON is any text, and its value replaces <end> in later queries.
func checkQueries(t *testing.T, blocks []documentBlock, addr string) {
	t.Helper()
	known := map[string]string{}
	for i, block := range blocks {
		if block.language != "graphql" {
			continue
		}
		query := block.text
		for name, value := range known {
			query = strings.ReplaceAll(query, name, value)
		}
		got := ask(addr, query, nil)
		if got.err != nil || got.code != "" {
			t.Fatalf("%s\n%v %s %s", block.text, got.err, got.code, got.message)
		}
		if i+1 < len(blocks) && blocks[i+1].language == "json" {
			extensions := map[string]any{"warnings": got.warnings}
			response, err := json.Marshal(map[string]any{"data": got.data, "extensions": extensions})
			if err != nil {
				t.Fatal(err)
			}
			checkResponse(t, block.text, string(response), blocks[i+1].text, known)
		}
	}
}

// checkResponse compares a response with the JSON of a page, which has some of its members or only its data.
func checkResponse(t *testing.T, request, response, want string, known map[string]string) {
	t.Helper()
	decode := func(text string) map[string]any {
		decoded := map[string]any{}
		if err := json.Unmarshal([]byte(text), &decoded); err != nil {
			t.Fatalf("%s\n%v: %s", request, err, text)
		}
		return decoded
	}
	got, wanted := decode(response), decode(want)
	_, whole := wanted["data"]
	if !whole {
		wanted = map[string]any{"data": wanted}
	}
	for member := range wanted {
		if !matches(got[member], wanted[member], known) {
			t.Errorf("%s\nreturns\n%s\nand the page shows\n%s", request, response, want)
		}
	}
}

// matches reports whether a decoded response equals that of a page. A text such as "<end>" is any text; known gets it.
func matches(got, want any, known map[string]string) bool {
	switch want := want.(type) {
	case string:
		text, ok := got.(string)
		if strings.HasPrefix(want, "<") && ok {
			known[want] = text
			return text != ""
		}
		return got == want
	case []any:
		list, ok := got.([]any)
		return ok && slices.EqualFunc(list, want, func(got, want any) bool { return matches(got, want, known) })
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || len(object) != len(want) {
			return false
		}
		for key := range want {
			if value, ok := object[key]; !ok || !matches(value, want[key], known) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(got, want)
}

// newPageCluster starts a PostgreSQL server and runs the commands of the administrator from the pages, without --pwprompt.
func newPageCluster(t *testing.T) *storetest.Cluster {
	t.Helper()
	cluster, err := storetest.ClusterOptions{Superuser: "postgres"}.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	count := 0
	for _, own := range ownServer {
		for _, match := range regexp.MustCompile(`(?m)^ *\$ sudo -u postgres (create.*)$`).FindAllStringSubmatch(documentPage(t, own.page), -1) {
			args := strings.Fields(strings.Replace(match[1], "--pwprompt ", "", 1))
			command := harness.Command(t, harness.Limit, filepath.Join(cluster.Programs(), args[0]), args[1:]...)
			command.Env = append(os.Environ(), "PGHOST="+cluster.URL.Query().Get("host"), "PGUSER=postgres")
			if out, err := command.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", match[1], err, out)
			}
			count++
		}
	}
	if count < 4 {
		t.Fatalf("the pages have %d commands of the administrator", count)
	}
	return cluster
}

// checkPlainUser checks that the user of the pages has no special privileges.
func checkPlainUser(t *testing.T, cluster *storetest.Cluster) {
	t.Helper()
	db, err := sql.Open("pgx", cluster.URL.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var special bool
	if err := db.QueryRow("SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = 'placard'").Scan(&special); err != nil || special {
		t.Errorf("the user of the pages has special privileges: %t (%v)", special, err)
	}
}
