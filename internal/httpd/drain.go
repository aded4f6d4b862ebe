package httpd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// mostLinger is how long connections that are idle are kept when the server stops, so that those who send one request
	// after the other learn from the next answer that it was the last.
	mostLinger = 500 * time.Millisecond
	// mostSending and mostTaking are how long clients have, when the server stops, to send the rest of a request and to take
	// an answer.
	mostSending = 3 * time.Second
	mostTaking  = 3 * time.Second
)

// Drain makes /readyz answer no, so that nobody sends new requests while the server stops.
func (h *Handler) Drain() { h.draining.Store(true) }

// Watch counts the connections of the server; it is its ConnState.
func (h *Handler) Watch(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		h.exchanges.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		h.exchanges.connections.Add(-1)
	}
}

// Stop ends a server that serves this handler. Nobody can connect any more; every request that was read is answered, and
// each answer is the last of its connection. Then what is idle is closed. The error of ctx when that ends first.
//
// http.Server.Shutdown alone would close a connection that is idle for a moment just when its client sends the next
// request, and forget a request that it has read at that moment; and it would wait for clients that do not go on.
func (h *Handler) Stop(ctx context.Context, server *http.Server, listener net.Listener) error {
	err := listener.Close()
	h.exchanges.end()
	for end := time.Now().Add(mostLinger); h.exchanges.connections.Load() > 0 && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(5 * time.Millisecond)
	}
	if stopped := server.Shutdown(ctx); !errors.Is(stopped, net.ErrClosed) { // the listener is
		err = errors.Join(err, stopped)
	}
	return err
}

// exchanges are the requests that are being answered.
type exchanges struct {
	connections atomic.Int64
	mu          sync.Mutex
	all         map[*exchange]struct{}
	// ending says that each answer is the last of its connection, and that clients must not take long any more.
	ending bool
}

func (x *exchanges) end() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ending = true
	for e := range x.all {
		e.hurry()
	}
}

// stage is how far an exchange has come.
type stage int

const (
	received stage = iota // all of the request is here
	receiving
	answering
)

// exchange is a request that is being answered.
type exchange struct {
	http.ResponseWriter
	of    *exchanges
	stage stage
	begun bool
}

// exchanged lets Stop know of each request.
func (h *Handler) exchanged(next http.Handler) http.Handler {
	x := &h.exchanges
	x.all = map[*exchange]struct{}{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{ResponseWriter: w, of: x}
		x.mu.Lock()
		x.all[e] = struct{}{}
		x.mu.Unlock()
		defer func() {
			x.mu.Lock()
			defer x.mu.Unlock()
			delete(x.all, e)
		}()
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &body{r.Body, e}
			e.enter(receiving)
		}
		next.ServeHTTP(e, r)
	})
}

// enter brings the exchange to a stage, and says whether the server is stopping.
func (e *exchange) enter(s stage) bool {
	e.of.mu.Lock()
	defer e.of.mu.Unlock()
	e.stage = s
	if e.of.ending {
		e.hurry()
	}
	return e.of.ending
}

// hurry bounds how long the client may take for the stage. While the request is worked on there must be no bound: net/http
// reads on to learn whether the client leaves.
func (e *exchange) hurry() {
	control := http.NewResponseController(e.ResponseWriter)
	switch e.stage { // who cannot be given a time takes what the server allows
	case receiving:
		_ = control.SetReadDeadline(time.Now().Add(mostSending))
	case received:
		_ = control.SetReadDeadline(time.Time{})
	case answering: // net/http reads the rest of a request that was refused, too
		_ = control.SetReadDeadline(time.Now().Add(mostSending))
		_ = control.SetWriteDeadline(time.Now().Add(mostTaking))
	}
}

// WriteHeader begins the answer.
func (e *exchange) WriteHeader(status int) {
	if !e.begun {
		e.begun = true
		if e.enter(answering) {
			e.Header().Set("Connection", "close")
		}
	}
	e.ResponseWriter.WriteHeader(status)
}

// Write writes a part of the answer.
func (e *exchange) Write(part []byte) (int, error) {
	if !e.begun {
		e.WriteHeader(http.StatusOK)
	}
	return e.ResponseWriter.Write(part)
}

// Unwrap gives http.ResponseController the writer below.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// body is that of a request, and knows when all of it is here.
type body struct {
	io.ReadCloser
	of *exchange
}

// Read reads a part of the body.
func (b *body) Read(part []byte) (int, error) {
	n, err := b.ReadCloser.Read(part)
	if err == io.EOF && b.of.stage == receiving { // whoever could not send the rest in time gets no more time
		b.of.enter(received)
	}
	return n, err
}
