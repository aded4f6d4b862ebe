package gqlhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/placard/placard/graph"
	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

func TestMain(m *testing.M) {
	harness.Parallel(4)
	storetest.Main(m)
}

// newHandler returns a handler with other limits. Without a store it has one that reads nothing.
func newHandler(t *testing.T, s *store.Store, change func(*models.ServerLimits)) *Handler {
	t.Helper()
	if s == nil {
		s = new(store.Store)
	}
	limits, presenter := models.DefaultLimits(), operation.NewPresenter(slog.New(slog.DiscardHandler))
	change(&limits)
	resolver := graph.New(graph.Options{Store: s, Limits: limits, Version: "test"})
	executor, err := operation.New(operation.Options{
		Schema: resolver.Schema(), Resolvers: resolver, Limits: limits, Presenter: presenter,
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{
		Executor: executor, Presenter: presenter, Limits: limits, Log: slog.New(slog.DiscardHandler),
		Queue: admission.NewQueue[string](int(limits.ConcurrentOperations), int(limits.QueuedOperations)),
	})
}

// newBusyHandler returns a handler with one slot, which is taken, and a queue for one request.
func newBusyHandler(t *testing.T, s *store.Store) *Handler {
	t.Helper()
	h := newHandler(t, s, func(limits *models.ServerLimits) { limits.ConcurrentOperations, limits.QueuedOperations = 1, 1 })
	if err := h.Queue.Acquire(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	return h
}

// newRequest returns a request from a client without an address.
func newRequest(ctx context.Context, body io.Reader, accept string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", body)
	r.RemoteAddr = ""
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	return r
}

func post(ctx context.Context, h *Handler, query, accept string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, newRequest(ctx, strings.NewReader(fmt.Sprintf(`{"query": %q}`, query)), accept))
	return w
}

// TestOverload checks that requests above the length of the queue get status 503 in either media type, and that a
// waiting request is executed later. Reads and writes wait in the same queue.
func TestOverload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newBusyHandler(t, nil)
		waiting := make(chan *httptest.ResponseRecorder, 1)
		go func() { waiting <- post(t.Context(), h, "{ serverInfo { version } }", mediaTypeJSON) }()
		synctest.Wait()
		for _, media := range []string{mediaTypeJSON, mediaTypeGraphQLResponse} {
			for _, query := range []string{"{ __typename }", `mutation { createProject(input: {name: \"x\"}) { project { id } } }`, "no GraphQL"} {
				w := post(t.Context(), h, query, media)
				const want = `{"errors":[{"message":"the server is overloaded: the queue is full; retry later","extensions":{"code":"OVERLOADED","retryable":true}}]}`
				if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" ||
					w.Header().Get("Content-Type") != media+"; charset=utf-8" || w.Body.String() != want {
					t.Errorf("%s as %s: got %d %v %s", query, media, w.Code, w.Header(), w.Body)
				}
			}
		}
		h.Queue.Release("")
		if w := <-waiting; w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `{"data":{"serverInfo":{"version":"test"}}`) {
			t.Errorf("the waiting request: got %d %s", w.Code, w.Body)
		}
		if w := post(t.Context(), h, "{ __typename }", mediaTypeJSON); w.Code != http.StatusOK {
			t.Errorf("afterwards: got %d %s", w.Code, w.Body)
		}
	})
}

// authenticator is a function that looks up API keys.
type authenticator func() (auth.Principal, bool, error)

func (a authenticator) Authenticate(context.Context, string) (auth.Principal, bool, error) {
	return a()
}

