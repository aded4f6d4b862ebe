package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

var artifactColumns = engine.Columns[models.Artifact]()

// Artifact returns the artifact of a name, nil for none.
func (s *Store) Artifact(ctx context.Context, project, name string) (*models.Artifact, error) {
	projectID, err := s.projectID(ctx, project)
	if err != nil || projectID.IsZero() {
		return nil, err
	}
	var artifact *models.Artifact
	err = s.db.Read(ctx).Do(func(db *gorm.DB) (err error) {
		artifact, err = findOne(ctx, gorm.G[models.Artifact](db).Scopes(inProject(projectID)).Where("name = ?", name))
		return err
	})
	return artifact, s.db.TranslateError(err)
}

var artifactsByID = loadByID("artifacts", artifactColumns, func(o *models.Artifact) models.ID { return o.ID })

// DeleteArtifact deletes an artifact with its versions and their data. It fails with NOT_FOUND and FORBIDDEN.
func (s *Store) DeleteArtifact(ctx context.Context, at *models.Path, id string) (models.ID, error) {
	artifactID, _ := models.ParseID(id)
	return artifactID, s.write(ctx, func(tx *transaction) error {
		artifact, err := tx.lockArtifact(artifactID)
		if err != nil {
			return err
		}
		if artifact == nil {
			return tx.unknownID(at, "artifact", id)
		}
		if err := tx.requireRole(models.ApiKeyRoleAdmin, artifact.ProjectID); err != nil {
			return err
		}
		versions, err := gorm.G[models.ArtifactVersion](tx.DB).Scopes(inProject(artifact.ProjectID)).Where("artifact_id = ?",
			artifact.ID).Find(tx.ctx())
		if err != nil {
			return err
		}
		if err := tx.unbindOutputs(artifact.ProjectID, versions); err != nil {
			return err
		}
		if _, err := gorm.G[models.Artifact](tx.DB).Scopes(inProject(artifact.ProjectID)).Where("id = ?",
			artifact.ID).Delete(tx.ctx()); err != nil {
			return err
		}
		if err := tx.deleteSubjects(artifact.ProjectID, versions); err != nil {
			return err
		}
		return tx.audit(artifact.ProjectID, models.AuditActionArtifactDeleted, artifact.ID, "artifact %q", artifact.Name)
	})
}

// lockArtifact locks an artifact, so that nobody creates, changes or deletes its versions; nil for none.
func (tx *transaction) lockArtifact(id models.ID) (*models.Artifact, error) {
	return selectForUpdate[models.Artifact](tx, id)
}

// unbindOutputs removes versions from the outputs that they were saved from. The outputs stay bound.
func (tx *transaction) unbindOutputs(project models.ID, versions []models.ArtifactVersion) error {
	one := tx.dialect.IDIn("artifact_version_id", versionIDs(versions))
	return tx.dialect.CustomPlans(tx.DB).Exec("UPDATE step_outputs SET artifact_version_id = NULL WHERE project_id = ? AND "+one.SQL,
		append([]any{project}, one.Args...)...).Error
}

// deleteSubjects deletes the subjects of versions with their entries. It deletes the entries first: one statement for
// all subjects takes two thirds of the time of a cascade, which runs a statement for each of them.
func (tx *transaction) deleteSubjects(project models.ID, versions []models.ArtifactVersion) error {
	subjects := make([]models.ID, len(versions))
	for i, version := range versions {
		subjects[i] = version.SubjectID
	}
	// In the order of the lock, so that it does not wait in a circle with a batch about the same subjects.
	if _, err := tx.lockSubjects(project, subjects); err != nil {
		return err
	}
	for _, table := range []string{"metadata_latest", "metadata_entries"} {
		if err := tx.deleteRows(project, table, "subject_id", subjects); err != nil {
			return err
		}
	}
	return tx.deleteRows(project, "subjects", "id", subjects)
}

// deleteRows deletes the rows of a table whose column is one of the IDs.
func (tx *transaction) deleteRows(project models.ID, table, column string, ids []models.ID) error {
	one := tx.dialect.IDIn(column, ids)
	return tx.dialect.CustomPlans(tx.DB).Exec("DELETE FROM "+table+" WHERE project_id = ? AND "+one.SQL,
		append([]any{project}, one.Args...)...).Error
}

func versionIDs(versions []models.ArtifactVersion) []models.ID {
	ids := make([]models.ID, len(versions))
	for i, version := range versions {
		ids[i] = version.ID
	}
	return ids
}

var projectColumns = engine.Columns[models.Project]()

// Project returns the project of a name, nil if none is visible to the caller.
func (s *Store) Project(ctx context.Context, name string) (*models.Project, error) {
	var project *models.Project
	err := s.db.Read(ctx).Do(func(db *gorm.DB) (err error) {
		project, err = findOne(ctx, gorm.G[models.Project](db).Scopes(visible(auth.FromContext(ctx), "id")).Where("name = ?", name))
		return err
	})
	return project, s.db.TranslateError(err)
}

// projectID returns the ID of the project of a name, zero if none is visible to the caller. Names of projects never
// change, so it is cached. For a key of one project it reads nothing, so that unknown names and those of other
// projects are alike.
func (s *Store) projectID(ctx context.Context, name string) (models.ID, error) {
	if who := auth.FromContext(ctx); !who.Owner {
		return findKeyProject(who, name), nil
	}
	if known, ok := s.projects.Load(name); ok {
		return known.(models.ID), nil
	}
	found, err := s.Project(ctx, name)
	if err != nil || found == nil { // whoever leaves in the middle has half a row, and an error
		return models.ID{}, err
	}
	s.projects.Store(name, found.ID)
	return found.ID, nil
}

