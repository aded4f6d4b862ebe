package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// inQueue returns how many wait.
func inQueue(q *admission.Queue[sharer]) int { return q.Load().Waiting }

// narrow is a server without a database for one request at once and one that waits. Its one turn is taken.
func narrow(t *testing.T) *Server {
	limits := models.DefaultLimits()
	limits.ConcurrentOperations, limits.QueuedOperations = 1, 1
	s := NewServer(nil, limits, "test", slog.New(slog.DiscardHandler))
	if err := s.queue.Enter(t.Context(), ""); err != nil {
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
		s.queue.Leave("")
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
	s.lookUps = admission.NewQueue[sharer](0, 0)
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
		s.queue.Leave("")
		answer, err := s.inTurn(auth.With(t.Context(), auth.Everyone), func() (*request, error) {
			time.Sleep(11 * time.Second)
			return &request{query: "{ serverInfo { version } artifacts { totalCount } }", hasQuery: true}, nil
		}, false)
		if err != nil || len(answer.errors) != 1 || answer.errors[0].Extensions["code"] != "LIMIT_EXCEEDED" || s.queue.Load().Turns != 0 ||
			string(answer.data) != `{"serverInfo":{"version":"test"},"artifacts":null}` {
			t.Errorf("what took 11 seconds to read: got %v (%v), %d turns are held", answer, err, s.queue.Load().Turns)
		}
	})
}

// TestQueueAfterPanic: a request that panics gives its turn back.
func TestQueueAfterPanic(t *testing.T) {
	t.Parallel()
	s := narrow(t)
	s.queue.Leave("")
	func() {
		defer func() { _ = recover() }()
		_, _ = s.inTurn(t.Context(), func() (*request, error) { panic("as a test") }, false)
	}()
	if s.queue.Load().Turns != 0 {
		t.Errorf("%d turns are held", s.queue.Load().Turns)
	}
}

// TestRoomForBodies: bodies that arrive slowly have bounded room, small ones need none, and all of it is given back.
func TestRoomForBodies(t *testing.T) {
	t.Parallel()
	s := &Server{limits: models.ServerLimits{RequestBytes: 1 << 20}, arriving: admission.NewBytes(3 << 20)}
	read := func(bytes int) (int, int64, error) {
		body, held, err := s.readBody(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(strings.Repeat("x", bytes))))
		return len(body), held, err
	}
	for _, bytes := range []int{0, 1, smallBody - 1, smallBody, smallBody + 1, 5 * smallBody, 1 << 20} {
		got, held, err := read(bytes)
		if got != bytes || err != nil || held > 2*int64(bytes)+1 || bytes < smallBody && held > 0 {
			t.Errorf("%d bytes: got %d, holds %d, %v", bytes, got, held, err)
		}
		s.arriving.Give(held)
	}
	if free := s.arriving.Free(); free != 3<<20 {
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
		s.arriving.Give(held)
	}
	if _, held, err := read(smallBody - 1); err != nil || held != 0 {
		t.Errorf("a small body without room: holds %d, %v", held, err)
	}
	s.arriving.Give(first)
	if free := s.arriving.Free(); free != 3<<20 {
		t.Errorf("at the end %d bytes are free", free)
	}
}

// TestRoomForAnswers: large answers have bounded room; small ones, and what mutations have done, are answered anyway.
func TestRoomForAnswers(t *testing.T) {
	t.Parallel()
	s := &Server{leaving: admission.NewBytes(3 * smallAnswer)}
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
	s.leaving.Give(2 * smallAnswer)
	if taken, err := s.roomFor(large); err != nil || taken != 2*smallAnswer {
		t.Errorf("afterwards: took %d, %v", taken, err)
	}
}
