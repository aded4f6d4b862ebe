package admission

import "sync/atomic"

// ByteBudget is a number of bytes that callers share. It is safe for concurrent use.
type ByteBudget struct{ available atomic.Int64 }

// NewByteBudget returns a budget with all bytes available.
func NewByteBudget(bytes int64) *ByteBudget {
	b := &ByteBudget{}
	b.available.Store(bytes)
	return b
}

// TryAcquire acquires bytes and returns true, or returns false if fewer are available.
func (b *ByteBudget) TryAcquire(bytes int64) bool {
	if b.available.Add(-bytes) >= 0 {
		return true
	}
	b.available.Add(bytes)
	return false
}

// Release returns acquired bytes.
func (b *ByteBudget) Release(bytes int64) { b.available.Add(bytes) }

// Available returns the number of bytes that can be acquired.
func (b *ByteBudget) Available() int64 { return b.available.Load() }