// findKeyProject returns the ID of the project of that name, zero unless the API key of the principal belongs to it.
func findKeyProject(who auth.Principal, name string) models.ID {
	if who.CanRead(who.Project) && who.ProjectName == name {
		return who.Project
	}
	return models.ID{}
}

// Projects returns a page of the projects that are visible to the caller, by name.
func (s *Store) Projects(ctx context.Context, page models.Page) (*models.ProjectConnection, error) {
	found, err := search.ReadPages(ctx, s.db, search.List[*models.Project]{
		Name: "projects", Columns: engine.Qualify("projects", projectColumns), From: engine.SQL("projects"),
		Where: visibleTo(auth.FromContext(ctx), "id",
			engine.SQL("TRUE")), Order: []string{"name"}, Kinds: []search.PositionKind{search.TextPosition},
		Position: func(p *models.Project) models.Position { return models.Position{p.Name} },
	}, nil, page)
	return found[models.ID{}], err
}

var projectsByID = loadByID("projects", projectColumns, func(o *models.Project) models.ID { return o.ID })

// CreateProject creates a project. It fails with CONFLICT for a used name, and with FORBIDDEN unless the caller is an
// owner.
func (s *Store) CreateProject(ctx context.Context, at *models.Path, name string) (*models.Project, error) {
	var project *models.Project
	err := s.write(ctx, func(tx *transaction) error {
		if !tx.who.Owner {
			return errOwnerRequired
		}
		var made []*models.Project
		err := tx.scan(&made, engine.SQL(`INSERT INTO projects (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING
			RETURNING id, name, created_at`, models.NewID(), name, tx.dialect.Now(0)))
		if err != nil {
			return err
		}
		if len(made) == 0 {
			return models.Conflict(at, "there is a project of this name")
		}
		project = made[0]
		return tx.audit(project.ID, models.AuditActionProjectCreated, project.ID, "project %q", project.Name)
	})
	return project, err
}

// projectNamed returns the ID of a project. It fails with NOT_FOUND if none is visible to the caller.
func (tx *transaction) projectNamed(at *models.Path, name string) (models.ID, error) {
	id, err := tx.findProject(name)
	if err == nil && id.IsZero() {
		err = tx.projectNotFound(at, name)
	}
	return id, err
}

// findProject returns the ID of a project, zero if none is visible to the caller.
func (tx *transaction) findProject(name string) (models.ID, error) {
	if !tx.who.Owner {
		return findKeyProject(tx.who, name), nil
	}
	project, err := findOne(tx.ctx(), gorm.G[models.Project](tx.DB).Where("name = ?", name))
	if err != nil || project == nil {
		return models.ID{}, err
	}
	tx.found[name] = project.ID
	return project.ID, nil
}

// ImportTx is a transaction in which a project is written as it was in another database, with its IDs and instants. It is
// for internal/store/bulk, which knows what must be checked. The methods of GORM run statements in it.
type ImportTx struct{ *transaction }

// Bulk runs fn in a transaction, one at a time in a database, and again when it lost against another transaction.
// FORBIDDEN for all but owners.
func (s *Store) Bulk(ctx context.Context, fn func(b ImportTx) error) error {
	return s.write(ctx, func(tx *transaction) error {
		if !tx.who.Owner {
			return errOwnerRequired
		}
		if err := tx.dialect.LockImports(tx.DB); err != nil {
			return err
		}
		return fn(ImportTx{tx})
	})
}

// Rows returns the item t of FROM with a row per object of a JSON array, which is its one argument. Its columns are
// IDs, texts and numbers of these names.
func (b ImportTx) Rows(ids, texts, numbers []string) string {
	var columns []engine.Column
	for _, name := range ids {
		columns = append(columns, engine.IDColumn(name))
	}
	for _, name := range texts {
		columns = append(columns, engine.TextColumn(name))
	}
	for _, name := range numbers {
		columns = append(columns, engine.NumberColumn(name))
	}
	return b.dialect.JSONRows(columns...)
}

// OneOf returns the condition that a column is one of the IDs, with its arguments.
func (b ImportTx) OneOf(column string, ids []models.ID) (string, []any) {
	one := b.dialect.IDIn(column, ids)
	return one.SQL, one.Args
}

// AddSubjects adds the subjects of new objects. about is a models.SubjectKind.
func (b ImportTx) AddSubjects(project models.ID, about string, ids []models.ID) error {
	if len(ids) == 0 {
		return nil
	}
	return b.addSubjects(project, models.SubjectKind(about), ids...)
}

// LockRow returns the end of a SELECT that locks its rows.
func (b ImportTx) LockRow() string { return b.dialect.ForUpdate() }

// LockSubjects locks subjects until the end of the transaction.
func (b ImportTx) LockSubjects(project models.ID, subjects []models.ID) error {
	_, err := b.lockSubjects(project, subjects)
	return err
}

// Audit records an action on a whole project.
func (b ImportTx) Audit(project models.ID, action models.AuditAction, name string) error {
	return b.audit(project, action, project, "project %q", name)
}

// Append stores entries of another database after all stored ones. facts are their values; Seq and ProjectID of an
// entry are ignored. The subjects must be locked.
func (b ImportTx) Append(project models.ID, entries []*models.MetadataEntry, facts []models.Fact) error {
	var last models.Time
	made := make([]entryDraft, len(entries))
	for i, e := range entries {
		if e.LoggedAt.After(last.Time) {
			last = e.LoggedAt
		}
		made[i] = entryDraft{
			subject: e.SubjectID, stepRun: e.StepRunID, fact: facts[i], retracted: e.Retracted, reason: e.Reason,
			as: &origin{e.ID, e.LoggedAt, e.LoggedBy},
		}
	}
	_, err := b.append(project, last, Caller{}, made)
	return err
}
