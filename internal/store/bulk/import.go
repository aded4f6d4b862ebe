package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// RowError is the error of a row that contradicts the database. Its batch is rolled back.
type RowError struct {
	Line int64
	Text string
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Result counts inserted, updated and unchanged rows. Skipped counts the rows with a difference that the database
// keeps: the number of a version that exists here is retired in the file, a description differs, or a value was erased
// here only.
type Result struct{ Inserted, Updated, Unchanged, Skipped int }

// Importer writes rows into a project. It creates the project, if there is none of its name, with the first rows.
type Importer struct {
	store   *store.Store
	project models.Project
	// hasDescription is true if the version of the format has the description of the project.
	hasDescription bool
	// found is true if project has the ID that it has in this database.
	found bool
	// audited is true if an audit event records the import.
	audited bool
	created bool
	// kept is true if the project keeps a description that differs from the one in the file.
	kept bool
}

// NewImporter returns an Importer of a file with a version of the format into the project with the name of p. A new
// project gets the ID of p, unless the database has an object with this ID.
func NewImporter(s *store.Store, p models.Project, version int) *Importer {
	return &Importer{store: s, project: p, hasDescription: version > 1}
}

// Write writes rows of a table in one transaction. It never deletes, and changes only rows that the file continues. It
// returns a RowError for a row that contradicts a stored row or refers to a missing one.
func (i *Importer) Write(ctx context.Context, table *Table, rows []Row) (result Result, err error) {
	err = i.transaction(ctx, func(tx store.ImportTx, project models.ID) (bool, error) {
		b := &batch{ImportTx: tx, table: table, project: project, rows: rows}
		err := b.write()
		result = b.result
		return result.Inserted+result.Updated > 0, err
	})
	var refused *RowError
	if errors.As(err, &refused) {
		err = refused
	}
	return result, err
}

// Finish creates the project if there were no rows. created reports whether the import created the project, and kept
// whether the project keeps a description that differs from the one in the file.
func (i *Importer) Finish(ctx context.Context) (created, kept bool, err error) {
	if !i.found {
		err = i.transaction(ctx, func(store.ImportTx, models.ID) (bool, error) { return false, nil })
	}
	return i.created, i.kept, err
}

// transaction runs fn with the ID of the project. It adds the audit event if fn reports the first change of the import.
func (i *Importer) transaction(ctx context.Context, fn func(tx store.ImportTx, project models.ID) (bool, error)) error {
	var next Importer
	err := i.store.Bulk(ctx, func(tx store.ImportTx) error {
		next = *i
		if err := next.findProject(tx); err != nil {
			return err
		}
		changed, err := fn(tx, next.project.ID)
		if err != nil || next.audited || !changed && !next.created {
			return err
		}
		next.audited = true
		return tx.Audit(next.project.ID, models.AuditActionProjectImported, next.project.Name)
	})
	if err == nil {
		*i = next
	}
	return err
}

// checkExists fails with NOT_FOUND if a project was deleted after the import had begun.
func checkExists(tx store.ImportTx, p *models.Project) error {
	var exists bool
	err := tx.Raw("SELECT EXISTS (SELECT 1 FROM projects WHERE id = ? AND deleted_at IS NULL)", p.ID).Scan(&exists).Error
	if err == nil && !exists {
		err = models.NotFound(nil, "the project %q has been deleted during the import", p.Name)
	}
	return err
}

// findProject finds or creates the project. A found project gets the earlier of the two times of creation.
func (i *Importer) findProject(tx store.ImportTx) error {
	p := &i.project
	if i.found {
		return checkExists(tx, p)
	}
	i.found = true
	var found []models.Project
	if err := tx.Raw(selectProject+" AND name = ?", p.Name).Scan(&found).Error; err != nil {
		return err
	}
	if len(found) > 0 {
		p.ID = found[0].ID
		if err := i.describe(tx, found[0].Description); err != nil {
			return err
		}
		if !p.CreatedAt.Before(found[0].CreatedAt.Time) {
			return nil
		}
		return tx.Exec("UPDATE projects SET created_at = ? WHERE id = ?", p.CreatedAt, p.ID).Error
	}
	taken, err := storedIDs(tx, []models.ID{p.ID}, tablesWithID)
	if err != nil {
		return err
	}
	if len(taken) > 0 {
		p.ID = models.NewID()
	}
	i.created = true
	return tx.Exec("INSERT INTO projects (id, name, created_at, description) VALUES (?, ?, ?, ?)", p.ID, p.Name, p.CreatedAt,
		p.Description).Error
}

// describe gives an empty project the description in the file. Any other project keeps its description.
func (i *Importer) describe(tx store.ImportTx, stored *string) error {
	p := i.project
	if !i.hasDescription || stored == p.Description || stored != nil && p.Description != nil && *stored == *p.Description {
		return nil
	}
	var used bool
	err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM artifacts WHERE project_id = ?)
		OR EXISTS (SELECT 1 FROM pipeline_runs WHERE project_id = ?)`, p.ID, p.ID).Scan(&used).Error
	if err != nil || used || stored != nil {
		i.kept = true
		return err
	}
	return tx.Exec("UPDATE projects SET description = ? WHERE id = ?", p.Description, p.ID).Error
}

// selectProject is the beginning of the statements that find projects. A deleted project exists until its purge.
const selectProject = "SELECT id, name, created_at, description FROM projects WHERE deleted_at IS NULL"

// tablesWithID are the tables whose rows have an ID that is unique in the database.
var tablesWithID = []string{
	"projects", "artifacts", "artifact_versions", "pipeline_runs", "step_runs", "step_outputs", "metadata_entries",
}

// storedIDs returns the IDs that rows of tables have, in any project.
func storedIDs(tx store.ImportTx, ids []models.ID, tables []string) (map[models.ID]bool, error) {
	stored := map[models.ID]bool{}
	if len(ids) == 0 {
		return stored, nil
	}
	selects := make([]engine.Expr, len(tables))
	for i, table := range tables {
		selects[i] = engine.SQL("SELECT id FROM "+table+" WHERE ?", tx.Dialect.IDIn("id", ids))
	}
	var found []models.ID
	err := tx.Read(&found, engine.Join(selects, " UNION ALL "))
	for _, id := range found {
		stored[id] = true
	}
	return stored, err
}

// tablesExcept returns tablesWithID without one table.
func tablesExcept(table string) []string {
	return slices.DeleteFunc(slices.Clone(tablesWithID), func(other string) bool { return other == table })
}
