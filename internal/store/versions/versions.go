// Package versions reads rows of artifact versions with the revisions of their subjects.
//
// It hides the order of the columns. Columns is a part of a SELECT, Scan reads a row of it, and Read all rows of a
// statement. Mutations read versions otherwise: what they read before their write must not have a revision (ADR 0036).
package versions

import (
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// The columns of Names, in their order.
const (
	idColumn = iota
	projectColumn
	artifactColumn
	subjectColumn
	versionColumn
	numberColumn
	typeColumn
	createdAtColumn
	createdByColumn
	descriptionColumn
	// Width is the number of columns of Names.
	Width
)

// Names are the names of the columns without the revision.
var Names = []string{"id", "project_id", "artifact_id", "subject_id", "version", "number", "type", "created_at",
	"created_by", "description"}

// Columns returns the columns of versions of a project, with the revision as the last one. The revision is part of the
// same snapshot as the version.
func Columns(alias string, project models.ID) engine.Expr {
	return engine.SQL(engine.Qualify(alias, Names)+", ?", Revision(alias, project))
}

// Revision returns the revision of the subject of a version.
func Revision(alias string, project models.ID) engine.Expr {
	return engine.SQL("(SELECT r.revision FROM subjects r WHERE r.project_id = ? AND r.id = "+alias+".subject_id)", project)
}

// Scan reads a version and, from another column, its revision.
func Scan(row *engine.Row, revision int) *models.ArtifactVersion {
	return &models.ArtifactVersion{
		ID: row.ID(idColumn), ProjectID: row.ID(projectColumn), ArtifactID: row.ID(artifactColumn),
		SubjectID: row.ID(subjectColumn), Version: row.Keep(row.Text(versionColumn)), Number: int32(row.Int64(numberColumn)),
		Type: optionalText(row, typeColumn), CreatedAt: models.TimeFromMicros(row.Int64(createdAtColumn)),
		CreatedBy: optionalText(row, createdByColumn), Description: optionalText(row, descriptionColumn),
		Revision: models.Revision{Number: row.Int64(revision), Known: !row.IsNull(revision)},
	}
}

// optionalText returns a text, nil for null.
func optionalText(row *engine.Row, column int) *string {
	if row.IsNull(column) {
		return nil
	}
	text := row.Keep(row.Text(column))
	return &text
}

// Read returns the rows of a statement that selects Columns.
func Read(read engine.Reader, query engine.Expr) (found []*models.ArtifactVersion, err error) {
	err = read.ReadRows(query, func(row *engine.Row) error {
		found = append(found, Scan(row, Width))
		return nil
	})
	return found, err
}
