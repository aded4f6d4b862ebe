package storetest

import (
	"fmt"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["latest entry and history"] = latestAndHistory
	tests["places of keys and cards"] = places
	tests["the past"] = past
	tests["retraction"] = retraction
	tests["pages of history"] = historyPages
	tests["pages of versions"] = versionPages
	tests["everything has a node"] = nodes
	tests["runs end once"] = runsEnd
	tests["projects"] = projects
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
	one, err := s.latestOf(v, "epoch", nil)
	s.must(err)
	s.equal(*one[0].Text, `"2"`)
}

// latestOf returns the latest entry of a key without a card as a list of one, an empty list if the key has no value.
func (s *suite) latestOf(v *models.ArtifactVersion, key string, asOf *models.Time) ([]*models.MetadataEntry, error) {
	found, err := s.LatestOfKeys(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, []models.MetadataKey{{Key: key}}, asOf)
	return found[v.SubjectID], err
}

// places: a key keeps the place of its first entry, and a card that of its first key, also after retractions.
func places(s *suite) {
	v := s.version("model")
	card := func(card, key string) models.Fact {
		return models.Fact{Card: card, Key: key, Kind: models.MetadataKindInteger, Text: "1"}
	}
	for _, fact := range []models.Fact{card("b", "x"), card("a", "y"), card("", "last"), card("b", "z")} {
		_, err := s.log(byID(v), []models.Fact{fact})
		s.must(err)
	}
	before := s.json(v)
	s.equal(before, `{"last":1,"b":{"x":1,"z":1},"a":{"y":1}}`)
	_, err := s.retract(v, models.MetadataKeyInput{Key: "x", Card: ref("b")}, models.MetadataKeyInput{Key: "last"})
	s.must(err)
	s.equal(s.json(v), `{"b":{"z":1},"a":{"y":1}}`)
	_, err = s.log(byID(v), []models.Fact{card("", "last"), card("b", "x")})
	s.must(err)
	s.equal(s.json(v), before)
}

func past(s *suite) {
	v := s.version("model")
	var at []models.Time
	for i := range 3 {
		logged, err := s.log(byID(v), facts("n", fmt.Sprint(i), fmt.Sprint("k", i), "x"))
		s.must(err)
		at = append(at, logged.Entries[0].LoggedAt)
	}
	_, err := s.retract(v, models.MetadataKeyInput{Key: "k0"})
	s.must(err)
	s.equal(s.json(v), `{"n":"2","k1":"x","k2":"x"}`)
	s.equal(s.json(v, at[0]), `{"n":"0","k0":"x"}`)
	s.equal(s.json(v, at[1]), `{"n":"1","k0":"x","k1":"x"}`)
	s.equal(s.json(v, at[2]), `{"n":"2","k0":"x","k1":"x","k2":"x"}`)
	s.equal(s.json(v, models.TimeFromMicros(at[0].UnixMicro()-1)), `{}`)
	one, err := s.latestOf(v, "n", &at[1])
	s.must(err)
	s.equal(*one[0].Text, `"1"`)
}

func (s *suite) retract(v *models.ArtifactVersion, keys ...models.MetadataKeyInput) (store.Logged, error) {
	logged, _, err := s.RetractMetadata(s.ctx, store.Call{}, root,
		store.Retraction{Target: byID(v), Keys: keys, Reason: ref("typo")})
	return logged, err
}

func retraction(s *suite) {
	v := s.version("model")
	_, err := s.log(byID(v), facts("a", "1", "b", "2"))
	s.must(err)
	failure := s.refused(models.CodeNotFound,
		second(s.retract(v, models.MetadataKeyInput{Key: "a"}, models.MetadataKeyInput{Key: "c"})))
	s.equal(failure.Path, []any{"input", "keys", 1})
	s.equal(s.json(v), `{"a":"1","b":"2"}`)
	logged, err := s.retract(v, models.MetadataKeyInput{Key: "a"})
	s.must(err)
	s.equal(*logged.Entries[0].Reason, "typo")
	s.refused(models.CodeNotFound, second(s.retract(v, models.MetadataKeyInput{Key: "a"})))
	s.refused(models.CodeNotFound, second(s.retract(v, models.MetadataKeyInput{Key: "b", Card: ref("b")})))
}

func second2[T, U any](_ T, _ U, err error) error { return err }

func second[T any](_ T, err error) error { return err }

