package graph

import (
	"container/list"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/placard/placard/models"
)

// queue bounds how many requests are worked on at once. Those beyond wait in the order in which they came, and those
// beyond that are refused at once. It has no goroutine of its own.
type queue struct {
	mu   sync.Mutex
	free int
	// waiting are the channels of those who wait, the longest first; a turn is given by closing the channel.
	waiting list.List
	most    int
}

// newQueue is a queue for so many at once, and so many that wait.
func newQueue(atOnce, waiting int) *queue { return &queue{free: atOnce, most: waiting} }

// enter waits for a turn, which the caller gives back by leave. OVERLOADED, at once, when too many wait already; the
// cause of ctx when that ends first.
func (q *queue) enter(ctx context.Context) error {
	q.mu.Lock()
	if q.free > 0 { // then nobody waits
		q.free--
		q.mu.Unlock()
		return nil
	}
	if q.waiting.Len() >= q.most {
		q.mu.Unlock()
		return &models.Error{Code: models.CodeOverloaded, Message: "the server has more to do than it can; try again", Retryable: true}
	}
	turn := make(chan struct{})
	place := q.waiting.PushBack(turn)
	q.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	select {
	case <-turn: // it came at the same moment: the next one gets it
		q.mu.Unlock()
		q.leave()
	default:
		q.waiting.Remove(place)
		q.mu.Unlock()
	}
	return context.Cause(ctx)
}

// leave gives a turn back, to the one who has waited longest.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if first := q.waiting.Front(); first != nil {
		close(q.waiting.Remove(first).(chan struct{}))
		return
	}
	q.free++
}

// length is how many wait.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting.Len()
}

// inTurn reads and executes a request when there is room for it. What it costs to read, validate and coerce a request
// belongs to its turn; what it costs a slow client to send it or to take the answer does not. Waiting counts against
// the deadline. Nobody has looked yet whether the request reads or writes, so the shorter of the two bounds the wait.
func (s *Server) inTurn(ctx context.Context, read func() (*request, error), onlyQueries bool) (*response, error) {
	begun := time.Now()
	seconds := min(float64(s.limits.ReadSeconds), float64(s.limits.WriteSeconds))
	wait, cancel := context.WithDeadlineCause(ctx, begun.Add(duration(seconds)), tooLong(seconds))
	err := s.queue.enter(wait)
	cancel()
	if err != nil {
		if ctx.Err() != nil { // the client has left, so nobody reads this
			err = errCancelled
		}
		return nil, &httpError{status: http.StatusServiceUnavailable, err: err, after: 1}
	}
	defer s.queue.leave()
	r, err := read()
	if err != nil {
		return nil, err
	}
	r.begun = begun
	return s.execute(ctx, r, onlyQueries)
}

var errCancelled = &models.Error{Code: models.CodeUnavailable, Message: "the request was cancelled", Retryable: true}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
