package graph

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// sharer is the identity by which clients share turns: that of the API key, else that of the network address.
type sharer string

type sharerKey struct{}

// withSharer returns a request whose context has the sharer: its API key, or the address of the other end of its connection
// where it has none. That is the address of a proxy for all clients of the proxy.
func withSharer(r *http.Request) *http.Request {
	id := addressOf(r)
	if key := auth.From(r.Context()).KeyID; !key.IsZero() {
		id = sharer("key " + key.String())
	}
	return r.WithContext(context.WithValue(r.Context(), sharerKey{}, id))
}

func sharerOf(ctx context.Context) sharer {
	id, _ := ctx.Value(sharerKey{}).(sharer)
	return id
}

// addressOf returns the address of the other end of the connection of a request. Addresses of IPv6 that differ after 64 bits
// are the same: one machine has all of them.
func addressOf(r *http.Request) sharer {
	end, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return sharer(r.RemoteAddr)
	}
	address := end.Addr().Unmap().WithZone("")
	if address.Is6() {
		return sharer(netip.PrefixFrom(address, 64).Masked().String())
	}
	return sharer(address.String())
}

// enter waits for a turn of a queue. OVERLOADED if too many wait, the cause of ctx if it ends first.
func enter(ctx context.Context, queue *admission.Queue[sharer], id sharer) error {
	err := queue.Enter(ctx, id)
	if errors.Is(err, admission.ErrFull) {
		return &models.Error{Code: models.CodeOverloaded, Message: "the server has more to do than it can; try again", Retryable: true}
	}
	return err
}

// inTurn reads and executes a request when there is room for it. What it costs to read, validate and coerce a request
// belongs to its turn; what it costs a slow client to send it or to take the answer does not. Waiting counts against
// the deadline. Nobody has looked yet whether the request reads or writes, so the shorter of the two bounds the wait.
func (s *Server) inTurn(ctx context.Context, read func() (*request, error), onlyQueries bool) (*response, error) {
	begun := time.Now()
	seconds := min(float64(s.limits.ReadSeconds), float64(s.limits.WriteSeconds))
	wait, cancel := context.WithDeadlineCause(ctx, begun.Add(duration(seconds)), tooLong(seconds))
	id := sharerOf(ctx)
	err := enter(wait, s.queue, id)
	cancel()
	queued(ctx, time.Since(begun), err)
	if err != nil {
		if ctx.Err() != nil { // the client has left, so nobody reads this
			err = errCancelled
		}
		return nil, &httpError{status: http.StatusServiceUnavailable, err: err, after: 1}
	}
	defer s.queue.Leave(id)
	r, err := read()
	if err != nil {
		return nil, err
	}
	r.begun = begun
	received(ctx, r)
	return s.execute(ctx, r, onlyQueries)
}

var errCancelled = &models.Error{Code: models.CodeUnavailable, Message: "the request was cancelled", Retryable: true}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// Clients that are slow keep bodies that have not been read yet, and answers that have not been taken yet, in memory. Budgets
// bound both. Small bodies and answers need no budget, so that large ones which do not get on keep nobody else out.
const (
	// smallBody and smallAnswer are how many bytes go without room.
	smallBody, smallAnswer = 16 << 10, 64 << 10
	// bodiesHeld is for how many bodies of the greatest size there is room.
	bodiesHeld = 128
)

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
	case s.leaving.Take(bytes):
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
			if !s.arriving.Take(size) {
				discard(w, r)
				return nil, held, errNoRoom()
			}
			body = append(make([]byte, 0, size), body...)
			s.arriving.Give(held)
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
