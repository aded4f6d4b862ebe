package store

import (
	"context"
	"time"

	"github.com/placard/placard/internal/store/engine"
)

const (
	// maxDeletionTime is the time after which a transaction sends no further DELETE, so that it does not delay other
	// writes of SQLite.
	maxDeletionTime = 50 * time.Millisecond
	// deletionBatch is the number of keys that one statement deletes.
	deletionBatch = 50
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

// DeleteExpiredIdempotencyKeys deletes the keys that are older than retention, by the clock by which they were written.
// It deletes them in short transactions, and stops between two statements when ctx ends.
func (s *Store) DeleteExpiredIdempotencyKeys(ctx context.Context, retention time.Duration) error {
	for _, table := range []string{"idempotency_keys", "idempotency_answers"} {
		for deleted := int64(1); deleted > 0; {
			var err error
			if deleted, err = s.deletePortion(ctx, table, retention, maxDeletionTime); err != nil {
				return err
			}
		}
	}
	return nil
}

// deletePortion deletes old keys of a table in one transaction until maxTime has passed, and returns the number of
// deleted keys.
func (s *Store) deletePortion(
	ctx context.Context, table string, retention, maxTime time.Duration,
) (deleted int64, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		deleted = 0
		for begin := time.Now(); ; {
			n, err := tx.WriteCount(engine.SQL(`DELETE FROM `+table+` WHERE (caller, operation, key, project_id) IN (
				SELECT caller, operation, key, project_id FROM `+table+`
				WHERE created_at < (SELECT ?) ORDER BY created_at LIMIT ?)`, tx.Dialect.NowMinus(retention), deletionBatch))
			deleted += n
			if err != nil || n < deletionBatch || time.Since(begin) >= maxTime || ctx.Err() != nil {
				return err
			}
		}
	})
	return deleted, err
}
