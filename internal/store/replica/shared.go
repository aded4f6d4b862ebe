package replica

import (
	"context"
	"sync"
	"time"

	"github.com/placard/placard/internal/consistency"
)

// positions are two positions of a node at one instant. They are equal on the primary.
type positions struct {
	// shown is a position up to which everything is visible.
	shown consistency.Token
	// limit is a position after which nothing is visible. A replica shows a commit a moment before it reports to have
	// replayed it, so its limit is the end of what it has received.
	limit consistency.Token
}

// shared reads the positions of a node for all callers that ask at the same time. A reading begins after all of its
// callers have asked, so it covers everything that they have seen. Meanwhile new callers share the next reading.
type shared struct {
	read func(ctx context.Context) (positions, error)

	mu      sync.Mutex
	running bool
	// next is the reading that begins after the running one, nil if nobody waits for it.
	next *reading
}

// reading is a reading of positions, which are set when done is closed.
type reading struct {
	done chan struct{}
	positions
	err error
}

// after returns positions that are read after the call of after. It returns the error of ctx if that ends first.
func (s *shared) after(ctx context.Context) (positions, error) {
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
		return r.positions, r.err
	}
	s.mu.Unlock()
	select {
	case <-r.done:
		return r.positions, r.err
	case <-ctx.Done():
		return positions{}, ctx.Err()
	}
}

// run runs a reading, and lets the next one begin.
func (s *shared) run(r *reading) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	r.positions, r.err = s.read(ctx)
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
