// Package admission bounds how much a server does at once, and shares it between callers: Queue bounds work, Bytes bounds
// memory.
package admission

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// ErrFull is the error of a caller for whom a queue has no place to wait.
var ErrFull = errors.New("too many are waiting")

// Queue hands out a fixed number of turns and shares them between callers. The turns of one caller are in order of arrival.
// Callers that wait get turns round robin.
//
// A caller holds at most half of the turns, rounded up, while others wait, and at most three quarters while nobody else
// waits. So the next caller finds a turn even if all others are held for long. A queue of one turn has no such reserve.
//
// A Queue has no goroutine of its own and is safe for concurrent use.
type Queue[C comparable] struct {
	turns, places int

	mu      sync.Mutex
	free    int
	callers map[C]*caller[C]
	// ring holds the callers that wait, the next one first.
	ring    list.List
	waiting int
	waits   int64
	waited  time.Duration
}

// caller holds the turns and the waiters of one caller.
type caller[C comparable] struct {
	id   C
	held int
	// waiters are in order of arrival.
	waiters list.List
	// place is the element of the ring, nil while no waiter is there.
	place *list.Element
}

// waiter waits for a turn. The channel gets nil for a turn, or ErrFull.
type waiter chan error

// NewQueue returns a queue with a number of turns, in which at most places wait.
func NewQueue[C comparable](turns, places int) *Queue[C] {
	return &Queue[C]{turns: turns, places: places, free: turns, callers: map[C]*caller[C]{}}
}

// Enter waits for a turn, which the caller returns by Leave. It returns the cause of ctx if that ends first. If all places
// are taken, the caller with the most waiters loses its newest one, whose Enter returns ErrFull. That may be this waiter.
func (q *Queue[C]) Enter(ctx context.Context, id C) error {
	q.mu.Lock()
	c := q.callers[id]
	if c == nil {
		c = &caller[C]{id: id}
		q.callers[id] = c
	}
	if c.waiters.Len() == 0 && q.free > 0 && c.held < q.maxHeld(c) {
		q.free--
		c.held++
		q.mu.Unlock()
		return nil
	}
	if q.waiting >= q.places && !q.evict(c) {
		q.forget(c)
		q.mu.Unlock()
		return ErrFull
	}
	turn := make(waiter, 1)
	element := c.waiters.PushBack(turn)
	if c.place == nil {
		c.place = q.ring.PushBack(c)
	}
	q.waiting++
	q.waits++
	q.mu.Unlock()
	return q.wait(ctx, c, element)
}

// wait waits until the waiter in element gets its turn or loses its place, or until ctx ends.
func (q *Queue[C]) wait(ctx context.Context, c *caller[C], element *list.Element) error {
	turn, begin := element.Value.(waiter), time.Now()
	var result error
	ended := false
	select {
	case result = <-turn:
	case <-ctx.Done():
		ended = true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waited += time.Since(begin)
	if !ended {
		return result
	}
	select {
	case result = <-turn:
		if result == nil { // the turn came at the same moment
			q.release(c)
		}
	default:
		q.remove(c, element)
		q.give() // the others may hold more while this caller does not wait
	}
	return context.Cause(ctx)
}

// Leave returns a turn of the caller.
func (q *Queue[C]) Leave(id C) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.release(q.callers[id])
}

// Load describes how busy a queue is.
type Load struct {
	// Turns counts the turns that callers hold, and Waiting the waiters.
	Turns, Waiting int
	// Waits is how many waiters there have been, and Waited how long those waited that have ended.
	Waits  int64
	Waited time.Duration
}

// Load returns how busy the queue is.
func (q *Queue[C]) Load() Load {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Load{q.turns - q.free, q.waiting, q.waits, q.waited}
}

// Holds returns how many turns a caller holds.
func (q *Queue[C]) Holds(id C) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if c := q.callers[id]; c != nil {
		return c.held
	}
	return 0
}

// maxHeld returns how many turns a caller may hold now.
func (q *Queue[C]) maxHeld(c *caller[C]) int {
	others := q.ring.Len()
	if c.place != nil {
		others--
	}
	switch {
	case q.turns <= 1:
		return q.turns
	case others > 0:
		return (q.turns + 1) / 2
	}
	return q.turns - max(1, q.turns/4)
}

// release takes a turn back from a caller and gives it to a waiter.
func (q *Queue[C]) release(c *caller[C]) {
	c.held--
	q.free++
	q.give()
	q.forget(c)
}

// give gives the free turns to waiters whose callers may hold more.
func (q *Queue[C]) give() {
	for q.free > 0 {
		place := q.ring.Front()
		for place != nil && place.Value.(*caller[C]).held >= q.maxHeld(place.Value.(*caller[C])) {
			place = place.Next()
		}
		if place == nil {
			return
		}
		c := place.Value.(*caller[C])
		q.free--
		c.held++
		q.ring.MoveToBack(place)
		first := c.waiters.Front()
		q.remove(c, first)
		first.Value.(waiter) <- nil
	}
}

// evict makes room for a waiter of c: the caller with the most waiters loses its newest one. It returns false if that caller
// would then have fewer waiters than c.
func (q *Queue[C]) evict(c *caller[C]) bool {
	longest := c
	for place := q.ring.Front(); place != nil; place = place.Next() {
		if other := place.Value.(*caller[C]); other.waiters.Len() > longest.waiters.Len() {
			longest = other
		}
	}
	if longest.waiters.Len() < c.waiters.Len()+2 {
		return false
	}
	last := longest.waiters.Back()
	q.remove(longest, last)
	last.Value.(waiter) <- ErrFull
	return true
}

// remove removes a waiter.
func (q *Queue[C]) remove(c *caller[C], element *list.Element) {
	c.waiters.Remove(element)
	q.waiting--
	if c.waiters.Len() == 0 {
		q.ring.Remove(c.place)
		c.place = nil
	}
	q.forget(c)
}

// forget drops a caller without turns and waiters.
func (q *Queue[C]) forget(c *caller[C]) {
	if c.held == 0 && c.waiters.Len() == 0 {
		delete(q.callers, c.id)
	}
}
