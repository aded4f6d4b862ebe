package graph_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/graph/exec"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// rule is the least role for a field of Query or Mutation, and the arguments to try. In arguments, {Type} is replaced
// by an object of the project, {name} by its name, and {own.Type} by an object of the caller's project.
type rule struct {
	// least is the least role that may: READER, WRITER, ADMIN or OWNER.
	least string
	tries []string
}

var selectors = []string{
	`{artifactVersionId: "{ArtifactVersion}"}`, `{artifactVersion: {project: "{name}", name: "artifact {n}", alias: "prod"}}`,
	`{stepContext: {stepRunId: "{StepRun}", artifactName: "output"}}`, `{stepRunId: "{StepRun}"}`, `{pipelineRunId: "{PipelineRun}"}`,
}

// versionSelectors select the version of a mutation.
var versionSelectors = []string{
	`artifactVersionId: "{ArtifactVersion}"`, `artifactVersion: {id: "{ArtifactVersion}"}`,
	`artifactVersion: {named: {project: "{name}", name: "artifact {n}", alias: "prod"}}`,
	`artifactVersion: {named: {project: "{name}", name: "artifact {n}", number: 1}}`,
}

// rules has the rules of all fields of Query and Mutation. A field without a rule fails the test.
var rules = map[string]rule{
	"artifact":                {"READER", []string{`name: "model", project: "{name}"`, `name: "model"`, `id: "{Artifact}"`}},
	"artifacts":               {"READER", []string{`project: "{name}"`, ``, `project: "{name}", where: {anyVersion: {tag: {eq: "tag MARK"}}}, orderBy: [{field: NAME}]`}},
	"artifactVersions":        {"READER", []string{`project: "{name}"`, ``, `project: "{name}", where: {metadata: {key: "accuracy", gt: 0}}, orderBy: [{metadata: {key: "accuracy"}}], asOf: "2100-01-01T00:00:00Z"`}},
	"artifactVersion":         {"READER", []string{`ref: {id: "{ArtifactVersion}"}`, `ref: {id: "{ArtifactVersion}"}, asOf: "2099-01-01T00:00:00Z"`, `ref: {named: {project: "{name}", name: "model"}}`, `ref: {named: {project: "{name}", name: "model", version: "1"}}`, `ref: {named: {project: "{name}", name: "model", number: 1}}`, `ref: {named: {project: "{name}", name: "model", alias: "prod"}}`, `ref: {named: {name: "model", alias: "prod"}}`}},
	"compareArtifactVersions": {"READER", []string{`refs: [{id: "{ArtifactVersion}"}, {named: {project: "{name}", name: "model"}}]`, `refs: [{id: "{own.ArtifactVersion}"}, {id: "{ArtifactVersion}"}]`, `refs: [{id: "{own.ArtifactVersion}"}, {named: {project: "{name}", name: "model"}}]`}},
	"stepRun":                 {"READER", []string{`id: "{StepRun}"`}},
	"pipelineRun":             {"READER", []string{`id: "{PipelineRun}"`}},
	"pipelineRuns":            {"READER", []string{`project: "{name}"`, ``, `project: "{name}", where: {pipeline: {eq: "pipeline MARK"}}`}},
	"stepRuns":                {"READER", []string{`project: "{name}"`, ``}},
	"project":                 {"READER", []string{`name: "{name}"`}},
	"projects":                {"READER", []string{``, `last: 50`}},
	"node":                    {"READER", []string{`id: "{Project}"`, `id: "{Artifact}"`, `id: "{ArtifactVersion}"`, `id: "{PipelineRun}"`, `id: "{StepRun}"`, `id: "{StepOutput}"`, `id: "{MetadataEntry}"`, `id: "{ApiKey}"`}},
	"nodes":                   {"READER", []string{`ids: ["{Project}", "{own.Artifact}", "{Artifact}", "{ArtifactVersion}", "{PipelineRun}", "{StepRun}", "{StepOutput}", "{MetadataEntry}", "{ApiKey}"]`}},
	"serverInfo":              {"READER", []string{``}},
	"viewer":                  {"READER", []string{``}},
	"metadataKeys":            {"READER", []string{`project: "{name}"`, ``, `project: "{name}", search: "a"`, `project: "{name}", artifact: "model"`}},
	"metadataValues":          {"READER", []string{`key: "accuracy", project: "{name}"`, `key: "accuracy"`, `key: "accuracy", project: "{name}", where: {tag: {exists: true}}`, `key: "accuracy", project: "{name}", artifact: "model"`}},
	"tagUsage":                {"READER", []string{`project: "{name}"`, ``, `project: "{name}", where: {number: {gt: 0}}`}},
	"typeUsage":               {"READER", []string{`project: "{name}"`, ``}},
	"aliasUsage":              {"READER", []string{`project: "{name}"`, ``}},
	"pipelineUsage":           {"READER", []string{`project: "{name}"`, ``}},
	"apiKeys":                 {"ADMIN", []string{``, `project: "{name}"`}},
	"auditEvents":             {"ADMIN", []string{``, `project: "{name}"`, `project: "{name}", where: {not: {action: {eq: ALIAS_SET}, objectId: {eq: "{own.ApiKey}"}}}`}},

	"logMetadata": {"WRITER", inputs(`target: %s, metadata: {k: "MARK"}`, selectors...)},
	"logMetadataBatch": {"WRITER", append(inputs(`writes: [{target: %s, metadata: {k: "MARK"}}]`, selectors...),
		inputs(`writes: [{target: {artifactVersionId: "{own.ArtifactVersion}"}, metadata: {k: 1}}, {target: %s, metadata: {k: 1}}]`, selectors...)...)},
	"retractMetadata":       {"WRITER", inputs(`target: %s, keys: [{key: "accuracy"}], reason: "MARK"`, slices.Delete(slices.Clone(selectors), 2, 3)...)},
	"eraseMetadata":         {"ADMIN", inputs(`entryIds: [%s], reason: "MARK"`, `"{MetadataEntry}"`)},
	"createArtifactVersion": {"WRITER", inputs(`%s, artifact: "artifact {n}", aliases: ["prod"]`, `project: "{name}"`, `output: {stepRunId: "{StepRun}", name: "output"}`, `project: "{name}", output: {stepRunId: "{own.StepRun}", name: "output"}`, `project: "{own.name}", output: {stepRunId: "{StepRun}", name: "output"}`)},
	"startPipelineRun":      {"WRITER", inputs(`project: "{name}", pipeline: "p"`)},
	"finishPipelineRun":     {"WRITER", inputs(`pipelineRunId: "{PipelineRun}"`)},
	"startStepRun": {"WRITER", append(inputs(`pipelineRunId: "{PipelineRun}", name: "s", inputs: [{name: "i", %s}]`, versionSelectors...),
		inputs(`pipelineRunId: "{own.PipelineRun}", name: "s", inputs: [{name: "i", %s}]`, versionSelectors...)...)},
	"bindOutput":            {"WRITER", inputs(`%s`, `output: {stepRunId: "{StepRun}", name: "output"}, artifactVersion: {id: "{own.ArtifactVersion}"}`, `output: {stepRunId: "{own.StepRun}", name: "output"}, artifactVersion: {id: "{ArtifactVersion}"}`)},
	"finishStepRun":         {"WRITER", inputs(`%s`, `stepRunId: "{StepRun}", status: FAILED`, `stepRunId: "{own.StepRun}", outputs: [{name: "output", reuse: {id: "{ArtifactVersion}"}}]`, `stepRunId: "{own.StepRun}", outputs: [{name: "output", reuse: {named: {project: "{name}", name: "model", number: 1}}}]`)},
	"setAlias":              {"WRITER", inputs(`%s, alias: "new MARK"`, versionSelectors...)},
	"removeAlias":           {"WRITER", inputs(`%s, alias: "prod"`, versionSelectors...)},
	"tagArtifactVersion":    {"WRITER", inputs(`%s, tags: ["new MARK"]`, versionSelectors...)},
	"untagArtifactVersion":  {"WRITER", inputs(`%s, tags: ["t"]`, versionSelectors...)},
	"deleteArtifactVersion": {"ADMIN", inputs(`%s, force: true`, versionSelectors...)},
	"deleteArtifact":        {"ADMIN", inputs(`artifactId: "{Artifact}", force: true`)},
	"deletePipelineRun":     {"ADMIN", inputs(`pipelineRunId: "{PipelineRun}"`)},
	"createProject":         {"OWNER", inputs(`name: "project {n} MARK"`)},
	"updateProject":         {"ADMIN", inputs(`projectId: "{Project}", description: "MARK"`)},
	"updateArtifact":        {"WRITER", inputs(`artifactId: "{Artifact}", description: "MARK"`)},
	"updateArtifactVersion": {"WRITER", inputs(`%s, description: "MARK"`, versionSelectors...)},
	"deleteProject":         {"OWNER", inputs(`projectId: "{Doomed}", name: "doomed {n} MARK"`)},
	"createApiKey":          {"ADMIN", inputs(`project: "{name}", role: ADMIN, name: "new {n} MARK"`)},
	"revokeApiKey":          {"ADMIN", inputs(`apiKeyId: "{ApiKey}"`)},
}

