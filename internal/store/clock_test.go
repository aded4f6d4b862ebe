package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// clock is one that is set while a store uses it: that of the process, and that of PostgreSQL.
type clock struct {
	offset atomic.Int64
	// file is where the PostgreSQL server reads how far its clock is off, empty for SQLite.
	file string
}

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

func (c *clock) set(t *testing.T, offset time.Duration) {
	t.Helper()
	c.offset.Store(int64(offset))
	if c.file == "" {
		return
	}
	fresh := c.file + ".new" // renamed, so that nobody reads half of it
	err := os.WriteFile(fresh, fmt.Appendf(nil, "%+.0f\n", offset.Seconds()), 0o644)
	if err == nil {
		err = os.Rename(fresh, c.file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a store that goes by the clock.
func (c *clock) open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), url, quiet, store.WithClock(c.now))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shown: it is the clock that PostgreSQL goes by.
func (c *clock) shown(t *testing.T, url string) {
	t.Helper()
	if c.file == "" {
		return
	}
	db, err := sql.Open("pgx", url)
	must(t, err)
	defer func() { _ = db.Close() }()
	var shown time.Time
	must(t, db.QueryRow("SELECT clock_timestamp()").Scan(&shown))
	if off := shown.Sub(c.now()); off.Abs() > time.Minute {
		t.Errorf("the clock of PostgreSQL is off by %s", off)
	}
}

// TestClockIsSetOnSQLite and TestClockIsSetOnPostgres: the clock is set ahead and back by hours and days, in the middle
// of writes and between runs of the program.
func TestClockIsSetOnSQLite(t *testing.T) {
	t.Parallel()
	clockIsSet(t, &clock{}, storetest.SQLite(t))
}

func TestClockIsSetOnPostgres(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	found, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(found) == 0 {
		storetest.Lacks(t, "libfaketime, which gives PostgreSQL another clock")
	}
	folder, err := os.MkdirTemp("", "clock-") // which other users may enter
	if err == nil {
		err = os.Chmod(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	c := &clock{file: filepath.Join(folder, "offset")}
	c.set(t, 0)
	// libfaketime shows the true time to a signal handler that interrupts it, so timeouts of PostgreSQL may end too early.
	cluster, err := storetest.ClusterOptions{Settings: []string{"statement_timeout=0"}, Environment: []string{
		"LD_PRELOAD=" + found[0], "FAKETIME_TIMESTAMP_FILE=" + c.file, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1",
	}}.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	clockIsSet(t, c, cluster.URL.String()+"&lock_timeout=0&idle_in_transaction_session_timeout=0")
}

// offsets are how far the clock is off, one after the other.
var offsets = []time.Duration{0, -time.Hour, 72 * time.Hour, -time.Hour, -72 * time.Hour, 30 * time.Minute, 0}

// written is an entry with the time that the clock showed.
type written struct {
	at  time.Time
	seq models.Int64
}

func clockIsSet(t *testing.T, c *clock, url string) {
	s := c.open(t, url)
	defer func() { _ = s.Close() }()
	key, secret, err := s.CreateApiKey(everyone, models.NewPath("input"), models.CreateApiKeyInput{Name: "k", Owner: true,
		ExpiresAt: &models.Time{Time: time.Now().Add(24 * time.Hour)}})
	must(t, err)
	versions := []*models.ArtifactVersion{newVersion(t, s), newVersion(t, s)}
	call := store.Call{Operation: "logMetadata", Key: ref("key"), KeyPath: models.NewPath("input")}
	once := []store.Write{{Target: target(versions[0]), Facts: fact(t, "once", "1")}}
	first, _, err := s.LogMetadata(everyone, call, once)
	must(t, err)
	var all []written
	for i, offset := range offsets {
		run, _, err := s.StartPipelineRun(everyone, store.Call{}, models.NewPath("input"),
			models.StartPipelineRunInput{Pipeline: "p"})
		must(t, err)
		must(t, s.Close())
		c.set(t, offset)
		s = c.open(t, url)
		c.shown(t, url)
		_, known, err := s.Authenticate(context.Background(), secret)
		must(t, err)
		if known != c.now().Before(key.ExpiresAt.Time) {
			t.Errorf("at %s the API key is good: %t", offset, known)
		}
		all = append(all, logTogether(t, s, c, versions[0])...)
		run, _, err = s.FinishPipelineRun(everyone, store.Call{}, models.NewPath("input"),
			models.FinishPipelineRunInput{PipelineRunID: run.ID.String(), Status: models.RunStatusCompleted})
		must(t, err)
		if run.FinishedAt.Before(run.StartedAt.Time) {
			t.Errorf("a run took %s", run.FinishedAt.Sub(run.StartedAt.Time))
		}
		_, _, err = s.SetAlias(everyone, store.Call{}, models.NewPath("input"),
			models.SetAliasInput{ArtifactVersionSelector: storetest.Select(versions[i%2].ID), Alias: "prod"})
		must(t, err)
		_, _, err = s.TagArtifactVersion(everyone, store.Call{}, models.NewPath("input"),
			models.TagArtifactVersionInput{ArtifactVersionSelector: storetest.Select(versions[0].ID), Tags: []string{"t"}})
		must(t, err)
		_, _, err = s.UntagArtifactVersion(everyone, store.Call{}, models.NewPath("input"),
			models.UntagArtifactVersionInput{ArtifactVersionSelector: storetest.Select(versions[0].ID), Tags: []string{"t"}})
		must(t, err)
		if offset <= 0 { // three days ahead, keys may be forgotten: the clock says that they are old
			must(t, s.DeleteExpiredIdempotencyKeys(everyone, 48*time.Hour))
		}
		again, deduplicated, err := s.LogMetadata(everyone, call, once)
		must(t, err)
		if !deduplicated || again[0].Entries[0].ID != first[0].Entries[0].ID {
			t.Errorf("at %s a call that was sent again is another one", offset)
		}
	}
	inOrder(t, s, versions[0], all)
	movesInOrder(t, url)
}

// logTogether lets callers log at once while the latest is read, which never goes backwards.
func logTogether(t *testing.T, s *store.Store, c *clock, version *models.ArtifactVersion) (all []written) {
	t.Helper()
	var mu sync.Mutex
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 5 {
				at := c.now()
				logged, _, err := s.LogMetadata(everyone, store.Call{},
					[]store.Write{{Target: target(version), Facts: fact(t, "n", "1")}})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				all = append(all, written{at, logged[0].Entries[0].Seq})
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for last, deadline := models.Int64(0), time.Now().Add(harness.Limit); ; {
		if time.Now().After(deadline) {
			t.Fatal("the writers do not end")
		}
		found, err := s.LatestOfKeys(everyone, version.ProjectID, []models.ID{version.SubjectID}, []models.MetadataKey{{Key: "n"}}, nil)
		must(t, err)
		for _, entry := range found[version.SubjectID] {
			if entry.Seq < last {
				t.Errorf("the latest went from %d back to %d", last, entry.Seq)
			}
			last = entry.Seq
		}
		select {
		case <-done:
			return all
		default:
		}
	}
}

// inOrder: the order of entries is that of their times, at each of which each is the latest. The control: by what the
// clock showed, the latest would be another one.
func inOrder(t *testing.T, s *store.Store, version *models.ArtifactVersion, all []written) {
	t.Helper()
	history, err := s.History(everyone, version.ProjectID, []models.ID{version.SubjectID},
		store.HistoryFilter{OnlyKey: true, Key: "n"}, models.Page{Size: 1000})
	must(t, err)
	entries := history[version.SubjectID].Nodes() // newest first
	if len(entries) != len(all) {
		t.Fatalf("%d entries, %d were acknowledged", len(entries), len(all))
	}
	latestAt := func(asOf *models.Time) models.Int64 {
		found, err := s.LatestOfKeys(everyone, version.ProjectID, []models.ID{version.SubjectID},
			[]models.MetadataKey{{Key: "n"}}, asOf)
		must(t, err)
		return found[version.SubjectID][0].Seq
	}
	for i, entry := range entries {
		if i > 0 && (entry.Seq >= entries[i-1].Seq || !entry.LoggedAt.Before(entries[i-1].LoggedAt.Time)) {
			t.Errorf("%d of %s comes before %d of %s", entry.Seq, entry.LoggedAt, entries[i-1].Seq, entries[i-1].LoggedAt)
		}
		if got := latestAt(&entry.LoggedAt); got != entry.Seq {
			t.Errorf("as of %s the latest is %d and not %d", entry.LoggedAt, got, entry.Seq)
		}
	}
	if got := latestAt(nil); got != entries[0].Seq {
		t.Errorf("the latest is %d and not %d", got, entries[0].Seq)
	}
	byTime := slices.MaxFunc(all, func(a, b written) int { return a.at.Compare(b.at) })
	if byTime.seq == entries[0].Seq {
		t.Error("the control: the clock was not set back")
	}
}

// movesInOrder: of aliases and tags, too, each move is later than the one before.
func movesInOrder(t *testing.T, url string) {
	t.Helper()
	driver, name := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, name = "sqlite", path
	}
	db, err := sql.Open(driver, name)
	must(t, err)
	defer func() { _ = db.Close() }()
	for _, table := range []string{"alias_moves", "tag_moves"} {
		var moves, backwards int
		must(t, db.QueryRow("SELECT count(*) FROM "+table).Scan(&moves))
		must(t, db.QueryRow(`SELECT count(*) FROM (SELECT moved_at - lag(moved_at) OVER (ORDER BY seq) AS step FROM `+
			table+`) s WHERE step <= 0`).Scan(&backwards))
		if moves < len(offsets) || backwards > 0 {
			t.Errorf("of %d rows in %s, %d are not later than the one before", moves, table, backwards)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newVersion(t *testing.T, s *store.Store) *models.ArtifactVersion {
	t.Helper()
	version, _, err := s.CreateArtifactVersion(everyone, store.Call{}, models.NewPath("input"),
		models.CreateArtifactVersionInput{Artifact: "model"}, nil)
	must(t, err)
	return version
}

func target(v *models.ArtifactVersion) models.MetadataTarget {
	return models.MetadataTarget{ArtifactVersionID: ref(v.ID.String())}
}

func ref[T any](v T) *T { return &v }

func fact(t *testing.T, key, value string) []models.Fact {
	t.Helper()
	limits := models.DefaultLimits()
	facts, err := models.ReadFacts(&limits, nil, &models.Tree{Node: models.Object{{Key: key, Value: value}}}, nil)
	if err != nil {
		t.Error(err)
	}
	return facts
}
