//go:build integration

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

// maxMegabytes is the maximum peak memory of a server on SQLite. A container with 512 MiB then has a reserve.
const maxMegabytes = 400

// heavyQuery is an operation that needs much memory within the limits.
type heavyQuery struct{ name, text string }

// heavyQueries returns operations that fill the caches of SQLite. The last one needs memory of the Go program.
func heavyQueries() []heavyQuery {
	keys := []string{"uri", "owner", "framework", "notes", "incident"}
	contains := repeatNumbered(20, `{metadata: {key: "@#", contains: "zq#", ignoreCase: true}}`)
	for i := range 20 {
		contains = strings.Replace(contains, fmt.Sprintf("@%d\"", i), keys[i%len(keys)]+`"`, 1)
	}
	return []heavyQuery{
		{"2 searches for 20 parts of texts", `query($w: ArtifactVersionFilter = {or: [` + contains + `]}) {` +
			repeatNumbered(2, ` a#: artifactVersions(first: 100, where: $w) { nodes { id } }`) + `}`},
		{"10 orders by a path", `{` + repeatNumbered(10,
			` a#: artifactVersions(first: 100, orderBy: [{metadata: {key: "uri", path: ["a"]}, direction: DESC}]) { nodes { id } }`) + `}`},
		{"long answers", `{ artifactVersions(first: 100) { nodes { id` + repeatNumbered(60, ` m#: metadataJson`) + ` } } }`},
	}
}

// TestMemoryOfSQLite sends heavy operations of 20 simultaneous clients. The control is the program with larger caches,
// whose peak is much higher. Both have little garbage then, which would hide the difference.
func TestMemoryOfSQLite(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	expect(t, database, 0, "are at version", "migrate", "up")
	if err := load.Load(context.Background(), database, load.Options{Versions: 10_000, OnlyLatest: true}); err != nil {
		t.Fatal(err)
	}
	peak := func(program string, queries []heavyQuery, settings ...string) (megabytes []int) {
		s := newServer(t, freeAddress(t), program)
		s.begin(t, database, settings...)
		s.waitReady(t)
		for _, query := range queries {
			codes := map[string]int{}
			var mu sync.Mutex
			var clients sync.WaitGroup
			for range 20 {
				clients.Go(func() {
					got := ask(s.addr, query.text, nil)
					mu.Lock()
					defer mu.Unlock()
					codes[got.code]++
				})
			}
			harness.WaitWithin(t, 5*harness.Limit, "all clients have an answer", &clients)
			_, used := s.usage(t)
			megabytes = append(megabytes, used)
			t.Logf("%s: %d MB, codes %v", query.name, used, codes)
			if codes["BAD_INPUT"]+codes["GRAPHQL_VALIDATION_FAILED"]+codes["GRAPHQL_PARSE_FAILED"] > 0 {
				t.Errorf("%s: the query is wrong: %v", query.name, ask(s.addr, query.text, nil).message)
			}
		}
		if err := s.stop(t); err != nil {
			t.Errorf("the server ends with %v: %s", err, s.log)
		}
		return megabytes
	}
	queries := heavyQueries()
	megabytes := peak(filepath.Join(programs, "placard"), queries)
	if megabytes[0] == 0 {
		storetest.Lacks(t, "/proc")
	}
	if megabytes[2] > maxMegabytes {
		t.Errorf("the server takes up to %d MB", megabytes[2])
	}
	large := filepath.Join(t.TempDir(), "placard")
	build := harness.Command(t, 5*harness.Limit, "go", "build", "-ldflags=-X github.com/placard/placard/internal/store/engine.readCache=-32000", "-o", large, "github.com/placard/placard")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const littleGarbage = "GOGC=100"
	megabytes = peak(filepath.Join(programs, "placard"), queries[:2], littleGarbage)
	if control := peak(large, queries[:2], littleGarbage); 2*control[1] < 3*megabytes[1] {
		t.Errorf("control: the server with large caches takes %d MB, and %d MB without them", control[1], megabytes[1])
	}
}