// inputs returns inputs of a mutation, one for each part.
func inputs(format string, parts ...string) []string {
	if len(parts) == 0 {
		return []string{"input: {" + format + "}"}
	}
	all := make([]string, len(parts))
	for i, part := range parts {
		all[i] = "input: {" + fmt.Sprintf(format, part) + "}"
	}
	return all
}

// arguments are the arguments of fields of other types, where they are required or useful.
var arguments = map[string]string{
	"metadataEntry": `key: "accuracy"`, "columns": `keys: [{key: "accuracy"}]`, "metadataSeries": `key: "accuracy"`, "metadataChanges": `from: "2000-01-01T00:00:00Z"`,
}

// asking writes queries that read everything, and notes which fields they read.
type asking struct {
	schema *ast.Schema
	seen   map[string]bool
}

// below returns a selection of all fields of a type, to a depth.
func (a *asking) below(t *ast.Definition, depth int) string {
	var parts []string
	switch t.Kind {
	case ast.Scalar, ast.Enum:
		return ""
	case ast.Interface, ast.Union:
		for _, possible := range a.schema.PossibleTypes[t.Name] {
			parts = append(parts, "... on "+possible.Name+a.below(possible, depth))
		}
		return " { __typename " + strings.Join(parts, " ") + " }"
	}
	for _, field := range t.Fields {
		of := a.schema.Types[field.Type.Name()]
		composite := of.IsCompositeType()
		if strings.HasPrefix(field.Name, "__") || composite && depth == 0 {
			continue
		}
		a.seen[t.Name+"."+field.Name] = true
		// Types of a union have fields of the same name and of different types.
		parts = append(parts, t.Name+"_"+field.Name+": "+a.call(field)+a.below(of, depth-1))
	}
	if len(parts) == 0 {
		parts = []string{"__typename"}
	}
	return " { " + strings.Join(parts, " ") + " }"
}

