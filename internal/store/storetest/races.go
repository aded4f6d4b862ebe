package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["the latest never goes backwards"] = latestNeverBackwards
	tests["numbers have no gaps"] = numbersWithoutGaps
	tests["an output is saved once"] = outputSavedOnce
	tests["copies of a call race"] = copiesRace
	tests["copies of other calls race"] = copiesOfOthersRace
	tests["batches do not wait in a circle"] = batchesCross
	tests["idempotency keys"] = idempotencyKeys
	tests["idempotency keys with other input and a missing target"] = reusedKeysOfMissing
}

// stores are the stores of several server processes on the database; SQLite has one.
func (s *suite) stores() []*store.Store {
	if strings.HasPrefix(s.url, "sqlite:") {
		return []*store.Store{s.Store}
	}
	return []*store.Store{s.Store, open(s.TB, s.url)}
}

// together runs n functions at once and waits for them.
func (s *suite) together(n int, run func(i int)) {
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { run(i) })
	}
	harness.Wait(s, "all calls have returned", &wait)
}

const writers, writes = 8, 15

func latestNeverBackwards(s *suite) {
	v := s.version("model")
	stores := s.stores()
	var done atomic.Bool
	var readers sync.WaitGroup
	for _, reader := range stores {
		readers.Go(func() {
			last := models.Int64(0)
			for !done.Load() {
				found, err := reader.LatestOfKeys(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, []models.MetadataKey{{Key: "n"}}, nil)
				if err != nil {
					s.Errorf("read: %v", err)
					return
				}
				for _, entry := range found[v.SubjectID] {
					if entry.Seq < last {
						s.Errorf("the latest went from %d back to %d", last, entry.Seq)
						return
					}
					last = entry.Seq
				}
			}
		})
	}
	s.together(writers, func(w int) {
		last := models.Int64(0)
		for i := range writes {
			logged, _, err := stores[w%len(stores)].LogMetadata(s.ctx, store.Call{}, []store.Write{
				{Target: byID(v), Facts: facts("n", fmt.Sprint(w, " ", i), fmt.Sprint("own ", w), "x"), Path: root}})
			if err != nil {
				s.Errorf("write: %v", err)
				return
			}
			if seq := logged[0].Entries[0].Seq; seq <= last {
				s.Errorf("a later write has the seq %d after %d", seq, last)
			} else {
				last = seq
			}
		}
	})
	done.Store(true)
	harness.Wait(s, "the readers have stopped", &readers)
	history, err := s.History(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, store.HistoryFilter{OnlyKey: true, Key: "n"},
		models.Page{Size: 1000})
	s.must(err)
	entries := history[v.SubjectID].Nodes()
	s.equal(len(entries), writers*writes)
	for i := 1; i < len(entries); i++ {
		if entries[i].Seq >= entries[i-1].Seq || !entries[i].LoggedAt.Before(entries[i-1].LoggedAt.Time) {
			s.Fatalf("entry %d (%s) comes after %d (%s)", entries[i].Seq, entries[i].LoggedAt, entries[i-1].Seq,
				entries[i-1].LoggedAt)
		}
	}
	latest, err := s.latestOf(v, "n", nil)
	s.must(err)
	s.equal(latest[0].Seq, entries[0].Seq)
}

func numbersWithoutGaps(s *suite) {
	stores := s.stores()
	var mu sync.Mutex
	var numbers []int32
	step := s.step("taken")
	output := &models.StepOutputRef{StepRunID: step.ID.String(), Name: "taken"}
	s.must(second(s.create(models.CreateArtifactVersionInput{Artifact: "first", Output: output})))
	s.together(writers, func(w int) {
		for i := range writes {
			input := models.CreateArtifactVersionInput{Artifact: "model"}
			if i%4 == 3 {
				input.Output = output // refused, and must not use a number
			}
			v, _, err := stores[w%len(stores)].CreateArtifactVersion(s.ctx, store.Call{}, root, input, nil)
			if input.Output != nil {
				if models.CodeOf(err) != models.CodeConflict {
					s.Errorf("a bound output: %v", err)
				}
				continue
			}
			if err != nil {
				s.Errorf("create: %v", err)
				return
			}
			mu.Lock()
			numbers = append(numbers, v.Number)
			mu.Unlock()
		}
	})
	slices.Sort(numbers)
	for i, number := range numbers {
		if number != int32(i+1) {
			s.Fatalf("the numbers have a gap or a double at %d: %v", i+1, numbers)
		}
	}
}

