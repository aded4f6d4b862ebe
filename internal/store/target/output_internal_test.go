package target

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/models"
)

// output returns an output of a step run: of a name, with an artifact name if it declares one, bound to a version of an
// artifact if bound is set.
func output(name, artifact, bound string) Output {
	row := Output{Output: models.StepOutput{ID: models.NewID(), StepRunID: models.NewID(), ProjectID: models.DefaultProjectID, Name: name}, BoundArtifact: bound}
	if artifact != "" {
		row.Output.ArtifactName = &artifact
	}
	if bound != "" {
		row.Output.BoundAt = &models.Time{}
		row.Version.ID = models.NewID()
	}
	return row
}

func TestChooseOutput(t *testing.T) {
	t.Parallel()
	alone := []Output{output("model", "", "")}
	several := []Output{
		output("a", "b", ""), output("b", "", ""), output("c", "same", ""), output("d", "same", "other"), output("e", "", "bound"),
		output("f", "", "same"), output("g", "twice", "twice"),
	}
	several[1].BoundArtifact = "stale" // of an output that is not bound
	for _, c := range []struct {
		name    string
		outputs []Output
		// artifactName is empty for none.
		artifactName string
		// want is the name of the output, or the code and the last step of the path of the error.
		want string
	}{
		{"the only output", alone, "", "model"},
		{"the only output by name", alone, "model", "model"},
		{"no output", nil, "", "NO_OUTPUTS stepContext"},
		{"no output, by name", nil, "model", "NO_OUTPUTS stepContext"},
		{"one of several outputs without a name", several, "", "AMBIGUOUS_OUTPUT stepContext"},
		{"an output name", several, "a", "a"},
		{"an output name before the artifact name of another output", several, "b", "b"},
		{"the artifact name of a bound output", several, "bound", "e"},
		{"the declared artifact name of an output that is bound to another artifact", several, "other", "d"},
		{"the same declared and bound name", several, "twice", "g"},
		{"the artifact name of several outputs", several, "same", "AMBIGUOUS_OUTPUT artifactName"},
		{"the artifact of an output that is not bound", several, "stale", "OUTPUT_NOT_FOUND artifactName"},
		{"an unknown name of the only output", alone, "models", "OUTPUT_NOT_FOUND artifactName"},
	} {
		var name *string
		if c.artifactName != "" {
			name = &c.artifactName
		}
		chosen, err := chooseOutput(models.NewPath("stepContext"), c.outputs, name)
		got := chosen.Output.Name
		var failure *models.Error
		if errors.As(err, &failure) {
			got = fmt.Sprint(failure.Code, " ", failure.Path[len(failure.Path)-1])
			if !slices.Equal(failure.Candidates, outputNames(c.outputs)) {
				t.Errorf("%s: candidates %v", c.name, failure.Candidates)
			}
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s (%v)", c.name, got, c.want, err)
		}
	}
	long := strings.Repeat("x", 10_000)
	if _, err := chooseOutput(models.NewPath("stepContext"), alone, &long); err == nil || len(err.Error()) > 1000 {
		t.Errorf("the error repeats the whole name: %.50v", err)
	}
}

// TestResolvedOutput checks the subject of an output that waits for its version, of a bound one, of one that re-uses a
// version, and of one whose version has been deleted.
func TestResolvedOutput(t *testing.T) {
	t.Parallel()
	pending, bound, reused, deleted := output("a", "", ""), output("b", "", "x"), output("c", "", "x"), output("d", "", "x")
	bound.Version.SubjectID, reused.Version.SubjectID = bound.Output.ID, models.NewID()
	deleted.Version = models.ArtifactVersion{}
	for _, c := range []struct {
		name    string
		row     *Output
		subject models.ID
		version models.ID
		object  models.Subject
	}{
		{"pending", &pending, pending.Output.ID, models.ID{}, &pending.Output},
		{"bound", &bound, bound.Output.ID, bound.Version.ID, &bound.Version},
		{"re-used", &reused, reused.Version.SubjectID, reused.Version.ID, &reused.Version},
	} {
		got, err := resolvedOutput(models.NewPath("stepContext"), *c.row)
		id := func(s models.Subject) string { return fmt.Sprintf("%T %+v", s, s) }
		if err != nil || got.Project != models.DefaultProjectID || got.Subject != c.subject ||
			got.StepRun != c.row.Output.StepRunID || got.Version != c.version || id(got.Object) != id(c.object) {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
	var failure *models.Error
	got, err := resolvedOutput(models.NewPath("stepContext"), deleted)
	if !errors.As(err, &failure) || failure.Code != models.CodeNotFound || !slices.Equal(failure.Path, []any{"stepContext"}) || got.Project != models.DefaultProjectID {
		t.Errorf("deleted: got %+v, %v", got, err)
	}
}