func (a *asking) call(field *ast.FieldDefinition) string {
	if text := arguments[field.Name]; text != "" {
		return field.Name + "(" + text + ")"
	}
	return field.Name
}

// ways returns the shortest path from a field of Query to each type: a text with %s for the selection of the type.
func (a *asking) ways() map[string]string {
	ways := map[string]string{}
	type stop struct{ name, way string }
	var stops []stop
	for _, field := range a.schema.Query.Fields {
		if field.Name != "node" && field.Name != "nodes" && !strings.HasPrefix(field.Name, "__") {
			stops = append(stops, stop{field.Type.Name(), "{ " + field.Name + "(" + rules[field.Name].tries[0] + ")%s }"})
		}
	}
	for ; len(stops) > 0; stops = stops[1:] {
		at, t := stops[0], a.schema.Types[stops[0].name]
		if ways[at.name] != "" || !t.IsCompositeType() {
			continue
		}
		ways[at.name] = strings.ReplaceAll(at.way, "()", "")
		step := func(name, text string) { stops = append(stops, stop{name, strings.Replace(at.way, "%s", text, 1)}) }
		for _, possible := range a.schema.PossibleTypes[at.name] {
			if t.IsAbstractType() {
				step(possible.Name, " { ... on "+possible.Name+"%s }")
			}
		}
		for _, field := range t.Fields {
			if t.Kind == ast.Object && !strings.HasPrefix(field.Name, "__") {
				step(field.Type.Name(), " { "+a.call(field)+"%s }")
			}
		}
	}
	return ways
}

