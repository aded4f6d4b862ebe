package operation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// TestReplacements checks that each replacement is in the schema, and that the name that it replaces is not.
func TestReplacements(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../graph/schema/*.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	var sources []*ast.Source
	for _, path := range append(paths, "../../schema.graphqls") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: path, Input: string(text)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	for name, replacement := range replacements {
		if findReplacement(schema, name) == "" {
			t.Errorf("%s: the schema has no %q", name, replacement)
		}
		typeName, member, isMember := strings.Cut(name, ".")
		fieldName, argument, isArgument := strings.Cut(strings.TrimSuffix(member, ")"), "(")
		definition := schema.Types[typeName]
		switch {
		case !isMember:
			if definition != nil {
				t.Errorf("the schema has the type %s", name)
			}
		case isArgument:
			if argumentFields(definition.Fields.ForName(fieldName)).ForName(argument) != nil {
				t.Errorf("the schema has the argument %s", name)
			}
		case definition.Fields.ForName(fieldName) != nil:
			t.Errorf("the schema has the field %s", name)
		}
	}
}

// TestReplacementMessages checks the spelling of replacements, and that none is named that a schema does not have.
func TestReplacementMessages(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { artifactVersions(where: ArtifactVersionFilter): ArtifactVersion viewer: String }
		type ArtifactVersion { producer: Producer }
		type Producer { stepRun: StepRun }
		type StepRun { id: ID }
		input ArtifactVersionFilter { artifact: StringFilter producedBy: Producers }
		input Producers { step: StringFilter }
		input StringFilter { eq: String }`})
	for name, want := range map[string]string{
		"TextFilter":                       `; use "StringFilter"`,
		"Query.me":                         `; use "viewer"`,
		"ArtifactVersion.stepRun":          `; use "producer { stepRun }"`,
		"Query.artifactVersions(artifact)": `; use "where: {artifact: {eq: …}}"`,
		"Query.artifactVersions(filter)":   `; use "where"`,
		"TimeFilter":                       "",
		"Query.runs":                       "",
		"Mutation.addTag":                  "",
		"ArtifactVersion.pipelineRun":      "",
		"ArtifactVersionFilter.pipeline":   "",
		"Artifact.versions(filter)":        "",
		"Query.unknown":                    "",
	} {
		if got := findReplacement(schema, name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
