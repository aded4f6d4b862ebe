package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/placard/placard/models"
)

// Caller is who calls, for the history and for idempotency keys.
type Caller struct {
	// Name is that of the API key, nil where the server runs without keys.
	Name *string
	// KeyID is the API key, zero where the server runs without keys.
	KeyID models.ID
}

// scope is what the idempotency keys of a caller are kept apart by: the ID of its API key, and nothing without one.
func (c Caller) scope() string {
	if c.KeyID.IsZero() {
		return ""
	}
	return c.KeyID.String()
}

// Call is what a mutation is called with, beside its input.
type Call struct {
	Caller Caller
	// Operation is the name of the mutation.
	Operation string
	// Key is the idempotency key, nil for none.
	Key *string
	// KeyPath is where the key stands in the input.
	KeyPath *models.Path
	// Input is what must be the same for the same key; it is compared as JSON.
	Input any
}

// keptKeys is how long an idempotency key is good for, at least.
const keptKeys = 48 * time.Hour

type keyRow struct {
	ProjectID   models.ID
	Fingerprint []byte
	Answer      string
}

// once runs fn in a transaction, unless the call carries an idempotency key that was used before: then it returns
// the first answer again, or IDEMPOTENCY_KEY_REUSED when the input was another one. The key is stored with the
// answer in the transaction of fn, so that neither is there without the other, also when copies of a call race.
//
// The answer is found by key before anything is looked up, so that a call can be sent again after what it names has
// been deleted or has moved. fn returns the project of the call also with an error, or zero for an unknown project.
func once[T any](ctx context.Context, s *Store, call Call, fn func(tx *transaction) (models.ID, T, error)) (answer T, again bool, err error) {
	if call.Key == nil {
		err = s.write(ctx, func(tx *transaction) (err error) {
			_, answer, err = fn(tx)
			return err
		})
		return answer, false, err
	}
	if err := models.CheckIdempotencyKey(call.KeyPath, call.Key); err != nil {
		return answer, false, err
	}
	input, err := json.Marshal(call.Input)
	if err != nil {
		return answer, false, err
	}
	fingerprint := sha256.Sum256(input)
	err = s.write(ctx, func(tx *transaction) error {
		used, first, err := usedKeys[T](tx, call, fingerprint[:])
		if err != nil || first != nil {
			return take(&answer, &again, first, err)
		}
		project, fresh, failed := fn(tx)
		var refused *models.Error
		if errors.As(failed, &refused) {
			// A copy of the call may have been faster, and what it did may be why this one is refused.
			if used, first, err = usedKeys[T](tx, call, fingerprint[:]); err != nil || first != nil {
				return take(&answer, &again, first, err)
			}
		}
		// Without a project, the unknown ID may be of any project in which the caller used the key.
		anyProject := project.IsZero() && errors.Is(failed, errUnknownID)
		for _, row := range used {
			if anyProject || row.ProjectID == project {
				return &models.Error{
					Code: models.CodeIdempotencyKeyReused, Message: "the idempotency key was used with other input",
					Path: call.KeyPath.Steps(),
				}
			}
		}
		if failed != nil {
			return failed
		}
		answer, again = fresh, false
		return tx.keep(project, call, fingerprint[:], answer)
	})
	return answer, again, err
}

// usedKeys are the uses of the key of a call so far, in any project, and the answer of the one with the same input.
func usedKeys[T any](tx *transaction, call Call, fingerprint []byte) (used []keyRow, first *T, err error) {
	err = tx.Raw(`SELECT project_id, fingerprint, answer FROM idempotency_keys
		WHERE caller = ? AND operation = ? AND key = ?`, call.Caller.scope(), call.Operation, *call.Key).Scan(&used).Error
	for _, row := range used {
		if bytes.Equal(row.Fingerprint, fingerprint) {
			first = new(T)
			return used, first, json.Unmarshal([]byte(row.Answer), first)
		}
	}
	return used, nil, err
}

// take makes the first answer that of the call.
func take[T any](answer *T, again *bool, first *T, err error) error {
	if err == nil {
		*answer, *again = *first, true
	}
	return err
}

// keep stores the key with its answer; errLost when a copy of the call was faster.
func (tx *transaction) keep(project models.ID, call Call, fingerprint []byte, answer any) error {
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	done := tx.Exec(`INSERT INTO idempotency_keys (project_id, caller, operation, key, fingerprint, answer, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (project_id, caller, operation, key) DO NOTHING`,
		project, call.Caller.scope(), call.Operation, *call.Key, fingerprint, string(text), tx.dialect.now(0))
	if done.Error == nil && done.RowsAffected == 0 {
		return errLost
	}
	return done.Error
}

// ForgetIdempotencyKeys deletes the keys that are older than they must be, by the clock by which they were written.
func (s *Store) ForgetIdempotencyKeys(ctx context.Context) error {
	return s.write(ctx, func(tx *transaction) error {
		return tx.Exec("DELETE FROM idempotency_keys WHERE created_at < ?", tx.dialect.ago(keptKeys)).Error
	})
}
