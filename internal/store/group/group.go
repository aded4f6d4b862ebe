// Package group runs calls that wait at the same time as one group, so that they share statements and a commit
// (ADR 0038).
//
// It hides who waits for whom. While the statements of a group run, new calls of its key wait for the next group. That
// begins when the first one commits, or before if many calls wait. It leaves out the calls about subjects of groups
// that have not ended. A call that finds no group of its key running starts at once, so a single caller never waits for
// others. No timer is involved.
//
// A Queue runs groups. Its method Do adds a Member and returns the result of its call. The function that runs a Group
// lets single calls leave it, and asks it before the commit whether all callers still wait.
package group

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/admission"
)

// ErrLeft is the result of a call that left its group, or whose group failed. Nothing of it is stored, and the
// caller can run it by itself.
var ErrLeft = errors.New("the call is in no group")

// Limits bound the groups of a queue.
type Limits struct {
	// Calls is the maximum number of calls of a group, and Bytes that of the sum of their sizes.
	Calls, Bytes int
	// Groups is the maximum number of groups of a key that have not ended. One of them runs its statements while the
	// others commit, or two if at least Backlog calls wait.
	Groups, Backlog int
}

// Member is a call for a group.
type Member interface {
	// Bytes is the size of the call.
	Bytes() int
	// Subjects are the subjects that the call locks, as far as they are known before. Calls with different texts may lock
	// the same subject.
	Subjects() []string
}

// Queue runs calls with equal keys in groups. It is safe for concurrent use.
type Queue[K comparable, T Member] struct {
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
	// Waiting is the number of calls that wait for a group.
	Waiting int
}

// line holds the calls and the groups of one key.
type line[T Member] struct {
	waiting []*Call[T]
	// groups is the number of groups that have not ended, and running of those that do not commit yet.
	groups, running int
	// locked counts the subjects of these groups.
	locked map[string]int
}

// Call is a call that waits in a queue, or runs in a group.
type Call[T Member] struct {
	Value  T
	ctx    context.Context
	result chan error
	// committing is set before the last check of ctx. A caller whose context ends later waits for the commit.
	committing atomic.Bool
	// cancels stops the cancellation of the group by the end of ctx.
	cancels func() bool
}

// Group is the calls of one transaction.
type Group[T Member] struct {
	Calls []*Call[T]
	// isCommitting is set if the result of the transaction is the result of all calls.
	isCommitting bool
	// left are the calls that have left the group.
	left []*Call[T]
	// stopRunning lets the next group run. It is called once.
	stopRunning func()
}

// NewQueue returns a queue. run runs a group in one transaction. It returns nil if the transaction was committed,
// ErrLeft if it was rolled back and the calls shall run by themselves, and otherwise the failure of all calls.
func NewQueue[K comparable, T Member](
	limits Limits, run func(ctx context.Context, key K, g *Group[T]) error,
) *Queue[K, T] {
	return &Queue[K, T]{limits: limits, run: run, lines: map[K]*line[T]{}}
}

// Do runs a call in a group, and returns nil after the commit. It fails with ErrLeft if nothing of the call is stored
// for a reason that the call by itself would find out. If ctx ends before the group commits, Do returns the error of
// ctx, and nothing of the call is stored. While it waits, the slot of ctx is free for another operation.
func (q *Queue[K, T]) Do(ctx context.Context, key K, value T) error {
	c := &Call[T]{Value: value, ctx: ctx, result: make(chan error, 1)}
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

// add adds a call to the line of its key, and starts a group if it may run. It returns the number of calls in the line.
func (q *Queue[K, T]) add(key K, c *Call[T]) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stats.Waiting++
	of := q.lines[key]
	if of == nil {
		of = &line[T]{locked: map[string]int{}}
		q.lines[key] = of
	}
	of.waiting = append(of.waiting, c)
	q.start(key, of)
	return len(of.waiting)
}

// start starts a group of a line if it may run, and removes an idle line. The caller holds the lock.
func (q *Queue[K, T]) start(key K, of *line[T]) {
	canRun := of.running == 0 || of.running == 1 && len(of.waiting) >= q.limits.Backlog
	switch {
	case len(of.waiting) > 0 && canRun && of.groups < q.limits.Groups:
		of.groups++
		of.running++
		go q.runNext(key, of)
	case len(of.waiting) == 0 && of.groups == 0:
		delete(q.lines, key)
	}
}

