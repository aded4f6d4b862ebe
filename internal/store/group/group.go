// Package group runs calls that wait at the same time as one group, so that they share statements and a commit
// (ADR 0038).
//
// It hides who waits for whom. While the statements of a group run, new calls of its key wait; the next group takes
// them. It begins when the group commits, without the calls about subjects that this group has locked. A call that finds
// no group of its key running starts at once, so a single caller never waits for others. No timer is involved.
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
	// Commits is the maximum number of groups of a key that commit while another one runs.
	Commits int
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

// line holds the calls of one key.
type line[T Member] struct {
	waiting []*Call[T]
	// isRunning is set while the statements of a group run.
	isRunning bool
	// commits is the number of groups that commit while another one may run, and locked counts their subjects.
	commits int
	locked  map[string]int
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
	// overtake lets the next group run, and reports whether it may.
	overtake func(g *Group[T]) bool
	// isOvertaken is set after that, and locked are the subjects of the group then.
	isOvertaken bool
	locked      []string
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

// add adds a call to the line of its key, and starts a group if none runs. It returns the number of calls in the line.
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

// start starts a group of a line, unless one runs, and removes an idle line. The caller holds the lock.
func (q *Queue[K, T]) start(key K, of *line[T]) {
	switch {
	case of.isRunning:
	case len(of.waiting) > 0:
		of.isRunning = true
		go q.runAll(key, of)
	case of.commits == 0:
		delete(q.lines, key)
	}
}

// runAll runs groups of a key until no call can run, or until a group is overtaken.
func (q *Queue[K, T]) runAll(key K, of *line[T]) {
	for {
		calls := q.take(key, of)
		if calls == nil || q.runOne(key, of, calls) {
			return
		}
	}
}

// take removes the calls of the next group from a line. It omits those whose callers have left, and leaves those about
// the subjects of a group that commits. Without calls it returns nil, and no group runs any more.
func (q *Queue[K, T]) take(key K, of *line[T]) (calls []*Call[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var staying []*Call[T]
	bytes := 0
	for _, c := range of.waiting {
		isFull := len(calls) == q.limits.Calls || len(calls) > 0 && bytes+c.Value.Bytes() > q.limits.Bytes
		switch {
		case c.ctx.Err() != nil:
		case isFull || slices.ContainsFunc(c.Value.Subjects(), func(s string) bool { return of.locked[s] > 0 }):
			staying = append(staying, c)
		default:
			calls, bytes = append(calls, c), bytes+c.Value.Bytes()
		}
	}
	q.stats.Waiting -= len(of.waiting) - len(staying)
	of.waiting = staying
	if calls != nil {
		q.stats.Groups++
		q.stats.Calls += int64(len(calls))
		return calls
	}
	of.isRunning = false
	if len(staying) == 0 {
		q.start(key, of)
	}
	return nil
}

// overtake lets the next group of a line run while g commits. It reports false if too many groups commit already.
func (q *Queue[K, T]) overtake(key K, of *line[T], g *Group[T]) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if of.commits == q.limits.Commits {
		return false
	}
	of.commits++
	for _, c := range g.Calls {
		g.locked = append(g.locked, c.Value.Subjects()...)
	}
	for _, subject := range g.locked {
		of.locked[subject]++
	}
	of.isRunning = false
	q.start(key, of)
	return true
}

// release removes a group that has committed from a line. The calls about its subjects can run now.
func (q *Queue[K, T]) release(key K, of *line[T], g *Group[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	of.commits--
	for _, subject := range g.locked {
		if of.locked[subject]--; of.locked[subject] == 0 {
			delete(of.locked, subject)
		}
	}
	q.start(key, of)
}

// Stats returns the load of the queue.
func (q *Queue[K, T]) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}

// runOne runs a group and sends the results to the callers. If callers leave before the commit, the others run again. It
// reports whether another group runs already.
func (q *Queue[K, T]) runOne(key K, of *line[T], calls []*Call[T]) bool {
	for len(calls) > 0 {
		g := &Group[T]{Calls: calls, overtake: func(g *Group[T]) bool { return q.overtake(key, of, g) }}
		err := q.try(key, g)
		if g.isOvertaken {
			q.release(key, of, g)
		}
		if err == nil || g.isCommitting {
			g.end(err)
			return g.isOvertaken
		}
		if calls = g.dismiss(); g.isOvertaken || len(calls) == len(g.Calls) {
			for _, c := range calls {
				c.result <- err
			}
			return g.isOvertaken
		}
	}
	return false
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

// Commit is called at the end of the transaction with its result so far, before it is committed. If it returns an
// error, the transaction must be rolled back: its own, or that of a caller that has left. Otherwise all callers wait for
// the result of the commit, and the context of the transaction ends at the earliest deadline only.
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
	g.isOvertaken = g.isOvertaken || g.overtake(g)
	return nil
}

// recoverPanic returns ErrLeft for a panic of fn. The calls run by themselves then, each in the goroutine of its caller,
// where a panic is reported.
func recoverPanic(fn func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrLeft
		}
	}()
	return fn()
}
