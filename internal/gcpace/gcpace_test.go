package gcpace

import (
	"runtime"
	"testing"
	"time"
)

var sink []byte

// collections returns how often the collector runs while the program allocates 256 MiB that it does not keep.
func collections() uint32 {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 256 << 10 {
		sink = make([]byte, 1<<10)
	}
	runtime.ReadMemStats(&after)
	return after.NumGC - before.NumGC
}

// TestKeepFree checks that a small heap is collected less often, and that the pace adapts to the heap. The control is
// the default pace.
func TestKeepFree(t *testing.T) {
	t.Setenv("GOGC", "")
	if n := collections(); n < 4 {
		t.Fatalf("control: %d collections", n)
	}
	stop := KeepFree(1 << 30)
	defer stop()
	if n := collections(); n > 1 {
		t.Errorf("%d collections", n)
	}
	stop()
	if n := collections(); n < 4 {
		t.Errorf("%d collections after stop", n)
	}
}

// TestPercentFor checks GOGC for small and large heaps.
func TestPercentFor(t *testing.T) {
	t.Parallel()
	p := &pacer{free: 64 << 20}
	for heap, want := range map[uint64]int{0: 1700, 4 << 20: 1700, 10 << 20: 700, 64 << 20: 200, 65 << 20: 100, 1 << 30: 100} {
		if got := p.percentFor(heap); got != want {
			t.Errorf("%d bytes: got %d, want %d", heap, got, want)
		}
	}
}

// TestAdjust checks that GOGC follows the heap after a collection.
func TestAdjust(t *testing.T) {
	t.Setenv("GOGC", "")
	p := &pacer{free: 64 << 20}
	defer p.stop()
	p.adjust()
	large := make([]byte, 100<<20)
	runtime.GC()
	runtime.KeepAlive(large)
	for deadline := time.Now().Add(10 * time.Second); p.percent.Load() != doubling; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("GOGC is %d with a heap of 100 MiB", p.percent.Load())
		}
	}
}