func historyPages(s *suite) {
	v := s.version("model")
	for i := range 7 {
		_, err := s.log(byID(v), facts("n", fmt.Sprint(i), "other", "x"))
		s.must(err)
	}
	var seen []string
	page := models.Page{Size: 3, Count: true}
	for {
		found, err := s.History(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, store.HistoryFilter{OnlyKey: true, Key: "n"},
			page)
		s.must(err)
		connection := found[v.SubjectID]
		s.equal(connection.TotalCount, 7)
		for _, entry := range connection.Nodes() {
			seen = append(seen, *entry.Text)
		}
		if !connection.PageInfo.HasNextPage {
			break
		}
		page.After = *connection.PageInfo.EndCursor
		_, err = s.log(byID(v), facts("new", fmt.Sprint(len(seen))))
		s.must(err)
	}
	s.equal(seen, []string{`"6"`, `"5"`, `"4"`, `"3"`, `"2"`, `"1"`, `"0"`})
	many := make([]models.ID, 600)
	for i := range many {
		many[i] = models.NewID()
	}
	many = append(many, v.SubjectID)
	found, err := s.History(s.ctx, v.ProjectID, many, store.HistoryFilter{}, models.Page{Size: 2, Count: true})
	s.must(err)
	s.equal([]any{len(found), len(found[v.SubjectID].Edges), len(found[many[0]].Edges)}, []any{601, 2, 0})
	other := s.version("model")
	_, err = s.History(s.ctx, v.ProjectID, []models.ID{other.SubjectID}, store.HistoryFilter{OnlyKey: true, Key: "n"},
		page)
	s.refused(models.CodeBadInput, err)
}

func versionPages(s *suite) {
	var artifact models.ID
	for range 7 {
		artifact = s.version("model").ArtifactID
	}
	other := s.version("other").ArtifactID
	read := func(page models.Page) *models.ArtifactVersionConnection {
		found, err := s.Versions(s.ctx, models.DefaultProjectID, []models.ID{artifact, other}, page)
		s.must(err)
		return found[artifact]
	}
	numbers := func(page models.Page) (list []int32) {
		for _, v := range read(page).Nodes() {
			list = append(list, v.Number)
		}
		return list
	}
	first := read(models.Page{Size: 3, Count: true})
	s.equal(first.TotalCount, 7)
	s.equal(numbers(models.Page{Size: 3}), []int32{7, 6, 5})
	s.equal(numbers(models.Page{Size: 2, Backward: true}), []int32{2, 1})
	found, err := s.Versions(s.ctx, models.DefaultProjectID, []models.ID{artifact},
		models.Page{Size: 3, After: *first.PageInfo.EndCursor})
	s.must(err)
	s.equal(found[artifact].Nodes()[0].Number, 4)
	found, err = s.Versions(s.ctx, models.DefaultProjectID, []models.ID{artifact},
		models.Page{Size: 2, Backward: true, Before: found[artifact].Edges[2].Cursor})
	s.must(err)
	s.equal(found[artifact].Nodes()[0].Number, 4)
	s.equal(found[artifact].PageInfo.HasPreviousPage, true)
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

func runsEnd(s *suite) {
	step := s.step("model")
	end := func(status models.RunStatus) error { return second(s.finishStep(step, status)) }
	s.must(end(models.RunStatusFailed))
	s.must(end(models.RunStatusFailed))
	s.refused(models.CodeConflict, end(models.RunStatusCompleted))
	s.must(second(s.finishRun(step.PipelineRunID, models.RunStatusCompleted)))
	_, _, err := s.StartStepRun(s.ctx, store.Call{}, root,
		models.StartStepRunInput{PipelineRunID: step.PipelineRunID.String(), Name: "late"})
	s.refused(models.CodeConflict, err)
	_, err = s.log(byContext(step), facts("after", "the end"))
	s.must(err)
}

func projects(s *suite) {
	_, err := s.CreateProject(s.ctx, root, "other")
	s.must(err)
	_, err = s.CreateProject(s.ctx, root, "other")
	s.refused(models.CodeConflict, err)
	there, err := s.create(models.CreateArtifactVersionInput{Project: ref("other"), Artifact: "model"})
	s.must(err)
	here := s.version("model")
	s.equal(there.Number, here.Number)
	_, err = s.create(models.CreateArtifactVersionInput{Project: ref("third"), Artifact: "model"})
	s.refused(models.CodeNotFound, err)
	step := s.step("model")
	_, err = s.create(models.CreateArtifactVersionInput{
		Project: ref("other"), Artifact: "model", Output: &models.StepOutputRef{StepRunID: step.ID.String(),
			Name: "model"},
	})
	s.refused(models.CodeNotFound, err)
	_, _, err = s.LogMetadata(s.ctx, store.Call{}, []store.Write{
		{Target: byID(here), Facts: facts("a", "1"), Path: root.Child("writes").Child(0)},
		{Target: byID(there), Facts: facts("a", "1"), Path: root.Child("writes").Child(1)},
	})
	s.equal(s.refused(models.CodeBadInput, err).Path[:3], []any{"input", "writes", 1})
	s.equal(s.json(here), `{}`)
}
