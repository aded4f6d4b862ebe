package storetest

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["cached metadata needs no statement"] = cachedStatements
	tests["each change of metadata changes the revision"] = revisionsChange
	tests["a write before a cached read"] = writeBeforeCachedRead
	tests["cached metadata is never older than a write"] = cachedIsCurrent
	tests["cached metadata counts for the budget"] = cachedBudget
}

// cachedJSON checks that all ways to read the present metadata of a subject through the cache agree with want. It reads
// twice, so that the second read finds what the first has stored.
func (s *suite) cachedJSON(project, subject models.ID, known store.Revisions, want string) {
	s.Helper()
	for range 2 {
		for _, known := range []store.Revisions{nil, known} {
			documents, err := s.CurrentDocuments(s.ctx, project, []models.ID{subject}, known)
			s.must(err)
			if document := documents[subject]; document != nil {
				s.equal(string(document.JSON), want)
			} else {
				s.equal("{}", want)
			}
			entries, err := s.CurrentEntries(s.ctx, project, []models.ID{subject}, known)
			s.must(err)
			text, err := models.MetadataJSON(entries[subject])
			s.must(err)
			s.equal(string(text), want)
		}
	}
}

// again returns a version as queries read it, with the revision of its subject.
func (s *suite) again(in *store.Store, v *models.ArtifactVersion) *models.ArtifactVersion {
	s.Helper()
	pages, err := in.Versions(s.ctx, v.ProjectID, []models.ID{v.ArtifactID}, models.Page{Size: 100})
	s.must(err)
	for _, found := range pages[v.ArtifactID].Nodes() {
		if found.ID == v.ID {
			s.equal(found.Revision.Known, true)
			return found
		}
	}
	return nil
}

// knownRevisions returns the revision of the subject of a version, nil for no version.
func knownRevisions(v *models.ArtifactVersion) store.Revisions {
	if v == nil {
		return nil
	}
	return func(subject models.ID) (int64, bool) { return v.Revision.Number, subject == v.SubjectID }
}

// cachedStatements checks how many statements a read of each form takes, and that all reads of versions have the same
// revision.
func cachedStatements(s *suite) {
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: "model", Version: ref("1")}, facts("a", "1", "b", "2")...)
	s.must(err)
	s.equal(v.Revision, models.Revision{}) // a mutation returns none
	empty := s.version("model")
	found := s.again(s.Store, v)
	named, err := s.ArtifactVersion(s.ctx, models.ArtifactVersionRef{Named: &models.ArtifactVersionName{Name: "model", Version: ref("1")}}, nil)
	s.must(err)
	searched, err := s.SearchVersions(s.ctx, "default", models.ListQuery{}, models.Page{Size: 10})
	s.must(err)
	latest, err := s.LatestVersions(s.ctx, v.ProjectID, []models.ID{v.ArtifactID}, nil)
	s.must(err)
	s.equal(*named, *found)
	s.equal(*searched.Edges[1].Node, *found)
	s.equal(*latest[v.ArtifactID], *s.again(s.Store, empty))

	subjects := []models.ID{v.SubjectID, empty.SubjectID}
	revisions := map[models.ID]int64{
		v.SubjectID: found.Revision.Number, empty.SubjectID: s.again(s.Store, empty).Revision.Number,
	}
	known := func(subject models.ID) (int64, bool) { return revisions[subject], true }
	documents := func(known store.Revisions) func(ctx context.Context) {
		return func(ctx context.Context) { s.must(second(s.CurrentDocuments(ctx, v.ProjectID, subjects, known))) }
	}
	entries := func(known store.Revisions) func(ctx context.Context) {
		return func(ctx context.Context) { s.must(second(s.CurrentEntries(ctx, v.ProjectID, subjects, known))) }
	}
	someKeys := func(known store.Revisions) func(ctx context.Context) {
		return func(ctx context.Context) {
			s.must(second(s.CurrentOfNames(ctx, v.ProjectID, subjects, []string{"b"}, known)))
		}
	}
	s.equal(s.costs(someKeys(known)), 1)
	s.equal(s.costs(someKeys(known)), 1) // a selection stores nothing
	s.equal(s.costs(documents(known)), 1)
	s.equal(s.costs(documents(known)), 0)
	s.equal(s.costs(documents(nil)), 1)
	s.equal(s.costs(entries(known)), 1) // a document has no entries
	s.equal(s.costs(entries(known)), 0)
	s.equal(s.costs(entries(nil)), 1)
	s.equal(s.costs(someKeys(known)), 0)
	s.equal(s.costs(documents(known)), 0)
	chosen, err := s.CurrentOfNames(s.ctx, v.ProjectID, subjects, []string{"b"}, known)
	s.must(err)
	s.equal(len(chosen[v.SubjectID]), 1)
	s.equal(chosen[v.SubjectID][0].Key, "b")
	stats := s.CacheStats()
	s.equal(stats.Hits > 0 && stats.Misses > 0 && stats.Bytes > 0, true)
}

