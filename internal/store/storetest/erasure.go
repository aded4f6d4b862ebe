package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

func init() {
	tests["an erased value is gone"] = erasedValue
	tests["what erasures cost"] = erasureCosts
	tests["erasures of waiting facts"] = erasedWaiting
	tests["entries of several projects are not erased"] = erasureAcrossProjects
	tests["erasures race with writes"] = erasuresRace
	tests["erasures race with deletions"] = erasuresRaceWithDeletions
}

func (s *suite) erase(entries ...*models.MetadataEntry) ([]*models.MetadataEntry, error) {
	erased, _, err := s.EraseMetadata(s.ctx, store.Call{Operation: "eraseMetadata"}, root, erasureOf(entries...))
	return erased, err
}

func erasureOf(entries ...*models.MetadataEntry) models.EraseMetadataInput {
	var input models.EraseMetadataInput
	for _, entry := range entries {
		input.EntryIDs = append(input.EntryIDs, entry.ID.String())
	}
	return input
}

// erasedValue checks an erasure, a repeated one, and that neither a retraction nor a failed call changes anything.
func erasedValue(s *suite) {
	v := s.version("model")
	first, err := s.log(byID(v), facts("a", "1", "b", "2"))
	s.must(err)
	second, err := s.log(byID(v), facts("a", "3"))
	s.must(err)
	before := s.audited()
	_, _, err = s.EraseMetadata(s.ctx, store.Call{}, root, models.EraseMetadataInput{
		EntryIDs: []string{first.Entries[0].ID.String(), models.NewID().String()}})
	s.equal(s.refused(models.CodeNotFound, err).Path, []any{"input", "entryIds", 1})
	s.equal(s.json(v), `{"a":"3","b":"2"}`)
	for range 2 {
		erased, err := s.erase(second.Entries[0])
		s.must(err)
		s.equal(*erased[0].ViewAt(nil), models.MetadataEntry{ID: second.Entries[0].ID, ProjectID: v.ProjectID,
			SubjectID: v.SubjectID, Seq: second.Entries[0].Seq, Key: "a", LoggedAt: second.Entries[0].LoggedAt, Erased: true})
		s.equal(s.audited(), before+1)
	}
	s.equal(s.json(v), `{"b":"2"}`)
	s.equal(s.json(v, second.Entries[0].LoggedAt), `{"b":"2"}`)
	s.equal(s.json(v, first.Entries[0].LoggedAt), `{"a":"1","b":"2"}`)
	_, err = s.retract(v, models.MetadataKeyInput{Key: "a"})
	s.refused(models.CodeNotFound, err)
	_, err = s.log(byID(v), facts("a", "4"))
	s.must(err)
	s.equal(s.json(v), `{"a":"4","b":"2"}`)
}

// audited returns the number of audit events.
func (s *suite) audited() int {
	s.Helper()
	events, err := s.AuditEvents(s.ctx, nil, &models.Filter{}, models.Page{Size: 100})
	s.must(err)
	return len(events.Nodes())
}

func erasureCosts(s *suite) {
	cost := func(subjects, entries int) int64 {
		var writes []store.Write
		for range subjects {
			v := s.version("model")
			var texts []string
			for i := range entries {
				texts = append(texts, fmt.Sprint("k", i), "x")
			}
			writes = append(writes, store.Write{Target: byID(v), Facts: facts(texts...), Path: root})
		}
		logged, _, err := s.LogMetadata(s.ctx, store.Call{}, writes)
		s.must(err)
		var all []*models.MetadataEntry
		for _, one := range logged {
			all = append(all, one.Entries...)
		}
		return s.costs(func(ctx context.Context) {
			erased, _, err := s.EraseMetadata(ctx, store.Call{}, root, erasureOf(all...))
			s.must(err)
			s.equal(len(erased), subjects*entries)
		})
	}
	one, many, wide := cost(1, 1), cost(1, 1000), cost(100, 10)
	if limit := map[bool]int64{true: 9, false: 12}[engine.IsPostgres(s.url)]; one != many || one != wide || one > limit {
		s.Errorf("an erasure of 1 entry costs %d statements, of 1,000 entries %d, of 100 subjects %d", one, many, wide)
	}
}

