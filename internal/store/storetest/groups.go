package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

func init() {
	tests["members of a write group"] = groupMembers
	tests["a write group fails"] = groupFails
	tests["a caller leaves a write group"] = groupMemberLeaves
	tests["a write group does not wait for locks"] = groupOfLocked
	tests["two thousand writers"] = manyWriters
}

// grouped are calls that wait for one group, because another group runs until release is called.
type grouped struct {
	*suite
	release chan struct{}
	calls   sync.WaitGroup
}

// newGroup blocks the groups of the default project.
func (s *suite) newGroup() *grouped {
	s.Helper()
	blocker := s.version("blocker")
	g := &grouped{suite: s, release: make(chan struct{})}
	held := make(chan struct{}, 1)
	meter := &Meter{Hold: func(_ context.Context, text string) {
		select {
		case held <- struct{}{}:
			harness.Receive(s, "the group may go on", g.release)
		default: // the statements after the first one
		}
	}}
	ctx := WithMeter(s.ctx, meter)
	g.calls.Go(func() {
		_, _, err := s.LogMetadata(ctx, store.Call{}, []store.Write{{Target: byName(blocker), Facts: facts("x", "y"), Path: root}})
		if err != nil {
			s.Errorf("the first group: %v", err)
		}
	})
	harness.Eventually(s, "the first group runs", func() bool { return len(held) > 0 })
	return g
}

// loggedCall is the result of a call.
type loggedCall struct {
	logged   []store.Logged
	replayed bool
	err      error
	// done is closed when the call has returned.
	done chan struct{}
}

// join starts a call that waits for the group, or returns at once.
func (g *grouped) join(ctx context.Context, call store.Call, writes ...store.Write) *loggedCall {
	g.Helper()
	before, result := g.WriteGroups().Waiting, &loggedCall{done: make(chan struct{})}
	g.calls.Go(func() {
		defer close(result.done)
		result.logged, result.replayed, result.err = g.LogMetadata(ctx, call, writes)
	})
	harness.Eventually(g, "the call waits", func() bool { return g.WriteGroups().Waiting > before })
	return result
}

// run lets the group run and waits for all calls.
func (g *grouped) run() {
	g.Helper()
	close(g.release)
	harness.Wait(g, "all calls have returned", &g.calls)
}

// byName selects a version by name and number, which send no statement before the group.
func byName(v *models.ArtifactVersion) models.MetadataTarget {
	return models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: v.KnownArtifact.Name, Number: &v.Number}}
}

func nameOf(author *string) string {
	if author == nil {
		return "nobody"
	}
	return *author
}

func writeOf(v *models.ArtifactVersion, keysAndValues ...string) store.Write {
	return store.Write{Target: byName(v), Facts: facts(keysAndValues...), Path: root}
}

