package storetest

import (
	"fmt"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["every selector"] = selectors
	tests["near names"] = nearNames
	tests["facts wait for their artifact"] = factsWait
	tests["output names before artifact names"] = outputNames
	tests["outputs of another project"] = outputsElsewhere
}

// selectors goes through the table of docs/reference/selectors.md row by row.
func selectors(s *suite) {
	one, two := s.version("model"), s.version("model")
	_, _, err := s.SetAlias(s.ctx, store.Call{}, root, models.SetAliasInput{ArtifactVersionSelector: Select(one.ID), Alias: "prod"})
	s.must(err)
	alone, several, none := s.step("model"), s.step("train", "test"), s.step()
	name := func(version, alias string) models.MetadataTarget {
		n := &models.ArtifactVersionName{Name: "model"}
		if version != "" {
			n.Version = &version
		}
		if alias != "" {
			n.Alias = &alias
		}
		return models.MetadataTarget{ArtifactVersion: n}
	}
	unknown := models.NewID().String()
	for what, c := range map[string]struct {
		target models.MetadataTarget
		want   string
	}{
		"version ID": {byID(two), two.ID.String()},
		"unknown version ID": {models.MetadataTarget{ArtifactVersionID: &unknown},
			"NOT_FOUND [input target artifactVersionId] []"},
		"no ID": {models.MetadataTarget{ArtifactVersionID: ref("garbage\x00")},
			"NOT_FOUND [input target artifactVersionId] []"},
		"name and version":       {name("1", ""), one.ID.String()},
		"unknown version":        {name("9", ""), "NOT_FOUND [input target artifactVersion version] []"},
		"alias":                  {name("", "prod"), one.ID.String()},
		"computed alias":         {name("", "latest"), two.ID.String()},
		"unknown alias":          {name("", "dev"), "NOT_FOUND [input target artifactVersion alias] []"},
		"name alone":             {name("", ""), "BAD_INPUT [input target artifactVersion] []"},
		"version and alias":      {name("1", "prod"), "BAD_INPUT [input target artifactVersion] []"},
		"nothing":                {models.MetadataTarget{}, "BAD_INPUT [input target] []"},
		"the only output":        {byContext(alone), "output"},
		"of several outputs":     {byContext(several), "AMBIGUOUS_OUTPUT [input target stepContext] [train test]"},
		"one of several outputs": {byContext(several, "test"), "output"},
		"an unknown output": {byContext(several, "validate"),
			"OUTPUT_NOT_FOUND [input target stepContext artifactName] [train test]"},
		"an empty output name":    {byContext(several, ""), "BAD_INPUT [input target stepContext artifactName] []"},
		"no outputs":              {byContext(none), "NO_OUTPUTS [input target stepContext] []"},
		"no outputs, with a name": {byContext(none, "model"), "NO_OUTPUTS [input target stepContext] []"},
		"unknown step run": {models.MetadataTarget{StepContext: &models.StepContext{StepRunID: unknown}},
			"NOT_FOUND [input target stepContext stepRunId] []"},
		"step run":     {models.MetadataTarget{StepRunID: ref(none.ID.String())}, none.ID.String()},
		"pipeline run": {models.MetadataTarget{PipelineRunID: ref(none.PipelineRunID.String())}, none.PipelineRunID.String()},
		"no such run":  {models.MetadataTarget{PipelineRunID: &unknown}, "NOT_FOUND [input target pipelineRunId] []"},
	} {
		logged, err := s.log(c.target, facts("a", "1"))
		got := ""
		switch subject := logged.Subject.(type) {
		case *models.ArtifactVersion:
			got = subject.ID.String()
		case *models.StepOutput:
			got = "output"
		case *models.StepRun:
			got = subject.ID.String()
		case *models.PipelineRun:
			got = subject.ID.String()
		}
		if err != nil {
			failure := s.refused(models.CodeOf(err), err)
			got = fmt.Sprintf("%s %v %v", failure.Code, failure.Path, failure.Candidates)
		}
		if got != c.want {
			s.Errorf("%s: got %s, want %s (%v)", what, got, c.want, err)
		}
	}
}

func nearNames(s *suite) {
	for _, name := range []string{"churn_model", "churn_modle", "training_data"} {
		s.version(name)
	}
	_, err := s.log(models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: "chrun_model",
		Version: ref("1")}}, facts("a", "1"))
	failure := s.refused(models.CodeNotFound, err)
	s.equal(failure.Candidates, []string{"churn_model", "churn_modle"})
	s.equal(failure.Path, []any{"input", "target", "artifactVersion", "name"})
	for n := range 12 {
		_, err := s.create(models.CreateArtifactVersionInput{Artifact: "many", Version: ref(fmt.Sprintf("spring-%d", n))})
		s.must(err)
	}
	_, err = s.log(models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: "many",
		Version: ref("spring-20")}}, facts("a", "1"))
	failure = s.refused(models.CodeNotFound, err)
	s.equal(len(failure.Candidates), 10)
	_, err = s.log(models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: "many", Number: ref(int32(13))}},
		facts("a", "1"))
	failure = s.refused(models.CodeNotFound, err)
	s.equal([]any{failure.Path, len(failure.Candidates)}, []any{[]any{"input", "target", "artifactVersion", "number"}, 0})
	_, err = s.log(models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Project: ref("none"), Name: "many",
		Version: ref("1")}}, facts("a", "1"))
	s.equal(s.refused(models.CodeNotFound, err).Path[3], "project")
}

