// Package gcpace sets the pace of the garbage collector. Go collects when the heap has doubled. The heap of an idle
// server has a few megabytes, so under load it doubles a hundred times a second; docs/adr/0040 has the measurements.
//
// KeepFree makes small heaps grow further before a collection. Large heaps still double.
package gcpace

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// doubling is the default of GOGC.
const doubling = 100

// KeepFree makes the collector wait until the program has allocated a number of bytes, or as many as the heap has,
// whichever is greater. It does nothing if the variable GOGC is set. stop restores the default.
func KeepFree(bytes uint64) (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	p := &pacer{free: bytes}
	p.adjust()
	return p.stop
}

// pacer adjusts GOGC after each collection.
type pacer struct {
	free    uint64
	percent atomic.Int64
	stopped atomic.Bool
}

// adjust sets GOGC for the present size of the heap, and runs again after the next collection.
func (p *pacer) adjust() {
	if p.stopped.Load() {
		return
	}
	if percent := p.percentFor(liveBytes()); p.percent.Swap(int64(percent)) != int64(percent) {
		debug.SetGCPercent(percent)
	}
	// The collection that finds the marker unreachable runs the clean-up.
	runtime.AddCleanup(new(marker), (*pacer).adjust, p)
}

// stop restores the default.
func (p *pacer) stop() {
	p.stopped.Store(true)
	debug.SetGCPercent(doubling)
}

// marker is an object that nothing refers to. The tiny allocator would combine a smaller one with others.
type marker struct{ _ [32]byte }

// minHeap is the size of a heap below which Go does not scale GOGC.
const minHeap = 4 << 20

// percentFor returns GOGC for the size of a heap, as a multiple of the default. So small changes of the heap do not
// change it, because each change stops the program for some microseconds.
func (p *pacer) percentFor(heap uint64) int {
	return doubling * int(1+p.free/max(heap, minHeap))
}

// liveBytes returns the size of the heap that the last collection has marked.
func liveBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
