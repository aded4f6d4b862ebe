package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// tables are the tables of objects with an ID, and the names of their types in messages.
var tables = []struct{ name, typeName string }{
	{"projects", "project"},
	{"artifacts", "artifact"},
	{"artifact_versions", "artifact version"},
	{"pipeline_runs", "pipeline run"},
	{"step_runs", "step run"},
	{"step_outputs", "step output"},
	{"metadata_entries", "metadata entry"},
	{"api_keys", "API key"},
	{"audit_events", "audit event"},
}

// adminTables are the tables of tables whose objects only admins may read.
var adminTables = []string{"api_keys", "audit_events"}

// TypeName returns the name of the type of a table in messages.
func TypeName(table string) string {
	for _, t := range tables {
		if t.name == table {
			return t.typeName
		}
	}
	return ""
}

// TableRow is the ID of an object with the name of its table.
type TableRow struct {
	Name string
	ID   models.ID
}

// TablesWithID finds the tables of objects with these IDs that are visible to the caller.
func (tx *Tx) TablesWithID(ids []models.ID) (found []TableRow, err error) {
	var selects []engine.Expr
	isAdmin := tx.Who.HasRoleInAnyProject(models.ApiKeyRoleAdmin)
	for _, table := range tables {
		if isAdmin || !slices.Contains(adminTables, table.name) {
			selects = append(selects,
				engine.SQL("SELECT '"+table.name+"' AS name, o.id FROM ?", tx.LookUpByID(table.name, "o", ids)))
		}
	}
	err = tx.Read(&found, engine.Join(selects, " UNION ALL "))
	return found, err
}

// ErrUnknownID is the cause of a refusal of an ID that no object of its type has. So the project of the call is
// unknown, unless something else in the call names it.
var ErrUnknownID = errors.New("unknown ID")

// sampleID shows in messages what an ID looks like.
const sampleID = "01a2159e-ae50-7772-bf34-4eda708cc145"

// UnknownID returns NOT_FOUND with the cause ErrUnknownID for the text of an ID that no visible object of a type has.
// The message names the type of the object that has it.
func (tx *Tx) UnknownID(at *models.Path, what, text string) error {
	failure := models.NotFound(at, "there is no %s with this ID", what)
	failure.Err = ErrUnknownID
	id, ok := models.ParseID(text)
	if !ok {
		failure.Message = fmt.Sprintf("must be the ID of %s, such as %s", withArticle(what), sampleID)
		return failure
	}
	rows, err := tx.TablesWithID([]models.ID{id})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if noun := TypeName(row.Name); noun != what {
			failure.Message = fmt.Sprintf("must be the ID of %s, but is that of %s", withArticle(what), withArticle(noun))
		}
	}
	return failure
}

// withArticle returns the name of a type with its indefinite article.
func withArticle(noun string) string {
	if strings.ContainsAny(noun[:1], "aA") {
		return "an " + noun
	}
	return "a " + noun
}