// TestLookUpsAreBounded checks that look-ups of API keys have a queue of their own. Above its length the status is 503.
// A text that is not a key is refused without a look-up.
func TestLookUpsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil, func(*models.ServerLimits) {})
	h.Authenticator = authenticator(func() (auth.Principal, bool, error) {
		t.Error("a key is looked up")
		return auth.Principal{}, false, nil
	})
	h.keyLookups = admission.NewQueue[string](0, 0)
	send := func(authorization, accept string) *httptest.ResponseRecorder {
		r := newRequest(t.Context(), strings.NewReader(`{"query": "{ __typename }"}`), accept)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, media := range []string{mediaTypeJSON, mediaTypeGraphQLResponse} {
		if w := send("Bearer "+auth.NewSecret(), media); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" ||
			!strings.Contains(w.Body.String(), `"OVERLOADED"`) {
			t.Errorf("a key with a full queue: %d %v %s", w.Code, w.Header(), w.Body)
		}
		if w := send("Bearer plc_x", media); w.Code == http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"UNAUTHENTICATED"`) {
			t.Errorf("no key: %d %s", w.Code, w.Body)
		}
	}
}

// TestWaitingCounts checks that the timeout counts from the end of the body, that a client that leaves also leaves the
// queue, and that an operation which starts after its timeout resolves the fields without reads.
func TestWaitingCounts(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), storetest.SQLite(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	synctest.Test(t, func(t *testing.T) {
		h, begun := newBusyHandler(t, s), time.Now()
		w := post(t.Context(), h, "{ serverInfo { version } }", mediaTypeGraphQLResponse)
		if took := time.Since(begun); took != 10*time.Second || w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" ||
			!strings.Contains(w.Body.String(), `"extensions":{"actual":10,"code":"LIMIT_EXCEEDED","limit":10,"retryable":true}`) {
			t.Errorf("after %s: got %d %s", took, w.Code, w.Body)
		}
		leaving, leave := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			post(leaving, h, "{ serverInfo { version } }", mediaTypeJSON)
			close(gone)
		}()
		synctest.Wait()
		if n := h.Queue.Stats().Waiting; n != 1 {
			t.Errorf("%d requests wait", n)
		}
		leave()
		<-gone
		if n := h.Queue.Stats().Waiting; n != 0 {
			t.Errorf("%d requests wait after their clients have left", n)
		}
		h.Queue.Release("")
		// The look-up of the key after the wait for a slot takes 11 seconds. The store gets no statement.
		var lookUps int
		h.Authenticator = authenticator(func() (auth.Principal, bool, error) {
			if lookUps++; lookUps > 1 {
				time.Sleep(11 * time.Second)
			}
			return auth.Anonymous, true, nil
		})
		r := newRequest(t.Context(), &slowReader{strings.NewReader(`{"query": "{ serverInfo { version } artifacts { totalCount } }"}`)}, mediaTypeJSON)
		r.Header.Set("Authorization", "Bearer "+auth.NewSecret())
		w = httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if body := w.Body.String(); !strings.Contains(body, `"data":{"serverInfo":{"version":"test"},"artifacts":null}`) ||
			strings.Count(body, `"code"`) != 1 || !strings.Contains(body, `"code":"LIMIT_EXCEEDED"`) || lookUps != 2 || h.Queue.Stats().InUse != 0 {
			t.Errorf("an operation after its timeout: %d %s; %d look-ups, %d slots are taken", w.Code, body, lookUps, h.Queue.Stats().InUse)
		}
	})
}

// slowReader reads a body slowly enough for a second look-up of the API key.
type slowReader struct{ io.Reader }

func (r *slowReader) Read(data []byte) (int, error) {
	time.Sleep(reauthenticateAfter)
	return r.Reader.Read(data)
}

// TestQueueAfterPanic checks that a request that panics leaves the queue and releases its body.
func TestQueueAfterPanic(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil, func(*models.ServerLimits) {})
	h.Executor = nil
	available := h.requestBytes.Available()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the request does not panic")
			}
		}()
		post(t.Context(), h, strings.Repeat(" ", 2*freeBodyBytes), mediaTypeJSON)
	}()
	if n := h.Queue.Stats().InUse; n != 0 || h.requestBytes.Available() != available {
		t.Errorf("%d slots are taken, %d of %d bytes are available", n, h.requestBytes.Available(), available)
	}
}

// TestRoomForBodies checks the budget for bodies: small ones need none, large ones are refused without budget, and all
// bytes are released.
func TestRoomForBodies(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil, func(limits *models.ServerLimits) { limits.RequestBytes = 1 << 20 })
	const budget = 3 << 20
	h.requestBytes = admission.NewByteBudget(budget)
	read := func(size int) (*body, error) {
		r := newRequest(t.Context(), bytes.NewReader(make([]byte, size)), mediaTypeJSON)
		return (&exchange{Handler: h, w: httptest.NewRecorder(), r: r}).readBody()
	}
	for _, size := range []int{0, 1, freeBodyBytes - 1, freeBodyBytes, freeBodyBytes + 1, 5 * freeBodyBytes, 1 << 20} {
		b, err := read(size)
		if err != nil {
			t.Fatal(err)
		}
		if len(b.data) != size || b.reserved > 2*int64(size)+1 || size < freeBodyBytes && b.reserved > 0 {
			t.Errorf("%d bytes: got %d, %d are reserved", size, len(b.data), b.reserved)
		}
		b.Close()
	}
	if n := h.requestBytes.Available(); n != budget {
		t.Errorf("afterwards %d bytes are available", n)
	}
	first, err := read(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	var refused *statusError
	if _, err := read(1 << 20); !errors.As(err, &refused) || refused.status != http.StatusServiceUnavailable || refused.header != "Retry-After" {
		t.Errorf("without budget: %v", err)
	}
	if b, err := read(freeBodyBytes - 1); err != nil || b.reserved != 0 {
		t.Errorf("a small body without budget: %v", err)
	}
	first.Close()
	if n := h.requestBytes.Available(); n != budget {
		t.Errorf("at the end %d bytes are available", n)
	}
}

// TestRoomForAnswers checks the budget for responses: small ones and those of mutations are sent without budget.
func TestRoomForAnswers(t *testing.T) {
	t.Parallel()
	h := &Handler{responseBytes: admission.NewByteBudget(3 * freeResponseBytes)}
	small := &operation.Response{Data: make([]byte, freeResponseBytes)}
	large := &operation.Response{Data: make([]byte, 2*freeResponseBytes)}
	for _, c := range []struct {
		response *operation.Response
		reserved int64
		code     models.Code
	}{
		{small, 0, ""}, {large, 2 * freeResponseBytes, ""}, {large, 0, models.CodeOverloaded}, {small, 0, ""},
		{&operation.Response{Data: large.Data, Outcome: operation.MutationExecuted}, 0, ""},
	} {
		reserved, err := h.reserveResponse(c.response)
		code := models.Code("")
		if err != nil {
			code = models.CodeOf(err)
		}
		if reserved != c.reserved || code != c.code {
			t.Errorf("%d bytes: %d are reserved, %v", len(c.response.Data), reserved, err)
		}
	}
	h.responseBytes.Release(2 * freeResponseBytes)
	if reserved, err := h.reserveResponse(large); err != nil || reserved != 2*freeResponseBytes {
		t.Errorf("afterwards: %d are reserved, %v", reserved, err)
	}
}

// TestNegotiate checks the media type of the response for values of Accept.
func TestNegotiate(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": mediaTypeJSON, " ": mediaTypeJSON, "*/*": mediaTypeJSON, "application/*": mediaTypeJSON, "text/html": "", "x": "",
		"application/json": mediaTypeJSON, "application/graphql-response+json": mediaTypeGraphQLResponse,
		"application/graphql-response+json, application/json;q=0.9":               mediaTypeGraphQLResponse,
		"application/json;q=0.5, application/graphql-response+json":               mediaTypeGraphQLResponse,
		"application/json, application/graphql-response+json":                     mediaTypeJSON,
		"application/graphql-response+json, application/json":                     mediaTypeGraphQLResponse,
		"application/graphql-response+json, */*":                                  mediaTypeGraphQLResponse,
		"*/*, application/graphql-response+json":                                  mediaTypeJSON,
		"application/graphql-response+json;q=0, */*":                              mediaTypeJSON,
		"application/json;q=0, */*":                                               mediaTypeGraphQLResponse,
		"application/json;q=0":                                                    "",
		"application/json;q=2, application/graphql-response+json;q=0.1":           mediaTypeGraphQLResponse,
		"application/json;charset=latin1":                                         "",
		"application/json;charset=UTF-8":                                          mediaTypeJSON,
		"application/json;q=0.1, application/json;q=0.9, */*;q=0.5":               mediaTypeJSON,
		"application/json;q=0.1, application/graphql-response+json;q=0.2, */*":    mediaTypeGraphQLResponse,
		"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8":      mediaTypeJSON,
		"application/graphql-response+json;charset=utf-8, application/json;q=NaN": mediaTypeGraphQLResponse,
	} {
		if got := negotiate([]string{accept}); got != want {
			t.Errorf("%s: got %q, want %q", accept, got, want)
		}
	}
}

// TestPrefersHTML checks the header of browsers, and headers of clients that read JSON.
func TestPrefersHTML(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"text/html": true, "": false, "*/*": false, "application/json": false, "text/html;q=0": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8": true,
		"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2":                       true,
		"text/html, application/json":                                                false,
		"text/html, application/graphql-response+json;q=0.9":                         true,
		"text/html;q=0.8, */*":                                                       false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/graphql", nil)
		r.Header.Set("Accept", accept)
		if got := PrefersHTML(r); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}
