package admission_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/placard/placard/internal/admission"
)

// bench is a queue with a record of the callers in the order in which they get slots.
type bench struct {
	*testing.T
	*admission.Queue[string]
	mu     sync.Mutex
	given  []string
	failed []error
}

func newBench(t *testing.T, slots, maxWaiting int) *bench {
	return &bench{T: t, Queue: admission.NewQueue[string](slots, maxWaiting)}
}

// enter makes a caller enter n times, one after the other, each in a goroutine of its own.
func (b *bench) enter(caller string, n int) {
	for range n {
		go func() {
			err := b.Acquire(b.Context(), caller)
			b.mu.Lock()
			defer b.mu.Unlock()
			if err != nil {
				b.failed = append(b.failed, err)
				return
			}
			b.given = append(b.given, caller)
		}()
		synctest.Wait()
	}
}

// leave returns a slot of a caller, and waits until the next waiter has it.
func (b *bench) leave(caller string) {
	b.Release(caller)
	synctest.Wait()
}

func (b *bench) expect(slots, waiting int, given ...string) {
	b.Helper()
	if load := b.Stats(); load.InUse != slots || load.Waiting != waiting || !slices.Equal(b.given, given) {
		b.Errorf("got %d slots, %d waiting, given %v; want %d, %d, %v", load.InUse, load.Waiting, b.given, slots, waiting, given)
	}
	b.given = nil
}

// TestQueueOrder checks that the waiters of one caller get slots in order of arrival.
func TestQueueOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := admission.NewQueue[string](1, 3)
		if err := q.Acquire(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		var order []int // the one slot guards it
		for i := range 3 {
			go func() {
				if err := q.Acquire(t.Context(), "a"); err != nil {
					t.Error(err)
				}
				order = append(order, i)
				q.Release("a")
			}()
			synctest.Wait()
		}
		if err := q.Acquire(t.Context(), "a"); !errors.Is(err, admission.ErrFull) {
			t.Errorf("above maxWaiting: %v", err)
		}
		q.Release("a")
		synctest.Wait()
		if load := q.Stats(); !slices.Equal(order, []int{0, 1, 2}) || load.InUse != 0 || load.Waiting != 0 {
			t.Errorf("the order is %v, afterwards %+v", order, load)
		}
	})
}

// TestQueueReserve checks that a single caller gets three quarters of the slots, so that another caller gets one at
// once. The control is a queue with one slot, which has no reserve.
func TestQueueReserve(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ slots, alone int }{{1, 1}, {2, 1}, {3, 2}, {4, 3}, {8, 6}, {64, 48}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, c.slots, 100)
			b.enter("busy", c.slots+5)
			b.expect(c.alone, c.slots+5-c.alone, slices.Repeat([]string{"busy"}, c.alone)...)
			b.enter("other", 1)
			if c.slots == 1 {
				b.expect(1, 6)
				b.leave("busy")
				b.leave("busy")
			} else {
				b.expect(c.alone+1, c.slots+5-c.alone, "other")
			}
			b.drain()
		})
	}
}

// drain returns all slots until nobody waits.
func (b *bench) drain() {
	for b.Stats().InUse > 0 {
		for _, caller := range []string{"busy", "other", "third"} {
			if b.Holds(caller) > 0 {
				b.leave(caller)
			}
		}
	}
	if load := b.Stats(); load.InUse != 0 || load.Waiting != 0 {
		b.Errorf("afterwards %+v", load)
	}
}

// TestQueueShares checks that a caller gets at most half of the slots while others wait, and that callers get slots
// round robin.
func TestQueueShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 4, 100)
		b.enter("busy", 10)
		b.enter("other", 3)
		b.expect(4, 9, "busy", "busy", "busy", "other")
		b.leave("busy") // it has two then, which is half
		b.expect(4, 8, "other")
		b.enter("third", 2)
		for _, step := range []struct{ leaves, gets string }{
			{"other", "other"}, {"other", "third"}, {"third", "third"}, {"busy", "busy"},
		} {
			b.leave(step.leaves)
			if len(b.given) != 1 || b.given[0] != step.gets {
				b.Errorf("after %s left, %v got slots, want %s", step.leaves, b.given, step.gets)
			}
			b.given = nil
		}
		b.drain()
	})
}

// TestQueuePlaces checks that a caller with all waiters does not block others: it loses its newest waiters until all
// callers have as many.
func TestQueuePlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2, 4)
		b.enter("busy", 6)
		b.expect(1, 4, "busy")
		if len(b.failed) != 1 {
			t.Errorf("above maxWaiting: %v", b.failed)
		}
		b.enter("other", 4)
		b.expect(2, 4, "other")
		if len(b.failed) != 4 || !slices.Equal(b.failed, slices.Repeat([]error{admission.ErrFull}, 4)) {
			t.Errorf("got %v, want two refusals more of busy and one of other", b.failed)
		}
		for range 3 { // each of both has two waiters left
			b.leave("busy")
			b.leave("other")
		}
		b.expect(0, 0, "busy", "other", "busy", "other")
	})
}

