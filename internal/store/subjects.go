package store

import (
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// newSubject is a subject to insert. VersionID is the artifact version of the subject, nil for none.
type newSubject struct {
	ID        models.ID          `json:"id"`
	About     models.SubjectKind `json:"about"`
	VersionID *models.ID         `json:"version"`
}

// insertSubjects returns the statement that inserts the subjects of new objects.
func (tx *transaction) insertSubjects(project models.ID, subjects ...newSubject) engine.Expr {
	return engine.SQL(`INSERT INTO subjects (project_id, id, about, artifact_version_id, revision)
		SELECT ?, id, about, version, ? FROM ?`, project, newRevision(), tx.Dialect.JSONRows(subjects,
		engine.IDColumn("id"), engine.TextColumn("about"), engine.IDColumn("version")))
}

// lockedSubjects is the state of locked subjects.
type lockedSubjects struct {
	// versions are the artifact versions of the existing subjects, nil if all transactions run one after the other. They
	// omit outputs that reuse a version.
	versions map[models.ID]models.ID
	// floor is the earliest time of the next entry, in microseconds since 1970.
	floor int64
}

// lock locks the subjects until the end of the transaction. It fails with engine.ErrRetry if one of them has changed.
func (tx *transaction) lock(project models.ID, targets []target.Resolved) (floor int64, err error) {
	subjects := make([]models.ID, len(targets))
	for i, target := range targets {
		subjects[i] = target.Subject
	}
	held, err := tx.lockSubjects(project, subjects)
	if err != nil || held.versions == nil {
		return held.floor, err
	}
	for _, target := range targets {
		if version, exists := held.versions[target.Subject]; !exists || version != target.Version {
			return 0, engine.ErrRetry
		}
	}
	return held.floor, nil
}

// lockSubjects locks the subjects until the end of the transaction, in order of ID, so that two batches about the same
// subjects cannot wait for each other.
func (tx *transaction) lockSubjects(project models.ID, subjects []models.ID) (lockedSubjects, error) {
	if tx.Dialect.HasOneWriter() {
		return lockedSubjects{}, nil
	}
	from := tx.Dialect.LookUp(engine.Lookup{
		Table: "subjects", Alias: "s", Column: "id", IDs: subjects, Where: engine.SQL("s.project_id = ?",
			project), ForUpdate: true,
	})
	var rows []struct {
		ID                models.ID
		ArtifactVersionID models.ID
		LastLoggedAt      int64
		Reuses            bool
	}
	err := tx.Read(&rows, engine.SQL("SELECT s.id, s.artifact_version_id, s.last_logged_at, s.reuses FROM ?", from))
	held := lockedSubjects{versions: map[models.ID]models.ID{}}
	for _, row := range rows {
		if !row.Reuses {
			held.versions[row.ID] = row.ArtifactVersionID
		}
		held.floor = max(held.floor, row.LastLoggedAt+1)
	}
	return held, err
}
