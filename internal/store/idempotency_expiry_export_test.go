package store

import (
	"context"
	"time"

	"github.com/placard/placard/internal/store/expiry"
	"github.com/placard/placard/models"
)

// ForgetPortion deletes old keys in one transaction, and returns their number.
func ForgetPortion(ctx context.Context, s *Store, longest time.Duration) (int64, error) {
	return expiry.Keys{DB: s.db, Log: s.log}.DeletePortion(ctx, "idempotency_keys", 48*time.Hour, longest)
}

// ForgetRows is the number of keys that one statement deletes.
const ForgetRows = expiry.BatchSize

// AddKeys stores n idempotency keys of an age, and returns how many keys there are in all.
func AddKeys(ctx context.Context, s *Store, n int, age time.Duration) (all int, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		for range n {
			if err := tx.Exec(`INSERT INTO idempotency_keys (project_id, caller, operation, key, fingerprint, snapshot, created_at)
				VALUES (?, ?, 'op', ?, ?, ?, ?)`, models.DefaultProjectID, models.DefaultProjectID, models.NewID().String(), []byte{1},
				[]byte{1}, tx.Dialect.NowMinus(age)).Error; err != nil {
				return err
			}
		}
		return tx.Raw("SELECT count(*) FROM idempotency_keys WHERE project_id = ?", models.DefaultProjectID).Scan(&all).Error
	})
	return all, err
}