// TestQueueIsLeft checks that a waiter whose context ends keeps no slot, and that the other callers may then have more
// slots.
func TestQueueIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 4, 10)
		b.enter("busy", 3)
		b.enter("other", 1)
		reason := errors.New("gone")
		leaving, leave := context.WithCancelCause(t.Context())
		got := make(chan error, 1)
		go func() { got <- b.Acquire(leaving, "third") }()
		synctest.Wait()
		b.enter("busy", 1)
		b.leave("other")
		b.expect(4, 1, "busy", "busy", "busy", "other")
		if load := b.Stats(); load.Waits != 2 {
			t.Errorf("%+v", load)
		}
		go func() { got <- b.Acquire(leaving, "fourth") }()
		b.enter("busy", 1)
		time.Sleep(time.Second)
		leave(reason)
		synctest.Wait()
		if err := <-got; err != nil {
			t.Errorf("the third has its slot: %v", err)
		}
		if err := <-got; !errors.Is(err, reason) {
			t.Errorf("got %v", err)
		}
		if load := b.Stats(); load.Waiting != 2 || load.WaitTime != time.Second {
			t.Errorf("%+v", load)
		}
		b.Release("third")
		b.drain()
	})
}

// TestQueueUnderLoad lets callers arrive, leave and give up in any order. No caller holds more slots than its share,
// and at the end all slots are available.
func TestQueueUnderLoad(t *testing.T) {
	t.Parallel()
	const slots, maxWaiting, callers = 4, 16, 3
	synctest.Test(t, func(t *testing.T) {
		q := admission.NewQueue[int](slots, maxWaiting)
		var working, done, refused, left atomic.Int64
		var each [callers]atomic.Int64
		var all sync.WaitGroup
		for i := range 3000 {
			all.Go(func() {
				caller := i % callers
				time.Sleep(time.Duration(rand.IntN(100_000)))
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000)))
				defer cancel()
				switch err := q.Acquire(ctx, caller); {
				case err == nil:
					if n := working.Add(1); n > slots {
						t.Errorf("%d at once", n)
					}
					if n := each[caller].Add(1); n > slots-1 {
						t.Errorf("%d at once of one caller", n)
					}
					time.Sleep(time.Duration(rand.IntN(1000)))
					each[caller].Add(-1)
					working.Add(-1)
					q.Release(caller)
					done.Add(1)
				case errors.Is(err, admission.ErrFull):
					refused.Add(1)
				default:
					left.Add(1)
				}
			})
		}
		all.Wait()
		if load := q.Stats(); load.InUse != 0 || load.Waiting != 0 || done.Load() == 0 || refused.Load() == 0 || left.Load() == 0 {
			t.Errorf("%+v; %d done, %d refused, %d left", load, done.Load(), refused.Load(), left.Load())
		}
		for caller := range callers {
			if n := q.Holds(caller); n != 0 {
				t.Errorf("%d holds %d slots", caller, n)
			}
		}
	})
}

// TestByteBudget checks that no more bytes are acquired than the budget has.
func TestByteBudget(t *testing.T) {
	t.Parallel()
	b := admission.NewByteBudget(10)
	for _, step := range []struct {
		bytes     int64
		acquired  bool
		available int64
	}{{7, true, 3}, {4, false, 3}, {3, true, 0}, {1, false, 0}, {0, true, 0}} {
		if acquired := b.TryAcquire(step.bytes); acquired != step.acquired || b.Available() != step.available {
			t.Errorf("%d bytes: %v, %d left", step.bytes, acquired, b.Available())
		}
	}
	if b.Release(10); b.Available() != 10 {
		t.Errorf("%d left", b.Available())
	}
}

// TestTryAcquire checks that TryAcquire gives a slot where Acquire would not wait, and takes no slot of others.
func TestTryAcquire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 4, 100)
		for i, want := range []bool{true, true, true, false} { // a quarter is left for others
			if got := b.TryAcquire("busy"); got != want {
				t.Errorf("attempt %d: got %t", i, got)
			}
		}
		if !b.TryAcquire("other") || b.TryAcquire("third") || b.Stats().InUse != 4 || b.Stats().Waiting != 0 {
			t.Errorf("got %+v, want all slots in use", b.Stats())
		}
		b.enter("third", 1)
		b.leave("other")
		b.expect(4, 0, "third")
		b.enter("busy", 1)
		b.leave("busy") // its own waiter comes first
		if b.Holds("busy") > 3 || b.TryAcquire("busy") {
			t.Errorf("got %+v and %d of busy", b.Stats(), b.Holds("busy"))
		}
		b.drain()
	})
}
