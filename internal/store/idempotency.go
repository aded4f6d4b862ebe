package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/erasure"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/models"
)

// Caller identifies a caller in the history and in idempotency keys.
type Caller struct {
	// Name is the name of the API key, nil if the server requires no keys.
	Name *string
	// KeyID is the ID of the API key, zero if the server requires no keys.
	KeyID models.ID
}

// Call is a call of a mutation without its input.
type Call struct {
	Caller Caller
	// Operation is the name of the mutation.
	Operation string
	// Key is the idempotency key, nil for none.
	Key *string
	// KeyPath is the path of the key in the input.
	KeyPath *models.Path
	// Input is compared as JSON: it is the same for the same key.
	Input any
}

// keyedCall is a Call with the fingerprint of its input, which is nil without a key.
type keyedCall struct {
	Call
	fingerprint []byte
}

// newKeyedCall checks the key of a call. It fails with BAD_INPUT.
func newKeyedCall(call Call) (*keyedCall, error) {
	if call.Key == nil {
		return &keyedCall{Call: call}, nil
	}
	if err := models.CheckIdempotencyKey(call.KeyPath, call.Key); err != nil {
		return nil, err
	}
	input, err := json.Marshal(call.Input)
	fingerprint := sha256.Sum256(input)
	return &keyedCall{call, fingerprint[:]}, err
}

// keyUse is an earlier use of an idempotency key.
type keyUse struct {
	ProjectID   models.ID
	Fingerprint []byte
	// Snapshot is nil for a use that a program before migration 6 stored. Answer is the whole answer as JSON then.
	Snapshot []byte
	Answer   *string
}

// result is the answer to a call.
type result[T any] struct {
	Value T
	// Replayed is set if an earlier call with the same idempotency key and input gave the answer.
	Replayed bool
}

// withIdempotency runs fn in a transaction, unless the idempotency key of the call was used before. Then it returns the
// earlier answer, or IDEMPOTENCY_KEY_REUSED if the input was another one. The transaction stores the key with a
// snapshot of the answer, which fields codes. So neither exists without the other, even if copies of a call race (ADR
// 0010).
//
// A replay needs nothing but the key, so that a call can be repeated after an object that it names was deleted or
// renamed. fn returns the project of the call even with an error, or zero for an unknown project.
func withIdempotency[T any](
	ctx context.Context, s *Store, call Call, fields func(*snapshot.Codec, *T),
	fn func(tx *transaction) (models.ID, T, error),
) (result[T], error) {
	keyed, err := newKeyedCall(call)
	if err != nil {
		return result[T]{}, err
	}
	return runKeyed(ctx, s, keyed, fields, fn)
}

// runKeyed is withIdempotency for a call whose key is checked.
func runKeyed[T any](
	ctx context.Context, s *Store, call *keyedCall, fields func(*snapshot.Codec, *T),
	fn func(tx *transaction) (models.ID, T, error),
) (result[T], error) {
	var r result[T]
	if call.Key == nil {
		err := s.write(ctx, func(tx *transaction) (err error) {
			_, r.Value, err = fn(tx)
			return err
		})
		return r, err
	}
	err := s.write(ctx, func(tx *transaction) error {
		uses, replay, err := findReplay(tx, call, fields)
		if err != nil {
			return err
		}
		if replay != nil {
			r = result[T]{*replay, true}
			return nil
		}
		project, value, failed := fn(tx)
		if refused := (*models.Error)(nil); errors.As(failed, &refused) {
			// The failure may be due to a copy of the call that was faster.
			if uses, replay, err = findReplay(tx, call, fields); err != nil {
				return err
			}
			if replay != nil {
				r = result[T]{*replay, true}
				return nil
			}
		}
		if err := checkReuse(call, uses, project, failed); err != nil {
			return err
		}
		r = result[T]{Value: value}
		return tx.storeAnswers(call.answerRow(tx, project, snapshot.Write(project, fields, value)))
	})
	return r, err
}

// checkReuse returns IDEMPOTENCY_KEY_REUSED if the key was used with other input in the project of the call, or else
// the failure of the call. A call that fails because of an unknown ID may belong to any project.
func checkReuse(call *keyedCall, uses []keyUse, project models.ID, failed error) error {
	anyProject := project.IsZero() && errors.Is(failed, access.ErrUnknownID)
	for _, use := range uses {
		if anyProject || use.ProjectID == project {
			return &models.Error{
				Code: models.CodeIdempotencyKeyReused, Message: "was used with other input; another call needs another key",
				Path: call.KeyPath.Steps(),
			}
		}
	}
	return failed
}

// findReplay returns the uses of the key of a call so far, in any project, and the answer of the one with the same
// input.
func findReplay[T any](
	tx *transaction, call *keyedCall, fields func(*snapshot.Codec, *T),
) (uses []keyUse, replay *T, err error) {
	err = tx.Read(&uses, engine.SQL(`SELECT project_id, fingerprint, snapshot, NULL AS answer FROM idempotency_keys
		WHERE caller = ? AND operation = ? AND key = ?
		UNION ALL SELECT project_id, fingerprint, NULL, answer FROM idempotency_answers
		WHERE caller = ? AND operation = ? AND key = ?`, call.Caller.KeyID, call.Operation, *call.Key,
		call.oldCaller(), call.Operation, *call.Key))
	for _, use := range uses {
		if err != nil || tx.Who.Deleted.Has(use.ProjectID) || !bytes.Equal(use.Fingerprint, call.fingerprint) {
			continue
		}
		replay = new(T)
		if use.Answer != nil {
			err = json.Unmarshal([]byte(*use.Answer), replay)
		} else {
			*replay, err = snapshot.Read(use.ProjectID, fields, use.Snapshot)
		}
		if err == nil {
			err = errors.Join(tx.LockReplayed(use.ProjectID, call.Caller.KeyID, call.Operation, *call.Key), tx.hideErased(use.ProjectID, *replay))
		}
		return uses, replay, err
	}
	return uses, nil, err
}

// hideErased removes the values that were erased after the first call from its answer.
func (tx *transaction) hideErased(project models.ID, answer any) error {
	var entries []*models.MetadataEntry
	switch answer := answer.(type) {
	case Logged:
		entries = answer.Entries
	case []Logged:
		for _, logged := range answer {
			entries = append(entries, logged.Entries...)
		}
	}
	return erasure.Hide(tx.Tx, project, entries)
}

// oldCaller returns the caller of a call as programs before snapshots stored it.
func (c *keyedCall) oldCaller() string {
	if c.Caller.KeyID.IsZero() {
		return "" // of a server without API keys
	}
	return c.Caller.KeyID.String()
}

// answerRow returns the row of idempotency_keys with the snapshot of the answer to a call.
func (c *keyedCall) answerRow(tx *transaction, project models.ID, answer []byte) engine.Expr {
	return engine.SQL("(?, ?, ?, ?, ?, ?, ?)",
		project, c.Caller.KeyID, c.Operation, *c.Key, c.fingerprint, answer, tx.Dialect.Now(0))
}

// storeAnswers stores rows of answerRow. It returns engine.ErrRetry if a copy of one of the calls was faster.
func (tx *transaction) storeAnswers(rows ...engine.Expr) error {
	stored, err := tx.WriteCount(engine.SQL(`INSERT INTO idempotency_keys
		(project_id, caller, operation, key, fingerprint, snapshot, created_at)
		VALUES ? ON CONFLICT (caller, operation, key, project_id) DO NOTHING`, engine.Join(rows, ", ")))
	if err == nil && stored < int64(len(rows)) {
		err = engine.ErrRetry
	}
	return err
}
