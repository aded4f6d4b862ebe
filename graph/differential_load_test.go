package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/placard/placard/internal/store/storetest"
)

// loader writes the data set of the differential test through the API, and keeps a copy for the oracle. All databases
// get the same data except IDs and instants.
type loader struct {
	*api
	*oracleWorld
	rng *rand.Rand
	// aliases is where those of an artifact point, tags is those of each version.
	aliases map[string]map[string]*oracleVersion
	tags    map[*oracleVersion][]string
	// runs are the pipeline runs and steps the step runs, by number.
	runs, steps []oracleProducer
	// erases is set if the loader erases entries.
	erases bool
}

var (
	sampleArtifacts = []string{"model", "Model", "data_set", "data%set", "straße", "Σίσυφος"}
	sampleVersions  = []string{"spring", "Spring", "10%", "1_0", "V1.0", "v1.0", "Σ", "ς", "🦆", "a\\b", "900"}
	sampleTypes     = []string{"Model", "model", "Data_set", "Data%", "Straße", "İ", "STRAẞE"}
	sampleTags      = []string{"red", "RED", "Red 2", "a_b", "axb", "50%", "é", "e\u0301", "\u212a", "k", "\\"}
	sampleAliases   = []string{"prod", "Prod", "dev", "a_b", "latest2", "Σ"}
	samplePipelines = []string{"training", "Training", "eval_1"}
	sampleSteps     = []string{"fit", "FIT", "straße", "s_1"}
)

// load fills a database in three phases and returns its content.
func load(a *api) *oracleWorld { return loadWith(a, true) }

// loadWith fills a database as load does; erases allows erasures.
func loadWith(a *api, erases bool) *oracleWorld {
	l := &loader{
		api: a, erases: erases, oracleWorld: &oracleWorld{}, rng: rand.New(rand.NewPCG(7, 11)),
		aliases: map[string]map[string]*oracleVersion{}, tags: map[*oracleVersion][]string{},
	}
	for _, artifact := range sampleArtifacts {
		l.aliases[artifact] = map[string]*oracleVersion{}
	}
	l.mutate(`createProject`, `project { id }`, map[string]any{"name": "other"})
	for i, pipeline := range []int{0, 1, 2, 0} {
		l.startRun(samplePipelines[pipeline])
		for range 3 {
			l.startStep(i)
		}
	}
	l.phase(225, 20)
	l.phase(50, 120)
	l.phase(25, 60)
	return l.oracleWorld
}

// phase creates versions, makes changes to all versions, and records the instant of its end.
func (l *loader) phase(versions, changes int) {
	for i := range versions {
		l.create(i)
	}
	l.consume()
	for range changes {
		l.change(l.versions[l.rng.IntN(len(l.versions))])
	}
	if len(l.marks) == 2 { // the greatest of one artifact, and one that is not
		l.delete(len(l.versions) - 1)
		l.delete(40)
	}
	for _, version := range l.versions {
		for len(version.tags) < len(l.marks) { // before it was made
			version.tags, version.aliases = append(version.tags, nil), append(version.aliases, nil)
		}
		version.tags = append(version.tags, slices.Clone(l.tags[version]))
		version.aliases = append(version.aliases, l.aliasesOf(version))
	}
	logged := l.mutate(`logMetadata`, `entries { loggedAt }`, map[string]any{
		"target":  map[string]any{"pipelineRunId": l.runs[0].pipelineRun},
		"entries": []any{sampleEntry{oraclePlace{"", "number"}, `1`}.input()},
	})
	l.marks = append(l.marks, l.instant(logged["entries"].([]any)[0].(map[string]any)["loggedAt"]))
}

func (l *loader) aliasesOf(version *oracleVersion) []string {
	var names []string
	for _, alias := range slices.Sorted(maps.Keys(l.aliases[version.artifact])) {
		if l.aliases[version.artifact][alias] == version {
			names = append(names, alias)
		}
	}
	return names
}