// runNext takes the calls of the next group and runs it.
func (q *Queue[K, T]) runNext(key K, of *line[T]) {
	calls := q.take(key, of)
	if calls == nil {
		return
	}
	var subjects []string
	for _, c := range calls {
		subjects = append(subjects, c.Value.Subjects()...)
	}
	stopRunning := sync.OnceFunc(func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		of.running--
		q.start(key, of)
	})
	q.runOne(key, calls, stopRunning)
	stopRunning()
	q.mu.Lock()
	defer q.mu.Unlock()
	of.groups--
	for _, subject := range subjects {
		if of.locked[subject]--; of.locked[subject] == 0 {
			delete(of.locked, subject)
		}
	}
	q.start(key, of)
}

// take removes the calls of the next group from a line, and locks their subjects. It omits those whose callers have
// left, and leaves those about locked subjects. If it returns no calls, the group has ended: all waiting calls wait for
// other groups, whose end starts the next one.
func (q *Queue[K, T]) take(key K, of *line[T]) (calls []*Call[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var staying []*Call[T]
	bytes, isLocked := 0, func(subject string) bool { return of.locked[subject] > 0 }
	for _, c := range of.waiting {
		isFull := len(calls) == q.limits.Calls || len(calls) > 0 && bytes+c.Value.Bytes() > q.limits.Bytes
		switch {
		case c.ctx.Err() != nil:
		case isFull || slices.ContainsFunc(c.Value.Subjects(), isLocked):
			staying = append(staying, c)
		default:
			calls, bytes = append(calls, c), bytes+c.Value.Bytes()
		}
	}
	for _, c := range calls {
		for _, subject := range c.Value.Subjects() {
			of.locked[subject]++
		}
	}
	q.stats.Waiting -= len(of.waiting) - len(staying)
	of.waiting = staying
	if calls == nil {
		of.groups, of.running = of.groups-1, of.running-1
		if len(staying) == 0 {
			q.start(key, of)
		}
		return nil
	}
	q.stats.Groups++
	q.stats.Calls += int64(len(calls))
	return calls
}

// Stats returns the load of the queue.
func (q *Queue[K, T]) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}

// runOne runs a group and sends the results to the callers. If callers leave before the commit, the others run again.
func (q *Queue[K, T]) runOne(key K, calls []*Call[T], stopRunning func()) {
	for len(calls) > 0 {
		g := &Group[T]{Calls: calls, stopRunning: stopRunning}
		err := q.try(key, g)
		for _, c := range g.left {
			c.result <- ErrLeft
		}
		if err == nil || g.isCommitting {
			g.end(err)
			return
		}
		if calls = g.dismiss(); len(calls) == len(g.Calls) {
			g.end(err)
			return
		}
	}
}

// end sends the result of all calls.
func (g *Group[T]) end(result error) {
	for _, c := range g.Calls {
		c.result <- result
	}
}

// try runs a group once.
func (q *Queue[K, T]) try(key K, g *Group[T]) error {
	ctx, cancel := g.context()
	defer cancel()
	defer func() {
		for _, c := range g.Calls {
			c.cancels()
		}
	}()
	return recoverPanic(func() error { return q.run(ctx, key, g) })
}

// dismiss ends the calls whose callers have left, and returns the others.
func (g *Group[T]) dismiss() (staying []*Call[T]) {
	for _, c := range g.Calls {
		c.committing.Store(false)
		err := c.ctx.Err()
		if deadline, ok := c.ctx.Deadline(); ok && !time.Now().Before(deadline) {
			err = context.DeadlineExceeded // the timer of ctx may fire later than that of the group
		}
		if err != nil {
			c.result <- err
		} else {
			staying = append(staying, c)
		}
	}
	return staying
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

// Leave removes the calls for which a condition holds from the group. Each of them fails with ErrLeft when the group
// has ended, so that it does not race with the group.
func (g *Group[T]) Leave(leaves func(value T) bool) {
	var staying []*Call[T]
	for _, c := range g.Calls {
		if leaves(c.Value) {
			c.cancels()
			g.left = append(g.left, c)
		} else {
			staying = append(staying, c)
		}
	}
	g.Calls = staying
}

// Commit is called at the end of the transaction with its result so far, before it is committed. With an error, its own
// or that of a caller that has left, the transaction must be rolled back. Otherwise all callers wait for the result of
// the commit, and the context of the transaction ends at the earliest deadline only.
func (g *Group[T]) Commit(result error) error {
	g.isCommitting = false // a transaction may be tried again
	if result != nil {
		return result
	}
	for _, c := range g.Calls {
		c.committing.Store(true)
		c.cancels()
		if err := c.ctx.Err(); err != nil {
			return err
		}
	}
	g.isCommitting = true
	g.stopRunning()
	return nil
}

// recoverPanic returns ErrLeft for a panic of fn. The calls run by themselves then, each in the goroutine of its
// caller, where a panic is reported.
func recoverPanic(fn func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrLeft
		}
	}()
	return fn()
}
