package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// tables are the tables of objects with an ID, the names of their types in messages, and the columns with the time of
// their creation.
var tables = []struct{ name, typeName, created string }{
	{"projects", "project", "created_at"},
	{"artifacts", "artifact", "created_at"},
	{"artifact_versions", "artifact version", "created_at"},
	{"pipeline_runs", "pipeline run", "started_at"},
	{"step_runs", "step run", "started_at"},
	{"step_outputs", "step output", ""},
	{"metadata_entries", "metadata entry", "logged_at"},
	{"api_keys", "API key", "created_at"},
	{"audit_events", "audit event", "created_at"},
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

// TableRow is the ID of an object with the name of its table, its project and the time of its creation.
type TableRow struct {
	Name          string
	ID, ProjectID models.ID
	CreatedAt     models.Time
}

func (r TableRow) identity() identity { return identity{r.ID, r.ProjectID, r.CreatedAt} }

// TablesWithID finds the tables of objects with these IDs that are visible to the caller. If several projects have an
// ID, it returns the oldest object.
func (tx *Tx) TablesWithID(ids []models.ID) (found []TableRow, err error) {
	var selects []engine.Expr
	isAdmin := tx.Who.HasRoleInAnyProject(models.ApiKeyRoleAdmin)
	for _, table := range tables {
		if isAdmin || !slices.Contains(adminTables, table.name) {
			created := "0"
			if table.created != "" {
				created = "o." + table.created
			}
			selects = append(selects, engine.SQL("SELECT '"+table.name+"' AS name, o.id, o."+projectColumn(table.name)+
				" AS project_id, "+created+" AS created_at FROM ?", tx.LookUpByID(table.name, "o", ids)))
		}
	}
	err = tx.Read(&found, engine.Join(selects, " UNION ALL "))
	return slices.DeleteFunc(found, func(row TableRow) bool {
		return slices.ContainsFunc(found, func(other TableRow) bool {
			return other.ID == row.ID && other.identity().isOlderThan(row.identity())
		})
	}), err
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
		failure.Message = fmt.Sprintf("must be the ID of %s, such as %s", WithArticle(what), sampleID)
		return failure
	}
	rows, err := tx.TablesWithID([]models.ID{id})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if noun := TypeName(row.Name); noun != what {
			failure.Message = fmt.Sprintf("must be the ID of %s, but is that of %s", WithArticle(what), WithArticle(noun))
		}
	}
	return failure
}

// WithArticle returns the name of a type with its indefinite article.
func WithArticle(noun string) string {
	if strings.ContainsAny(noun[:1], "aA") {
		return "an " + noun
	}
	return "a " + noun
}