// groupMembers checks calls of all kinds in one group: each has its own result, author, time and event.
func groupMembers(s *suite) {
	role := models.ApiKeyRoleWriter
	_, secret, err := s.CreateApiKey(s.ctx, root, models.CreateApiKeyInput{Name: "robot", Role: &role})
	s.must(err)
	robot, _, err := s.Authenticate(s.ctx, secret)
	s.must(err)
	one, other, third := s.version("one"), s.version("other"), s.version("third")
	missing := models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: "one", Version: ref("none")}}
	key := store.Call{Operation: "logMetadata", Key: ref("key"), KeyPath: root}
	robotCall := store.Call{Caller: store.Caller{Name: ref("robot"), KeyID: robot.KeyID}}

	g, meter := s.newGroup(), &Meter{}
	first := g.join(WithMeter(s.ctx, meter), store.Call{}, writeOf(one, "n", "1", "a", "1"))
	bad := g.join(s.ctx, store.Call{}, store.Write{Target: missing, Facts: facts("n", "x"), Path: root})
	second := g.join(auth.NewContext(s.ctx, robot), robotCall, writeOf(one, "n", "2", "b", "2"))
	batch := g.join(s.ctx, store.Call{}, writeOf(other, "n", "3"), writeOf(one, "n", "3"))
	keyed := g.join(s.ctx, key, writeOf(third, "n", "4"))
	copied := g.join(s.ctx, key, writeOf(third, "n", "4"))
	reused := g.join(s.ctx, key, writeOf(third, "n", "5"))
	g.run()
	for _, call := range []*loggedCall{first, second, batch, keyed, copied} {
		s.must(call.err)
	}
	s.equal(s.refused(models.CodeNotFound, bad.err).Path, []any{"input", "target", "artifactVersion", "version"})
	s.refused(models.CodeIdempotencyKeyReused, reused.err)
	s.equal([]bool{keyed.replayed, copied.replayed}, []bool{false, true})
	s.equal(copied.logged[0].Entries[0].ID, keyed.logged[0].Entries[0].ID)
	s.equal(copied.logged[0].Entries[0].LoggedAt, keyed.logged[0].Entries[0].LoggedAt)
	// The keys, the look-up with the locks, the entries, the artifacts of the answers, and the answers.
	if limit := map[bool]int64{true: 5, false: 8}[engine.IsPostgres(s.url)]; meter.Statements() > limit {
		s.Errorf("the group takes %d statements", meter.Statements())
	}

	s.equal([]string{s.json(one), s.json(other), s.json(third)},
		[]string{`{"n":"3","a":"1","b":"2"}`, `{"n":"3"}`, `{"n":"4"}`})
	times := []models.Time{first.logged[0].Entries[0].LoggedAt, second.logged[0].Entries[0].LoggedAt,
		batch.logged[1].Entries[0].LoggedAt}
	if !times[0].Before(times[1].Time) || !times[1].Before(times[2].Time) {
		s.Errorf("calls about one subject have the times %v", times)
	}
	s.equal(first.logged[0].Entries[1].LoggedAt, times[0])
	s.equal(batch.logged[0].Entries[0].LoggedAt, times[2])
	s.equal([]string{s.json(one, times[0]), s.json(one, times[1])}, []string{`{"n":"1","a":"1"}`, `{"n":"2","a":"1","b":"2"}`})
	history, err := s.History(s.ctx, one.ProjectID, []models.ID{one.SubjectID}, store.HistoryFilter{OnlyKey: true, Key: "n"},
		models.Page{Size: 10})
	s.must(err)
	var authors []string
	for _, entry := range history[one.SubjectID].Nodes() {
		authors = append(authors, fmt.Sprint(*entry.Text, " ", nameOf(entry.LoggedBy)))
	}
	s.equal(authors, []string{`"3" nobody`, `"2" robot`, `"1" nobody`})
	events, err := s.VersionEvents(s.ctx, one.ProjectID, []models.ID{one.ID}, store.EventQuery{Kinds: ",METADATA_LOGGED,"},
		models.Page{Size: 10})
	s.must(err)
	var made []string
	for _, event := range events[one.ID].Nodes() {
		made = append(made, fmt.Sprint(event.CreatedAt.UnixMicro(), " ", nameOf(event.CreatedBy)))
	}
	s.equal(made, []string{fmt.Sprint(times[2].UnixMicro(), " nobody"), fmt.Sprint(times[1].UnixMicro(), " robot"),
		fmt.Sprint(times[0].UnixMicro(), " nobody")})
}

// groupFails checks that each call of a group is stored once if any statement of the group fails.
func groupFails(s *suite) {
	versions := make([]*models.ArtifactVersion, 6)
	for i := range versions {
		versions[i] = s.version("model")
	}
	for at := int64(1); ; at++ {
		g, meter := s.newGroup(), &Meter{FailAt: at}
		var calls []*loggedCall
		for i, v := range versions {
			ctx := s.ctx
			if i == 0 {
				ctx = WithMeter(ctx, meter)
			}
			call := store.Call{Operation: "logMetadata", Key: ref(fmt.Sprint(at, " ", i)), KeyPath: root}
			calls = append(calls, g.join(ctx, call, writeOf(v, fmt.Sprint("k", at), "x")))
		}
		g.run()
		for i, v := range versions {
			s.must(calls[i].err)
			history, err := s.History(s.ctx, v.ProjectID, []models.ID{v.SubjectID},
				store.HistoryFilter{OnlyKey: true, Key: fmt.Sprint("k", at)}, models.Page{Size: 10})
			s.must(err)
			s.equal(len(history[v.SubjectID].Nodes()), 1)
			s.equal(history[v.SubjectID].Nodes()[0].ID, calls[i].logged[0].Entries[0].ID)
		}
		if meter.Statements() < at {
			s.equal(at > 5, true)
			return
		}
	}
}

