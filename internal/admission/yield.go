package admission

import "context"

type slotKey struct{}

// slot is a slot that a caller holds.
type slot struct{ release, retake func() }

// WithSlot returns a context for the work of a caller that holds a slot.
func (q *Queue[C]) WithSlot(ctx context.Context, id C) context.Context {
	return context.WithValue(ctx, slotKey{}, slot{func() { q.Release(id) }, func() { q.retake(id) }})
}

// Yield returns the slot of a context to its queue, while the caller waits for the work of others. resume takes a slot
// again at once, even if all are in use, because the caller may have changed something and must be told. A context
// without a slot has nothing to return. The slots in use exceed their number by at most the callers that yield at the
// same time, whose number the caller of Yield bounds.
func Yield(ctx context.Context) (resume func()) {
	s, ok := ctx.Value(slotKey{}).(slot)
	if !ok {
		return func() {}
	}
	s.release()
	return s.retake
}

// retake takes a slot without waiting.
func (q *Queue[C]) retake(id C) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.callers[id]
	if c == nil {
		c = &caller[C]{id: id}
		q.callers[id] = c
	}
	q.available--
	c.held++
}
