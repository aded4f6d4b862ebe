package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// newServer returns the address of a server that responds with the path and the body of a request.
func newServer(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestExchange(t *testing.T) {
	t.Parallel()
	address := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
		repeated := bytes.Repeat(append([]byte(r.Method+" "), body...), 50_000)
		if r.URL.Path == "/chunked" { // a flush before the end makes the server send chunks
			_, _ = w.Write(repeated[:10])
			w.(http.Flusher).Flush()
			repeated = repeated[10:]
		} else {
			w.Header().Set("Content-Length", fmt.Sprint(len(repeated)))
		}
		_, _ = w.Write(repeated)
	})
	connection, err := Dial(address, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	for _, test := range []struct {
		request []byte
		status  int
		want    string
	}{
		{Post("/a", "", []byte(`{"x":1}`)), 200, `POST {"x":1}`}, {Post("/chunked", "", []byte("1")), 200, "POST 1"},
		{Get("/missing", "Accept: */*\r\n"), 404, "GET "}, {Post("/a", "", []byte("2")), 200, "POST 2"},
	} {
		status, body, err := connection.Exchange(test.request)
		if err != nil {
			t.Fatal(err)
		}
		if status != test.status || string(body) != strings.Repeat(test.want, 50_000) {
			t.Errorf("%.30q: status %d and %d bytes: %.50q", test.request, status, len(body), body)
		}
	}
}

// ping returns an operation with the latency of the server and a check.
func ping(check func(body []byte) error) Operation {
	return Operation{Name: "ping", Next: func(*rand.Rand) ([]byte, func([]byte) error) { return Get("/", ""), check }}
}

func accept([]byte) error { return nil }

func TestRunCount(t *testing.T) {
	t.Parallel()
	var received atomic.Int64
	address := newServer(t, func(http.ResponseWriter, *http.Request) { received.Add(1) })
	sample, err := Load{address, 4, ping(accept)}.RunCount(t.Context(), 101)
	if err != nil {
		t.Fatal(err)
	}
	if len(sample.Latencies) != 101 || received.Load() != 101 {
		t.Errorf("%d latencies and %d requests, want 101", len(sample.Latencies), received.Load())
	}
}

func TestRunStopsAtAWrongResponse(t *testing.T) {
	t.Parallel()
	address := newServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("other")) })
	wrong := errors.New("wrong")
	_, err := Load{address, 2, ping(func([]byte) error { return wrong })}.RunClosed(t.Context(), time.Minute)
	if !errors.Is(err, wrong) {
		t.Errorf("RunClosed returns %v", err)
	}
}

// TestOpenLoopCountsFromTheSchedule lets the server pause once. All requests that were scheduled during the pause must
// have a part of it in their latencies.
func TestOpenLoopCountsFromTheSchedule(t *testing.T) {
	t.Parallel()
	const pause = 400 * time.Millisecond
	var received atomic.Int64
	address := newServer(t, func(http.ResponseWriter, *http.Request) {
		if received.Add(1) == 1 {
			time.Sleep(pause)
		}
	})
	sample, err := Load{address, 1, ping(accept)}.RunOpen(t.Context(), 100, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if len(sample.Latencies) != 100 {
		t.Fatalf("%d requests instead of 100", len(sample.Latencies))
	}
	delayed := 0
	for _, latency := range sample.Latencies {
		if latency > pause/4 {
			delayed++
		}
	}
	if delayed < 25 { // 30 of 40 requests were scheduled before the last quarter of the pause
		t.Errorf("only %d requests have a part of the pause in their latency", delayed)
	}
}