// groupMemberLeaves checks that the write of a caller that leaves while its group runs is not stored, and that those of
// the others are.
func groupMemberLeaves(s *suite) {
	one, other, third := s.version("one"), s.version("other"), s.version("third")
	g := s.newGroup()
	ctx, leave := context.WithCancel(s.ctx)
	defer leave()
	var begun atomic.Int64
	meter := &Meter{Hold: func(context.Context, string) {
		if begun.Add(1) == 2 { // the subjects are locked
			leave()
		}
	}}
	first := g.join(WithMeter(s.ctx, meter), store.Call{}, writeOf(one, "a", "1"))
	left := g.join(ctx, store.Call{}, writeOf(other, "a", "1"))
	last := g.join(s.ctx, store.Call{}, writeOf(third, "a", "1"))
	g.run()
	s.must(first.err)
	s.must(last.err)
	if !errors.Is(left.err, context.Canceled) {
		s.Errorf("the caller that left has the result %v", left.err)
	}
	s.equal([]string{s.json(one), s.json(other), s.json(third)}, []string{`{"a":"1"}`, `{}`, `{"a":"1"}`})
}

// groupOfLocked checks that a subject that another server has locked delays no other call of the group (PostgreSQL).
func groupOfLocked(s *suite) {
	if !engine.IsPostgres(s.url) {
		return
	}
	locked, free := s.version("locked"), s.version("free")
	held, release := make(chan struct{}), make(chan struct{})
	meter := &Meter{Hold: func(_ context.Context, text string) {
		if strings.Contains(text, "INSERT INTO metadata_entries") {
			close(held)
			harness.Receive(s, "the other server may go on", release)
		}
	}}
	var server sync.WaitGroup
	server.Go(func() {
		_, _, err := open(s.TB, s.url).LogMetadata(WithMeter(s.ctx, meter), store.Call{}, []store.Write{writeOf(locked, "a", "1")})
		if err != nil {
			s.Errorf("the other server: %v", err)
		}
	})
	harness.Receive(s, "the other server holds the lock", held)
	g := s.newGroup()
	waiting := g.join(s.ctx, store.Call{}, writeOf(locked, "a", "2"))
	after := g.join(s.ctx, store.Call{}, writeOf(free, "a", "2"))
	close(g.release)
	harness.Receive(s, "the call about another subject returns", after.done)
	s.equal([]string{s.json(free), s.json(locked)}, []string{`{"a":"2"}`, `{}`})
	close(release)
	harness.Wait(s, "the other server has written", &server)
	harness.Wait(s, "all calls have returned", &g.calls)
	s.must(waiting.err)
	s.must(after.err)
	s.equal(s.json(locked), `{"a":"2"}`)
}

// manyWriters checks that each of many concurrent calls about a few subjects is stored once, in the order of times and
// numbers.
func manyWriters(s *suite) {
	stores, versions := s.stores(), make([]*models.ArtifactVersion, 20)
	for i := range versions {
		versions[i] = s.version("model")
	}
	const writers = 2000
	s.together(writers, func(w int) {
		target := byName(versions[w%len(versions)])
		if w%3 == 0 {
			target = byID(versions[w%len(versions)])
		}
		_, _, err := stores[w%len(stores)].LogMetadata(s.ctx, store.Call{},
			[]store.Write{{Target: target, Facts: facts("n", fmt.Sprint(w)), Path: root}})
		if err != nil {
			s.Errorf("writer %d: %v", w, err)
		}
	})
	if stats := s.WriteGroups(); stats.Calls < stats.Groups*2 {
		s.Errorf("%d calls are in %d groups", stats.Calls, stats.Groups)
	}
	found := map[string]bool{}
	for _, v := range versions {
		history, err := s.History(s.ctx, v.ProjectID, []models.ID{v.SubjectID}, store.HistoryFilter{}, models.Page{Size: 1000})
		s.must(err)
		entries := history[v.SubjectID].Nodes()
		for i, entry := range entries {
			if i > 0 && (entry.Seq >= entries[i-1].Seq || !entry.LoggedAt.Before(entries[i-1].LoggedAt.Time)) {
				s.Fatalf("entry %d (%s) comes after %d (%s)", entry.Seq, entry.LoggedAt, entries[i-1].Seq, entries[i-1].LoggedAt)
			}
			found[*entry.Text] = true
		}
		s.equal(len(entries), writers/len(versions))
		s.equal(slices.ContainsFunc(s.latest(v), func(e *models.MetadataEntry) bool { return e.ID == entries[0].ID }), true)
	}
	s.equal(len(found), writers)
}