// questions returns queries that read every field of every type, depth types deep, by their field of Query.
func (a *asking) questions(depth int) map[string][]string {
	all := map[string][]string{}
	for _, field := range a.schema.Query.Fields {
		if strings.HasPrefix(field.Name, "__") {
			continue
		}
		for _, try := range rules[field.Name].tries {
			text := "{ " + field.Name + "(" + try + ")" + a.below(a.schema.Types[field.Type.Name()], depth) + " }"
			all[field.Name] = append(all[field.Name], strings.ReplaceAll(text, "()", ""))
		}
	}
	first := regexp.MustCompile(`^\{ (\w+)`)
	for name, way := range a.ways() {
		text := fmt.Sprintf(way, a.below(a.schema.Types[name], depth))
		field := first.FindStringSubmatch(text)[1]
		all[field] = append(all[field], text)
	}
	return all
}

func newAsking() *asking {
	return &asking{exec.NewExecutableSchema(exec.Config{}).Schema(), map[string]bool{"Query.__schema": true}}
}

// roles are the callers with a key of alpha, the lowest role first.
var roles = []string{"READER", "WRITER", "ADMIN", "OWNER"}

var strangers = []string{"nobody", "wrong", "expired", "revoked"}

const unauthenticated = `{"errors":[{"extensions":{"code":"UNAUTHENTICATED"},"message":"a valid API key is required: Authorization: Bearer plc_…"}]}`

// TestAccess uses every field of the schema as every caller. It checks the roles, and that objects of another project
// look like missing objects.
func TestAccess(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		a := newAsking()
		for _, root := range []*ast.Definition{a.schema.Query, a.schema.Mutation} {
			for _, field := range root.Fields {
				if _, ok := rules[field.Name]; !ok && !strings.HasPrefix(field.Name, "__") {
					t.Fatalf("%s.%s has no rule: say in rules who may use it", root.Name, field.Name)
				}
			}
		}
		w.fill(alpha, 3)
		questions := a.questions(harness.Amount(1, 2))
		before := w.reads(questions)
		w.fill(beta, 2)
		for question, answer := range w.reads(questions) {
			if answer != before[question] {
				t.Errorf("what came into another project has changed the answer to\n%s\nbefore %s\nafter  %s", question, before[question], answer)
			}
		}
		w.foreign(questions)
		w.changes(a)
		for name, definition := range a.schema.Types {
			for _, field := range definition.Fields {
				at := name + "." + field.Name
				if definition.Kind == ast.Object && !strings.HasPrefix(name, "__") && !strings.HasPrefix(field.Name, "__") &&
					name != "Query" && name != "Mutation" && !a.seen[at] {
					t.Errorf("%s was never read", at)
				}
			}
		}
	})
}
