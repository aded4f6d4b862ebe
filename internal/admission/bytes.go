package admission

import "sync/atomic"

// Bytes is a budget of bytes. It is safe for concurrent use.
type Bytes struct{ free atomic.Int64 }

// NewBytes returns a budget of a number of bytes.
func NewBytes(bytes int64) *Bytes {
	b := &Bytes{}
	b.free.Store(bytes)
	return b
}

// Take takes bytes from the budget and returns true, or returns false if fewer are left. Give returns them.
func (b *Bytes) Take(bytes int64) bool {
	if b.free.Add(-bytes) >= 0 {
		return true
	}
	b.free.Add(bytes)
	return false
}

// Give returns bytes to the budget.
func (b *Bytes) Give(bytes int64) { b.free.Add(bytes) }

// Free returns how many bytes are left.
func (b *Bytes) Free() int64 { return b.free.Load() }
