// Package lru keeps the values that were used last, within a number of values and a total size.
package lru

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache maps texts to values. It evicts the least recently used value first. It is safe for concurrent use.
type Cache[V any] struct {
	mu      sync.Mutex
	lru     *simplelru.LRU[string, V]
	sizeOf  func(V) int
	maxSize int
	size    int
}

// New returns an empty cache for at most maxValues values, whose sizes add up to at most maxSize.
func New[V any](maxValues, maxSize int, sizeOf func(V) int) *Cache[V] {
	c := &Cache[V]{sizeOf: sizeOf, maxSize: maxSize}
	var err error
	if c.lru, err = simplelru.NewLRU(maxValues, func(_ string, value V) { c.size -= sizeOf(value) }); err != nil {
		panic(err) // maxValues is not positive
	}
	return c
}

// Get returns the value of a key, and whether the cache has one.
func (c *Cache[V]) Get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Get(key)
}

// Add stores a value unless the key already has one.
func (c *Cache[V]) Add(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.lru.Get(key); ok {
		return
	}
	c.size += c.sizeOf(value)
	c.lru.Add(key, value)
	for c.size > c.maxSize {
		c.lru.RemoveOldest()
	}
}

// Size returns the total size of the stored values.
func (c *Cache[V]) Size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}