func outputSavedOnce(s *suite) {
	stores := s.stores()
	for round := range 5 {
		step := s.step("model")
		_, err := s.log(byContext(step), facts("waited", "x"))
		s.must(err)
		var won atomic.Int64
		s.together(writers, func(w int) {
			if w%2 == 1 { // while others log to the output
				if _, err := s.log(byContext(step), facts(fmt.Sprint("k", w), "x")); err != nil {
					s.Errorf("log: %v", err)
				}
				return
			}
			_, _, err := stores[w/2%len(stores)].CreateArtifactVersion(s.ctx, store.Call{}, root,
				models.CreateArtifactVersionInput{
					Artifact: fmt.Sprint("model", round, w), Output: &models.StepOutputRef{StepRunID: step.ID.String(),
						Name: "model"},
				}, nil)
			if err == nil {
				won.Add(1)
			} else if models.CodeOf(err) != models.CodeConflict {
				s.Errorf("bind: %v", err)
			}
		})
		s.equal(won.Load(), 1)
		after, err := s.log(byContext(step), facts("after", "x"))
		s.must(err)
		s.equal(len(s.latest(after.Subject)), 2+writers/2)
	}
}

func (s *suite) latest(subject models.Subject) []*models.MetadataEntry {
	s.Helper()
	project, id, _ := subject.MetadataRef()
	found, err := s.LatestEntries(s.ctx, project, []models.ID{id}, nil, nil)
	s.must(err)
	return found[id]
}

func copiesRace(s *suite) {
	stores := s.stores()
	v, other := s.version("model"), s.version("model")
	for round := range 5 {
		call := store.Call{Operation: "logMetadata", Key: ref(fmt.Sprint("key ", round)), KeyPath: root.Child("idempotencyKey")}
		var fresh, reused atomic.Int64
		ids := make([]models.ID, writers)
		s.together(writers, func(w int) {
			target := v
			if w == 7 {
				target = other // the same key for something else
			}
			logged, again, err := stores[w%len(stores)].LogMetadata(s.ctx, call, []store.Write{
				{Target: byID(target), Facts: facts("n", fmt.Sprint(round)), Path: root}})
			switch {
			case models.CodeOf(err) == models.CodeIdempotencyKeyReused && err != nil:
				reused.Add(1)
				return
			case err != nil:
				s.Errorf("log: %v", err)
				return
			case !again:
				fresh.Add(1)
			}
			ids[w] = logged[0].Entries[0].ID
		})
		s.equal(fresh.Load(), 1)
		s.equal(reused.Load() == 1 || reused.Load() == writers-1, true)
		ids = slices.DeleteFunc(ids, models.ID.IsZero)
		s.equal(len(slices.Compact(ids)), 1)
	}
}

