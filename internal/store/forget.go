package store

import (
	"context"
	"time"
)

const (
	// keptKeys is how long an idempotency key is good for, at least.
	keptKeys = 48 * time.Hour
	// forgetTime is the time after which a transaction that deletes old keys begins no further statement, so that other
	// writes of SQLite wait for little more.
	forgetTime = 50 * time.Millisecond
	// forgetRows is the number of keys that one statement deletes.
	forgetRows = 50
)

// ForgetIdempotencyKeys deletes the keys that are older than they must be, by the clock by which they were written. It
// deletes them in short transactions, and stops between two statements when ctx ends.
func (s *Store) ForgetIdempotencyKeys(ctx context.Context) error {
	for {
		deleted, err := s.forgetPortion(ctx, forgetTime)
		if err != nil || deleted == 0 {
			return err
		}
	}
}

// forgetPortion deletes old keys in one transaction until longest has passed, and returns the number of deleted keys.
func (s *Store) forgetPortion(ctx context.Context, longest time.Duration) (deleted int64, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		deleted = 0
		for begin := time.Now(); ; {
			done := tx.Exec(`DELETE FROM idempotency_keys WHERE (project_id, caller, operation, key) IN (
				SELECT project_id, caller, operation, key FROM idempotency_keys
				WHERE created_at < (SELECT ?) ORDER BY created_at LIMIT ?)`, tx.dialect.ago(keptKeys), forgetRows)
			deleted += done.RowsAffected
			if done.Error != nil || done.RowsAffected < forgetRows || time.Since(begin) >= longest || ctx.Err() != nil {
				return done.Error
			}
		}
	})
	return deleted, err
}