// erasedWaiting checks that an output keeps its erased facts erased when a version is saved from it.
func erasedWaiting(s *suite) {
	step := s.step("model")
	logged, err := s.log(byContext(step), facts("a", "1", "b", "2"))
	s.must(err)
	_, err = s.erase(logged.Entries[0])
	s.must(err)
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: "model",
		Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"}})
	s.must(err)
	s.equal(s.json(v), `{"b":"2"}`)
	_, err = s.erase(logged.Entries...)
	s.must(err)
	s.equal(s.json(v), `{}`)
}

func erasureAcrossProjects(s *suite) {
	_, err := s.CreateProject(s.ctx, root, "other")
	s.must(err)
	other, err := s.create(models.CreateArtifactVersionInput{Artifact: "model", Project: ref("other")})
	s.must(err)
	here, err := s.log(byID(s.version("model")), facts("a", "1"))
	s.must(err)
	there, err := s.log(byID(other), facts("a", "1"))
	s.must(err)
	_, err = s.erase(here.Entries[0], there.Entries[0])
	s.equal(s.refused(models.CodeBadInput, err).Path, []any{"input", "entryIds", 1})
	s.equal(s.json(other), `{"a":"1"}`)
}

// erasuresRace checks erasures that race with writes of the same keys and with the saving of their output. Each key has
// the value of its latest entry afterwards, or none if that entry is erased.
func erasuresRace(s *suite) {
	step := s.step("model")
	stores := s.stores()
	const keys = 5
	s.together(12, func(i int) {
		own := *s
		own.Store = stores[i%len(stores)]
		for n := range writes {
			key := fmt.Sprint("k", (i+n)%keys)
			logged, err := own.log(byContext(step), facts(key, "1", "other", "2"))
			s.must(err)
			if i == 0 && n == writes/2 {
				_, err := own.create(models.CreateArtifactVersionInput{Artifact: "model",
					Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"}})
				s.must(err)
			}
			_, _, err = own.EraseMetadata(s.ctx, store.Call{}, root, erasureOf(logged.Entries[n%2]))
			s.must(err)
		}
	})
	v, err := s.ArtifactVersion(s.ctx, models.ArtifactVersionRef{Named: &models.ArtifactVersionName{Name: "model"}}, nil)
	s.must(err)
	history, err := s.History(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, store.HistoryFilter{}, models.Page{Size: 1000})
	s.must(err)
	latest, err := s.LatestEntries(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, nil, nil)
	s.must(err)
	wanted, seen, erased := map[string]models.Int64{}, map[string]bool{}, 0
	for _, entry := range history[v.SubjectID].Nodes() {
		if entry.Erased {
			erased++
			s.equal(entry.Kind == nil && entry.Text == nil, true)
		}
		if !seen[entry.Key] && !entry.Erased {
			wanted[entry.Key] = entry.Seq
		}
		seen[entry.Key] = true
	}
	got := map[string]models.Int64{}
	for _, entry := range latest[v.SubjectID] {
		got[entry.Key] = entry.Seq
	}
	s.equal(got, wanted)
	s.equal(erased, 12*writes)
}

// erasuresRaceWithDeletions checks that an erasure of entries of a version that is deleted meanwhile succeeds or fails
// with NOT_FOUND, and that no transaction waits for another one in a circle.
func erasuresRaceWithDeletions(s *suite) {
	stores := s.stores()
	var lost atomic.Int64
	for range writes {
		a, b := s.version("a"), s.version("b")
		logged, _, err := s.LogMetadata(s.ctx, store.Call{}, []store.Write{
			{Target: byID(a), Facts: facts("k", "1"), Path: root}, {Target: byID(b), Facts: facts("k", "1"), Path: root}})
		s.must(err)
		both := []*models.MetadataEntry{logged[1].Entries[0], logged[0].Entries[0]}
		s.together(4, func(i int) {
			server := stores[i%len(stores)]
			if i < 2 {
				s.must(second2(server.DeleteArtifactVersion(s.ctx, store.Call{}, root,
					models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select([]models.ID{a.ID, b.ID}[i])})))
				return
			}
			_, _, err := server.EraseMetadata(s.ctx, store.Call{}, root, erasureOf(both...))
			var failure *models.Error
			if errors.As(err, &failure) && failure.Code == models.CodeNotFound {
				lost.Add(1)
			} else {
				s.must(err)
			}
		})
	}
	s.Logf("%d of %d erasures came after a deletion", lost.Load(), 2*writes)
}
