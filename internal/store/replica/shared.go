package replica

import (
	"context"
	"sync"
	"time"

	"github.com/placard/placard/internal/consistency"
)

// shared reads a position for all callers that ask at the same time. A reading begins after all of its callers have
// asked, so it covers everything that they have seen. While a reading runs, new callers share the next one.
type shared struct {
	read func(ctx context.Context) (consistency.Token, error)

	mu      sync.Mutex
	running bool
	// next is the reading that begins after the running one, nil if nobody waits for it.
	next *reading
}

// reading is a reading of a position. token and err are set when done is closed.
type reading struct {
	done  chan struct{}
	token consistency.Token
	err   error
}

// after returns a position that is read after the call of after. It returns the error of ctx if that ends first.
func (s *shared) after(ctx context.Context) (consistency.Token, error) {
	s.mu.Lock()
	r := s.next
	if r == nil {
		r = &reading{done: make(chan struct{})}
		s.next = r
	}
	if !s.running {
		s.running, s.next = true, nil
		s.mu.Unlock()
		s.run(r)
		return r.token, r.err
	}
	s.mu.Unlock()
	select {
	case <-r.done:
		return r.token, r.err
	case <-ctx.Done():
		return consistency.Token{}, ctx.Err()
	}
}

// run runs a reading, and lets the next one begin.
func (s *shared) run(r *reading) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	r.token, r.err = s.read(ctx)
	cancel()
	close(r.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.next
	if s.next = nil; next == nil {
		s.running = false
		return
	}
	go s.run(next)
}

// readTimeout bounds a reading.
const readTimeout = 500 * time.Millisecond
