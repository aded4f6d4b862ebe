package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// inQueue is how many wait.
func inQueue(q *queue) int {
	_, n := q.load()
	return n
}

// TestQueue: so many at once, so many behind them in their order, and one above is refused at once.
func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, q := t.Context(), newQueue(2, 3)
		for range 2 {
			if err := q.enter(ctx); err != nil {
				t.Fatal(err)
			}
		}
		var order []int // guarded by the one turn that goes from hand to hand
		for i := range 3 {
			go func() {
				if err := q.enter(ctx); err != nil {
					t.Error(err)
				}
				order = append(order, i)
				q.leave()
			}()
			synctest.Wait()
		}
		if err := q.enter(ctx); models.CodeOf(err) != models.CodeOverloaded || inQueue(q) != 3 {
			t.Errorf("one above: %v, %d wait", err, inQueue(q))
		}
		q.leave()
		synctest.Wait()
		if !slices.Equal(order, []int{0, 1, 2}) || inQueue(q) != 0 || q.free != 1 {
			t.Errorf("the order is %v, %d wait, %d are free", order, inQueue(q), q.free)
		}
		q.leave()
		if err := q.enter(ctx); err != nil || q.free != 1 {
			t.Errorf("afterwards: %v, %d are free", err, q.free)
		}
	})
}

// TestQueueIsLeft: who leaves makes room behind, and takes no turn along.
func TestQueueIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, q := t.Context(), newQueue(1, 2)
		if err := q.enter(ctx); err != nil {
			t.Fatal(err)
		}
		leaving, leave := context.WithCancelCause(ctx)
		reason := errors.New("gone")
		got := make([]error, 3)
		for i, ctx := range []context.Context{leaving, ctx} {
			go func() { got[i] = q.enter(ctx) }()
			synctest.Wait()
		}
		leave(reason)
		synctest.Wait()
		if got[0] != reason || inQueue(q) != 1 {
			t.Fatalf("got %v, %d wait", got[0], inQueue(q))
		}
		go func() { got[2] = q.enter(ctx) }() // where the one who left had stood there is room again
		synctest.Wait()
		for wait := 2; wait > 0; wait-- {
			if inQueue(q) != wait {
				t.Errorf("%d wait, want %d", inQueue(q), wait)
			}
			q.leave()
			synctest.Wait()
		}
		if got[1] != nil || got[2] != nil || q.free != 0 {
			t.Errorf("got %v, %d are free", got, q.free)
		}
	})
}

// TestQueueUnderLoad: whoever comes and leaves in whatever order, never are more at work than may be, and in the end
// every turn is back and no goroutine is left.
func TestQueueUnderLoad(t *testing.T) {
	t.Parallel()
	const atOnce, waiting = 4, 16
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(atOnce, waiting)
		var working, done, refused, left atomic.Int64
		var all sync.WaitGroup
		for range 2000 {
			all.Go(func() {
				time.Sleep(time.Duration(rand.IntN(100_000)))
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000)))
				defer cancel()
				switch err := q.enter(ctx); {
				case err == nil:
					if n := working.Add(1); n > atOnce {
						t.Errorf("%d at once", n)
					}
					time.Sleep(time.Duration(rand.IntN(1000)))
					working.Add(-1)
					q.leave()
					done.Add(1)
				case models.CodeOf(err) == models.CodeOverloaded:
					refused.Add(1)
				default:
					left.Add(1)
				}
			})
		}
		all.Wait()
		if q.free != atOnce || inQueue(q) != 0 || done.Load() == 0 || refused.Load() == 0 || left.Load() == 0 {
			t.Errorf("%d are free, %d wait; %d done, %d refused, %d left", q.free, inQueue(q), done.Load(), refused.Load(), left.Load())
		}
	})
}

