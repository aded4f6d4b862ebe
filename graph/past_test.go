package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// versionPage selects all fields of a page about a version, with each relation.
const versionPage = `
	__typename id version number createdAt createdBy lastLoggedAt aliases tags timeline { ...events }
	artifact {
		id name createdAt createdBy lastLoggedAt timeline { ...events } latestVersion { id number aliases } aliases { name artifactVersion { id } }
		versions { totalCount nodes { id number aliases metadataJson artifact { id } } }
		metadataKeys { totalCount nodes { card key kinds versionCount coverage min max lastEntry { id } } }
		metadataSeries(key: "loss") { missingCount statistics { count last } points { version { id aliases } entry { id } number } }
	}
	producer { output { ...output } stepRun { ...step } }
	consumers { totalCount nodes { ...step } }
	upstream { versions { id distance metadataJson } links { from { id } to { id } stepRun { id status } } }
	downstream { versions { id distance metadataJson } links { from { id } to { id } stepRun { id status finishedAt } } }
	metadata { ...entry subject { __typename ... on Node { id } ... on Subject { metadataJson } } stepRun { id status } }
	loss: metadataEntry(key: "loss") { ...entry }
	columns(keys: [{key: "loss"}, {key: "rows"}]) { ...entry historyCount }
	cards { name entries { id } }
	metadataJson metadataExtendedJson
	metadataHistory { totalCount nodes { ...entry } }
	metadataSeries(key: "loss") { missingCount statistics { count last } points { version { id aliases } entry { id } number } }
	changes(onlyDiffering: false) { versions { id aliases } baseline { id } rows { key cells { version { id } entry { id } } } inputs { name differs versions { id } } }
	metadataChanges(from: "2020-01-01T00:00:00Z") { key cells { version { id } entry { id } } }`

const pageFragments = `
fragment entry on MetadataEntry { id key seq loggedAt retracted value { ... on DisplayValue { extendedJson } } }
fragment events on TimelineEventConnection {
	totalCount nodes { kind createdAt artifactName version alias tags entryCount keys { key } artifact { id } artifactVersion { id tags } }
}
fragment output on StepOutput { id name boundAt lastLoggedAt artifactVersion { id tags } metadataJson metadataHistory { totalCount } stepRun { ...step } }
fragment step on StepRun {
	id name status startedAt finishedAt createdBy lastLoggedAt metadataJson
	inputs { name artifactVersion { id metadataJson } }
	outputs { id boundAt artifactVersion { id metadataJson } metadataJson }
	pipelineRun {
		id status finishedAt createdBy lastLoggedAt metadataJson
		stepRuns(where: {status: {eq: RUNNING}}, orderBy: [{field: FINISHED_AT, nulls: FIRST}, {field: NAME}]) { totalCount nodes { id name } }
	}
}`

// history is a project in which all objects of a page about a version change.
type history struct {
	*api
	run, load, train, data, model string
}

// must sends a query that must succeed and returns the value at a path of field names.
func (a *api) must(query string, path ...string) any {
	a.Helper()
	answer, _ := a.do(query, "")
	if answer["errors"] != nil {
		a.Fatalf("%s: %v", query, answer["errors"])
	}
	value := answer["data"]
	for _, step := range path {
		value = value.(map[string]any)[step]
	}
	return value
}

