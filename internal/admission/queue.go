// Package admission bounds concurrent work and memory, and shares them between callers. It hides the order in which
// waiting callers get slots.
//
// A Queue has slots for work; it refuses a caller with ErrFull. QueueOutcome classifies the result of a wait. A
// ByteBudget bounds memory.
package admission

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// ErrFull is the error of a caller that a queue refuses, because too many callers wait already.
var ErrFull = errors.New("too many callers wait")

// Queue has a fixed number of slots, which callers share. One caller gets slots in order of arrival. Waiting callers
// get slots round robin.
//
// A caller holds at most half of the slots, rounded up, while others wait, and at most three quarters otherwise. So a
// new caller finds a slot even if the others are held for long. A queue with one slot has no such reserve.
//
// A Queue has no goroutine of its own and is safe for concurrent use.
type Queue[C comparable] struct {
	slots, maxWaiting int

	mu        sync.Mutex
	available int
	callers   map[C]*caller[C]
	// ring contains the waiting callers, the next one first.
	ring     list.List
	waiting  int
	waits    int64
	waitTime time.Duration
}

// caller is a caller with slots or waiters.
type caller[C comparable] struct {
	id   C
	held int
	// waiters are in order of arrival.
	waiters list.List
	// element is the element of the ring, nil if the caller has no waiters.
	element *list.Element
}

// waiter receives nil with a slot, or ErrFull.
type waiter chan error

// NewQueue returns a queue with a number of slots, for which at most maxWaiting callers wait.
func NewQueue[C comparable](slots, maxWaiting int) *Queue[C] {
	return &Queue[C]{slots: slots, maxWaiting: maxWaiting, available: slots, callers: map[C]*caller[C]{}}
}

// TryAcquire acquires a slot as Acquire does, or returns false if the caller has to wait for it.
func (q *Queue[C]) TryAcquire(id C) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.callerOf(id)
	acquired := q.take(c)
	q.removeIdle(c)
	return acquired
}

// Acquire waits for a slot, which the caller returns with Release. If ctx ends first, it returns the cause. If too many
// wait, the newest waiter of the caller with the most waiters gets ErrFull, which can be this one.
func (q *Queue[C]) Acquire(ctx context.Context, id C) error {
	q.mu.Lock()
	c := q.callerOf(id)
	if q.take(c) {
		q.mu.Unlock()
		return nil
	}
	if q.waiting >= q.maxWaiting && !q.evict(c) {
		q.removeIdle(c)
		q.mu.Unlock()
		return ErrFull
	}
	element := c.waiters.PushBack(make(waiter, 1))
	if c.element == nil {
		c.element = q.ring.PushBack(c)
	}
	q.waiting++
	q.waits++
	q.mu.Unlock()
	return q.wait(ctx, c, element)
}

// callerOf returns a caller, which removeIdle removes again.
func (q *Queue[C]) callerOf(id C) *caller[C] {
	c := q.callers[id]
	if c == nil {
		c = &caller[C]{id: id}
		q.callers[id] = c
	}
	return c
}

// take gives a caller a slot and returns true, or returns false if the caller has to wait.
func (q *Queue[C]) take(c *caller[C]) bool {
	if c.waiters.Len() > 0 || q.available == 0 || c.held >= q.maxHeld(c) {
		return false
	}
	q.available--
	c.held++
	return true
}

// wait waits until the waiter in element gets a slot or is evicted, or until ctx ends.
func (q *Queue[C]) wait(ctx context.Context, c *caller[C], element *list.Element) error {
	w, startedAt := element.Value.(waiter), time.Now()
	var result error
	hasEnded := false
	select {
	case result = <-w:
	case <-ctx.Done():
		hasEnded = true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waitTime += time.Since(startedAt)
	if !hasEnded {
		return result
	}
	select {
	case result = <-w:
		if result == nil { // the slot came at the same moment
			q.reclaim(c)
		}
	default:
		q.remove(c, element)
		q.assign() // others may hold more slots when this caller does not wait
	}
	return context.Cause(ctx)
}

// Release returns a slot of a caller.
func (q *Queue[C]) Release(id C) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reclaim(q.callers[id])
}

// Stats is the load of a queue.
type Stats struct {
	// InUse is the number of slots in use, and Waiting the number of waiters.
	InUse, Waiting int
	// Waits counts all waiters so far, and Waited is the total time of those that no longer wait.
	Waits    int64
	WaitTime time.Duration
}

// Stats returns the load of the queue.
func (q *Queue[C]) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Stats{q.slots - q.available, q.waiting, q.waits, q.waitTime}
}

// Holds returns the number of slots of a caller.
func (q *Queue[C]) Holds(id C) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if c := q.callers[id]; c != nil {
		return c.held
	}
	return 0
}

// maxHeld returns the number of slots that a caller may hold now.
func (q *Queue[C]) maxHeld(c *caller[C]) int {
	others := q.ring.Len()
	if c.element != nil {
		others--
	}
	switch {
	case q.slots <= 1:
		return q.slots
	case others > 0:
		return (q.slots + 1) / 2
	}
	return q.slots - max(1, q.slots/4)
}

// reclaim takes a slot from a caller and assigns it to a waiter.
func (q *Queue[C]) reclaim(c *caller[C]) {
	c.held--
	q.available++
	q.assign()
	q.removeIdle(c)
}

// assign assigns the available slots to waiters of callers that may hold more.
func (q *Queue[C]) assign() {
	for q.available > 0 {
		next := q.ring.Front()
		for next != nil && next.Value.(*caller[C]).held >= q.maxHeld(next.Value.(*caller[C])) {
			next = next.Next()
		}
		if next == nil {
			return
		}
		c := next.Value.(*caller[C])
		q.available--
		c.held++
		q.ring.MoveToBack(next)
		first := c.waiters.Front()
		q.remove(c, first)
		first.Value.(waiter) <- nil
	}
}

// evict refuses the newest waiter of the caller with the most waiters, in favour of a waiter of c. It returns false if
// that caller would then have fewer waiters than c.
func (q *Queue[C]) evict(c *caller[C]) bool {
	longest := c
	for e := q.ring.Front(); e != nil; e = e.Next() {
		if other := e.Value.(*caller[C]); other.waiters.Len() > longest.waiters.Len() {
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
		q.ring.Remove(c.element)
		c.element = nil
	}
	q.removeIdle(c)
}

// removeIdle removes a caller without slots and waiters.
func (q *Queue[C]) removeIdle(c *caller[C]) {
	if c.held == 0 && c.waiters.Len() == 0 {
		delete(q.callers, c.id)
	}
}
