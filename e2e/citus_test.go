//go:build integration

package e2e

import (
	"fmt"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// TestCitus checks that a server refuses Citus without the distribution, and serves after placard distribute.
func TestCitus(t *testing.T) {
	t.Parallel()
	empty := storetest.EmptyCitus(t)
	expect(t, empty, 3, "placard migrate up", "distribute")
	expect(t, empty, 1, "run `placard distribute`", "serve", "--addr="+freeAddress(t))
	expect(t, empty, 0, "distributed api_keys", "distribute")
	expect(t, empty, 0, "nothing to do", "distribute")
	s := start(t, freeAddress(t), empty)
	got := ask(s.addr, `mutation { createArtifactVersion(input: {artifact: "model", metadata: {accuracy: 0.5}}) { artifactVersion { id } } }`, nil)
	if got.err != nil || got.code != "" {
		t.Fatalf("%+v", got)
	}
	got = ask(s.addr, `{ artifactVersions(project: "default", where: {metadata: {key: "accuracy", gt: 0.1}}) { totalCount } }`, nil)
	if got.err != nil || got.code != "" || fmt.Sprint(got.data) != "map[artifactVersions:map[totalCount:1]]" {
		t.Errorf("%+v", got)
	}
}
