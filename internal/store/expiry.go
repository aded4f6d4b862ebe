package store

import (
	"context"
	"time"
)

// KeepDeletingIdempotencyKeys deletes expired idempotency keys every hour in the background, until Close.
func (s *Store) KeepDeletingIdempotencyKeys(retention time.Duration) {
	s.db.Repeat(time.Hour, func(ctx context.Context) {
		limited, cancel := context.WithTimeout(ctx, 10*time.Minute)
		defer cancel()
		if err := s.DeleteExpiredIdempotencyKeys(limited, retention); err != nil && ctx.Err() == nil {
			s.log.Warn("could not delete expired idempotency keys", "error", err)
		}
	})
}