func startHistory(a *api) *history {
	h := &history{api: a}
	id := func(query string, path ...string) string { return a.must(query, append(path, "id")...).(string) }
	h.run = id(`mutation { startPipelineRun(input: {pipeline: "train"}) { pipelineRun { id } } }`, "startPipelineRun", "pipelineRun")
	h.load = id(fmt.Sprintf(`mutation { startStepRun(input: {pipelineRunId: %q, name: "load", outputs: [{name: "data"}]}) { stepRun { id } } }`, h.run), "startStepRun", "stepRun")
	a.must(fmt.Sprintf(`mutation { logMetadata(input: {target: {stepContext: {stepRunId: %q}}, metadata: {rows: 3, note: "waits"}}) { deduplicated } }`, h.load))
	h.data = id(fmt.Sprintf(`mutation { createArtifactVersion(input: {artifact: "data", output: {stepRunId: %q, name: "data"}, tags: ["raw"]}) { artifactVersion { id } } }`, h.load), "createArtifactVersion", "artifactVersion")
	h.train = id(fmt.Sprintf(`mutation { startStepRun(input: {pipelineRunId: %q, name: "fit", inputs: [{name: "data", artifactVersionId: %q}], outputs: [{name: "model"}, {name: "report"}]}) { stepRun { id } } }`, h.run, h.data), "startStepRun", "stepRun")
	a.must(fmt.Sprintf(`mutation { a: createArtifactVersion(input: {artifact: "model", metadata: {loss: 3}}) { deduplicated }
		finishStepRun(input: {stepRunId: %q, status: COMPLETED}) { stepRun { id } }
		logMetadata(input: {target: {stepContext: {stepRunId: %q, artifactName: "model"}}, metadata: {loss: 0.5, card: {a: 1}}}) { deduplicated }
		b: logMetadata(input: {target: {stepRunId: %[2]q}, metadata: {gpu: "small"}}) { deduplicated }
		c: logMetadata(input: {target: {pipelineRunId: %[3]q}, metadata: {commit: "abc"}}) { deduplicated } }`, h.load, h.train, h.run))
	h.model = id(fmt.Sprintf(`mutation { createArtifactVersion(input: {artifact: "model", output: {stepRunId: %q, name: "model"}, aliases: ["prod"], tags: ["t"]}) { artifactVersion { id } } }`, h.train), "createArtifactVersion", "artifactVersion")
	return h
}

// now logs a fact about the version of the data and returns its time, which is later than everything before.
func (h *history) now() string {
	h.Helper()
	entries := h.must(fmt.Sprintf(`mutation { logMetadata(input: {target: {artifactVersionId: %q}, metadata: {tick: true}}) { entries { loggedAt } } }`, h.data), "logMetadata", "entries")
	return entries.([]any)[0].(map[string]any)["loggedAt"].(string)
}

// goOn changes everything that a page shows.
func (h *history) goOn() {
	h.Helper()
	h.must(fmt.Sprintf(`mutation {
		a: logMetadata(input: {target: {artifactVersionId: %[1]q}, metadata: {loss: 0.25, card: {a: 2, b: 3}}}) { deduplicated }
		b: retractMetadata(input: {target: {artifactVersionId: %[2]q}, keys: [{key: "note"}]}) { deduplicated }
		c: logMetadata(input: {target: {stepRunId: %[3]q}, metadata: {gpu: "large"}}) { deduplicated }
		d: logMetadata(input: {target: {pipelineRunId: %[4]q}, metadata: {commit: "def"}}) { deduplicated }
		e: logMetadata(input: {target: {stepContext: {stepRunId: %[3]q, artifactName: "report"}}, metadata: {pages: 2}}) { deduplicated }
		f: createArtifactVersion(input: {artifact: "model", aliases: ["prod"], metadata: {loss: 0.125}}) { deduplicated }
		g: createArtifactVersion(input: {artifact: "report", output: {stepRunId: %[3]q, name: "report"}}) { deduplicated }
		h: untagArtifactVersion(input: {artifactVersionId: %[1]q, tags: ["t"]}) { artifactVersion { id } }
		i: tagArtifactVersion(input: {artifactVersionId: %[2]q, tags: ["clean"]}) { artifactVersion { id } }
		j: startStepRun(input: {pipelineRunId: %[4]q, name: "again", inputs: [{name: "x", artifactVersionId: %[2]q}, {name: "y", artifactVersionId: %[1]q}], outputs: [{name: "z"}]}) { stepRun { id } }
		k: finishStepRun(input: {stepRunId: %[3]q, status: FAILED}) { stepRun { id } }
		l: finishPipelineRun(input: {pipelineRunId: %[4]q, status: FAILED}) { pipelineRun { id } } }`, h.model, h.data, h.train, h.run))
}

func (h *history) page(id, argument string) any {
	h.Helper()
	return h.must(fmt.Sprintf(`{ artifactVersion(ref: {id: %q}%s) { %s } } %s`, id, argument, versionPage, pageFragments), "artifactVersion")
}