// copiesOfOthersRace: a copy is answered as the first call was, also where what the first did would refuse it.
func copiesOfOthersRace(s *suite) {
	stores := s.stores()
	for round := range 4 {
		v, step := s.version("model"), s.step("model")
		_, err := s.log(byID(v), facts("a", "1"))
		s.must(err)
		call := func(operation string) store.Call {
			return store.Call{Operation: operation, Key: ref(fmt.Sprint(operation, round)), KeyPath: root}
		}
		for what, run := range map[string]func(s *store.Store) (bool, error){
			"retract": func(st *store.Store) (bool, error) {
				_, again, err := st.RetractMetadata(s.ctx, call("retract"), root,
					store.Retraction{Target: byID(v), Keys: []models.MetadataKeyInput{{Key: "a"}}})
				return again, err
			},
			"create by name": func(st *store.Store) (bool, error) {
				_, again, err := st.CreateArtifactVersion(s.ctx, call("create"), root,
					models.CreateArtifactVersionInput{Artifact: "named", Version: ref(fmt.Sprint(round + 1))}, nil)
				return again, err
			},
			"create from an output": func(st *store.Store) (bool, error) {
				_, again, err := st.CreateArtifactVersion(s.ctx, call("bind"), root, models.CreateArtifactVersionInput{
					Artifact: "bound", Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"}}, nil)
				return again, err
			},
		} {
			var fresh atomic.Int64
			s.together(writers, func(w int) {
				again, err := run(stores[w%len(stores)])
				if err != nil {
					s.Errorf("%s: %v", what, err)
				} else if !again {
					fresh.Add(1)
				}
			})
			s.equal(fresh.Load(), 1)
		}
	}
}

func batchesCross(s *suite) {
	stores := s.stores()
	versions := make([]*models.ArtifactVersion, 12)
	for i := range versions {
		versions[i] = s.version("model")
	}
	s.together(writers, func(w int) {
		for range 5 {
			var batch []store.Write
			for _, i := range rand.Perm(len(versions)) {
				batch = append(batch, store.Write{Target: byID(versions[i]), Facts: facts("k", fmt.Sprint(w)), Path: root})
			}
			if _, _, err := stores[w%len(stores)].LogMetadata(s.ctx, store.Call{}, batch); err != nil {
				s.Errorf("batch: %v", err)
				return
			}
		}
	})
	want := s.json(versions[0])
	for _, v := range versions {
		s.equal(s.json(v), want)
	}
}

// reusedKeysOfMissing uses keys again with other input and a target that was deleted or never existed.
func reusedKeysOfMissing(s *suite) {
	other, err := s.CreateProject(s.ctx, root, "other")
	s.must(err)
	call := func(operation, key string) store.Call {
		return store.Call{Operation: operation, Key: &key, KeyPath: root.Child("idempotencyKey")}
	}
	log := func(key string, target models.MetadataTarget, values ...string) error {
		_, _, err := s.LogMetadata(s.ctx, call("logMetadata", key),
			[]store.Write{{Target: target, Facts: facts(values...), Path: root}})
		return err
	}
	retract := func(target models.MetadataTarget, keys ...string) error {
		r := store.Retraction{Target: target}
		for _, key := range keys {
			r.Keys = append(r.Keys, models.MetadataKeyInput{Key: key})
		}
		_, _, err := s.RetractMetadata(s.ctx, call("retractMetadata", "k"), root, r)
		return err
	}
	v := s.version("model")
	step := s.step("out")
	s.must(log("k", byID(v), "a", "1", "b", "2"))
	s.must(retract(byID(v), "a"))
	_, _, err = s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(v.ID)})
	s.must(err)

	s.must(log("k", byID(v), "a", "1", "b", "2"))
	s.must(retract(byID(v), "a"))
	s.refused(models.CodeIdempotencyKeyReused, log("k", byID(v), "a", "2"))
	s.refused(models.CodeIdempotencyKeyReused, retract(byID(v), "b"))
	s.refused(models.CodeNotFound, log("new", byID(v), "a", "2"))
	never := models.MetadataTarget{ArtifactVersionID: ref(models.NewID().String())}
	s.refused(models.CodeIdempotencyKeyReused, log("k", never, "a", "2"))
	s.refused(models.CodeIdempotencyKeyReused,
		log("k", models.MetadataTarget{StepContext: &models.StepContext{StepRunID: "none"}}, "a", "2"))
	s.refused(models.CodeIdempotencyKeyReused, log("k", byContext(s.step()), "a", "2"))
	s.refused(models.CodeBadInput,
		log("k", models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: "model"}}, "a", "2"))

	// The scope of a key is a project: in another one, and in none, it has not been used.
	elsewhere := func(project string) models.MetadataTarget {
		return models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Project: &project, Name: "model",
			Version: ref("1")}}
	}
	s.refused(models.CodeNotFound, log("k", elsewhere("other"), "a", "2"))
	s.refused(models.CodeNotFound, log("k", elsewhere("none"), "a", "2"))
	s.refused(models.CodeIdempotencyKeyReused, log("k", elsewhere("default"), "a", "2"))

	start := func(key, run string) error {
		_, _, err := s.StartStepRun(s.ctx, call("startStepRun", key), root,
			models.StartStepRunInput{PipelineRunID: run, Name: "train"})
		return err
	}
	s.must(start("k", s.run().ID.String()))
	s.refused(models.CodeIdempotencyKeyReused, start("k", models.NewID().String()))
	s.refused(models.CodeNotFound, start("new", models.NewID().String()))

	create := func(project *string, step string) error {
		_, _, err := s.CreateArtifactVersion(s.ctx, call("createArtifactVersion", "k"), root,
			models.CreateArtifactVersionInput{
				Project: project, Artifact: "made", Output: &models.StepOutputRef{StepRunID: step, Name: "out"}}, nil)
		return err
	}
	s.must(create(nil, step.ID.String()))
	s.refused(models.CodeIdempotencyKeyReused, create(nil, models.NewID().String()))
	s.refused(models.CodeNotFound, create(&other.Name, models.NewID().String()))
	s.refused(models.CodeNotFound, create(&other.Name, step.ID.String()))
}

