package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// The statements about idempotency keys of programs before migration 6.
const (
	oldUse = "SELECT project_id, fingerprint, answer FROM idempotency_keys WHERE caller = $1 AND operation = $2 AND key = $3"
	oldKey = `INSERT INTO idempotency_keys (project_id, caller, operation, key, fingerprint, answer, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project_id, caller, operation, key) DO NOTHING`
)

// oldAnswer returns the JSON that programs before migration 6 stored.
func oldAnswer(t *testing.T, answer any) string {
	t.Helper()
	if logged, ok := answer.(store.Logged); ok {
		answer = map[string]any{"Type": strings.TrimPrefix(fmt.Sprintf("%T", logged.Subject), "*models."),
			"Subject": logged.Subject, "Entries": logged.Entries}
	}
	if list, ok := answer.([]store.Logged); ok {
		texts := make([]json.RawMessage, len(list))
		for i, one := range list {
			texts[i] = json.RawMessage(oldAnswer(t, one))
		}
		answer = texts
	}
	text, err := json.Marshal(answer)
	must(t, err)
	return string(text)
}

// openDB opens the database at url without the store.
func openDB(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver := "pgx"
	if strings.HasPrefix(url, "sqlite:") {
		driver = "sqlite"
	}
	db, err := sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// makeOld brings the tables back to the version before migration 6, and the uses of keys into the form of that time.
func makeOld(t *testing.T, url string, answers map[string]any) {
	t.Helper()
	db := openDB(t, url)
	uses := map[string][]any{}
	for operation := range answers {
		var project, fingerprint []byte
		var id models.ID
		var at int64
		must(t, db.QueryRow("SELECT project_id, fingerprint, created_at FROM idempotency_keys WHERE operation = $1",
			operation).Scan(&id, &fingerprint, &at))
		project = id[:]
		uses[operation] = []any{project, "", operation, "key", fingerprint, oldAnswer(t, answers[operation]), at}
		if !strings.HasPrefix(url, "sqlite:") {
			uses[operation][0] = id.String()
		}
	}
	driver := map[bool]string{true: "sqlite", false: "pgx"}[strings.HasPrefix(url, "sqlite:")]
	unmigrateAPI(t, driver, url)
	for _, statement := range []string{"DROP TABLE compatibility", "DROP TABLE idempotency_keys",
		"ALTER TABLE idempotency_answers RENAME TO idempotency_keys",
		"DELETE FROM goose_db_version WHERE version_id >= 6"} {
		_, err := db.Exec(statement)
		must(t, err)
	}
	for _, use := range uses {
		_, err := db.Exec(oldKey, use...)
		must(t, err)
	}
}

// TestAnswersBeforeSnapshots checks that this program returns the whole answers of programs before migration 6, and
// that the statements of those programs fail on the new tables.
func TestAnswersBeforeSnapshots(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s, err := store.Open(context.Background(), url, quiet)
		must(t, err)
		version, at := newVersion(t, s), models.NewPath("input")
		run, _, err := s.StartPipelineRun(everyone, store.Call{}, at, models.StartPipelineRunInput{Pipeline: "p"})
		must(t, err)
		call := func(operation string) store.Call {
			return store.Call{Operation: operation, Key: ref("key"), KeyPath: at.Child("idempotencyKey")}
		}
		logInput := models.MetadataTarget{PipelineRunID: ref(run.ID.String())}
		// The order matters, because the retraction needs a value. Each call returns the result of its operation.
		calls := []struct {
			operation string
			send      func(call store.Call) (any, bool, error)
		}{
			{"logMetadata", func(call store.Call) (any, bool, error) {
				return untyped(s.LogMetadata(everyone, call,
					[]store.Write{{Target: target(version), Facts: numbers(t, 10)}, {Target: logInput, Facts: numbers(t, 1)}}))
			}},
			{"retractMetadata", func(call store.Call) (any, bool, error) {
				return untyped(s.RetractMetadata(everyone, call, at,
					store.Retraction{Target: target(version), Keys: []models.MetadataKeyInput{{Key: "metric_1"}},
						Reason: ref("wrong")}))
			}},
			{"createArtifactVersion", func(call store.Call) (any, bool, error) {
				return untyped(s.CreateArtifactVersion(everyone, call, at, models.CreateArtifactVersionInput{Artifact: "made"},
					numbers(t, 2)))
			}},
			{"startPipelineRun", func(call store.Call) (any, bool, error) {
				return untyped(s.StartPipelineRun(everyone, call, at, models.StartPipelineRunInput{Pipeline: "p"}))
			}},
			{"startStepRun", func(call store.Call) (any, bool, error) {
				return untyped(s.StartStepRun(everyone, call, at,
					models.StartStepRunInput{PipelineRunID: run.ID.String(), Name: "fit"}))
			}},
		}
		answers := map[string]any{}
		for _, c := range calls {
			answer, again, err := c.send(call(c.operation))
			must(t, err)
			if answers[c.operation] = answer; again {
				t.Errorf("%s: the first call is a repeated one", c.operation)
			}
		}
		must(t, s.Close())
		makeOld(t, url, answers)

		s, err = store.Open(context.Background(), url, quiet)
		must(t, err)
		db := openDB(t, url)
		for _, c := range calls {
			for range 2 {
				answer, again, err := c.send(call(c.operation))
				must(t, err)
				if !again || !reflect.DeepEqual(answer, answers[c.operation]) {
					t.Errorf("%s: repeated is %t, %s\nwant %s", c.operation, again, oldAnswer(t, answer),
						oldAnswer(t, answers[c.operation]))
				}
			}
			var use [3][]byte
			if err := db.QueryRow(oldUse, "", c.operation, "key").Scan(&use[0], &use[1], &use[2]); err == nil ||
				!strings.Contains(err.Error(), "answer") {
				t.Errorf("%s: the old look-up of a key does not fail: %v", c.operation, err)
			}
			if _, err := db.Exec(oldKey, nil, "", c.operation, "other", []byte{1}, "{}", 1); err == nil ||
				!strings.Contains(err.Error(), "answer") {
				t.Errorf("%s: the old program can store an answer: %v", c.operation, err)
			}
		}
		_, _, err = s.LogMetadata(everyone, call("logMetadata"),
			[]store.Write{{Target: target(version), Facts: numbers(t, 9)}})
		if refused, ok := err.(*models.Error); !ok || refused.Code != models.CodeIdempotencyKeyReused {
			t.Errorf("other input under a key of before: %v", err)
		}
		eraseOldAnswers(t, s, db, answers)
		for _, c := range calls[:2] {
			answer, again, err := c.send(call(c.operation))
			must(t, err)
			if text := oldAnswer(t, answer); !again || strings.Contains(text, `"Erased":false`) || strings.Contains(text, "wrong") {
				t.Errorf("%s: the answer after an erasure is %s", c.operation, text)
			}
		}
		must(t, s.DeleteExpiredIdempotencyKeys(everyone, 0))
		if answer, again, err := calls[2].send(call("createArtifactVersion")); err != nil || again {
			t.Errorf("a forgotten key: repeated is %t, %v (%v)", again, answer, err)
		}
		must(t, s.Close())
	})
}

