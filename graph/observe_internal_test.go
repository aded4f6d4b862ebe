package graph

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// heard is an observer that keeps what it hears.
type heard chan *Operation

func (h heard) Begin(r *http.Request) (context.Context, func(*Operation)) {
	return r.Context(), func(o *Operation) { h <- o }
}

func (h heard) Group(ctx context.Context, _ string, _ int) (context.Context, func(error)) {
	return ctx, func(error) {}
}

// TestTurns: the observer hears how each wait for a turn ended, and how long it was.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, told := narrow(t), make(heard, 10)
		s.Observe(told)
		expect := func(turn Turn, waited time.Duration) {
			t.Helper()
			if o := <-told; o.Turn != turn || o.Waited != waited {
				t.Errorf("%q after %s, want %q after %s", o.Turn, o.Waited, turn, waited)
			}
		}
		leaving, leave := context.WithCancel(t.Context())
		go post(leaving, s, "{ __typename }", typeJSON)
		synctest.Wait()
		if executed, waiting := s.Load(); executed != 1 || waiting != 1 {
			t.Errorf("%d are executed, and %d wait", executed, waiting)
		}
		post(t.Context(), s, "{ __typename }", typeJSON)
		expect(TurnFull, 0)
		time.Sleep(3 * time.Second)
		leave()
		expect(TurnLeft, 3*time.Second)
		post(t.Context(), s, "{ __typename }", typeJSON)
		expect(TurnLate, 10*time.Second)
		go post(t.Context(), s, "{ __typename }", typeJSON)
		time.Sleep(time.Second)
		s.queue.Leave("")
		expect(TurnGiven, time.Second)
		post(t.Context(), s, "{ __typename }", "text/html")
		expect("", 0)
		if executed, waiting := s.Load(); executed != 0 || waiting != 0 {
			t.Errorf("afterwards %d are executed, and %d wait", executed, waiting)
		}
	})
}
