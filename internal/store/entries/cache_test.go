package entries_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var everyone = auth.NewContext(context.Background(), auth.Anonymous)

func openStore(t *testing.T, url string, options ...store.Option) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// logInteger sets the key n of a new or an existing version, and returns the version with its revision.
func logInteger(t *testing.T, s *store.Store, artifact string, n int) *models.ArtifactVersion {
	t.Helper()
	limits, path := models.DefaultLimits(), models.NewPath("input")
	facts, err := models.ReadFacts(&limits, path, &models.Tree{Node: models.Object{{Key: "n", Value: fmt.Sprint(n)}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	name := models.ArtifactVersionName{Name: artifact, Version: new("1")}
	ref := models.ArtifactVersionRef{Named: &name}
	version, err := s.ArtifactVersion(everyone, ref, nil)
	if err == nil && version == nil {
		_, _, err = s.CreateArtifactVersion(everyone, store.Call{}, path,
			models.CreateArtifactVersionInput{Artifact: artifact, Version: name.Version}, facts)
	} else if err == nil {
		_, _, err = s.LogMetadata(everyone, store.Call{Operation: "logMetadata"}, []store.Write{{Facts: facts, Path: path,
			Target: models.MetadataTarget{ArtifactVersion: &name}}})
	}
	if err == nil {
		version, err = s.ArtifactVersion(everyone, ref, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// readJSON reads a version through the cache.
func readJSON(t *testing.T, s *store.Store, v *models.ArtifactVersion) string {
	t.Helper()
	documents, err := s.CurrentDocuments(everyone, v.ProjectID, []models.ID{v.SubjectID},
		func(models.ID) (int64, bool) { return v.Revision.Number, v.Revision.Known })
	if err != nil {
		t.Fatal(err)
	}
	return string(documents[v.SubjectID].JSON)
}

// TestPairs checks that a read through the cache returns the rows of the present revision. The control stores earlier
// rows under this revision, as a reader would that reads them by two statements with a write between these.
func TestPairs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s := openStore(t, url)
		readJSON(t, s, logInteger(t, s, "model", 1))
		v := logInteger(t, s, "model", 2)
		if got := readJSON(t, s, v); got != `{"n":"2"}` {
			t.Fatalf("read %s", got)
		}
		later := logInteger(t, s, "model", 3)
		s.Cache.Relabel(v.ProjectID, v.SubjectID, later.Revision.Number)
		if got := readJSON(t, s, later); got != `{"n":"2"}` {
			t.Errorf("control: a pair of two statements is not noticed: %s", got)
		}
	})
}

// TestCacheOff checks that a store without a cache stores nothing.
func TestCacheOff(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s := openStore(t, url, store.WithCacheBytes(0))
		v := logInteger(t, s, "model", 1)
		for range 2 {
			meter := &storetest.Meter{}
			ctx := storetest.WithMeter(everyone, meter)
			found, err := s.CurrentEntries(ctx, v.ProjectID, []models.ID{v.SubjectID},
				func(models.ID) (int64, bool) { return v.Revision.Number, true })
			if err != nil || len(found[v.SubjectID]) != 1 || meter.Statements() != 1 {
				t.Errorf("%d entries by %d statements (%v)", len(found[v.SubjectID]), meter.Statements(), err)
			}
		}
		if s.CacheStats() != (store.CacheStats{}) {
			t.Errorf("the statistics are %+v", s.CacheStats())
		}
	})
}

// TestCacheMemory compares the counted size of the cache with the memory that it takes, and checks its limit.
func TestCacheMemory(t *testing.T) {
	const limit = 4 << 20
	s := openStore(t, storetest.SQLite(t), store.WithCacheBytes(limit))
	var versions []*models.ArtifactVersion
	limits, path := models.DefaultLimits(), models.NewPath("input")
	for i := range 150 {
		var object models.Object
		for k := range 100 {
			object = append(object, models.Member{Key: fmt.Sprint("key ", k), Value: fmt.Sprintf("a text of version %d", i)})
		}
		facts, err := models.ReadFacts(&limits, path, &models.Tree{Node: object}, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := s.CreateArtifactVersion(everyone, store.Call{}, path, models.CreateArtifactVersionInput{Artifact: "model"}, facts)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, v)
	}
	read := func(versions []*models.ArtifactVersion) {
		for _, v := range versions {
			if _, err := s.CurrentEntries(everyone, v.ProjectID, []models.ID{v.SubjectID}, nil); err != nil {
				t.Fatal(err)
			}
			readJSON(t, s, v)
		}
	}
	read(versions[:1])
	before := heapBytes()
	read(versions[1:100])
	memory, counted := heapBytes()-before, int64(s.CacheStats().Bytes)
	if counted < memory*8/10 || counted > memory*13/10 {
		t.Errorf("the cache takes %d bytes and counts %d", memory, counted)
	}
	if read(versions); s.CacheStats().Bytes > limit || s.CacheStats().Bytes < limit*9/10 {
		t.Errorf("the cache has %d bytes of %d", s.CacheStats().Bytes, limit)
	}
}

// heapBytes returns the memory of live objects.
func heapBytes() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