// TestPastIsWhole checks that everything below a view shows its instant: the page of a version as of an instant is the
// page that was read at the instant, but for the IDs, each of which names the instant.
func TestPastIsWhole(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		h := startHistory(open(t, url))
		instant := h.now()
		before := map[string]any{h.data: h.page(h.data, ""), h.model: h.page(h.model, "")}
		h.goOn()
		for id, then := range before {
			if reflect.DeepEqual(h.page(id, ""), then) {
				t.Error("the control fails: nothing of the page has changed")
			}
			view := h.page(id, fmt.Sprintf(", asOf: %q", instant))
			ids := idsIn(view, nil)
			for _, id := range ids {
				if !viewID.MatchString(id) {
					t.Errorf("the ID %s below a view does not name an instant", id)
				}
			}
			if got, want := presentIDs(view), normal(then); got != want {
				t.Errorf("as of %s:\n%s\nthen:\n%s", instant, got, want)
			}
			h.readBack(ids)
			if got := h.page(ids[0], ""); !reflect.DeepEqual(got, view) {
				t.Errorf("by the ID of the view:\n%v\nwant\n%v", got, view)
			}
		}
	})
}

// viewID is the ID of a view.
var viewID = regexp.MustCompile(`^[0-9a-f-]{36}@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)

// idsIn appends the values of all fields called id, that of the object itself first.
func idsIn(value any, ids []string) []string {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			ids = idsIn(item, ids)
		}
	case map[string]any:
		if id, ok := value["id"].(string); ok {
			ids = append(ids, id)
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			ids = idsIn(value[name], ids)
		}
	}
	return ids
}

// normal returns JSON that can be compared.
func normal(value any) string {
	text, _ := json.MarshalIndent(value, "", " ") // decoded JSON can be encoded
	return string(text)
}

// presentIDs returns a response with the IDs of the present objects.
func presentIDs(value any) string {
	return regexp.MustCompile(`@\d{4}-[^"]*Z"`).ReplaceAllString(normal(value), `"`)
}

// readBack checks that each ID of a view reads the same view.
func (h *history) readBack(ids []string) {
	h.Helper()
	for chunk := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(ids))), 50) {
		text, _ := json.Marshal(chunk) // texts can be encoded
		for i, node := range h.must(fmt.Sprintf(`{ nodes(ids: %s) { id ... on Subject { asOf } } }`, text), "nodes").([]any) {
			if node == nil || node.(map[string]any)["id"] != chunk[i] {
				h.Errorf("the ID %s reads %v", chunk[i], node)
			}
		}
	}
}

// TestPastArguments checks which instants and IDs are accepted where.
func TestPastArguments(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		h := startHistory(open(t, url))
		early := h.now()
		instant := h.now()
		h.goOn()
		view := h.model + "@" + spelled(instant)
		read := func(argument, fields string) string {
			answer, _ := h.do(fmt.Sprintf(`{ artifactVersion(ref: {id: %q}%s) { %s } }`, view, argument, fields), "")
			text, _ := json.Marshal(answer) // a decoded answer can be encoded
			return string(text)
		}
		for _, c := range []struct{ argument, fields, want string }{
			{"", `id asOf artifact { asOf }`, view},
			{fmt.Sprintf(", asOf: %q", instant), `id`, view},
			{fmt.Sprintf(", asOf: %q", early), `id`, "BAD_INPUT"},
			{`, asOf: "2999-01-01T00:00:00Z"`, `id`, "BAD_INPUT"},
			{"", fmt.Sprintf(`id metadataJson(asOf: %q)`, early), `"loss":0.5`},
			{"", `metadataJson(asOf: "2999-01-01T00:00:00Z")`, "must not be later than"},
			{"", `artifact { versions(asOf: "2999-01-01T00:00:00Z") { nodes { id } } }`, "must not be later than"},
			{"", `metadataChanges(from: "2020-01-01T00:00:00Z", to: "2999-01-01T00:00:00Z") { key }`, "must not be later than"},
			{"", `metadataChanges(from: "2999-01-01T00:00:00Z") { key }`, "must not be later than to"},
		} {
			if got := read(c.argument, c.fields); !strings.Contains(got, c.want) {
				t.Errorf("%s %s: %s, want %s", c.argument, c.fields, got, c.want)
			}
		}
		for _, query := range []string{
			`mutation { logMetadata(input: {target: {artifactVersionId: "VIEW"}, metadata: {a: 1}}) { deduplicated } }`,
			`mutation { setAlias(input: {artifactVersionId: "VIEW", alias: "a"}) { artifactVersion { id } } }`,
			`mutation { deleteArtifactVersion(input: {artifactVersionId: "VIEW"}) { deletedArtifactVersionId } }`,
			`mutation { deleteArtifactVersion(input: {artifactVersion: {id: "VIEW"}}) { deletedArtifactVersionId } }`,
			`mutation { startStepRun(input: {pipelineRunId: "RUN", name: "s", inputs: [{name: "i", artifactVersion: {id: "VIEW"}}]}) { deduplicated } }`,
			`mutation { startStepRun(input: {pipelineRunId: "RUN", name: "s", inputs: [{name: "i", artifactVersionId: "VIEW"}]}) { deduplicated } }`,
			`{ artifactVersions(where: {producedBy: {stepRunId: "VIEW"}}) { totalCount } }`,
		} {
			answer, _ := h.do(strings.NewReplacer("VIEW", view, "RUN", h.run).Replace(query), "")
			if text := fmt.Sprint(answer); !strings.Contains(text, "is a view of the past") || !strings.Contains(text, "BAD_INPUT") {
				t.Errorf("%s: %s", query, text)
			}
		}
		future := h.must(fmt.Sprintf(`{ artifactVersion(ref: {id: %q}, asOf: "2999-01-01T00:00:00Z") { id asOf } }`, h.model), "artifactVersion")
		if got := fmt.Sprint(future); got != fmt.Sprintf("map[asOf:<nil> id:%s]", h.model) {
			t.Errorf("as of the future: %s", got)
		}
		for _, id := range []string{h.model + "@2020-01-01T00:00:00.000000Z", h.run + "@2020-01-01T00:00:00.000000Z", h.model + "@", view + "0", h.model + "@2020-01-01T00:00:00Z"} {
			if got := h.must(fmt.Sprintf(`{ node(id: %q) { id } }`, id), "node"); got != nil {
				t.Errorf("the ID %s reads %v", id, got)
			}
		}
	})
}

