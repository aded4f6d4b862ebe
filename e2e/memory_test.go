package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/placard/placard/bench/load"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// maxMegabytes is the peak of memory that a server on SQLite may have. A container of 512 MiB has a reserve then.
const maxMegabytes = 400

// heavyQueries returns operations that cost much memory within the limits, by name.
func heavyQueries() map[string]string {
	keys := []string{"uri", "owner", "framework", "notes", "incident"}
	contains := numbered(20, `{metadata: {key: "@#", contains: "zq#", ignoreCase: true}}`)
	for i := range 20 {
		contains = strings.Replace(contains, fmt.Sprintf("@%d\"", i), keys[i%len(keys)]+`"`, 1)
	}
	return map[string]string{
		"20 searches for parts of texts": `query($w: ArtifactVersionFilter = {or: [` + contains + `]}) {` +
			numbered(20, ` a#: artifactVersions(first: 100, where: $w) { totalCount }`) + `}`,
		"10 orders by a path": `{` + numbered(10,
			` a#: artifactVersions(first: 100, orderBy: [{metadata: {key: "uri", path: ["a"]}, direction: DESC}]) { nodes { id } }`) + `}`,
		"long answers": `{ artifactVersions(first: 100) { nodes { id` + numbered(60, ` m#: metadataJson`) + ` } } }`,
	}
}

// TestMemoryOfSQLite sends heavy operations of 20 clients at once. Its control is the program with the caches that it had
// before, which does not stay below the bound.
func TestMemoryOfSQLite(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	expect(t, database, 0, "are at version", "migrate", "up")
	if err := load.Load(context.Background(), database, load.Options{Versions: 10_000, OnlyLatest: true}); err != nil {
		t.Fatal(err)
	}
	peak := func(program string, queries map[string]string) int {
		s := launchProgram(t, program, freeAddress(t), database)
		s.waitReady(t)
		for name, query := range queries {
			codes := map[string]int{}
			var mu sync.Mutex
			var clients sync.WaitGroup
			for range 20 {
				clients.Go(func() {
					got := ask(s.addr, query, nil)
					mu.Lock()
					defer mu.Unlock()
					codes[got.code]++
				})
			}
			harness.WaitWithin(t, 5*harness.Limit, "all clients have an answer", &clients)
			_, megabytes := s.spent(t)
			t.Logf("%s: %d MB, codes %v", name, megabytes, codes)
			if codes["BAD_INPUT"]+codes["GRAPHQL_VALIDATION_FAILED"]+codes["GRAPHQL_PARSE_FAILED"] > 0 {
				t.Errorf("%s: the query is wrong: %v", name, ask(s.addr, query, nil).message)
			}
		}
		_, megabytes := s.spent(t)
		if err := s.stop(t); err != nil {
			t.Errorf("the server ends with %v: %s", err, s.log)
		}
		return megabytes
	}
	queries := heavyQueries()
	megabytes := peak(filepath.Join(programs, "placard"), queries)
	if megabytes == 0 {
		storetest.Lacks(t, "the peak of memory in /proc")
	}
	if megabytes > maxMegabytes {
		t.Errorf("the server takes up to %d MB", megabytes)
	}
	large := filepath.Join(t.TempDir(), "placard")
	build := harness.Command(t, 5*harness.Limit, "go", "build", "-ldflags=-X github.com/placard/placard/internal/store.readCache=-32000", "-o", large, "github.com/placard/placard")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	delete(queries, "long answers") // their memory is Go's
	if megabytes := peak(large, queries); megabytes <= maxMegabytes {
		t.Errorf("control: the server with large caches takes no more than %d MB", megabytes)
	}
}
