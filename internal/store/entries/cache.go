package entries

import (
	"sync/atomic"

	"github.com/placard/placard/internal/lru"
	"github.com/placard/placard/models"
)

// Cache holds the latest metadata of subjects, each as of one revision. A nil Cache is empty and stores nothing.
//
// Each change of the metadata of a subject gives it a new random revision. So a state of the revision that the database
// has now is the present state, on all servers. No write has to remove a state. See ADR 0036.
type Cache struct {
	states       *lru.Cache[subjectKey, *state]
	hits, misses atomic.Int64
}

// subjectKey identifies a subject. Two projects can have one ID.
type subjectKey struct{ project, subject models.ID }

// state is the latest metadata of a subject at a revision, in the forms that were asked for. It is immutable. The
// revision and the rows come from one statement.
type state struct {
	revision int64
	// entries and document are nil if nobody has asked for them.
	entries  *latestEntries
	document *Document
}

// stateBytes is the memory of a state without its entries and its document.
const stateBytes = 300

// minStateBytes is the memory of the smallest state with a form.
const minStateBytes = stateBytes + 100

func (s *state) size() int {
	size := stateBytes
	if s.entries != nil {
		size += s.entries.size
	}
	if s.document != nil {
		size += s.document.size
	}
	return size
}

// NewCache returns a cache for a number of bytes, nil for 0.
func NewCache(bytes int) *Cache {
	if bytes < minStateBytes {
		return nil
	}
	return &Cache{states: lru.New[subjectKey](bytes/minStateBytes, bytes, (*state).size)}
}

// get returns the state of a subject, nil for none.
func (c *Cache) get(key subjectKey) *state {
	if c == nil {
		return nil
	}
	s, _ := c.states.Get(key)
	return s
}

// put stores the state of a subject.
func (c *Cache) put(key subjectKey, s *state) {
	if c != nil {
		c.states.Replace(key, s)
	}
}

// count counts subjects that were served from the cache, and others.
func (c *Cache) count(hits, misses int) {
	if c != nil {
		c.hits.Add(int64(hits))
		c.misses.Add(int64(misses))
	}
}

// CacheStats describes the use of a Cache.
type CacheStats struct {
	// Hits counts the subjects that were served from the cache, and Misses the others.
	Hits, Misses int64
	// Bytes is the memory of the stored states.
	Bytes int
}

// Stats returns the use of the cache.
func (c *Cache) Stats() CacheStats {
	if c == nil {
		return CacheStats{}
	}
	return CacheStats{c.hits.Load(), c.misses.Load(), c.states.Size()}
}
