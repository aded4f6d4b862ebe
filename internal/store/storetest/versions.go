package storetest

import (
	"fmt"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["version numbers"] = versionNumbers
	tests["aliases and their past"] = aliases
	tests["a creation is one instant"] = oneInstant
	tests["tags"] = tags
	tests["deletion of a version"] = deleteVersion
	tests["deletion of an artifact"] = deleteArtifact
}

// create creates a version of that name, "" for an automatic one, and returns name and number or the code.
func (s *suite) named(artifact, version string) string {
	s.Helper()
	input := models.CreateArtifactVersionInput{Artifact: artifact}
	if version != "" {
		input.Version = &version
	}
	v, err := s.create(input)
	if err != nil {
		return string(models.CodeOf(err))
	}
	return fmt.Sprintf("%s=%d", v.Version, v.Number)
}

func versionNumbers(s *suite) {
	for _, c := range [][2]string{
		{"", "1=1"}, {"spring", "spring=2"}, {"2", "CONFLICT"}, {"spring", "CONFLICT"}, {"", "3=3"}, {"44", "44=44"}, {"",
			"45=45"},
		{"10", "10=10"}, {"10", "CONFLICT"}, {"007", "007=46"}, {"", "47=47"}, {"999999999", "999999999=999999999"},
		{"1000000000", "1000000000=1000000000"}, {"1000000001", "1000000001=1000000001"}, {"1000000003",
			"1000000003=1000000002"},
		{"", "1000000004=1000000004"},
	} {
		s.equal(s.named("model", c[0]), c[1])
	}
}

func (s *suite) read(name models.ArtifactVersionName, asOf ...models.Time) models.ID {
	s.Helper()
	var at *models.Time
	if len(asOf) > 0 {
		at = &asOf[0]
	}
	v, err := s.ArtifactVersion(s.ctx, models.ArtifactVersionRef{Named: &name}, at)
	s.must(err)
	if v == nil {
		return models.ID{}
	}
	return v.ID
}

// oneInstant: all that a call creates is there as of the same instant.
func oneInstant(s *suite) {
	step := s.step("model")
	v, err := s.create(models.CreateArtifactVersionInput{
		Artifact: "model", Aliases: []string{"prod"}, Output: &models.StepOutputRef{StepRunID: step.ID.String(),
			Name: "model"},
	}, facts("a", "1")...)
	s.must(err)
	s.equal(s.json(v, v.CreatedAt), `{"a":"1"}`)
	s.equal(s.read(models.ArtifactVersionName{Name: "model", Alias: ref("prod")}, v.CreatedAt), v.ID)
	s.equal(s.read(models.ArtifactVersionName{Name: "model", Alias: ref("prod")},
		models.TimeFromMicros(v.CreatedAt.UnixMicro()-1)), models.ID{})
}

func aliases(s *suite) {
	one, two := s.version("model"), s.version("model")
	prod := models.ArtifactVersionName{Name: "model", Alias: ref("prod")}
	s.equal(s.read(prod), models.ID{})
	var at []models.Time
	now := func(v *models.ArtifactVersion) {
		logged, err := s.log(byID(v), facts("now", "x"))
		s.must(err)
		at = append(at, logged.Entries[0].LoggedAt)
	}
	now(one)
	for _, v := range []*models.ArtifactVersion{one, two, two} {
		_, _, err := s.SetAlias(s.ctx, store.Call{}, root, models.SetAliasInput{ArtifactVersionSelector: Select(v.ID), Alias: "prod"})
		s.must(err)
		now(one)
	}
	_, _, err := s.RemoveAlias(s.ctx, store.Call{}, root, models.RemoveAliasInput{ArtifactVersionSelector: Select(one.ID), Alias: "prod"})
	s.refused(models.CodeNotFound, err)
	s.equal(s.read(prod), two.ID)
	_, _, err = s.RemoveAlias(s.ctx, store.Call{}, root, models.RemoveAliasInput{ArtifactVersionSelector: Select(two.ID), Alias: "prod"})
	s.must(err)
	s.equal(s.read(prod), models.ID{})
	s.equal(s.read(prod, at[0]), models.ID{})
	s.equal(s.read(prod, at[1]), one.ID)
	s.equal(s.read(prod, at[2]), two.ID)
	s.equal(s.read(prod, at[3]), two.ID)
	then, err := s.Aliases(s.ctx, one.ProjectID, []models.ID{one.ID, two.ID}, &at[2])
	s.must(err)
	s.equal(then, map[models.ID][]string{two.ID: {"prod"}})
	now(one)
	three := s.version("model")
	latest := models.ArtifactVersionName{Name: "model", Alias: ref("latest")}
	s.equal(s.read(latest), three.ID)
	s.equal(s.read(models.ArtifactVersionName{Name: "model"}), three.ID)
	s.equal(s.read(latest, at[len(at)-1]), two.ID)
	// A version that is deleted is gone from the past, too, and what was before does not come back.
	_, _, err = s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(two.ID)})
	s.must(err)
	s.equal(s.read(prod, at[2]), models.ID{})
	s.equal(s.read(prod, at[1]), one.ID)
}