// narrow is a server without a database for one request at once and one that waits. Its one turn is taken.
func narrow(t *testing.T) *Server {
	limits := models.DefaultLimits()
	limits.ConcurrentOperations, limits.QueuedOperations = 1, 1
	s := NewServer(nil, limits, "test", slog.New(slog.DiscardHandler))
	if err := s.queue.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func post(ctx context.Context, s *Server, query, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(fmt.Sprintf(`{"query": %q}`, query)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// TestOverload: beyond the queue the answer is 503 in either media type and nothing is read; who waits is answered.
// Reads and writes wait in the same queue.
func TestOverload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := narrow(t)
		waiting := make(chan *httptest.ResponseRecorder, 1)
		go func() { waiting <- post(t.Context(), s, "{ serverInfo { version } }", typeJSON) }()
		synctest.Wait()
		for _, media := range []string{typeJSON, typeResponse} {
			for _, query := range []string{"{ __typename }", `mutation { createProject(input: {name: \"x\"}) { project { id } } }`, "no GraphQL"} {
				w := post(t.Context(), s, query, media)
				const want = `{"errors":[{"message":"the server has more to do than it can; try again","extensions":{"code":"OVERLOADED","retryable":true}}]}`
				if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" ||
					w.Header().Get("Content-Type") != media+"; charset=utf-8" || w.Body.String() != want {
					t.Errorf("%s as %s: got %d %v %s", query, media, w.Code, w.Header(), w.Body)
				}
			}
		}
		s.queue.leave()
		if w := <-waiting; w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `{"data":{"serverInfo":{"version":"test"}}`) {
			t.Errorf("who waited: got %d %s", w.Code, w.Body)
		}
		if w := post(t.Context(), s, "{ __typename }", typeJSON); w.Code != http.StatusOK {
			t.Errorf("afterwards: got %d %s", w.Code, w.Body)
		}
	})
}