// outputsElsewhere saves versions in one project from the output of a step in another one. The store returns the error
// for an unknown step run, also for an unknown output name.
func outputsElsewhere(s *suite) {
	other, err := s.CreateProject(s.ctx, root, "other")
	s.must(err)
	save := func(project *string, step, output string) string {
		_, err := s.create(models.CreateArtifactVersionInput{
			Project: project, Artifact: "model", Output: &models.StepOutputRef{StepRunID: step, Name: output},
		})
		failure := s.refused(models.CodeOf(err), err)
		return fmt.Sprintf("%s %v %v: %s", failure.Code, failure.Path, failure.Candidates, failure.Message)
	}
	step, none, unknown := s.step("train", "test").ID.String(), s.step().ID.String(), models.NewID().String()
	missing := "NOT_FOUND [input output stepRunId] []: there is no step run with this ID"
	for _, id := range []string{step, none, unknown} {
		for _, output := range []string{"train", "nix"} {
			s.equal(save(&other.Name, id, output), missing)
		}
	}
	s.equal(save(nil, unknown, "nix"), missing)
	s.equal(save(nil, step, "nix"),
		`OUTPUT_NOT_FOUND [input output name] [train test]: the step run has no output "nix"; its outputs are "train", "test"`)
	s.equal(save(nil, none, "nix"),
		`OUTPUT_NOT_FOUND [input output name] []: the step run has no output "nix", because it has none`)
	s.equal(save(ref("none"), step, "train"), `NOT_FOUND [input project] []: there is no project "none"`)
}

func factsWait(s *suite) {
	step := s.step("model")
	before, err := s.log(byContext(step), facts("epoch", "1"))
	s.must(err)
	output, ok := before.Subject.(*models.StepOutput)
	s.equal(ok, true)
	s.equal(s.json(output), `{"epoch":"1"}`)
	bind := models.CreateArtifactVersionInput{
		Artifact: "model", Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"},
	}
	v, err := s.create(bind, facts("size", "2")...)
	s.must(err)
	s.equal(s.json(v), `{"epoch":"1","size":"2"}`)
	after, err := s.log(byContext(step, "model"), facts("epoch", "3"))
	s.must(err)
	s.equal(after.Subject.(*models.ArtifactVersion).ID, v.ID)
	s.equal(s.json(v), `{"epoch":"3","size":"2"}`)
	s.equal(s.json(output), `{"epoch":"3","size":"2"}`)
	s.equal(s.json(output, before.Entries[0].LoggedAt), `{"epoch":"1"}`)
	history, err := s.History(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, store.HistoryFilter{}, models.Page{Size: 9})
	s.must(err)
	oldest := history[v.SubjectID].Nodes()[2]
	s.equal([]any{oldest.ID, oldest.Seq, oldest.LoggedAt},
		[]any{before.Entries[0].ID, before.Entries[0].Seq, before.Entries[0].LoggedAt})
	bind.Artifact = "other"
	_, err = s.create(bind)
	s.refused(models.CodeConflict, err)
	bind.Output.Name = "unknown"
	_, err = s.create(bind)
	s.equal(s.refused(models.CodeOutputNotFound, err).Candidates, []string{"model"})
	bind.Output = &models.StepOutputRef{StepRunID: s.step().ID.String(), Name: "model"}
	_, err = s.create(bind)
	s.equal(s.refused(models.CodeOutputNotFound, err).Candidates, []string{})
	there, err := s.Artifact(s.ctx, "default", "other")
	s.must(err)
	s.equal(there == nil, true)
}

func outputNames(s *suite) {
	step, _, err := s.StartStepRun(s.ctx, store.Call{}, root, models.StartStepRunInput{
		PipelineRunID: s.run().ID.String(), Name: "split", Outputs: []models.StepOutputDeclaration{
			{Name: "a", ArtifactName: ref("b")}, {Name: "b"}, {Name: "c", ArtifactName: ref("same")}, {Name: "d",
				ArtifactName: ref("same")}, {Name: "e"},
		},
	})
	s.must(err)
	output := func(name string) (string, error) {
		logged, err := s.log(byContext(step, name), facts("k", "v"))
		if err != nil {
			return "", err
		}
		return logged.Subject.(*models.StepOutput).Name, nil
	}
	got, err := output("b")
	s.must(err)
	s.equal(got, "b")
	_, err = output("same")
	s.refused(models.CodeAmbiguousOutput, err)
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: "bound",
		Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "e"}})
	s.must(err)
	logged, err := s.log(byContext(step, "bound"), facts("k", "v"))
	s.must(err)
	s.equal(logged.Subject.(*models.ArtifactVersion).ID, v.ID)
}
