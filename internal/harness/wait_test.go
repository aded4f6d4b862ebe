package harness

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// failing is a test that keeps its message instead of failing.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// TestWaitsEnd checks that each wait ends after its limit and names the event, and that the event ends it at once.
func TestWaitsEnd(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(t testing.TB, happens bool){
		"Eventually": func(t testing.TB, happens bool) {
			Eventually(t, "it rains", func() bool { return happens })
		},
		"Receive": func(t testing.TB, happens bool) {
			c := make(chan int, 1)
			if happens {
				c <- 1
			}
			Receive(t, "it rains", c)
		},
		"Wait": func(t testing.TB, happens bool) {
			var group sync.WaitGroup
			if !happens {
				group.Add(1)
				defer group.Done()
			}
			Wait(t, "it rains", &group)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, happens := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					f := &failing{TB: t}
					started, done := time.Now(), make(chan struct{})
					go func() { defer close(done); wait(f, happens) }()
					<-done
					want, limit := "waited 1m0s in vain until it rains", Limit
					if happens {
						want, limit = "", 0
					}
					if elapsed := time.Since(started); f.message != want || elapsed < limit || elapsed > limit+time.Second {
						t.Errorf("happens %t: failed with %q after %s", happens, f.message, elapsed)
					}
				})
			}
		})
	}
}