// TestLookUpsAreBounded: API keys that are looked up have a queue of their own. Beyond it the answer is 503, and what is no
// key is refused without a look-up.
func TestLookUpsAreBounded(t *testing.T) {
	t.Parallel()
	s := NewServer(nil, models.DefaultLimits(), "test", slog.New(slog.DiscardHandler)).RequireKeys()
	s.lookUps = newQueue(0, 0)
	ask := func(authorization, accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query": "{ __typename }"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", accept)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for _, media := range []string{typeJSON, typeResponse} {
		if w := ask("Bearer "+auth.NewSecret(), media); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" ||
			!strings.Contains(w.Body.String(), `"OVERLOADED"`) {
			t.Errorf("a key beyond the queue: %d %v %s", w.Code, w.Header(), w.Body)
		}
		if w := ask("Bearer plc_x", media); w.Code == http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"UNAUTHENTICATED"`) {
			t.Errorf("no key: %d %s", w.Code, w.Body)
		}
	}
}

// TestWaitingCounts: the deadline counts from when the request was there, and a client that leaves leaves the queue.
func TestWaitingCounts(t *testing.T) {
	t.Parallel()
	kept, err := store.Open(t.Context(), storetest.SQLite(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	synctest.Test(t, func(t *testing.T) {
		s, begun := narrow(t), time.Now()
		s.store = kept // it gets no statement, because the deadline has passed
		w := post(t.Context(), s, "{ serverInfo { version } }", typeResponse)
		if took := time.Since(begun); took != 10*time.Second || w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" ||
			!strings.Contains(w.Body.String(), `"extensions":{"actual":10,"code":"LIMIT_EXCEEDED","limit":10,"retryable":true}`) {
			t.Errorf("after %s: got %d %s", took, w.Code, w.Body)
		}
		leaving, leave := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			post(leaving, s, "{ serverInfo { version } }", typeJSON)
			close(gone)
		}()
		synctest.Wait()
		if inQueue(s.queue) != 1 {
			t.Errorf("%d wait", inQueue(s.queue))
		}
		leave()
		<-gone
		if inQueue(s.queue) != 0 {
			t.Errorf("%d wait for nobody", inQueue(s.queue))
		}
		s.queue.leave()
		answer, err := s.inTurn(auth.With(t.Context(), auth.Everyone), func() (*request, error) {
			time.Sleep(11 * time.Second)
			return &request{query: "{ serverInfo { version } artifacts { totalCount } }", hasQuery: true}, nil
		}, false)
		if err != nil || len(answer.errors) != 1 || answer.errors[0].Extensions["code"] != "LIMIT_EXCEEDED" || s.queue.free != 1 ||
			string(answer.data) != `{"serverInfo":{"version":"test"},"artifacts":null}` {
			t.Errorf("what took 11 seconds to read: got %v (%v), %d are free", answer, err, s.queue.free)
		}
	})
}

// TestQueueAfterPanic: a request that panics gives its turn back.
func TestQueueAfterPanic(t *testing.T) {
	t.Parallel()
	s := narrow(t)
	s.queue.leave()
	func() {
		defer func() { _ = recover() }()
		_, _ = s.inTurn(t.Context(), func() (*request, error) { panic("as a test") }, false)
	}()
	if s.queue.free != 1 {
		t.Errorf("%d are free", s.queue.free)
	}
}

// TestRoomForBodies: bodies that arrive slowly have bounded room, small ones need none, and all of it is given back.
func TestRoomForBodies(t *testing.T) {
	t.Parallel()
	s := &Server{limits: models.ServerLimits{RequestBytes: 1 << 20}, arriving: newRoom(3 << 20)}
	read := func(bytes int) (int, int64, error) {
		body, held, err := s.readBody(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(strings.Repeat("x", bytes))))
		return len(body), held, err
	}
	for _, bytes := range []int{0, 1, smallBody - 1, smallBody, smallBody + 1, 5 * smallBody, 1 << 20} {
		got, held, err := read(bytes)
		if got != bytes || err != nil || held > 2*int64(bytes)+1 || bytes < smallBody && held > 0 {
			t.Errorf("%d bytes: got %d, holds %d, %v", bytes, got, held, err)
		}
		s.arriving.give(held)
	}
	if free := s.arriving.free.Load(); free != 3<<20 {
		t.Errorf("afterwards %d bytes are free", free)
	}
	_, first, err := read(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	var refused *httpError
	if _, held, err := read(1 << 20); !errors.As(err, &refused) || refused.status != http.StatusServiceUnavailable || refused.after == 0 {
		t.Errorf("without room: %v", err)
	} else {
		s.arriving.give(held)
	}
	if _, held, err := read(smallBody - 1); err != nil || held != 0 {
		t.Errorf("a small body without room: holds %d, %v", held, err)
	}
	s.arriving.give(first)
	if free := s.arriving.free.Load(); free != 3<<20 {
		t.Errorf("at the end %d bytes are free", free)
	}
}

// TestRoomForAnswers: large answers have bounded room; small ones, and what mutations have done, are answered anyway.
func TestRoomForAnswers(t *testing.T) {
	t.Parallel()
	s := &Server{leaving: newRoom(3 * smallAnswer)}
	small, large := &response{data: make([]byte, smallAnswer)}, &response{data: make([]byte, 2*smallAnswer)}
	for _, c := range []struct {
		answer *response
		taken  int64
		code   models.Code
	}{
		{small, 0, ""}, {large, 2 * smallAnswer, ""}, {large, 0, models.CodeOverloaded}, {small, 0, ""},
		{&response{data: large.data, changed: true}, 0, ""},
	} {
		taken, err := s.roomFor(c.answer)
		code := models.Code("")
		if refused := (*httpError)(nil); errors.As(err, &refused) {
			code = models.CodeOf(refused.err)
		}
		if taken != c.taken || code != c.code {
			t.Errorf("%d bytes: took %d, %v", len(c.answer.data), taken, err)
		}
	}
	s.leaving.give(2 * smallAnswer)
	if taken, err := s.roomFor(large); err != nil || taken != 2*smallAnswer {
		t.Errorf("afterwards: took %d, %v", taken, err)
	}
}
