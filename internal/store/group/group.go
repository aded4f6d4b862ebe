// Package group runs calls that wait at the same time as one group, so that they share statements and a commit
// (ADR 0038).
//
// It hides who waits for whom. While the group of a key runs, new calls of the key wait; the next group takes them. A
// call that finds no group of its key running starts at once, so a single caller never waits for others. No timer is
// involved.
//
// A Queue runs groups. Its method Do adds a call and returns the result of that call. The function that runs a Group
// lets single calls leave it, and asks it before the commit whether all callers still wait.
package group

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/admission"
)

// ErrLeft is the result of a call that left its group, or whose group was rolled back. Nothing of it is stored, and the
// caller can run it by itself.
var ErrLeft = errors.New("the call is in no group")

// Limits bound the groups of a queue.
type Limits struct {
	// Calls is the maximum number of calls of a group, and Bytes that of the sum of their sizes.
	Calls, Bytes int
	// Parallel is the number of groups of a key that run at the same time.
	Parallel int
}

// Queue runs calls with equal keys in groups. It is safe for concurrent use.
type Queue[K comparable, T any] struct {
	limits Limits
	run    func(ctx context.Context, key K, g *Group[T]) error
	mu     sync.Mutex
	lines  map[K]*line[T]
	stats  Stats
}

// Stats is the load of a queue.
type Stats struct {
	// Groups is the number of groups that have begun, and Calls the number of their calls.
	Groups, Calls int64
	// Waiting is the number of calls that wait for the next group.
	Waiting int
}

// line holds the calls of one key.
type line[T any] struct {
	waiting []*Call[T]
	running int
}

// Call is a call that waits in a queue, or runs in a group.
type Call[T any] struct {
	Value  T
	ctx    context.Context
	bytes  int
	result chan error
	// committing is set before the last check of ctx. A caller whose context ends later waits for the commit.
	committing atomic.Bool
	// cancels stops the cancellation of the group by the end of ctx.
	cancels func() bool
}

// Group is the calls of one transaction.
type Group[T any] struct {
	Calls []*Call[T]
	// isCommitting is set if the result of the transaction is the result of all calls.
	isCommitting bool
}

// NewQueue returns a queue. run runs a group in one transaction. It returns nil if the transaction was committed.
func NewQueue[K comparable, T any](
	limits Limits, run func(ctx context.Context, key K, g *Group[T]) error,
) *Queue[K, T] {
	return &Queue[K, T]{limits: limits, run: run, lines: map[K]*line[T]{}}
}

// Do runs a call in a group, and returns nil after the commit. It fails with ErrLeft if nothing of the call is stored
// for a reason that the call by itself would find out. If ctx ends before the group commits, Do returns the error of
// ctx, and nothing of the call is stored. While it waits, the slot of ctx is free for another operation.
func (q *Queue[K, T]) Do(ctx context.Context, key K, bytes int, value T) error {
	c := &Call[T]{Value: value, ctx: ctx, bytes: bytes, result: make(chan error, 1)}
	if waiting := q.add(key, c); waiting <= q.limits.Calls {
		defer admission.Yield(ctx)()
	}
	select {
	case err := <-c.result:
		return err
	case <-ctx.Done():
		if !c.committing.Load() {
			return ctx.Err()
		}
		return <-c.result
	}
}

// add adds a call to the line of its key, and starts a group if fewer than Parallel run. It returns the number of calls
// in the line.
func (q *Queue[K, T]) add(key K, c *Call[T]) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	of := q.lines[key]
	if of == nil {
		of = &line[T]{}
		q.lines[key] = of
	}
	of.waiting = append(of.waiting, c)
	q.stats.Waiting++
	if of.running < q.limits.Parallel {
		of.running++
		go q.runAll(key, of)
	}
	return len(of.waiting)
}

// runAll runs groups of a key until no call waits.
func (q *Queue[K, T]) runAll(key K, of *line[T]) {
	for {
		calls := q.take(key, of)
		if calls == nil {
			return
		}
		q.runOne(key, calls)
	}
}

// take removes the calls of the next group from a line. It omits those whose callers have left. Without calls it
// returns nil, and ends the run of groups.
func (q *Queue[K, T]) take(key K, of *line[T]) (calls []*Call[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, bytes := 0, 0
	for _, c := range of.waiting {
		if len(calls) == q.limits.Calls || len(calls) > 0 && bytes+c.bytes > q.limits.Bytes {
			break
		}
		n++
		if c.ctx.Err() == nil {
			calls, bytes = append(calls, c), bytes+c.bytes
		}
	}
	of.waiting = of.waiting[n:]
	q.stats.Waiting -= n
	if calls != nil {
		q.stats.Groups++
		q.stats.Calls += int64(len(calls))
	} else if of.running--; of.running == 0 {
		delete(q.lines, key)
	}
	return calls
}

// Stats returns the load of the queue.
func (q *Queue[K, T]) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}

// runOne runs a group and sends the results to the callers.
func (q *Queue[K, T]) runOne(key K, calls []*Call[T]) {
	g := &Group[T]{Calls: calls}
	ctx, cancel := g.context()
	defer cancel()
	err := recoverPanic(func() error { return q.run(ctx, key, g) })
	if err != nil && !g.isCommitting {
		err = ErrLeft
	}
	for _, c := range g.Calls {
		c.cancels()
		c.result <- err
	}
}

// context returns the context of the transaction. It has the values of the first call and the earliest of the
// deadlines. It ends when a caller leaves before Commit, because a write of a caller that has left must not be stored.
func (g *Group[T]) context() (context.Context, context.CancelFunc) {
	var earliest time.Time
	for _, c := range g.Calls {
		if deadline, ok := c.ctx.Deadline(); ok && (earliest.IsZero() || deadline.Before(earliest)) {
			earliest = deadline
		}
	}
	ctx := context.WithoutCancel(g.Calls[0].ctx)
	var cancel context.CancelFunc
	if earliest.IsZero() {
		ctx, cancel = context.WithCancel(ctx)
	} else {
		ctx, cancel = context.WithDeadline(ctx, earliest)
	}
	for _, c := range g.Calls {
		c.cancels = context.AfterFunc(c.ctx, cancel)
	}
	return ctx, cancel
}

// Leave removes the calls for which a condition holds from the group. Each of them fails with ErrLeft at once.
func (g *Group[T]) Leave(leaves func(value T) bool) {
	var staying []*Call[T]
	for _, c := range g.Calls {
		if leaves(c.Value) {
			c.cancels()
			c.result <- ErrLeft
		} else {
			staying = append(staying, c)
		}
	}
	g.Calls = staying
}

// Commit is called at the end of the transaction, before it is committed. It returns an error if a caller has left, and
// then the transaction must be rolled back. Otherwise all callers wait for the result of the commit, and the context of
// the transaction ends at the earliest deadline only.
func (g *Group[T]) Commit() error {
	for _, c := range g.Calls {
		c.committing.Store(true)
		c.cancels()
		if err := c.ctx.Err(); err != nil {
			return err
		}
	}
	g.isCommitting = true
	return nil
}

// recoverPanic returns a panic of fn as an error. The calls run by themselves then, each in the goroutine of its
// caller.
func recoverPanic(fn func() error) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	return fn()
}