// revisionsChange checks that each change of what a version shows gives its subject another revision, and that a change
// of something else gives it none.
func revisionsChange(s *suite) {
	step := s.step("model", "reused")
	s.must(second(s.log(byContext(step, "model"), facts("waited", "1"))))
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: "model",
		Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"}}, facts("a", "1")...)
	s.must(err)
	s.must(second(s.log(byContext(step, "reused"), facts("late", "1"))))
	var logged store.Logged
	for _, change := range []struct {
		name    string
		run     func() error
		changes bool
	}{
		{"log", func() (err error) { logged, err = s.log(byID(v), facts("a", "2")); return err }, true},
		{"log the same", func() error { return second(s.log(byID(v), facts("a", "2"))) }, true},
		{"log by output", func() error { return second(s.log(byContext(step, "model"), facts("b", "1"))) }, true},
		{"erase an old entry", func() error { return second(s.erase(logged.Entries...)) }, true},
		{"retract", func() error { return second(s.retract(v, models.MetadataKeyInput{Key: "b"})) }, true},
		{"erase the latest", func() error { return second(s.erase(s.latest(v)[0])) }, true},
		{"bind", func() error { return second(s.bind(step, "reused", v)) }, true},
		{"delete the run", func() error { return s.deleteRun(s.Store, step.PipelineRunID) }, true},
		{"create another version", func() error { s.version("model"); return nil }, false},
		{"read", func() error { s.json(v); return nil }, false},
	} {
		before := s.again(s.Store, v).Revision
		s.json(v)
		s.must(change.run())
		s.json(v)
		if after := s.again(s.Store, v).Revision; (after != before) != change.changes {
			s.Errorf("%s: the revision was %v and is %v", change.name, before, after)
		}
	}
	old := s.again(s.Store, v)
	s.must(s.delete(s.Store, v.ID))
	documents, err := s.CurrentDocuments(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, nil)
	s.must(err)
	s.equal(len(documents), 0)
	s.equal(old.Revision.Known, true)
}

// writeBeforeCachedRead writes between the read of a version and that of its metadata, and between the decision to send
// a statement and the statement. No state may be stored under a revision of other rows. The control serves the state of
// an earlier revision, which must differ.
func writeBeforeCachedRead(s *suite) {
	for _, isCached := range []bool{true, false} {
		for name, read := range map[string]func(ctx context.Context, v *models.ArtifactVersion) string{
			"documents": func(ctx context.Context, v *models.ArtifactVersion) string {
				documents, err := s.CurrentDocuments(ctx, v.ProjectID, []models.ID{v.SubjectID}, knownRevisions(v))
				s.must(err)
				return string(documents[v.SubjectID].JSON)
			},
			"entries": func(ctx context.Context, v *models.ArtifactVersion) string {
				entries, err := s.CurrentEntries(ctx, v.ProjectID, []models.ID{v.SubjectID}, knownRevisions(v))
				s.must(err)
				text, err := models.MetadataJSON(entries[v.SubjectID])
				s.must(err)
				return string(text)
			},
		} {
			v, err := s.create(models.CreateArtifactVersionInput{Artifact: fmt.Sprint(name, isCached)}, facts("n", "1")...)
			s.must(err)
			old := s.again(s.Store, v)
			if isCached {
				s.equal(read(s.ctx, old), `{"n":"1"}`)
			}
			s.must(second(s.log(byID(v), facts("n", "2"))))
			stale := read(s.ctx, old)
			s.equal(stale, map[bool]string{true: `{"n":"1"}`, false: `{"n":"2"}`}[isCached]) // the state of its revision, or a later one
			held := 0
			hold := WithMeter(s.ctx, &Meter{Hold: func(context.Context, string) {
				if held++; held == 1 {
					s.must(second(s.log(byID(v), facts("n", "3"))))
				}
			}})
			current := s.again(s.Store, v)
			if isCached {
				s.equal(read(hold, current), `{"n":"3"}`)
				s.equal(held, 1)
			} else {
				s.equal(s.costs(func(ctx context.Context) { s.equal(read(ctx, current), `{"n":"2"}`) }), 0)
				s.equal(read(hold, old), `{"n":"3"}`)
			}
			s.equal(s.costs(func(ctx context.Context) { s.equal(read(ctx, s.again(s.Store, v)), `{"n":"3"}`) }), 0)
			if isCached && stale == `{"n":"3"}` {
				s.Error("control: the state of an earlier revision does not differ")
			}
		}
	}
}