// mutate calls a mutation and returns its payload.
func (l *loader) mutate(name, selection string, input map[string]any) map[string]any {
	l.Helper()
	kind := string(name[0]-'a'+'A') + name[1:] + "Input!"
	variables, err := json.Marshal(map[string]any{"input": input})
	if err != nil {
		l.Fatal(err)
	}
	answer, _ := l.do("mutation($input: "+kind+") { "+name+"(input: $input) { "+selection+" } }", string(variables))
	if answer["errors"] != nil {
		l.Fatalf("%s %s: %v", name, variables, answer["errors"])
	}
	return answer["data"].(map[string]any)[name].(map[string]any)
}

func (l *loader) instant(text any) time.Time {
	instant, ok := oracleInstant(fmt.Sprint(text))
	if !ok {
		l.Fatalf("no instant: %v", text)
	}
	return instant
}

// startRun begins a pipeline run, with metadata of its own that no search for versions may see.
func (l *loader) startRun(pipeline string) {
	run := l.mutate(`startPipelineRun`, `pipelineRun { id }`, map[string]any{"pipeline": pipeline})["pipelineRun"].(map[string]any)
	l.runs = append(l.runs, oracleProducer{pipeline: pipeline, pipelineRun: run["id"].(string)})
	l.log(map[string]any{"pipelineRunId": run["id"]}, drawEntries(l.rng, 100))
}

// startStep begins a step with outputs that versions are saved from, and one that is never saved.
func (l *loader) startStep(run int) {
	producer := l.runs[run]
	producer.step = sampleSteps[len(l.steps)%len(sampleSteps)]
	outputs := []any{map[string]any{"name": "never"}}
	for i := range 8 {
		outputs = append(outputs, map[string]any{"name": fmt.Sprint("out", i)})
	}
	step := l.mutate(`startStepRun`, `stepRun { id }`, map[string]any{
		"pipelineRunId": producer.pipelineRun, "name": producer.step, "outputs": outputs,
	})["stepRun"].(map[string]any)
	producer.stepRun = step["id"].(string)
	l.steps = append(l.steps, producer)
	l.log(map[string]any{"stepRunId": producer.stepRun}, drawEntries(l.rng, 100))
	l.log(l.output(&producer, "never"), drawEntries(l.rng, 100))
}

func (l *loader) output(step *oracleProducer, name string) map[string]any {
	return map[string]any{"stepContext": map[string]any{"stepRunId": step.stepRun, "artifactName": name}}
}

// log writes entries and returns them with their instants.
func (l *loader) log(target map[string]any, entries []sampleEntry) []oracleEntry {
	if len(entries) == 0 {
		return nil
	}
	inputs := make([]any, len(entries))
	written := make([]oracleEntry, len(entries))
	for i, entry := range entries {
		inputs[i], written[i] = entry.input(), entry.written()
	}
	logged := l.mutate(`logMetadata`, `entries { loggedAt }`, map[string]any{"target": target, "entries": inputs})
	for i := range written {
		written[i].loggedAt = l.instant(logged["entries"].([]any)[i].(map[string]any)["loggedAt"])
	}
	return written
}

func (l *loader) pick(from []string) string { return from[l.rng.IntN(len(from))] }

