package group_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/group"
)

// call is a call about the subject of its name.
type call struct {
	name     string
	n, bytes int
}

func (c call) Bytes() int { return c.bytes }

func (c call) Subjects() []string { return []string{c.name} }

// queue is a queue of calls. Each group waits in a test before its commit.
type queue struct {
	*testing.T
	*group.Queue[string, call]
	groups chan running
}

// running is a group that waits. The test sends how it goes on.
type running struct {
	ctx   context.Context
	calls []string
	next  chan func(g *group.Group[call]) error
}

func newQueue(t *testing.T, limits group.Limits) *queue {
	q := &queue{T: t, groups: make(chan running, 100)}
	q.Queue = group.NewQueue(limits, func(ctx context.Context, _ string, g *group.Group[call]) error {
		one := running{ctx, nil, make(chan func(g *group.Group[call]) error)}
		for _, c := range g.Calls {
			one.calls = append(one.calls, c.Value.name)
		}
		q.groups <- one
		return harness.Receive(t, "the test lets the group go on", one.next)(g)
	})
	return q
}

var limits = group.Limits{Calls: 3, Bytes: 100, Groups: 1}

// start starts a call and returns the channel of its result. It returns when the call waits, or when its group runs.
func (q *queue) start(ctx context.Context, bytes int, value string) <-chan error {
	q.Helper()
	result := make(chan error, 1)
	before := q.Stats()
	go func() { result <- q.Do(ctx, "key", call{name: value, bytes: bytes}) }()
	harness.Eventually(q, "the call is queued", func() bool {
		now := q.Stats()
		return now.Waiting+int(now.Calls) > before.Waiting+int(before.Calls)
	})
	return result
}

// group returns the next group, which must have certain calls.
func (q *queue) group(calls ...string) running {
	q.Helper()
	one := harness.Receive(q, "a group runs", q.groups)
	if !slices.Equal(one.calls, calls) {
		q.Fatalf("the group has the calls %v, want %v", one.calls, calls)
	}
	return one
}

func (q *queue) expect(result <-chan error, want error) {
	q.Helper()
	if err := harness.Receive(q, "the call ends", result); !errors.Is(err, want) || want == nil && err != nil {
		q.Errorf("the result is %v, want %v", err, want)
	}
}

func commit(g *group.Group[call]) error { return g.Commit(nil) }

