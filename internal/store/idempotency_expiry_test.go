package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

// TestForgetInPortions deletes old idempotency keys in portions. Its control is a portion without a bound, which takes
// all of them in one transaction.
func TestForgetInPortions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		s, err := store.Open(ctx, url, quiet)
		must(t, err)
		defer func() { must(t, s.Close()) }()
		const old, young = 6*store.ForgetRows + 7, 10
		_, err = store.AddKeys(ctx, s, old, 49*time.Hour)
		must(t, err)
		_, err = store.AddKeys(ctx, s, young, time.Hour)
		must(t, err)
		count := func(want int) {
			t.Helper()
			if all, err := store.AddKeys(ctx, s, 0, 0); err != nil || all != want {
				t.Errorf("there are %d keys, want %d (%v)", all, want, err)
			}
		}

		deleted, err := store.ForgetPortion(ctx, s, 0)
		if err != nil || deleted != store.ForgetRows {
			t.Errorf("a transaction without time deletes %d keys (%v)", deleted, err)
		}
		// The end of the context ends the transaction after its statement. SQLite commits its deletions.
		stop, cancel := context.WithCancel(ctx)
		meter := &storetest.Meter{}
		meter.Record = func(string, []any) {
			if meter.Statements() == 1 {
				cancel()
			}
		}
		if err := s.DeleteExpiredIdempotencyKeys(storetest.WithMeter(stop, meter), 48*time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("forgetting does not stop: %v", err)
		}
		if meter.Statements() > 2 {
			t.Errorf("%d statements are sent, all but two after the end of the context", meter.Statements())
		}
		deleted, err = store.ForgetPortion(ctx, s, time.Hour)
		if err != nil || deleted <= 2*store.ForgetRows {
			t.Errorf("control: a transaction with much time deletes %d keys (%v)", deleted, err)
		}
		count(young)

		_, err = store.AddKeys(ctx, s, old, 49*time.Hour)
		must(t, err)
		must(t, s.DeleteExpiredIdempotencyKeys(ctx, 48*time.Hour))
		count(young)
	})
}