// labels returns up to n different labels.
func (l *loader) labels(from []string, n int) []string {
	var labels []string
	for range l.rng.IntN(n + 1) {
		labels = append(labels, l.pick(from))
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

// create creates the i-th version of its phase. Some versions are first the output of a step, and some have a twin in
// another project.
func (l *loader) create(i int) {
	version := &oracleVersion{artifact: l.pick(sampleArtifacts)}
	input := map[string]any{"artifact": version.artifact}
	if name := (len(l.versions) * 7) % 75; len(l.marks) == 0 && name < len(sampleVersions) && i > 6 {
		version.artifact = sampleArtifacts[i%3]
		input["artifact"] = version.artifact
		if !l.has(version.artifact, sampleVersions[name]) {
			input["version"] = sampleVersions[name]
		}
	}
	if len(l.marks) == 1 && i < 3 {
		input["artifact"], input["version"] = sampleArtifacts[i], fmt.Sprint(500+i) // less than the greatest number
		version.artifact = sampleArtifacts[i]
	}
	if l.rng.IntN(3) > 0 {
		sort := l.pick(sampleTypes)
		version.kind, input["type"] = &sort, sort
	}
	if i%4 == 1 && i/4 < 8*len(l.steps) && len(l.marks) == 0 {
		producer := l.steps[(i/4)%len(l.steps)]
		version.producer = &producer
		name := fmt.Sprint("out", i/4/len(l.steps))
		input["output"] = map[string]any{"stepRunId": producer.stepRun, "name": name}
		for range l.rng.IntN(3) {
			version.entries = append(version.entries, l.log(l.output(&producer, name), drawEntries(l.rng, 60))...)
		}
	}
	l.tags[version] = l.labels(sampleTags, 3)
	labels := l.labels(sampleAliases, 1)
	for _, alias := range labels {
		l.aliases[version.artifact][alias] = version
	}
	input["tags"], input["aliases"] = l.tags[version], labels
	l.save(version, input, drawEntries(l.rng, []int{100, 100, 50, 0}[l.rng.IntN(4)]))
	if i%20 == 0 {
		l.mutate(`createArtifactVersion`, `artifactVersion { id }`, map[string]any{
			"project": "other", "artifact": version.artifact, "entries": input["entries"], "tags": input["tags"],
		})
	}
}

func (l *loader) has(artifact, version string) bool {
	return slices.ContainsFunc(l.versions, func(v *oracleVersion) bool { return v.artifact == artifact && v.version == version })
}

// save creates the version with entries, and reads back the IDs and the instants.
func (l *loader) save(version *oracleVersion, input map[string]any, entries []sampleEntry) {
	inputs := []any{}
	for _, entry := range entries {
		inputs = append(inputs, entry.input())
		version.entries = append(version.entries, entry.written())
	}
	input["entries"] = inputs
	made := l.mutate(`createArtifactVersion`, `artifactVersion {
		id version number createdAt metadataHistory(first: 100) { nodes { loggedAt card key } }
	}`, input)["artifactVersion"].(map[string]any)
	version.id, version.version, version.createdAt = made["id"].(string), made["version"].(string), l.instant(made["createdAt"])
	number, err := made["number"].(json.Number).Int64()
	if err != nil {
		l.Fatal(err)
	}
	version.number = int(number)
	history := made["metadataHistory"].(map[string]any)["nodes"].([]any)
	slices.Reverse(history)
	if len(history) != len(version.entries) {
		l.Fatalf("%d entries were written, %d are there", len(version.entries), len(history))
	}
	for i, node := range history {
		entry := &version.entries[i]
		if card, _ := node.(map[string]any)["card"].(string); card != entry.card || node.(map[string]any)["key"] != entry.key {
			l.Fatalf("entry %d is %v, want %v", i, node, entry.oraclePlace)
		}
		entry.loggedAt = l.instant(node.(map[string]any)["loggedAt"])
	}
	l.versions = append(l.versions, version)
}

// change logs again, takes back, erases, or moves labels of a version.
func (l *loader) change(version *oracleVersion) {
	target := map[string]any{"artifactVersionId": version.id}
	switch l.rng.IntN(6) {
	case 0, 1:
		version.entries = append(version.entries, l.log(target, drawEntries(l.rng, 40))...)
	case 2, 3:
		l.retract(version, target)
		l.erase(version)
	case 4:
		alias := l.pick(sampleAliases)
		if l.aliases[version.artifact][alias] == version {
			delete(l.aliases[version.artifact], alias)
			l.mutate(`removeAlias`, `artifactVersion { id }`, map[string]any{"artifactVersionId": version.id, "alias": alias})
			return
		}
		l.aliases[version.artifact][alias] = version
		l.mutate(`setAlias`, `artifactVersion { id }`, map[string]any{"artifactVersionId": version.id, "alias": alias})
	case 5:
		tag := l.pick(sampleTags)
		name := `tagArtifactVersion`
		if slices.Contains(l.tags[version], tag) {
			name = `untagArtifactVersion`
			l.tags[version] = slices.DeleteFunc(slices.Clone(l.tags[version]), func(t string) bool { return t == tag })
		} else {
			l.tags[version] = append(slices.Clone(l.tags[version]), tag)
		}
		l.mutate(name, `artifactVersion { id }`, map[string]any{"artifactVersionId": version.id, "tags": []any{tag}})
	}
}

// retract takes back one key that has a value, if there is one.
func (l *loader) retract(version *oracleVersion, target map[string]any) {
	standing := (&oracleWorld{versions: []*oracleVersion{version}}).at(time.Now().AddDate(1, 0, 0))[0]
	for _, place := range samplePlaces() {
		if _, ok := standing.values[place.oraclePlace]; !ok || l.rng.IntN(4) > 0 {
			continue
		}
		key := map[string]any{"key": place.key}
		if place.card != "" {
			key["card"] = place.card
		}
		logged := l.mutate(`retractMetadata`, `entries { loggedAt }`, map[string]any{"target": target, "keys": []any{key}})
		at := l.instant(logged["entries"].([]any)[0].(map[string]any)["loggedAt"])
		version.entries = append(version.entries, oracleEntry{oraclePlace: place.oraclePlace, loggedAt: at})
		return
	}
}

// erase erases some entry of the version, perhaps an earlier one of its key or a retraction.
func (l *loader) erase(version *oracleVersion) {
	if !l.erases || len(version.entries) == 0 || l.rng.IntN(3) > 0 {
		return
	}
	erased := &version.entries[l.rng.IntN(len(version.entries))]
	card := any(nil)
	if erased.card != "" {
		card = erased.card
	}
	variables, err := json.Marshal(map[string]any{"id": version.id, "key": erased.key, "card": card})
	if err != nil {
		l.Fatal(err)
	}
	answer, _ := l.do(`query($id: ID!, $key: String!, $card: String) { artifactVersion(ref: {id: $id}) {
		metadataHistory(key: $key, card: $card, first: 100) { nodes { id loggedAt } } } }`, string(variables))
	history := answer["data"].(map[string]any)["artifactVersion"].(map[string]any)["metadataHistory"].(map[string]any)["nodes"].([]any)
	for _, node := range history {
		if l.instant(node.(map[string]any)["loggedAt"]).Equal(erased.loggedAt) {
			l.mutate(`eraseMetadata`, `deduplicated`, map[string]any{"entryIds": []any{node.(map[string]any)["id"]}})
			erased.value = nil
			return
		}
	}
	l.Fatalf("no entry of %v at %v", erased.oraclePlace, erased.loggedAt)
}

// delete removes the i-th version, which also leaves the past.
func (l *loader) delete(i int) {
	version := l.versions[i]
	l.mutate(`deleteArtifactVersion`, `deletedArtifactVersionId`, map[string]any{"artifactVersionId": version.id, "force": true})
	l.versions = slices.Delete(l.versions, i, i+1)
	maps.DeleteFunc(l.aliases[version.artifact], func(_ string, at *oracleVersion) bool { return at == version })
}

// TestSearchedData checks the content of the database against the oracle, now and at the marks, by reads of single
// versions.
func TestSearchedData(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		world := load(a)
		for n, mark := range world.marks {
			for i, s := range world.at(mark) {
				if i%7 != n { // some at each
					continue
				}
				asOf := mark.Format(time.RFC3339Nano)
				got, _ := a.do(fmt.Sprintf(`{ artifactVersion(ref: {id: %q}, asOf: %q) {
					artifact { name } version number type aliases metadata { card key kind value { ... on DisplayValue { extendedJson } } }
				} }`, s.id, asOf), "")
				version, ok := got["data"].(map[string]any)["artifactVersion"].(map[string]any)
				if !ok {
					t.Fatalf("%s/%s as of %s: %v", s.artifact, s.version, asOf, got)
				}
				if fmt.Sprint(version["aliases"]) != fmt.Sprint(s.aliases) || fmt.Sprint(version["number"]) != fmt.Sprint(s.number) {
					t.Errorf("got %v, want %v %d", version, s.aliases, s.number)
				}
				entries := version["metadata"].([]any)
				if len(entries) != len(s.values) {
					t.Errorf("%s/%s has %d entries, want %d", s.artifact, s.version, len(entries), len(s.values))
				}
				for _, entry := range entries {
					entry := entry.(map[string]any)
					card, _ := entry["card"].(string)
					want := s.values[oraclePlace{card, entry["key"].(string)}]
					if got := oracleDecode(entry["value"].(map[string]any)["extendedJson"]); got.String() != want.String() || entry["kind"] != want.kind {
						t.Errorf("%s/%s has %v as %s, want %s", s.artifact, s.version, entry, got, want)
					}
				}
			}
		}
	})
}
