package storetest

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["versions of mutations by reference"] = references
	tests["references of step inputs"] = inputReferences
	tests["a moved alias is resolved under the lock"] = movedReference
}

// named returns the selector of a version by name.
func named(name models.ArtifactVersionName) models.ArtifactVersionSelector {
	return models.ArtifactVersionSelector{ArtifactVersion: &models.ArtifactVersionRef{Named: &name}}
}

// references changes a version by each form of selector, with the same number of statements.
func references(s *suite) {
	old, v := s.version("model"), s.version("model")
	_, _, err := s.SetAlias(s.ctx, store.Call{}, root, models.SetAliasInput{ArtifactVersionSelector: Select(v.ID), Alias: "prod"})
	s.must(err)
	id := v.ID.String()
	forms := []models.ArtifactVersionSelector{
		Select(v.ID), {ArtifactVersion: &models.ArtifactVersionRef{ID: &id}},
		named(models.ArtifactVersionName{Name: "model", Version: ref("2")}),
		named(models.ArtifactVersionName{Name: "model", Number: ref(int32(2))}),
		named(models.ArtifactVersionName{Name: "model", Alias: ref("prod")}),
		named(models.ArtifactVersionName{Name: "model", Alias: ref("latest"), Project: ref("default")}),
	}
	var byID int64
	for i, form := range forms {
		alias, tags := fmt.Sprint("a", i), []string{fmt.Sprint("t", i)}
		found := []*models.ArtifactVersion{}
		change := func(v *models.ArtifactVersion, _ bool, err error) {
			s.must(err)
			found = append(found, v)
		}
		cost := s.costs(func(ctx context.Context) {
			change(s.SetAlias(ctx, store.Call{}, root, models.SetAliasInput{ArtifactVersionSelector: form, Alias: alias}))
			change(s.RemoveAlias(ctx, store.Call{}, root, models.RemoveAliasInput{ArtifactVersionSelector: form, Alias: alias}))
			change(s.TagArtifactVersion(ctx, store.Call{}, root, models.TagArtifactVersionInput{ArtifactVersionSelector: form, Tags: tags}))
			change(s.UntagArtifactVersion(ctx, store.Call{}, root,
				models.UntagArtifactVersionInput{ArtifactVersionSelector: form, Tags: tags}))
		})
		for _, one := range found {
			s.equal([]any{one.ID, one.KnownArtifact.Name}, []any{v.ID, "model"})
		}
		if i == 0 {
			byID = cost
		}
		s.equal(cost, byID)
	}
	for name, want := range map[*models.ArtifactVersionName]string{
		{Name: "modle", Version: ref("1")}:                             `name [model]`,
		{Name: "model", Version: ref("3")}:                             `version []`,
		{Name: "model", Number: ref(int32(0))}:                         `number []`,
		{Name: "model", Alias: ref("prd")}:                             `alias [prod]`,
		{Name: "model", Alias: ref("prod"), Project: ref("elsewhere")}: `project []`,
	} {
		_, _, err := s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: named(*name)})
		failure := s.refused(models.CodeNotFound, err)
		s.equal(failure.Path[:3], []any{"input", "artifactVersion", "named"})
		s.equal(fmt.Sprint(failure.Path[3], " ", failure.Candidates), want)
	}
	missing := models.NewID().String()
	byRef := models.ArtifactVersionSelector{ArtifactVersion: &models.ArtifactVersionRef{ID: &missing}}
	_, _, err = s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: byRef})
	s.equal(s.refused(models.CodeNotFound, err).Path, []any{"input", "artifactVersion", "id"})
	_, _, err = s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(models.NewID())})
	s.equal(s.refused(models.CodeNotFound, err).Path, []any{"input", "artifactVersionId"})

	deleted, _, err := s.DeleteArtifactVersion(s.ctx, store.Call{}, root,
		models.DeleteArtifactVersionInput{ArtifactVersionSelector: forms[4], Force: true})
	s.must(err)
	s.equal(deleted, v.ID)
	_, _, err = s.DeleteArtifactVersion(s.ctx, store.Call{}, root,
		models.DeleteArtifactVersionInput{ArtifactVersionSelector: forms[4], Force: true})
	s.equal(s.refused(models.CodeNotFound, err).Path, []any{"input", "artifactVersion", "named", "alias"})
	deleted, _, err = s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: forms[5], Force: true})
	s.must(err)
	s.equal(deleted, old.ID)
}