// spelled returns an instant in the form of the ID of a view.
func spelled(instant string) string {
	digits, _ := strings.CutSuffix(instant, "Z")
	if !strings.Contains(digits, ".") {
		digits += "."
	}
	return digits + strings.Repeat("0", 26-len(digits)) + "Z"
}

// TestPastOfWaitingFacts checks that a fact that waited is about the output as of an instant before the version was
// created.
func TestPastOfWaitingFacts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		h := startHistory(open(t, url))
		created := h.must(fmt.Sprintf(`{ node(id: %q) { ... on ArtifactVersion { createdAt producer { output { id } } metadata { loggedAt } } } }`, h.model), "node").(map[string]any)
		logged := created["metadata"].([]any)[0].(map[string]any)["loggedAt"].(string)
		step := h.must(fmt.Sprintf(`{ stepRun(id: %q) { outputs { id boundAt artifactVersion { id } metadata { key subject { __typename ... on Node { id } } } } } }`,
			h.train+"@"+spelled(logged)), "stepRun", "outputs").([]any)[0]
		output := created["producer"].(map[string]any)["output"].(map[string]any)["id"].(string) + "@" + spelled(logged)
		want := fmt.Sprintf("map[artifactVersion:<nil> boundAt:<nil> id:%[1]s metadata:[map[key:loss subject:map[__typename:StepOutput id:%[1]s]] map[key:a subject:map[__typename:StepOutput id:%[1]s]]]]", output)
		if got := fmt.Sprint(step); got != want {
			t.Errorf("the output was\n%s, want\n%s", got, want)
		}
	})
}

// TestPastComparesWithNow checks that a version is compared with a view of itself.
func TestPastComparesWithNow(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		h := startHistory(open(t, url))
		view := h.model + "@" + spelled(h.now())
		h.goOn()
		rows := h.must(fmt.Sprintf(`{ compareArtifactVersions(refs: [{id: %q}, {id: %q}], baseline: {id: %[1]q}, onlyDiffering: true) {
			versions { id } baseline { id } rows { key cells { delta entry { id } version { id } } } } }`, view, h.model), "compareArtifactVersions")
		text := normal(rows)
		for _, want := range []string{view, h.model + `"`, `"delta": -0.25`} {
			if !strings.Contains(text, want) {
				t.Errorf("the comparison has no %s: %s", want, text)
			}
		}
	})
}