// TestGroups checks that a lone call starts at once, that calls wait while a group runs, and that groups are bounded by
// calls and by bytes.
func TestGroups(t *testing.T) {
	t.Parallel()
	q, ctx := newQueue(t, limits), t.Context()
	results := []<-chan error{q.start(ctx, 1, "a")}
	first := q.group("a")
	for _, name := range []string{"b", "c", "d", "e"} {
		results = append(results, q.start(ctx, 1, name))
	}
	results = append(results, q.start(ctx, 99, "f"), q.start(ctx, 1000, "g"))
	first.next <- commit
	q.group("b", "c", "d").next <- commit
	q.group("e", "f").next <- commit
	q.group("g").next <- commit
	for _, result := range results {
		q.expect(result, nil)
	}
	if got, want := q.Stats(), (group.Stats{Groups: 4, Calls: 7}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestKeysAreIndependent checks that calls of different keys do not wait for each other.
func TestKeysAreIndependent(t *testing.T) {
	t.Parallel()
	q := newQueue(t, limits)
	q.start(t.Context(), 1, "a")
	first := q.group("a")
	other := make(chan error, 1)
	go func() { other <- q.Do(t.Context(), "other", call{name: "b", bytes: 1}) }()
	q.group("b").next <- commit
	q.expect(other, nil)
	first.next <- commit
}

// TestFailures checks that a failure is the result of all calls, that a rollback or a panic makes them leave, and that
// one call can leave.
func TestFailures(t *testing.T) {
	t.Parallel()
	q, ctx, failure := newQueue(t, limits), t.Context(), errors.New("failure")
	start := func() (running, []<-chan error) {
		block := q.start(ctx, 1, "first")
		first := q.group("first")
		results := []<-chan error{q.start(ctx, 1, "a"), q.start(ctx, 1, "b")}
		first.next <- commit
		q.expect(block, nil)
		return q.group("a", "b"), results
	}
	for _, c := range []struct {
		name string
		run  func(g *group.Group[call]) error
		want [2]error
	}{
		{"before the commit", func(g *group.Group[call]) error { return g.Commit(failure) }, [2]error{failure, failure}},
		{"a rollback", func(*group.Group[call]) error { return group.ErrLeft }, [2]error{group.ErrLeft, group.ErrLeft}},
		{"a panic", func(*group.Group[call]) error { panic("x") }, [2]error{group.ErrLeft, group.ErrLeft}},
		{"in the commit", func(g *group.Group[call]) error { return errors.Join(g.Commit(nil), failure) }, [2]error{failure, failure}},
		{"one call leaves", func(g *group.Group[call]) error {
			g.Leave(func(c call) bool { return c.name == "a" })
			return g.Commit(nil)
		}, [2]error{group.ErrLeft, nil}},
	} {
		t.Log(c.name)
		one, results := start()
		one.next <- c.run
		q.expect(results[0], c.want[0])
		q.expect(results[1], c.want[1])
	}
}

// TestCallersLeave checks what happens to a group if a caller leaves: while it waits, while the group runs, and during
// the commit.
func TestCallersLeave(t *testing.T) {
	t.Parallel()
	q := newQueue(t, limits)
	ctx, leave := context.WithCancel(t.Context())
	block := q.start(t.Context(), 1, "first")
	first := q.group("first")
	left, stayed := q.start(ctx, 1, "left"), q.start(t.Context(), 1, "stayed")
	leave()
	q.expect(left, context.Canceled)
	first.next <- commit
	q.expect(block, nil)
	second := q.group("stayed")

	ctx, leave = context.WithCancel(t.Context())
	left, other := q.start(ctx, 1, "left"), q.start(t.Context(), 1, "other")
	second.next <- commit
	q.expect(stayed, nil)
	third := q.group("left", "other")
	leave()
	q.expect(left, context.Canceled)
	harness.Receive(t, "the statements of the group are cancelled", third.ctx.Done())
	third.next <- commit // refuses
	q.group("other").next <- commit
	q.expect(other, nil)

	ctx, leave = context.WithCancel(t.Context())
	left = q.start(ctx, 1, "left")
	committing, hasLeft, cancelled := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	fourth := q.group("left")
	fourth.next <- func(g *group.Group[call]) error {
		err := g.Commit(nil)
		close(committing)
		harness.Receive(t, "the caller leaves", hasLeft)
		cancelled <- fourth.ctx.Err()
		return err
	}
	harness.Receive(t, "the group commits", committing)
	leave()
	close(hasLeft)
	q.expect(cancelled, nil)
	q.expect(left, nil)
}

// TestGroupsOverlap checks that the next group runs while a group commits, or while many calls wait, and without calls
// about its subjects. The number of groups that have not ended is bounded.
func TestGroupsOverlap(t *testing.T) {
	t.Parallel()
	q, ctx := newQueue(t, group.Limits{Calls: 3, Bytes: 100, Groups: 2, Backlog: 4}), t.Context()
	commits := func(one running) (end chan struct{}) {
		end = make(chan struct{})
		one.next <- func(g *group.Group[call]) error {
			err := g.Commit(nil)
			harness.Receive(t, "the test ends the commit", end)
			return err
		}
		return end
	}
	results := []<-chan error{q.start(ctx, 1, "a")}
	first := q.group("a")
	for _, name := range []string{"a", "b", "c"} {
		results = append(results, q.start(ctx, 1, name))
	}
	endFirst := commits(first)
	second := q.group("b", "c")
	results = append(results, q.start(ctx, 1, "d"))
	endSecond := commits(second)
	close(endFirst)
	q.expect(results[0], nil)
	q.group("a", "d").next <- commit
	close(endSecond)
	for _, result := range results[1:] {
		q.expect(result, nil)
	}

	results = []<-chan error{q.start(ctx, 1, "a")}
	first = q.group("a")
	for _, name := range []string{"a", "b", "c", "d"} {
		results = append(results, q.start(ctx, 1, name))
	}
	q.group("b", "c", "d").next <- commit // while the first runs
	first.next <- commit
	q.group("a").next <- commit
	for _, result := range results {
		q.expect(result, nil)
	}
}

// TestDeadline checks that the transaction of a group has the earliest deadline of its callers.
func TestDeadline(t *testing.T) {
	t.Parallel()
	q := newQueue(t, limits)
	block := q.start(t.Context(), 1, "first")
	first := q.group("first")
	late, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
	defer cancel()
	early, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	q.start(late, 1, "late")
	q.start(early, 1, "early")
	q.start(t.Context(), 1, "none")
	first.next <- commit
	q.expect(block, nil)
	one := q.group("late", "early", "none")
	want, _ := early.Deadline()
	if got, ok := one.ctx.Deadline(); !ok || !got.Equal(want) {
		t.Errorf("the deadline is %s, want %s", got, want)
	}
	one.next <- commit
}

// TestTruth runs many calls whose callers leave at random moments. A call is stored if and only if its result is nil.
// The control is a transaction that does not ask whether the callers still wait.
func TestTruth(t *testing.T) {
	t.Parallel()
	for name, commit := range map[string]func(g *group.Group[call]) error{
		"truthful": func(g *group.Group[call]) error { return g.Commit(nil) }, "control": func(*group.Group[call]) error { return nil },
	} {
		var mu sync.Mutex
		stored := map[int]int{}
		q := group.NewQueue(group.Limits{Calls: 8, Bytes: 100, Groups: 3, Backlog: 10},
			func(_ context.Context, _ string, g *group.Group[call]) error {
				g.Leave(func(c call) bool { return c.n%17 == 0 })
				time.Sleep(time.Duration(rand.IntN(100)) * time.Microsecond)
				if err := commit(g); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				for _, c := range g.Calls {
					stored[c.Value.n]++
				}
				return nil
			})
		const calls = 20_000
		results := make([]error, calls)
		var all sync.WaitGroup
		for worker := range 50 {
			all.Go(func() {
				for i := worker; i < calls; i += 50 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(3000))*time.Microsecond)
					results[i] = q.Do(ctx, fmt.Sprint(i%2), call{name: fmt.Sprint(i % 7), n: i, bytes: 1})
					cancel()
				}
			})
		}
		harness.Wait(t, "all calls end", &all)
		lies, acknowledged := 0, 0
		mu.Lock() // a group of the control can outlive its callers
		for i, err := range results {
			if err == nil {
				acknowledged++
			}
			if want := map[bool]int{true: 1}[err == nil]; stored[i] != want {
				lies++
			}
		}
		mu.Unlock()
		t.Logf("%s: %d calls acknowledged, %d results are wrong", name, acknowledged, lies)
		if acknowledged == 0 || acknowledged == calls || (lies > 0) != (name == "control") {
			t.Errorf("%s: %d calls acknowledged, %d results are wrong", name, acknowledged, lies)
		}
	}
}
