// Package expiry deletes the idempotency keys that have expired.
package expiry

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
)

const (
	// maxDeletionTime is the time after which a transaction sends no further DELETE, so that it does not delay other
	// writes of SQLite.
	maxDeletionTime = 50 * time.Millisecond
	// BatchSize is the number of keys that one statement deletes.
	BatchSize = 50
)

// Keys are the idempotency keys of a database.
type Keys struct {
	DB  *engine.DB
	Log *slog.Logger
}

// KeepDeletingIdempotencyKeys deletes expired idempotency keys every hour in the background, until Close.
func (k Keys) KeepDeletingIdempotencyKeys(retention time.Duration) {
	k.DB.Repeat(time.Hour, func(ctx context.Context) {
		limited, cancel := context.WithTimeout(ctx, 10*time.Minute)
		defer cancel()
		if err := k.DeleteExpiredIdempotencyKeys(limited, retention); err != nil && ctx.Err() == nil {
			k.Log.Warn("could not delete expired idempotency keys", "error", err)
		}
	})
}

// DeleteExpiredIdempotencyKeys deletes the keys that are older than retention, by the clock by which they were written.
// It deletes them in short transactions, and stops between two statements when ctx ends.
func (k Keys) DeleteExpiredIdempotencyKeys(ctx context.Context, retention time.Duration) error {
	for _, table := range []string{"idempotency_keys", "idempotency_answers"} {
		for deleted := int64(1); deleted > 0; {
			var err error
			if deleted, err = k.DeletePortion(ctx, table, retention, maxDeletionTime); err != nil {
				return err
			}
		}
	}
	return nil
}

// DeletePortion deletes old keys of a table in one transaction until maxTime has passed, and returns the number of
// deleted keys.
func (k Keys) DeletePortion(
	ctx context.Context, table string, retention, maxTime time.Duration,
) (deleted int64, err error) {
	err = k.DB.Write(ctx, func(db *gorm.DB) error {
		tx := access.Tx{DB: db, Dialect: k.DB.Dialect()}
		deleted = 0
		for begin := time.Now(); ; {
			n, err := tx.WriteCount(engine.SQL(`DELETE FROM `+table+` WHERE (caller, operation, key, project_id) IN (
				SELECT caller, operation, key, project_id FROM `+table+`
				WHERE created_at < (SELECT ?) ORDER BY created_at LIMIT ?)`, tx.Dialect.NowMinus(retention), BatchSize))
			deleted += n
			if err != nil || n < BatchSize || time.Since(begin) >= maxTime || ctx.Err() != nil {
				return err
			}
		}
	})
	return deleted, err
}
