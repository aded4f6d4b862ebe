package store

import (
	"context"
	"time"
)

// KeepDeletingIdempotencyKeys deletes expired idempotency keys every hour in the background, until Close.
func (s *Store) KeepDeletingIdempotencyKeys(retention time.Duration) {
	s.background.Go(func() {
		ticker := time.NewTicker(time.Hour)
		defer ticker.Stop()
		for {
			select {
			case <-s.closing.Done():
				return
			case <-ticker.C:
				ctx, cancel := context.WithTimeout(s.closing, 10*time.Minute)
				err := s.ForgetIdempotencyKeys(ctx, retention)
				cancel()
				if err != nil && s.closing.Err() == nil {
					s.log.Warn("could not delete expired idempotency keys", "error", err)
				}
			}
		}
	})
}
