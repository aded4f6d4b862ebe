package operation

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/placard/placard/internal/lru"
)

const (
	maxCachedQueries    = 1000
	maxCachedQueryBytes = 8 << 20
	// maxQueryBytes is the length of the longest query that a QueryCache stores.
	maxQueryBytes = 64 << 10
)

// Hash returns the hash of a query: the SHA-256 of its UTF-8 text, as 64 lower-case hexadecimal digits.
func Hash(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}

// isHash reports whether a text has the form of a hash.
func isHash(text string) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(text) == sha256.Size*2
}

// queryCache maps hashes to the queries that clients have sent with them (automatic persisted queries). It evicts the
// least recently used ones, and is safe for concurrent use.
type queryCache struct{ queries *lru.Cache[string] }

// newQueryCache returns an empty cache.
func newQueryCache() *queryCache {
	return &queryCache{lru.New(maxCachedQueries, maxCachedQueryBytes, func(query string) int { return len(query) })}
}

// Get returns the query of a hash, and whether the cache has it.
func (c *queryCache) Get(hash string) (string, bool) { return c.queries.Get(hash) }

// Add stores a query of at most MaxQueryBytes under its hash. The caller has checked that the hash is right.
func (c *queryCache) Add(hash, query string) {
	if len(query) <= maxQueryBytes {
		c.queries.Add(hash, query)
	}
}