// cachedIsCurrent reads on several servers while others write. A read that begins after a write was acknowledged must
// return it or a later one.
func cachedIsCurrent(s *suite) {
	stores := s.stores()
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: "model"}, facts("n", "0")...)
	s.must(err)
	const rounds = 40
	var acknowledged, reads atomic.Int64
	var done atomic.Bool
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			at := stores[i%len(stores)]
			for !done.Load() {
				least := acknowledged.Load()
				var known store.Revisions
				if i%2 == 0 {
					known = knownRevisions(s.again(at, v))
				}
				documents, err := at.CurrentDocuments(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, known)
				if err != nil {
					s.Errorf("read: %v", err)
					return
				}
				n, err := strconv.ParseInt(string(documents[v.SubjectID].JSON[len(`{"n":"`):len(documents[v.SubjectID].JSON)-len(`"}`)]), 10, 64)
				if err != nil || n < least {
					s.Errorf("read %s after the write of %d (%v)", documents[v.SubjectID].JSON, least, err)
					return
				}
				reads.Add(1)
			}
		})
	}
	for n := range int64(rounds) {
		at := stores[int(n)%len(stores)]
		_, _, err := at.LogMetadata(s.ctx, store.Call{Operation: "logMetadata"},
			[]store.Write{{Target: byID(v), Facts: facts("n", fmt.Sprint(n+1)), Path: root}})
		s.must(err)
		acknowledged.Store(n + 1)
	}
	done.Store(true)
	readers.Wait()
	s.equal(reads.Load() > 0, true)
	for _, at := range stores {
		documents, err := at.CurrentDocuments(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, knownRevisions(s.again(at, v)))
		s.must(err)
		s.equal(string(documents[v.SubjectID].JSON), fmt.Sprintf(`{"n":"%d"}`, rounds))
	}
}

// cachedBudget checks that a read takes the same bytes off the budget whether it is cached or not.
func cachedBudget(s *suite) {
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: "model"}, facts("a", "12345", "b", "6", "c", "7")...)
	s.must(err)
	s.must(second(s.retract(v, models.MetadataKeyInput{Key: "c"})))
	project, subjects, known := v.ProjectID, []models.ID{v.SubjectID}, knownRevisions(s.again(s.Store, v))
	names, keys := []string{"b", "c"}, []models.MetadataKey{{Key: "b"}, {Key: "c"}}
	cost := func(read func(ctx context.Context) error) int {
		return sort.Search(10_000, func(limit int) bool {
			err := read(store.WithBudget(s.ctx, int64(limit), func(error) {}))
			if err != nil {
				s.refused(models.CodeLimitExceeded, err)
			}
			return err == nil
		})
	}
	all := cost(func(ctx context.Context) error { return second(s.LatestEntries(ctx, project, subjects, nil, nil)) })
	s.equal(all > 3*256, true)
	for _, known := range []store.Revisions{nil, known} {
		s.equal(cost(func(ctx context.Context) error { return second(s.CurrentDocuments(ctx, project, subjects, known)) }), all)
		s.equal(cost(func(ctx context.Context) error { return second(s.CurrentEntries(ctx, project, subjects, known)) }), all)
	}
	s.equal(cost(func(ctx context.Context) error {
		return second(s.CurrentOfNames(ctx, project, subjects, names, known))
	}), cost(func(ctx context.Context) error { return second(s.LatestEntries(ctx, project, subjects, names, nil)) }))
	s.equal(cost(func(ctx context.Context) error { return second(s.CurrentOfKeys(ctx, project, subjects, keys, known)) }),
		cost(func(ctx context.Context) error { return second(s.LatestOfKeys(ctx, project, subjects, keys, nil)) }))
}
