package graph

import (
	"container/list"
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/placard/placard/models"
)

// queue bounds how many requests are worked on at once. Those beyond wait in the order in which they came, and those
// beyond that are refused at once. It has no goroutine of its own.
type queue struct {
	mu           sync.Mutex
	atOnce, free int
	// waiting are the channels of those who wait, the longest first; a turn is given by closing the channel.
	waiting list.List
	most    int
}

// newQueue is a queue for so many at once, and so many that wait.
func newQueue(atOnce, waiting int) *queue { return &queue{atOnce: atOnce, free: atOnce, most: waiting} }

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

// load is how many have a turn, and how many wait for one.
func (q *queue) load() (turns, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.atOnce - q.free, q.waiting.Len()
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
	queued(ctx, time.Since(begun), err)
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
	received(ctx, r)
	return s.execute(ctx, r, onlyQueries)
}

// errCancelled is the failure of a request whose client has left.
var errCancelled = &models.Error{Code: models.CodeCancelled, Message: "the request was cancelled", Retryable: true}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// room bounds how many bytes the server holds for clients that are slow: of bodies that have not been read yet, or of
// answers that have not been taken yet. Bodies and answers that are small go without it, so that large ones which do
// not get on keep nobody else out.
type room struct{ free atomic.Int64 }

const (
	// smallBody and smallAnswer are how many bytes go without room.
	smallBody, smallAnswer = 16 << 10, 64 << 10
	// bodiesHeld is for how many bodies of the greatest size there is room.
	bodiesHeld = 128
)

func newRoom(bytes int64) *room {
	r := &room{}
	r.free.Store(bytes)
	return r
}

// take takes room for so many bytes, if there is any; give gives it back.
func (r *room) take(bytes int64) bool {
	if r.free.Add(-bytes) >= 0 {
		return true
	}
	r.free.Add(bytes)
	return false
}

func (r *room) give(bytes int64) { r.free.Add(bytes) }

// errNoRoom is what clients are told whose body or answer is too much at the moment.
func errNoRoom() error {
	return &httpError{status: http.StatusServiceUnavailable, after: 1, err: &models.Error{
		Code: models.CodeOverloaded, Message: "the server holds as much for other clients as it can; try again", Retryable: true,
	}}
}

// roomFor takes the room that an answer needs until the client has taken it. OVERLOADED when there is none; what a
// mutation has done is answered all the same.
func (s *Server) roomFor(answer *response) (taken int64, err error) {
	bytes := int64(len(answer.data))
	switch {
	case bytes <= smallAnswer:
		return 0, nil
	case s.leaving.take(bytes):
		return bytes, nil
	case answer.changed:
		return 0, nil
	}
	return 0, errNoRoom()
}

// readBody reads a body, as it comes. held is how much room it took, which the caller gives back.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (body []byte, held int64, err error) {
	limit := int64(s.limits.RequestBytes)
	body = make([]byte, 0, min(smallBody, limit+1))
	for int64(len(body)) <= limit {
		if len(body) == cap(body) {
			size := min(2*int64(cap(body)), limit+1)
			if !s.arriving.take(size) {
				discard(w, r)
				return nil, held, errNoRoom()
			}
			body = append(make([]byte, 0, size), body...)
			s.arriving.give(held)
			held = size
		}
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if err == io.EOF && int64(len(body)) <= limit { // the last bytes may come with the end
			return body, held, nil
		} else if err != nil && err != io.EOF {
			return nil, held, models.BadInput(nil, "the body could not be read")
		}
	}
	actual := max(r.ContentLength, int64(len(body))+discard(w, r))
	return nil, held, &httpError{status: http.StatusRequestEntityTooLarge, err: models.LimitExceeded(nil, "bytes of a request", limit, actual)}
}

// mostDiscarded bounds how much of a body that is refused is read.
const mostDiscarded = 64 << 20

// discard reads what is left of a body, so that the client gets to read the answer.
func discard(w http.ResponseWriter, r *http.Request) int64 {
	rest, _ := io.Copy(io.Discard, io.LimitReader(r.Body, mostDiscarded)) // the answer is the same if the client has left
	if rest == mostDiscarded {
		w.Header().Set("Connection", "close")
	}
	return rest
}
