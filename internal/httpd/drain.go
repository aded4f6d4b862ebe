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

// The shutdown of a server has three steps. The program calls Drain, waits for --drain-delay, and calls Stop.
//
//	serving ──Drain──▶ draining ──Stop──▶ stopping ──▶ stopped
//
// draining: /readyz fails, so that load balancers send new requests to other servers. Requests are served as before.
// stopping: the listener is closed. Running requests end, and each response closes its connection. Idle connections
// stay open for lingerTime. While the server is stopping, the client of a request has deadlines that depend on the
// stage of the request:
//
//	stageReceiving ──last byte read──▶ stageExecuting ──first byte written──▶ stageResponding
//	      └────────────────rejected before its last byte────────────────▶ stageResponding
//
//	stageReceiving:  receiveTime for the rest of the request.
//	stageExecuting:  no deadline. Only the deadline of the operation applies.
//	stageResponding: sendTime to read the response, and receiveTime for the rest of a rejected request.
//
// A request without a body starts in stageExecuting.
//
// http.Server.Shutdown alone has three faults. It closes a connection that was idle for a moment while its client
// sends the next request. It loses a request that it has just read. It waits for clients that neither send nor read.
const (
	// lingerTime is the time for which Stop keeps idle connections open. A client that sends one request after the
	// other then gets one more response, with Connection: close.
	lingerTime = 500 * time.Millisecond
	// lingerPoll is the time between two checks for open connections.
	lingerPoll = 5 * time.Millisecond
	// receiveTime and sendTime are the deadlines of clients while the server is stopping.
	receiveTime = 3 * time.Second
	sendTime    = 3 * time.Second
)

// Drain makes /readyz fail, so that load balancers stop sending requests.
func (h *Handler) Drain() { h.draining.Store(true) }

// TrackConnection counts the open connections. It is the ConnState function of the server.
func (h *Handler) TrackConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		h.inFlight.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		h.inFlight.connections.Add(-1)
	}
}

// Stop stops a server of this handler. It serves each request that arrived, then closes all connections. It returns
// the error of ctx if ctx ends first.
func (h *Handler) Stop(ctx context.Context, server *http.Server, listener net.Listener) error {
	err := listener.Close()
	h.inFlight.stop()
	for end := time.Now().Add(lingerTime); h.inFlight.connections.Load() > 0 && time.Now().Before(end) &&
		ctx.Err() == nil; {
		time.Sleep(lingerPoll)
	}
	if stopped := server.Shutdown(ctx); !errors.Is(stopped, net.ErrClosed) { // the listener is closed
		err = errors.Join(err, stopped)
	}
	return err
}

// inFlight is the set of requests without a complete response.
type inFlight struct {
	connections atomic.Int64
	mu          sync.Mutex
	requests    map[*exchange]struct{}
	stopping    bool
}

// stop sets the deadlines of all requests, also of later ones.
func (f *inFlight) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopping = true
	for e := range f.requests {
		e.setDeadlines()
	}
}

// stage is the progress of a request.
type stage int

const (
	stageExecuting stage = iota
	stageReceiving
	stageResponding
)

// exchange is a request and the writer of its response.
type exchange struct {
	http.ResponseWriter
	inFlight *inFlight
	stage    stage
	// started reports whether the response has a status.
	started bool
}

// trackInFlight adds each request to the set that Stop waits for.
func (h *Handler) trackInFlight(next http.Handler) http.Handler {
	f := &h.inFlight
	f.requests = map[*exchange]struct{}{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{ResponseWriter: w, inFlight: f}
		f.mu.Lock()
		f.requests[e] = struct{}{}
		f.mu.Unlock()
		defer func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			delete(f.requests, e)
		}()
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &requestBody{r.Body, e}
			e.setStage(stageReceiving)
		}
		next.ServeHTTP(e, r)
	})
}

// setStage sets the stage and reports whether the server is stopping.
func (e *exchange) setStage(s stage) bool {
	e.inFlight.mu.Lock()
	defer e.inFlight.mu.Unlock()
	e.stage = s
	if e.inFlight.stopping {
		e.setDeadlines()
	}
	return e.inFlight.stopping
}

// setDeadlines sets the deadlines of the client for the stage. stageExecuting must have none, because net/http reads
// in the background to detect a closed connection. A writer without deadlines keeps those of the server.
func (e *exchange) setDeadlines() {
	control := http.NewResponseController(e.ResponseWriter)
	switch e.stage {
	case stageReceiving:
		_ = control.SetReadDeadline(time.Now().Add(receiveTime))
	case stageExecuting:
		_ = control.SetReadDeadline(time.Time{})
	case stageResponding: // net/http also reads the rest of a rejected request
		_ = control.SetReadDeadline(time.Now().Add(receiveTime))
		_ = control.SetWriteDeadline(time.Now().Add(sendTime))
	}
}

// WriteHeader starts the response.
func (e *exchange) WriteHeader(status int) {
	if !e.started {
		e.started = true
		if e.setStage(stageResponding) {
			e.Header().Set("Connection", "close")
		}
	}
	e.ResponseWriter.WriteHeader(status)
}

// Write writes a part of the response.
func (e *exchange) Write(part []byte) (int, error) {
	if !e.started {
		e.WriteHeader(http.StatusOK)
	}
	return e.ResponseWriter.Write(part)
}

// Unwrap returns the wrapped writer for [http.ResponseController].
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// requestBody moves its exchange to stageExecuting at the end of the body.
type requestBody struct {
	io.ReadCloser
	exchange *exchange
}

// Read reads a part of the body.
func (b *requestBody) Read(part []byte) (int, error) {
	n, err := b.ReadCloser.Read(part)
	if err == io.EOF && b.exchange.stage == stageReceiving { // other errors, such as a timeout, keep the deadline
		b.exchange.setStage(stageExecuting)
	}
	return n, err
}
