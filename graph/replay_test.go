package graph_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// replayFragments select every field of a payload that a later change must not touch.
const replayFragments = `
fragment version on ArtifactVersion { id version number type createdAt artifact { id name createdAt } }
fragment subject on Subject {
	__typename ... on ArtifactVersion { ...version } ... on StepOutput { id name artifactName boundAt }
	... on StepRun { id name status startedAt finishedAt } ... on PipelineRun { id pipeline status startedAt finishedAt }
}
fragment entry on MetadataEntry {
	id key card kind seq loggedAt loggedBy retracted reason stepRun { id }
	value { __typename ... on DisplayValue { display json extendedJson } }
}`

// replayed is a call with an idempotency key.
type replayed struct {
	name, mutation string
	// input and same give the same input in two ways.
	input, same string
	payload     string
	first       string
}

const (
	loggedPayload  = "deduplicated subject { ...subject } entries { ...entry }"
	createdPayload = "deduplicated artifactVersion { ...version }"
)

// replayedCalls returns calls about the objects of fresh: at least one for each mutation with a key and each type of
// subject.
func replayedCalls() []*replayed {
	many := make([]string, 250)
	for i := range many {
		target := []string{`artifactVersionId: "{ArtifactVersion}"`, `stepRunId: "{StepRun}"`, `pipelineRunId: "{PipelineRun}"`}[i%3]
		many[i] = fmt.Sprintf(`{target: {%s}, metadata: {a%d: %d, b: {c: 0.5}, d: "x", e: null}}`, target, i, i)
	}
	batch := "writes: [" + strings.Join(many, ", ") + "]"
	log := func(name, target string) *replayed {
		return &replayed{
			name: "log " + name, mutation: "logMetadata", payload: loggedPayload,
			input: `target: {` + target + `}, metadata: {accuracy: 0.5, size: 1.0, card: {list: [1, [2]], nothing: null}}`,
			same: `target: {` + target + `}, entries: [{key: "accuracy", value: {float: 0.5}}, {key: "size", value: {float: 1}},
				{card: "card", key: "list", value: {list: [{integer: 1}, {list: [{integer: 2}]}]}}, {card: "card", key: "nothing", value: {null: true}}]`,
		}
	}
	return []*replayed{
		log("about an ID", `artifactVersionId: "{ArtifactVersion}"`),
		log("through an alias", `artifactVersion: {project: "{name}", name: "artifact {n}", alias: "prod"}`),
		log("to an output that waits", `stepContext: {stepRunId: "{StepRun}", artifactName: "output"}`),
		log("to a step run", `stepRunId: "{StepRun}"`),
		log("to a pipeline run", `pipelineRunId: "{PipelineRun}"`),
		{name: "batch", mutation: "logMetadataBatch", payload: "deduplicated results { subject { ...subject } entries { ...entry } }", input: batch, same: batch},
		{name: "retract", mutation: "retractMetadata", payload: loggedPayload,
			input: `target: {artifactVersionId: "{ArtifactVersion}"}, keys: [{key: "accuracy"}, {card: "card", key: "list"}], reason: "wrong"`},
		{name: "retract without a reason", mutation: "retractMetadata", payload: loggedPayload,
			input: `target: {stepContext: {stepRunId: "{StepRun}", artifactName: "output"}}, keys: [{key: "size"}]`},
		{name: "create", mutation: "createArtifactVersion", payload: createdPayload,
			input: `project: "{name}", artifact: "artifact {n}", type: "T", tags: ["t"], metadata: {accuracy: 1}`,
			same:  `project: "{name}", artifact: "artifact {n}", type: "T", tags: ["t"], aliases: [], entries: [{key: "accuracy", value: {integer: 1}}]`},
		{name: "create from an output", mutation: "createArtifactVersion", payload: createdPayload,
			input: `artifact: "other {n}", output: {stepRunId: "{StepRun}", name: "saved"}, version: "named", aliases: ["best"]`},
		{name: "start a run", mutation: "startPipelineRun", payload: "deduplicated pipelineRun { ...subject }", input: `project: "{name}", pipeline: "p"`},
		{name: "start a step", mutation: "startStepRun", payload: "deduplicated stepRun { ...subject pipelineRun { id pipeline } }",
			input: `pipelineRunId: "{PipelineRun}", name: "fit", outputs: [{name: "o"}],
				inputs: [{name: "a", artifactVersionId: "{ArtifactVersion}"}, {name: "b", artifactVersion: {named: {name: "artifact {n}", alias: "prod"}}}]`,
			same: `pipelineRunId: "{PipelineRun}", name: "fit", outputs: [{name: "o"}], inputs: [{name: "a", artifactVersion: {id: "{ArtifactVersion}"}},
				{name: "b", artifactVersion: {named: {project: "{name}", name: "artifact {n}", alias: "prod"}}}]`},
		{name: "set an alias", mutation: "setAlias", payload: createdPayload, input: `artifactVersionId: "{ArtifactVersion}", alias: "replayed"`,
			same: `artifactVersion: {id: "{ArtifactVersion}"}, alias: "replayed"`},
		{name: "remove an alias", mutation: "removeAlias", payload: createdPayload,
			input: `artifactVersion: {named: {name: "artifact {n}", alias: "prod"}}, alias: "replayed"`,
			same:  `artifactVersion: {named: {project: "{name}", name: "artifact {n}", alias: "prod"}}, alias: "replayed"`},
		{name: "tag", mutation: "tagArtifactVersion", payload: createdPayload, input: `artifactVersionId: "{ArtifactVersion}", tags: ["u", "v"]`},
		{name: "untag", mutation: "untagArtifactVersion", payload: createdPayload, input: `artifactVersionId: "{ArtifactVersion}", tags: ["u"]`},
	}
}

