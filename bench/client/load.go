package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Operation creates requests. Its functions are safe for concurrent use.
type Operation struct {
	Name string
	// Next returns a request and the check of the body of its response.
	Next func(random *rand.Rand) (request []byte, check func(body []byte) error)
}

// Load is a number of clients that send the requests of an operation.
type Load struct {
	Address   string
	Clients   int
	Operation Operation
}

// Sample holds the result of a load.
type Sample struct {
	Elapsed time.Duration
	// Latencies has an item for each operation, in ascending order.
	Latencies []time.Duration
}

// Rate returns the operations per second.
func (s Sample) Rate() float64 { return float64(len(s.Latencies)) / s.Elapsed.Seconds() }

// grace is the time that the last response may take after the end of a load.
const grace = 2 * time.Minute

// RunClosed sends the next request of each client when the client has received a response, for a duration. It returns
// the peak rate of the server. At least one request per client is sent.
func (l Load) RunClosed(ctx context.Context, duration time.Duration) (Sample, error) {
	end := time.Now().Add(duration)
	var sent atomic.Int64
	return l.run(ctx, end.Add(grace), func() (time.Time, bool) {
		now := time.Now()
		return now, sent.Add(1) <= int64(l.Clients) || now.Before(end)
	})
}

// RunCount sends a number of requests, the next one of each client when the client has received a response.
func (l Load) RunCount(ctx context.Context, count int) (Sample, error) {
	var sent atomic.Int64
	return l.run(ctx, time.Now().Add(grace), func() (time.Time, bool) {
		return time.Now(), sent.Add(1) <= int64(count)
	})
}

// RunOpen sends requests at a fixed rate per second for a duration. A latency is counted from the time for which the
// request was scheduled, also if all clients were waiting for responses then. So it contains the time in which a slow
// server would have kept other users waiting (no coordinated omission).
func (l Load) RunOpen(ctx context.Context, rate float64, duration time.Duration) (Sample, error) {
	begin, interval := time.Now(), time.Duration(float64(time.Second)/rate)
	total := int64(rate * duration.Seconds())
	var scheduled atomic.Int64
	return l.run(ctx, begin.Add(duration+grace), func() (time.Time, bool) {
		n := scheduled.Add(1) - 1
		at := begin.Add(time.Duration(n) * interval)
		time.Sleep(time.Until(at))
		return at, n < total
	})
}

// run runs the clients. next returns the time from which a latency is counted, and false at the end.
func (l Load) run(ctx context.Context, deadline time.Time, next func() (time.Time, bool)) (Sample, error) {
	latencies, failures := make([][]time.Duration, l.Clients), make([]error, l.Clients)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	begin := time.Now()
	for i := range l.Clients {
		all.Go(func() {
			if latencies[i], failures[i] = l.runClient(ctx, deadline, next); failures[i] != nil {
				cancel()
			}
		})
	}
	all.Wait()
	s := Sample{Elapsed: time.Since(begin), Latencies: slices.Concat(latencies...)}
	slices.Sort(s.Latencies)
	if err := errors.Join(failures...); err != nil {
		return s, fmt.Errorf("%s: %w", l.Operation.Name, err)
	}
	if len(s.Latencies) == 0 {
		return s, fmt.Errorf("%s: no request was sent", l.Operation.Name)
	}
	return s, nil
}

// runClient sends requests until next returns false or a response is wrong. It connects for its first request, because
// a server closes connections that have no request.
func (l Load) runClient(
	ctx context.Context, deadline time.Time, next func() (time.Time, bool),
) (latencies []time.Duration, err error) {
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	latencies = make([]time.Duration, 0, 1<<12)
	var connection *Connection
	for ctx.Err() == nil {
		request, check := l.Operation.Next(random)
		begin, more := next()
		if !more {
			break
		}
		if connection == nil {
			if connection, err = Dial(l.Address, deadline); err != nil {
				return latencies, err
			}
			defer func() { _ = connection.Close() }() // each response has been read
		}
		status, body, err := connection.Exchange(request)
		latencies = append(latencies, time.Since(begin))
		if err != nil {
			return latencies, err
		}
		if status != http.StatusOK {
			return latencies, fmt.Errorf("status %d: %.500s", status, body)
		}
		if err := check(body); err != nil {
			return latencies, fmt.Errorf("%w: %.500s", err, body)
		}
	}
	return latencies, nil
}
