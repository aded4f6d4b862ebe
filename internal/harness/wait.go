package harness

import (
	"sync"
	"testing"
	"time"
)

// Limit is how long a test waits for one thing before it fails. It is long because other work may share the machine.
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
	timer := time.NewTimer(Limit)
	defer timer.Stop()
	select {
	case value := <-channel:
		return value
	case <-timer.C:
		t.Fatalf("waited %s in vain until %s", Limit, what)
		panic("unreachable")
	}
}

// Wait waits for a group of goroutines. The test fails after Limit.
func Wait(t testing.TB, what string, group *sync.WaitGroup) {
	t.Helper()
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	Receive(t, what, done)
}