// send sends the call as the writer and returns the payload without deduplicated, which must be repeated.
func (c *replayed) send(w *world, input string, repeated bool) string {
	w.Helper()
	query := fmt.Sprintf("mutation { %s(input: {%s, idempotencyKey: %q}) { %s } }", c.mutation, input, "key of "+c.name, c.payload)
	answer, _ := w.as("writer", w.put(alpha, alpha, query)+usedFragments(query))
	want := fmt.Sprintf(`"deduplicated":%t`, repeated)
	if strings.Contains(answer, `"errors"`) || strings.Count(answer, want) != 1 {
		w.Fatalf("%s: wanted %s\n%.2000s", c.name, want, answer)
	}
	return strings.Replace(answer, want, "", 1)
}

// usedFragments returns the fragments that a query uses.
func usedFragments(query string) string {
	var used string
	for _, fragment := range strings.Split(replayFragments, "\nfragment ") {
		name, _, _ := strings.Cut(fragment, " ")
		if name != "" && (strings.Contains(query, "..."+name+" ") || name == "version" && strings.Contains(query, "...subject")) {
			used += "\nfragment " + fragment
		}
	}
	return used
}

// TestReplays checks that a repeated call gets the payload of the first one, after each of many changes: aliases move,
// keys are logged again, outputs are bound, runs end, and versions and artifacts are deleted. Its control is a read of
// the present.
func TestReplays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		w.fresh(alpha)
		calls := replayedCalls()
		for _, c := range calls {
			c.first = c.send(w, c.input, false)
		}
		if n := strings.Count(calls[5].first, `"seq"`); n != 1000 {
			t.Errorf("the batch has %d entries", n)
		}
		if !strings.Contains(calls[0].first, `"loggedBy":"writer ALPHAMARK"`) || !strings.Contains(calls[6].first, `"reason":"wrong"`) {
			t.Errorf("the payloads lack what is compared: %s\n%s", calls[0].first, calls[6].first)
		}
		again := func(when string) {
			t.Helper()
			for _, c := range calls {
				for _, input := range []string{c.input, c.same} {
					if input == "" {
						continue
					}
					if got := c.send(w, input, true); got != c.first {
						t.Errorf("%s, %s:\n%.3000s\nwant\n%.3000s", c.name, when, got, c.first)
					}
				}
			}
		}
		again("unchanged")
		read := w.put(alpha, alpha, `{ artifactVersion(ref: {id: "{ArtifactVersion}"}) { id metadata { id } } pipelineRun(id: "{PipelineRun}") { status } }`)
		before := w.owner(read)
		for _, change := range []string{
			`setAlias(input: {artifactVersionId: "` + w.id(w.owner(w.put(alpha, alpha, `{ artifactVersion(ref: {named: {project: "{name}", name: "artifact {n}"}}) { id } }`))) + `", alias: "prod"}) { artifactVersion { id } }`,
			`logMetadata(input: {target: {artifactVersionId: "{ArtifactVersion}"}, metadata: {accuracy: 9}}) { deduplicated }`,
			`createArtifactVersion(input: {project: "{name}", artifact: "third", output: {stepRunId: "{StepRun}", name: "output"}}) { deduplicated }`,
			`finishStepRun(input: {stepRunId: "{StepRun}", status: FAILED}) { stepRun { id } }`,
			`finishPipelineRun(input: {pipelineRunId: "{PipelineRun}", status: FAILED}) { pipelineRun { id } }`,
			`deleteArtifactVersion(input: {artifactVersionId: "{ArtifactVersion}", force: true}) { deletedArtifactVersionId }`,
			`deleteArtifact(input: {artifactId: "{Artifact}", force: true}) { deletedArtifactId }`,
			`createArtifactVersion(input: {project: "{name}", artifact: "artifact {n}", aliases: ["prod"]}) { deduplicated }`,
		} {
			w.owner(w.put(alpha, alpha, "mutation { "+change+" }"))
			again(change)
		}
		// The entries of a replay show the present of their step run.
		w.owner(w.put(alpha, alpha, `mutation { deletePipelineRun(input: {pipelineRunId: "{PipelineRun}"}) { deletedPipelineRunId } }`))
		for _, c := range calls {
			c.first = regexp.MustCompile(`"stepRun":{"id":"[^"]*"}`).ReplaceAllString(c.first, `"stepRun":null`)
		}
		again("the run is deleted")
		if after := w.owner(read); after == before || !strings.Contains(after, `"artifactVersion":null`) {
			t.Errorf("control: nothing has changed: %s", after)
		}
	})
}
