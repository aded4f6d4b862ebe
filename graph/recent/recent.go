// Package recent keeps what was used last, within a bound.
package recent

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Memory keeps values by a text: what was not used for longest goes first. It may be used by many at once.
type Memory[V any] struct {
	mu     sync.Mutex
	lru    *simplelru.LRU[string, V]
	weigh  func(V) int
	most   int
	weight int
}

// New is an empty memory for so many values at most, which weigh most together.
func New[V any](values, most int, weigh func(V) int) *Memory[V] {
	m := &Memory[V]{weigh: weigh, most: most}
	var err error
	if m.lru, err = simplelru.NewLRU(values, func(_ string, value V) { m.weight -= weigh(value) }); err != nil {
		panic(err) // the size is positive
	}
	return m
}

// Get is the value of a text, if it is kept.
func (m *Memory[V]) Get(text string) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lru.Get(text)
}

// Add keeps the value of a text that is not kept yet.
func (m *Memory[V]) Add(text string, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.lru.Get(text); known {
		return
	}
	m.weight += m.weigh(value)
	m.lru.Add(text, value)
	for m.weight > m.most {
		m.lru.RemoveOldest()
	}
}

// Weight is what the values that are kept weigh together.
func (m *Memory[V]) Weight() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.weight
}
