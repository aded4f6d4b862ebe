package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Caller is who calls, for the history and for idempotency keys.
type Caller struct {
	// Name is that of the API key, nil where the server runs without keys.
	Name *string
	// KeyID is the API key, zero where the server runs without keys.
	KeyID models.ID
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

// keyUse is a use of an idempotency key.
type keyUse struct {
	ProjectID   models.ID
	Fingerprint []byte
	// Snapshot is nil for a use that a program before migration 6 stored. Answer is the whole answer as JSON then.
	Snapshot []byte
	Answer   *string
}

// withIdempotency runs fn in a transaction, unless the idempotency key of the call was used before. Then it returns the first answer
// again, or IDEMPOTENCY_KEY_REUSED if the input was another one. The transaction of fn stores the key with a snapshot of the
// answer, which fields codes. So neither exists without the other, also when copies of a call race.
//
// The answer is found by key before anything is looked up, so that a call can be sent again after what it names has
// been deleted or has moved. fn returns the project of the call also with an error, or zero for an unknown project.
func withIdempotency[T any](
	ctx context.Context, s *Store, call Call, fields func(*snapshot, *T), fn func(tx *transaction) (models.ID, T, error),
) (answer T, again bool, err error) {
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
		used, first, err := usedKeys(tx, call, fingerprint[:], fields)
		if err != nil || first != nil {
			return take(&answer, &again, first, err)
		}
		project, fresh, failed := fn(tx)
		var refused *models.Error
		if errors.As(failed, &refused) {
			// A copy of the call may have been faster, and what it did may be why this one is refused.
			if used, first, err = usedKeys(tx, call, fingerprint[:], fields); err != nil || first != nil {
				return take(&answer, &again, first, err)
			}
		}
		// Without a project, the unknown ID may be of any project in which the caller used the key.
		anyProject := project.IsZero() && errors.Is(failed, errUnknownID)
		for _, use := range used {
			if anyProject || use.ProjectID == project {
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
		return tx.storeAnswer(project, call, fingerprint[:], writeSnapshot(project, fields, answer))
	})
	return answer, again, err
}

// usedKeys returns the uses of the key of a call so far, in any project, and the answer of the one with the same input.
func usedKeys[T any](
	tx *transaction, call Call, fingerprint []byte, fields func(*snapshot, *T),
) (used []keyUse, first *T, err error) {
	scope := "" // of a server without API keys
	if !call.Caller.KeyID.IsZero() {
		scope = call.Caller.KeyID.String()
	}
	err = tx.scan(&used, engine.SQL(`SELECT project_id, fingerprint, snapshot, NULL AS answer FROM idempotency_keys
		WHERE caller = ? AND operation = ? AND key = ?
		UNION ALL SELECT project_id, fingerprint, NULL, answer FROM idempotency_answers
		WHERE caller = ? AND operation = ? AND key = ?`, call.Caller.KeyID, call.Operation, *call.Key, scope, call.Operation, *call.Key))
	for _, use := range used {
		if err == nil && bytes.Equal(use.Fingerprint, fingerprint) {
			first = new(T)
			if use.Answer != nil {
				err = json.Unmarshal([]byte(*use.Answer), first)
			} else {
				*first, err = readSnapshot(use.ProjectID, fields, use.Snapshot)
			}
			return used, first, err
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

// storeAnswer stores the key with the snapshot of its answer. It returns ErrRetry when a copy of the call was faster.
func (tx *transaction) storeAnswer(project models.ID, call Call, fingerprint, snapshot []byte) error {
	done := tx.Exec(`INSERT INTO idempotency_keys (project_id, caller, operation, key, fingerprint, snapshot, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (caller, operation, key, project_id) DO NOTHING`,
		project, call.Caller.KeyID, call.Operation, *call.Key, fingerprint, snapshot, tx.dialect.Now(0))
	if done.Error == nil && done.RowsAffected == 0 {
		return engine.ErrRetry
	}
	return done.Error
}

// UnmarshalJSON reads the result of a write from a whole answer, in the form of programs before migration 6.
func (l *Logged) UnmarshalJSON(text []byte) error {
	var raw struct {
		Type    string
		Subject json.RawMessage
		Entries []*models.MetadataEntry
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	switch raw.Type {
	case "ArtifactVersion":
		l.Subject = new(models.ArtifactVersion)
	case "StepOutput":
		l.Subject = new(models.StepOutput)
	case "StepRun":
		l.Subject = new(models.StepRun)
	case "PipelineRun":
		l.Subject = new(models.PipelineRun)
	default:
		return fmt.Errorf("stored answer about a %q", raw.Type)
	}
	l.Entries = raw.Entries
	return json.Unmarshal(raw.Subject, l.Subject)
}
