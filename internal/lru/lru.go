// Package lru keeps the values that were used last, within a number of values and a total size.
package lru

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache maps keys to values. It evicts the least recently used value first. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	mu      sync.Mutex
	lru     *simplelru.LRU[K, V]
	sizeOf  func(V) int
	maxSize int
	size    int
}

// New returns an empty cache for at most maxValues values, whose sizes add up to at most maxSize.
func New[K comparable, V any](maxValues, maxSize int, sizeOf func(V) int) *Cache[K, V] {
	c := &Cache[K, V]{sizeOf: sizeOf, maxSize: maxSize}
	var err error
	if c.lru, err = simplelru.NewLRU(maxValues, func(_ K, value V) { c.size -= sizeOf(value) }); err != nil {
		panic(err) // maxValues is not positive
	}
	return c
}

// Get returns the value of a key, and whether the cache has one.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Get(key)
}

// Add stores a value unless the key already has one.
func (c *Cache[K, V]) Add(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.lru.Get(key); ok {
		return
	}
	c.insert(key, value)
}

// Replace stores a value in place of another one of the key.
func (c *Cache[K, V]) Replace(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(key)
	c.insert(key, value)
}

// insert stores the value of a new key, unless it alone exceeds the total size.
func (c *Cache[K, V]) insert(key K, value V) {
	size := c.sizeOf(value)
	if size > c.maxSize {
		return
	}
	c.size += size
	c.lru.Add(key, value)
	for c.size > c.maxSize {
		c.lru.RemoveOldest()
	}
}

// Size returns the total size of the stored values.
func (c *Cache[K, V]) Size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}
