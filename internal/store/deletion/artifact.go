package deletion

import (
	"gorm.io/gorm"

	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// maxNamedAliases is the maximum number of aliases in an error.
const maxNamedAliases = 10

// Aliases returns the aliases of the version or artifact that a column identifies. It fails with CONFLICT if there are
// any and the deletion is not forced.
func Aliases(tx *access.Tx, at *models.Path, force bool, column string, project, id models.ID) ([]string, error) {
	var aliases []string
	err := tx.Read(&aliases, engine.SQL("SELECT alias FROM aliases WHERE project_id = ? AND "+column+
		" = ? ORDER BY alias", project, id))
	if err != nil || force || len(aliases) == 0 {
		return aliases, err
	}
	named := aliases[:min(len(aliases), maxNamedAliases)]
	failure := models.Conflict(at, "has the aliases %s; remove them first, or set \"force\" to remove them with it",
		near.Quote(named))
	failure.Candidates = named
	return nil, failure
}

// Version deletes a version whose artifact is locked, with its metadata, aliases and tags, and retires its number.
func Version(tx *access.Tx, version *models.ArtifactVersion) error {
	versions := []models.ArtifactVersion{*version}
	if err := unbindOutputs(tx, version.ProjectID, versions); err != nil {
		return err
	}
	err := tx.Write(engine.SQL("INSERT INTO retired_numbers (project_id, artifact_id, number) VALUES (?, ?, ?)",
		version.ProjectID, version.ArtifactID, version.Number))
	if err != nil {
		return err
	}
	err = tx.Write(engine.SQL("DELETE FROM artifact_versions WHERE project_id = ? AND id = ?", version.ProjectID, version.ID))
	if err != nil {
		return err
	}
	return deleteSubjects(tx, version.ProjectID, subjectsOf(versions))
}

// Artifact deletes a locked artifact with its versions and their data.
func Artifact(tx *access.Tx, artifact *models.Artifact) error {
	versions, err := gorm.G[models.ArtifactVersion](tx.DB).Scopes(access.InProject(artifact.ProjectID)).
		Where("artifact_id = ?", artifact.ID).Find(tx.Ctx())
	if err != nil {
		return err
	}
	if err := unbindOutputs(tx, artifact.ProjectID, versions); err != nil {
		return err
	}
	err = tx.Write(engine.SQL("DELETE FROM artifacts WHERE project_id = ? AND id = ?", artifact.ProjectID, artifact.ID))
	if err != nil {
		return err
	}
	return deleteSubjects(tx, artifact.ProjectID, subjectsOf(versions))
}

func subjectsOf(versions []models.ArtifactVersion) []models.ID {
	subjects := make([]models.ID, len(versions))
	for i, version := range versions {
		subjects[i] = version.SubjectID
	}
	return subjects
}

// unbindOutputs removes versions from the outputs that they were saved from. The outputs stay bound.
func unbindOutputs(tx *access.Tx, project models.ID, versions []models.ArtifactVersion) error {
	ids := make([]models.ID, len(versions))
	for i, version := range versions {
		ids[i] = version.ID
	}
	return execPlanned(tx, engine.SQL("UPDATE step_outputs SET artifact_version_id = NULL WHERE project_id = ? AND ?",
		project, tx.Dialect.IDIn("artifact_version_id", ids)))
}

// deleteSubjects deletes subjects with their entries. It locks them in the order in which writes about several subjects
// do, so that two transactions cannot wait for each other.
func deleteSubjects(tx *access.Tx, project models.ID, subjects []models.ID) error {
	if !tx.Dialect.HasOneWriter() {
		if _, err := lockSubjects(tx, project, subjects); err != nil {
			return err
		}
	}
	return deleteLocked(tx, project, subjects)
}

// deleteLocked deletes locked subjects. It deletes their entries first: one statement for all subjects takes two thirds
// of the time of a cascade, which runs a statement for each of them.
func deleteLocked(tx *access.Tx, project models.ID, subjects []models.ID) error {
	for _, rows := range []struct{ table, subject string }{
		{"metadata_latest", "subject_id"}, {"metadata_entries", "subject_id"}, {"subjects", "id"},
	} {
		err := deleteIn(tx, project, rows.table, rows.subject, subjects)
		if err != nil {
			return err
		}
	}
	return nil
}

// subject is a locked subject, and the version of its entries, zero for none.
type subject struct {
	ID                models.ID
	ArtifactVersionID models.ID
}

// lockSubjects locks the subjects that exist until the end of the transaction.
func lockSubjects(tx *access.Tx, project models.ID, ids []models.ID) (locked []subject, err error) {
	from := tx.Dialect.LookUp(engine.Lookup{Table: "subjects", Alias: "s", Column: "id", IDs: ids,
		Where: engine.SQL("s.project_id = ?", project), ForUpdate: true})
	err = tx.Read(&locked, engine.SQL("SELECT s.id, s.artifact_version_id FROM ?", from))
	return locked, err
}

// deleteIn deletes the rows of a project with one of the IDs in a column.
func deleteIn(tx *access.Tx, project models.ID, table, column string, ids []models.ID) error {
	return execPlanned(tx, engine.SQL("DELETE FROM "+table+" WHERE project_id = ? AND ?", project,
		tx.Dialect.IDIn(column, ids)))
}

// execPlanned sends a statement that is planned for its arguments.
func execPlanned(tx *access.Tx, statement engine.Expr) error {
	return tx.Dialect.CustomPlans(tx.DB).Exec(statement.SQL, statement.Args...).Error
}
