package storetest

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["selectors of another project"] = selectorsElsewhere
	tests["selectors of all forms in one call"] = selectorsTogether
	tests["selectors of deleted versions"] = selectorsDeleted
}

// logAs stores a fact about each target as a caller, and returns the subjects or the error.
func (s *suite) logAs(ctx context.Context, targets ...models.MetadataTarget) string {
	s.Helper()
	writes := make([]store.Write, len(targets))
	for i, target := range targets {
		writes[i] = store.Write{Target: target, Facts: facts("a", "1"), Path: root.Child(i)}
	}
	logged, _, err := s.LogMetadata(ctx, store.Call{Operation: "logMetadata"}, writes)
	if err != nil {
		failure := s.refused(models.CodeOf(err), err)
		return fmt.Sprintf("%s %v %v", failure.Code, failure.Path, failure.Candidates)
	}
	subjects := make([]string, len(logged))
	for i, one := range logged {
		_, id, _ := one.Subject.MetadataRef()
		subjects[i] = fmt.Sprintf("%T %s", one.Subject, id)
	}
	return fmt.Sprint(subjects)
}

func nameTarget(project, artifact, alias string) models.MetadataTarget {
	name := &models.ArtifactVersionName{Name: artifact, Alias: &alias}
	if project != "" {
		name.Project = &project
	}
	return models.MetadataTarget{ArtifactVersion: name}
}

// selectorsElsewhere resolves selectors of each form in a project that the caller reaches, and in one that it does not.
func selectorsElsewhere(s *suite) {
	_, err := s.CreateProject(s.ctx, root, "other")
	s.must(err)
	other := "other"
	theirs, err := s.create(models.CreateArtifactVersionInput{Project: &other, Artifact: "model"})
	s.must(err)
	s.version("modern")
	run, _, err := s.StartPipelineRun(s.ctx, store.Call{}, root, models.StartPipelineRunInput{Project: &other, Pipeline: "training"})
	s.must(err)
	step, _, err := s.StartStepRun(s.ctx, store.Call{}, root, models.StartStepRunInput{
		PipelineRunID: run.ID.String(), Name: "train", Outputs: []models.StepOutputDeclaration{{Name: "out"}},
	})
	s.must(err)
	key := auth.Principal{KeyID: models.NewID(), Project: models.DefaultProjectID, ProjectName: "default", Role: models.ApiKeyRoleWriter}
	reader := auth.NewContext(context.Background(), key)
	outputs, err := s.StepOutputs(s.ctx, step.ProjectID, []models.ID{step.ID})
	s.must(err)
	for _, c := range []struct {
		target        models.MetadataTarget
		found, hidden string
	}{
		{byID(theirs), "*models.ArtifactVersion " + theirs.SubjectID.String(), "NOT_FOUND [input 0 target artifactVersionId] []"},
		{nameTarget("other", "model", "latest"), "*models.ArtifactVersion " + theirs.SubjectID.String(),
			"NOT_FOUND [input 0 target artifactVersion project] []"},
		{byContext(step), "*models.StepOutput " + outputs[step.ID][0].ID.String(), "NOT_FOUND [input 0 target stepContext stepRunId] []"},
		{byContext(step, "nix"), "", "NOT_FOUND [input 0 target stepContext stepRunId] []"},
		{models.MetadataTarget{StepRunID: ref(step.ID.String())}, "*models.StepRun " + step.ID.String(), "NOT_FOUND [input 0 target stepRunId] []"},
		{models.MetadataTarget{PipelineRunID: ref(run.ID.String())}, "*models.PipelineRun " + run.ID.String(),
			"NOT_FOUND [input 0 target pipelineRunId] []"},
	} {
		s.equal(s.logAs(reader, c.target), c.hidden)
		if c.found != "" {
			s.equal(s.logAs(s.ctx, c.target), "["+c.found+"]")
		}
	}
	s.equal(s.logAs(s.ctx, nameTarget("", "model", "latest")), "NOT_FOUND [input 0 target artifactVersion name] [modern]")
	s.equal(s.logAs(s.ctx, nameTarget("other", "modern", "latest")), "NOT_FOUND [input 0 target artifactVersion name] [model]")
	s.equal(s.logAs(s.ctx, nameTarget("", "modern", "latest"), nameTarget("other", "model", "latest")), "BAD_INPUT [input 1 target] []")
}

// selectorsTogether resolves selectors of all forms, twice each, in one call.
func selectorsTogether(s *suite) {
	one, two, step, other := s.version("one"), s.version("two"), s.step("out"), s.step("first", "second")
	outputs, err := s.StepOutputs(s.ctx, step.ProjectID, []models.ID{step.ID, other.ID})
	s.must(err)
	targets := []models.MetadataTarget{
		nameTarget("", "two", "latest"), byContext(other, "second"), {PipelineRunID: ref(other.PipelineRunID.String())}, byID(one),
		{StepRunID: ref(step.ID.String())}, nameTarget("default", "one", "latest"), byContext(step), {PipelineRunID: ref(step.PipelineRunID.String())},
		byID(two), {StepRunID: ref(other.ID.String())},
	}
	version, output, stepRun, run := "*models.ArtifactVersion ", "*models.StepOutput ", "*models.StepRun ", "*models.PipelineRun "
	s.equal(s.logAs(s.ctx, targets...), fmt.Sprint([]string{
		version + two.SubjectID.String(), output + outputs[other.ID][1].ID.String(), run + other.PipelineRunID.String(), version + one.SubjectID.String(),
		stepRun + step.ID.String(), version + one.SubjectID.String(), output + outputs[step.ID][0].ID.String(), run + step.PipelineRunID.String(),
		version + two.SubjectID.String(), stepRun + other.ID.String(),
	}))
	unknown := models.NewID().String()
	s.equal(s.logAs(s.ctx, append(targets, models.MetadataTarget{StepRunID: &unknown})...), "NOT_FOUND [input 10 target stepRunId] []")
}

// selectorsDeleted resolves selectors of a version that has been deleted.
func selectorsDeleted(s *suite) {
	step := s.step("out")
	bind := &models.StepOutputRef{StepRunID: step.ID.String(), Name: "out"}
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: "model", Output: bind})
	s.must(err)
	subject := "[*models.ArtifactVersion " + v.SubjectID.String() + "]"
	s.equal(s.logAs(s.ctx, byContext(step)), subject)
	s.equal(s.logAs(s.ctx, byContext(step, "model")), subject)
	_, _, err = s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(v.ID)})
	s.must(err)
	s.equal(s.logAs(s.ctx, byContext(step)), "NOT_FOUND [input 0 target stepContext] []")
	s.equal(s.logAs(s.ctx, byID(v)), "NOT_FOUND [input 0 target artifactVersionId] []")
	s.equal(s.logAs(s.ctx, nameTarget("", "model", "latest")), "NOT_FOUND [input 0 target artifactVersion alias] []")
	s.equal(s.logAs(s.ctx, models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: "model", Version: &v.Version}}),
		"NOT_FOUND [input 0 target artifactVersion version] []")
}