// inputReferences starts steps with inputs by ID and by name.
func inputReferences(s *suite) {
	one, two := s.version("data"), s.version("data")
	start := func(ctx context.Context, call store.Call, inputs ...models.ArtifactVersionSelector) (*models.StepRun, bool, error) {
		input := models.StartStepRunInput{PipelineRunID: s.run().ID.String(), Name: "train"}
		if call.Key != nil {
			input.PipelineRunID = *call.Key
			call.Operation, call.KeyPath = "startStepRun", root.Child("idempotencyKey")
		}
		for i, selector := range inputs {
			input.Inputs = append(input.Inputs, models.StepInputDeclaration{Name: fmt.Sprint(i), ArtifactVersionSelector: selector})
		}
		return s.StartStepRun(ctx, call, root, input)
	}
	latest := named(models.ArtifactVersionName{Name: "data", Alias: ref("latest")})
	first := named(models.ArtifactVersionName{Name: "data", Number: ref(int32(1))})
	step, _, err := start(s.ctx, store.Call{}, latest, Select(one.ID), first)
	s.must(err)
	inputs, err := s.StepInputs(s.ctx, step.ProjectID, []models.ID{step.ID})
	s.must(err)
	var got []models.ID
	for _, input := range inputs[step.ID] {
		got = append(got, input.ArtifactVersionID)
	}
	s.equal(got, []models.ID{two.ID, one.ID, one.ID})
	cost := func(inputs ...models.ArtifactVersionSelector) int64 {
		return s.costs(func(ctx context.Context) {
			_, _, err := start(ctx, store.Call{}, inputs...)
			s.must(err)
		})
	}
	byID, byName, both := cost(Select(one.ID), Select(two.ID)), cost(latest, first), cost(Select(one.ID), latest)
	if byName > byID || both > byID+1 {
		s.Errorf("inputs take %d statements by ID, %d by name, %d by both", byID, byName, both)
	}

	_, _, err = start(s.ctx, store.Call{}, latest, named(models.ArtifactVersionName{Name: "data", Version: ref("4")}))
	failure := s.refused(models.CodeNotFound, err)
	s.equal(failure.Path, []any{"input", "inputs", 1, "artifactVersion", "named", "version"})
	_, err = s.CreateProject(s.ctx, root, "other")
	s.must(err)
	_, err = s.create(models.CreateArtifactVersionInput{Project: ref("other"), Artifact: "data"})
	s.must(err)
	_, _, err = start(s.ctx, store.Call{},
		named(models.ArtifactVersionName{Project: ref("other"), Name: "data", Number: ref(int32(1))}))
	s.equal(s.refused(models.CodeNotFound, err).Path, []any{"input", "inputs", 0, "artifactVersion"})

	// A repeated call compares names, not the versions that they had.
	run := s.run().ID.String()
	_, _, err = start(s.ctx, store.Call{Key: &run}, latest, Select(one.ID))
	s.must(err)
	s.version("data")
	id := one.ID.String()
	same := models.ArtifactVersionSelector{ArtifactVersion: &models.ArtifactVersionRef{ID: &id}}
	withProject := named(models.ArtifactVersionName{Project: ref("default"), Name: "data", Alias: ref("latest")})
	_, again, err := start(s.ctx, store.Call{Key: &run}, withProject, same)
	s.must(err)
	s.equal(again, true)
	_, _, err = start(s.ctx, store.Call{Key: &run}, first, same)
	s.refused(models.CodeIdempotencyKeyReused, err)
}

// movedReference moves an alias and tags its version at the same time: each tag is on a version that had the alias.
func movedReference(s *suite) {
	one, two := s.version("model"), s.version("model")
	set := func(v *models.ArtifactVersion) {
		_, _, err := s.SetAlias(s.ctx, store.Call{}, root, models.SetAliasInput{ArtifactVersionSelector: Select(v.ID), Alias: "prod"})
		s.must(err)
	}
	set(one)
	prod := named(models.ArtifactVersionName{Name: "model", Alias: ref("prod")})
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 20 && err == nil; i++ {
			_, _, err = s.TagArtifactVersion(s.ctx, store.Call{}, root,
				models.TagArtifactVersionInput{ArtifactVersionSelector: prod, Tags: []string{fmt.Sprint(i)}})
		}
		done <- err
	}()
	for i := range 20 {
		set([]*models.ArtifactVersion{two, one}[i%2])
	}
	s.must(harness.Receive(s, "the tags", done))
	tags, err := s.Tags(s.ctx, one.ProjectID, []models.ID{one.ID, two.ID}, nil)
	s.must(err)
	s.equal(len(tags[one.ID])+len(tags[two.ID]), 20)
}
