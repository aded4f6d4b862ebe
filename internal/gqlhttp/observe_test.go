package gqlhttp

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/placard/placard/internal/admission"
)

// summaries is an observer that keeps the summaries of requests.
type summaries chan *Summary

func (s summaries) StartRequest(r *http.Request) (context.Context, func(*Summary)) {
	return r.Context(), func(summary *Summary) { s <- summary }
}

func (s summaries) StartBatch(ctx context.Context, _ string, _ int) (context.Context, func(error)) {
	return ctx, func(error) {}
}

// TestQueueOutcomes checks that the observer gets the outcome and the duration of each wait for a slot.
func TestQueueOutcomes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, observed := newBusyHandler(t, nil), make(summaries, 10)
		h.Observer = observed
		expect := func(outcome admission.QueueOutcome, wait time.Duration) {
			t.Helper()
			if s := <-observed; s.QueueOutcome != outcome || s.QueueTime != wait {
				t.Errorf("%q after %s, want %q after %s", s.QueueOutcome, s.QueueTime, outcome, wait)
			}
		}
		leaving, leave := context.WithCancel(t.Context())
		go post(leaving, h, "{ __typename }", mediaTypeJSON)
		synctest.Wait()
		if load := h.Queue.Stats(); load.InUse != 1 || load.Waiting != 1 {
			t.Errorf("%+v", load)
		}
		post(t.Context(), h, "{ __typename }", mediaTypeJSON)
		expect(admission.QueueFull, 0)
		time.Sleep(3 * time.Second)
		leave()
		expect(admission.ClientGone, 3*time.Second)
		post(t.Context(), h, "{ __typename }", mediaTypeJSON)
		expect(admission.QueueTimeout, 10*time.Second)
		go post(t.Context(), h, "{ __typename }", mediaTypeJSON)
		time.Sleep(time.Second)
		h.Queue.Release("")
		expect(admission.Admitted, time.Second)
		post(t.Context(), h, "{ __typename }", "text/html")
		expect("", 0)
		if load := h.Queue.Stats(); load.InUse != 0 || load.Waiting != 0 {
			t.Errorf("afterwards: %+v", load)
		}
	})
}
