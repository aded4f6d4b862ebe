package erasure

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// storedAnswer is an answer that a program before migration 6 stored as JSON.
type storedAnswer struct {
	Caller    string `json:"caller"`
	Operation string `json:"operation"`
	Key       string `json:"key"`
	Answer    string `json:"answer"`
}

// RewriteAnswers removes erased values from the stored answers of a project. An answer is not deleted, because the
// repeated call would log the value again.
func RewriteAnswers(tx *access.Tx, project models.ID, erased []models.ID) error {
	var answers []storedAnswer
	err := tx.Read(&answers, engine.SQL(`SELECT a.caller, a.operation, a.key, a.answer FROM idempotency_answers a
		WHERE a.project_id = ? AND EXISTS (SELECT 1 FROM ? WHERE a.answer LIKE '%' || t.entry || '%')`,
		project, access.ColumnRows(tx.Dialect, engine.TextColumn, "entry", erased)))
	if err != nil || len(answers) == 0 {
		return err
	}
	for i := range answers {
		if answers[i].Answer, err = withoutValues(answers[i].Answer, erased); err != nil {
			return err
		}
	}
	return tx.Write(engine.SQL(`UPDATE idempotency_answers AS a SET answer = t.answer FROM ?
		WHERE a.project_id = ? AND a.caller = t.caller AND a.operation = t.operation AND a.key = t.key`,
		tx.Dialect.JSONRows(answers, engine.TextColumn("caller"), engine.TextColumn("operation"), engine.TextColumn("key"),
			engine.TextColumn("answer")), project))
}

// withoutValues returns the JSON of an answer with erased entries instead of the entries with the IDs.
func withoutValues(answer string, erased []models.ID) (string, error) {
	ids := make(map[string]bool, len(erased))
	for _, id := range erased {
		ids[id.String()] = true
	}
	decoder := json.NewDecoder(strings.NewReader(answer))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return "", fmt.Errorf("decode a stored answer: %w", err)
	}
	eraseInTree(tree, ids)
	text, err := json.Marshal(tree)
	return string(text), err
}

// eraseInTree erases the entries with IDs in a JSON tree. The members have the names of the fields of
// models.MetadataEntry.
func eraseInTree(tree any, ids map[string]bool) {
	switch tree := tree.(type) {
	case []any:
		for _, item := range tree {
			eraseInTree(item, ids)
		}
	case map[string]any:
		if id, _ := tree["ID"].(string); ids[id] {
			tree["Kind"], tree["Text"], tree["Reason"], tree["Erased"] = nil, nil, nil, true
		}
		for _, item := range tree {
			eraseInTree(item, ids)
		}
	}
}