func tags(s *suite) {
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: "model", Tags: []string{"b", "a"},
		Aliases: []string{"prod", "dev"}})
	s.must(err)
	_, _, err = s.TagArtifactVersion(s.ctx, store.Call{}, root,
		models.TagArtifactVersionInput{ArtifactVersionSelector: Select(v.ID), Tags: []string{"c", "a", "c"}})
	s.must(err)
	_, _, err = s.UntagArtifactVersion(s.ctx, store.Call{}, root,
		models.UntagArtifactVersionInput{ArtifactVersionSelector: Select(v.ID), Tags: []string{"b", "x"}})
	s.must(err)
	found, err := s.Tags(s.ctx, v.ProjectID, []models.ID{v.ID}, nil)
	s.must(err)
	s.equal(found[v.ID], []string{"a", "c"})
	found, err = s.Tags(s.ctx, v.ProjectID, []models.ID{v.ID}, &v.CreatedAt)
	s.must(err)
	s.equal(found[v.ID], []string{"a", "b"})
	aliases, err := s.Aliases(s.ctx, v.ProjectID, []models.ID{v.ID}, nil)
	s.must(err)
	s.equal(aliases[v.ID], []string{"dev", "prod"})
}

func deleteVersion(s *suite) {
	step := s.step("model", "other")
	_, err := s.log(byContext(step, "other"), facts("waits", "on"))
	s.must(err)
	waiting, err := s.log(byContext(step, "model"), facts("waited", "x"))
	s.must(err)
	v, err := s.create(models.CreateArtifactVersionInput{
		Artifact: "model", Version: ref("spring"), Aliases: []string{"prod"}, Tags: []string{"t"},
		Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"},
	}, facts("a", "1")...)
	s.must(err)
	key := store.Call{Operation: "logMetadata", Key: ref("key"), KeyPath: root}
	write := []store.Write{{Target: byID(v), Facts: facts("b", "2"), Path: root}}
	first, _, err := s.LogMetadata(s.ctx, key, write)
	s.must(err)

	deleted, _, err := s.DeleteArtifactVersion(s.ctx, store.Call{}, root,
		models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(v.ID), Force: true})
	s.must(err)
	s.equal(deleted, v.ID)
	s.refused(models.CodeNotFound, second2(s.DeleteArtifactVersion(s.ctx, store.Call{}, root,
		models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(v.ID)})))
	s.refused(models.CodeNotFound, second(s.log(byID(v), facts("a", "1"))))
	s.refused(models.CodeNotFound, second(s.log(byContext(step, "model"), facts("a", "1"))))
	s.equal(s.json(v), `{}`)
	found, err := s.Nodes(s.ctx, []models.ID{waiting.Entries[0].ID, v.ID, waiting.Entries[0].SubjectID})
	s.must(err)
	s.equal(len(found), 1)
	output := found[waiting.Entries[0].SubjectID].(*models.StepOutput)
	s.equal([]any{output.ArtifactVersionID.IsZero(), output.BoundAt != nil, s.json(output)}, []any{true, true, `{}`})
	outputs, err := s.StepOutputs(s.ctx, step.ProjectID, []models.ID{step.ID})
	s.must(err)
	s.equal(s.json(outputs[step.ID][1]), `{"waits":"on"}`)

	again, deduplicated, err := s.LogMetadata(s.ctx, key, write)
	s.must(err)
	s.equal([]any{deduplicated, again[0].Entries[0].ID, again[0].Subject.(*models.ArtifactVersion).ID},
		[]any{true, first[0].Entries[0].ID, v.ID})
	s.equal(s.named("model", "1"), "CONFLICT")
	s.equal(s.named("model", "spring"), "spring=2")
	s.equal(s.named("model", ""), "3=3")
}

func deleteArtifact(s *suite) {
	step := s.step("model", "other")
	bound, err := s.create(models.CreateArtifactVersionInput{
		Artifact: "model", Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"},
	}, facts("a", "1")...)
	s.must(err)
	s.version("model")
	_, err = s.log(byContext(step, "other"), facts("waits", "on"))
	s.must(err)
	key := store.Call{Operation: "logMetadata", Key: ref("key"), KeyPath: root}
	write := []store.Write{{Target: byID(bound), Facts: facts("b", "2"), Path: root}}
	s.must(second2(s.LogMetadata(s.ctx, key, write)))
	_, _, err = s.DeleteArtifact(s.ctx, store.Call{}, root, models.DeleteArtifactInput{ArtifactID: bound.ArtifactID.String()})
	s.must(err)
	s.refused(models.CodeNotFound, second2(s.DeleteArtifact(s.ctx, store.Call{}, root,
		models.DeleteArtifactInput{ArtifactID: bound.ArtifactID.String()})))
	s.equal(s.json(bound), `{}`)
	there, err := s.Artifact(s.ctx, "default", "model")
	s.must(err)
	s.equal(there == nil, true)
	again, deduplicated, err := s.LogMetadata(s.ctx, key, write)
	s.must(err)
	s.equal([]any{deduplicated, again[0].Subject.(*models.ArtifactVersion).KnownArtifact.Name}, []any{true, "model"})
	s.equal(s.named("model", ""), "1=1")
	_, err = s.log(byContext(step, "other"), facts("still", "x"))
	s.must(err)
}