// eraseOldAnswers erases all entries of the answers to logMetadata and retractMetadata, and checks that the stored
// answers do not have their values.
func eraseOldAnswers(t *testing.T, s *store.Store, db *sql.DB, answers map[string]any) {
	t.Helper()
	var input models.EraseMetadataInput
	logged := append(answers["logMetadata"].([]store.Logged), answers["retractMetadata"].(store.Logged))
	for _, one := range logged {
		for _, entry := range one.Entries {
			input.EntryIDs = append(input.EntryIDs, entry.ID.String())
		}
	}
	var stored string
	const query = "SELECT answer FROM idempotency_answers WHERE operation = $1"
	for _, operation := range []string{"logMetadata", "retractMetadata"} {
		must(t, db.QueryRow(query, operation).Scan(&stored))
		if !strings.Contains(stored, `"Text":"`) && !strings.Contains(stored, "wrong") {
			t.Errorf("%s: the answer of before has no value: %s", operation, stored)
		}
	}
	_, _, err := s.EraseMetadata(everyone, store.Call{}, models.NewPath("input"), input)
	must(t, err)
	for _, operation := range []string{"logMetadata", "retractMetadata"} {
		must(t, db.QueryRow(query, operation).Scan(&stored))
		if strings.Contains(stored, `"Text":"`) || strings.Contains(stored, "wrong") || !strings.Contains(stored, `"Erased":true`) {
			t.Errorf("%s: the stored answer keeps a value: %s", operation, stored)
		}
	}
}

func untyped[T any](answer T, again bool, err error) (any, bool, error) { return answer, again, err }
