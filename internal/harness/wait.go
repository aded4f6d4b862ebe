package harness

import (
	"sync"
	"testing"
	"time"
)

// Limit is the longest time that a test waits for one event. It allows for other work on the machine.
const Limit = time.Minute

// Eventually waits until a condition is true. The test fails after Limit.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Limit); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain until %s", Limit, what)
		}
	}
}

// Receive returns the next value of a channel. The test fails after Limit.
func Receive[T any](t testing.TB, what string, channel <-chan T) T {
	t.Helper()
	return receiveWithin(t, Limit, what, channel)
}

func receiveWithin[T any](t testing.TB, limit time.Duration, what string, channel <-chan T) T {
	t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case value := <-channel:
		return value
	case <-timer.C:
		t.Fatalf("waited %s in vain until %s", limit, what)
		panic("unreachable")
	}
}

// Wait waits for a group of goroutines. The test fails after Limit.
func Wait(t testing.TB, what string, group *sync.WaitGroup) {
	t.Helper()
	WaitWithin(t, Limit, what, group)
}

// WaitWithin waits for a group of goroutines that take longer than Limit on a busy machine. The test fails after limit.
func WaitWithin(t testing.TB, limit time.Duration, what string, group *sync.WaitGroup) {
	t.Helper()
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	receiveWithin(t, limit, what, done)
}
