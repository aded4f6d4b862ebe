package storetest

import (
	"fmt"

	"github.com/placard/placard/models"
)

func init() {
	tests["latest entry and history"] = latestAndHistory
	tests["facts wait for their artifact"] = factsWait
	tests["everything has a node"] = nodes
}

func latestAndHistory(s *suite) {
	v := s.version("model")
	for i := range 3 {
		logged, err := s.log(byID(v), facts("epoch", fmt.Sprint(i), fmt.Sprint("only ", i), "x"))
		s.must(err)
		s.equal(len(logged.Entries), 2)
		s.equal(logged.Entries[0].LoggedAt, logged.Entries[1].LoggedAt)
	}
	s.equal(s.json(v), `{"epoch":"2","only 0":"x","only 1":"x","only 2":"x"}`)
}

func factsWait(s *suite) {
	step := s.step("model")
	before, err := s.log(byContext(step), facts("epoch", "1"))
	s.must(err)
	output, ok := before.Subject.(*models.StepOutput)
	s.equal(ok, true)
	s.equal(s.json(output), `{"epoch":"1"}`)
	v, err := s.create(models.CreateArtifactVersionInput{
		Artifact: "model", Output: &models.StepOutputReference{StepRunID: step.ID.String(), Name: "model"},
	}, facts("size", "2")...)
	s.must(err)
	s.equal(s.json(v), `{"epoch":"1","size":"2"}`)
	after, err := s.log(byContext(step, "model"), facts("epoch", "3"))
	s.must(err)
	s.equal(after.Subject.(*models.ArtifactVersion).ID, v.ID)
	s.equal(s.json(v), `{"epoch":"3","size":"2"}`)
	s.equal(s.json(output), `{"epoch":"3","size":"2"}`)
	s.equal(s.json(output, before.Entries[0].LoggedAt), `{"epoch":"1"}`)
	_, err = s.create(models.CreateArtifactVersionInput{
		Artifact: "other", Output: &models.StepOutputReference{StepRunID: step.ID.String(), Name: "model"},
	})
	s.refused(models.CodeConflict, err)
}

func nodes(s *suite) {
	step := s.step("model")
	logged, err := s.log(byContext(step), facts("a", "1"))
	s.must(err)
	v := s.version("model")
	ids := []models.ID{step.ID, step.PipelineRunID, logged.Entries[0].ID, v.ID, v.ArtifactID, models.DefaultProjectID,
		logged.Entries[0].SubjectID, models.NewID()}
	found, err := s.Nodes(s.ctx, ids)
	s.must(err)
	s.equal(len(found), 7)
}