func idempotencyKeys(s *suite) {
	v := s.version("model")
	_, _, err := s.SetAlias(s.ctx, store.Call{}, root, models.SetAliasInput{ArtifactVersionSelector: Select(v.ID), Alias: "prod"})
	s.must(err)
	call := func(operation, key string) store.Call {
		return store.Call{Operation: operation, Key: &key, KeyPath: root.Child("idempotencyKey")}
	}
	byAlias := models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: "model", Alias: ref("prod")}}
	log := func(target models.MetadataTarget, value string) ([]store.Logged, bool, error) {
		return s.LogMetadata(s.ctx, call("logMetadata", "k"),
			[]store.Write{{Target: target, Facts: facts("a", value), Path: root}})
	}
	first, again, err := log(byAlias, "1")
	s.must(err)
	s.equal(again, false)
	next := s.version("model")
	_, _, err = s.SetAlias(s.ctx, store.Call{}, root, models.SetAliasInput{ArtifactVersionSelector: Select(next.ID), Alias: "prod"})
	s.must(err)
	byAlias.ArtifactVersion = &models.ArtifactVersionName{Project: ref("default"), Name: "model", Alias: ref("prod")}
	second, again, err := log(byAlias, "1")
	s.must(err)
	s.equal([]any{again, second[0].Entries[0].ID, *second[0].Entries[0].Text}, []any{true, first[0].Entries[0].ID, `"1"`})
	_, _, err = log(byAlias, "2")
	s.equal(s.refused(models.CodeIdempotencyKeyReused, err).Path, []any{"input", "idempotencyKey"})

	byAlias.ArtifactVersion = &models.ArtifactVersionName{Name: "model", Alias: ref("unknown")}
	_, _, err = log(byAlias, "1")
	s.refused(models.CodeIdempotencyKeyReused, err)

	input := models.CreateArtifactVersionInput{Artifact: "model"}
	made, _, err := s.CreateArtifactVersion(s.ctx, call("createArtifactVersion", "k"), root, input, nil)
	s.must(err)
	same, again, err := s.CreateArtifactVersion(s.ctx, call("createArtifactVersion", "k"), root, input, nil)
	s.must(err)
	s.equal([]any{again, same.ID, same.CreatedAt, *same.KnownArtifact}, []any{true, made.ID, made.CreatedAt, *made.KnownArtifact})
	input.Project, input.Tags = ref("default"), []string{}
	_, again, err = s.CreateArtifactVersion(s.ctx, call("createArtifactVersion", "k"), root, input, nil)
	s.must(err)
	s.equal(again, true)
	s.must(s.DeleteExpiredIdempotencyKeys(context.Background(), 48*time.Hour))
	_, again, err = s.CreateArtifactVersion(s.ctx, call("createArtifactVersion", "k"), root, input, nil)
	s.must(err)
	s.equal(again, true)
}
