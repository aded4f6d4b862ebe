package graph_test

import (
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// TestAuthors checks that objects and events have the name of the key of their author, and that it can be filtered.
func TestAuthors(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		for _, mutation := range []string{
			`createArtifactVersion(input: {artifact: "model"}) { deduplicated }`, `startPipelineRun(input: {pipeline: "train"}) { deduplicated }`,
		} {
			if answer, _ := w.as("writer", "mutation { "+mutation+" }"); strings.Contains(answer, `"errors"`) {
				t.Fatal(answer)
			}
		}
		if answer, _ := w.as("admin", `mutation { createArtifactVersion(input: {artifact: "model", tags: ["a"], metadata: {k: 1}}) { deduplicated } }`); strings.Contains(answer, `"errors"`) {
			t.Fatal(answer)
		}
		got, _ := w.as("reader", `{
			artifact(name: "model") { createdBy latestVersion { createdBy } timeline { nodes { kind createdBy } } }
			pipelineRuns(where: {createdBy: {eq: "writer ALPHAMARK"}}) { nodes { createdBy } }
			artifactVersions(where: {createdBy: {startsWith: "admin"}}) { nodes { number } }
			artifacts(where: {createdBy: {ne: "writer ALPHAMARK"}}) { totalCount } }`)
		if err := fits(decode(t, []byte(got)), decode(t, []byte(`{"data": {
			"artifact": {"createdBy": "writer ALPHAMARK", "latestVersion": {"createdBy": "admin ALPHAMARK"}, "timeline": {"nodes": [
				{"kind": "METADATA_LOGGED", "createdBy": "admin ALPHAMARK"}, {"kind": "TAG_ADDED", "createdBy": "admin ALPHAMARK"},
				{"kind": "VERSION_CREATED", "createdBy": "admin ALPHAMARK"}, {"kind": "VERSION_CREATED", "createdBy": "writer ALPHAMARK"}]}},
			"pipelineRuns": {"nodes": [{"createdBy": "writer ALPHAMARK"}]}, "artifactVersions": {"nodes": [{"number": 2}]},
			"artifacts": {"totalCount": 0}}}`)), map[string]string{}); err != nil {
			t.Errorf("%v\n%s", err, got)
		}
	})
}
