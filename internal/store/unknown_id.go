package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// typeNames are the names of types in messages, by table.
var typeNames = map[string]string{
	"projects": "project", "artifacts": "artifact", "artifact_versions": "artifact version",
	"pipeline_runs": "pipeline run", "step_runs": "step run", "step_outputs": "step output",
	"metadata_entries": "metadata entry",
}

// errUnknownID is the cause of a refusal of an ID that no object of its type has. So the project of the call is
// unknown, unless something else in the call names it.
var errUnknownID = errors.New("unknown ID")

// sampleID shows in messages what an ID looks like.
const sampleID = "01a2159e-ae50-7772-bf34-4eda708cc145"

// unknownID returns NOT_FOUND with the cause errUnknownID for the text of an ID that no visible object of a type has.
// The message names the type of the object that has it.
func (tx *transaction) unknownID(at *models.Path, what, text string) error {
	failure := models.NotFound(at, "there is no %s with this ID", what)
	failure.Err = errUnknownID
	id, ok := models.ParseID(text)
	if !ok {
		failure.Message = fmt.Sprintf("must be the ID of %s, such as %s", withArticle(what), sampleID)
		return failure
	}
	tables, err := tx.tablesWithID([]models.ID{id})
	if err != nil {
		return err
	}
	for _, row := range tables {
		if noun := typeNames[row.Name]; noun != what {
			failure.Message = fmt.Sprintf("must be the ID of %s, but is that of %s", withArticle(what), withArticle(noun))
		}
	}
	return failure
}

// UnknownVersion returns NOT_FOUND for the text of an ID that no visible version has, as mutations do.
func (s *Store) UnknownVersion(ctx context.Context, at *models.Path, text string) (failure error) {
	err := s.db.Read(ctx).Do(func(db *gorm.DB) error {
		tx := &transaction{DB: db, dialect: s.db.Dialect(), who: auth.FromContext(ctx)}
		failure = tx.unknownID(at, "artifact version", text)
		return nil
	})
	return cmp.Or(s.db.TranslateError(err), failure)
}

// withArticle returns the name of a type with its indefinite article.
func withArticle(noun string) string {
	if strings.ContainsAny(noun[:1], "aA") {
		return "an " + noun
	}
	return "a " + noun
}
