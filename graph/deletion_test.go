package graph_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// chain has the IDs of a version, of two versions that were made from it one after the other, and of the artifact and
// the step run of the last one.
type chain struct{ from, middle, to, artifact, step string }

func (a *api) newChain(n int) chain {
	a.Helper()
	var c chain
	id := func(query string, path ...string) string {
		got, _ := a.do(query, "")
		var value any = got["data"]
		for _, step := range path {
			fields, _ := value.(map[string]any)
			value = fields[step]
		}
		text, ok := value.(string)
		if !ok {
			a.Fatalf("%s: got %v", query, got)
		}
		return text
	}
	c.from = id(fmt.Sprintf(`mutation { a: createArtifactVersion(input: {artifact: "from%d", metadata: {only%d: 1}}) { artifactVersion { id } } }`, n, n), "a", "artifactVersion", "id")
	previous := c.from
	run := id(`mutation { a: startPipelineRun(input: {pipeline: "p"}) { pipelineRun { id } } }`, "a", "pipelineRun", "id")
	for _, name := range []string{"middle", "to"} {
		step := id(fmt.Sprintf(`mutation { a: startStepRun(input: {pipelineRunId: %q, name: %q, inputs: [{name: "i", artifactVersionId: %q}], outputs: [{name: "o"}]}) { stepRun { id } } }`,
			run, name, previous), "a", "stepRun", "id")
		previous = id(fmt.Sprintf(`mutation { a: createArtifactVersion(input: {artifact: "%s%d", metadata: {key%d: 1}, output: {stepRunId: %q, name: "o"}}) { artifactVersion { id } } }`,
			name, n, n, step), "a", "artifactVersion", "id")
		if name == "middle" {
			c.middle, c.step = previous, step
		}
	}
	c.to = previous
	c.artifact = id(fmt.Sprintf(`{ a: artifact(name: "middle%d") { id } }`, n), "a", "id")
	return c
}

// TestDeletionsBesideReads deletes an artifact before each statement of each query. No query fails: its response has
// the deleted versions or leaves them out. The control is that some queries return the version and some do not.
func TestDeletionsBesideReads(t *testing.T) {
	t.Parallel()
	const version = `{ id version artifact { name } metadataJson tags aliases producer { output { name } } }`
	queries := []string{
		`{ artifactVersions(where: {artifact: {in: ["from%[1]d", "middle%[1]d"]}}) { nodes ` + version + ` totalCount pageInfo { endCursor } } }`,
		`{ artifactVersions(first: 100) { edges { node ` + version + ` } } }`,
		`{ artifactVersion(ref: {id: "%[2]s"}) ` + version + ` }`,
		`{ node(id: "%[2]s") { ... on ArtifactVersion ` + version + ` } }`,
		`{ compareArtifactVersions(refs: [{named: {name: "to%[1]d"}}, {named: {name: "from%[1]d"}}]) { inputs { name versions ` + version + ` } } }`,
		`{ artifactVersion(ref: {named: {name: "to%[1]d"}}) { upstream { versions ` + version + ` links { from { artifact { name } } to { id } } } } }`,
		`{ artifactVersion(ref: {named: {name: "from%[1]d"}}) { downstream { versions { artifact { name } } links { from { id } to { artifact { name } } } } } }`,
		`{ stepRun(id: "%[3]s") { inputs { artifactVersion ` + version + ` } outputs { artifactVersion ` + version + ` } } }`,
		`{ artifact(name: "middle%[1]d") { name latestVersion ` + version + ` versions { nodes ` + version + ` } } }`,
		`{ artifacts(first: 100) { nodes { name versions { nodes ` + version + ` } } } }`,
		`{ artifact(name: "middle%[1]d") { metadataKeys { nodes { key lastEntry { id subject { id ... on ArtifactVersion ` + version + ` } } } } } }`,
		`{ metadataKeys(search: "key%[1]d") { nodes { key versionCount lastEntry { id subject { id } } } } }`,
		`{ artifact(name: "middle%[1]d") { metadataSeries(key: "key%[1]d") { points { version { artifact { name } } } } } }`,
	}
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		n, with, without := 0, 0, 0
		for _, form := range queries {
			for at, last := int64(1), int64(1); at <= last; at++ {
				n++
				c := a.newChain(n)
				query := fmt.Sprintf(form+"%[4]s", n, c.middle, c.step, "")
				body, statements := a.deleteBefore(query, at, c.artifact)
				last = statements
				if strings.Contains(body, `"errors"`) {
					t.Errorf("deleted before statement %d of %s:\n%s", at, query, body)
				}
				if strings.Contains(body, fmt.Sprintf("middle%d", n)) {
					with++
				} else {
					without++
				}
			}
		}
		if with == 0 || without == 0 {
			t.Errorf("%d responses have the version, and %d do not", with, without)
		}
	})
}

// deleteBefore sends a query and deletes an artifact before the statement with that number, and returns the body of the
// response and how many statements there were.
func (a *api) deleteBefore(query string, at int64, artifact string) (body string, statements int64) {
	a.Helper()
	var sent atomic.Int64
	meter := &storetest.Meter{Hold: func(context.Context, string) {
		if sent.Add(1) != at {
			return
		}
		if _, _, err := a.store.DeleteArtifact(auth.NewContext(context.Background(), auth.Anonymous), store.Call{}, nil,
			models.DeleteArtifactInput{ArtifactID: artifact}); err != nil {
			a.Error(err)
		}
	}}
	return a.postMetered(a.Context(), meter, bodyOf(a, query)).Body.String(), sent.Load()
}
