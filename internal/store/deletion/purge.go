package deletion

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// portionRows is the maximum number of rows that a transaction deletes.
const portionRows = 1000

// purgedTables are the tables with a project_id, each before the tables that it refers to. key has the columns that
// order and, with project_id, identify the rows.
var purgedTables = []struct{ name, key string }{
	{"metadata_latest", "subject_id, card, key"},
	{"metadata_entries", "subject_id, seq"},
	{"aliases", "artifact_id, alias"},
	{"tags", "artifact_version_id, tag"},
	{"tag_moves", "artifact_version_id, tag, seq"},
	{"alias_moves", "artifact_id, alias, seq"},
	{"retired_numbers", "artifact_id, number"},
	{"step_inputs", "step_run_id, position"},
	{"step_outputs", "id"},
	{"artifact_versions", "id"},
	{"artifacts", "id"},
	{"step_runs", "id"},
	{"pipeline_runs", "id"},
	{"subjects", "id"},
	{"events", "id"},
	{"idempotency_keys", "caller, operation, key"},
	{"idempotency_answers", "caller, operation, key"},
	{"audit_events", "created_at, id"},
	{"api_keys", "created_at, id"},
}

// PurgeProjects deletes the rows of the projects that were deleted longer than grace ago. It skips a project that
// another server purges.
func (p *Projects) PurgeProjects(ctx context.Context, grace time.Duration) error {
	ctx = engine.WithOperation(ctx, engine.Operation{Caller: "purge", Mutation: true, StatementsAtOnce: 1})
	var found []models.ID
	err := p.db.Read(ctx).Scan(&found, engine.SQL(
		"SELECT id FROM projects WHERE deleted_at < (SELECT ?) ORDER BY deleted_at", p.db.Dialect().NowMinus(grace)))
	if err != nil || len(found) == 0 {
		return p.db.TranslateError(err)
	}
	for _, project := range found {
		if _, err := p.purge(ctx, project); err != nil {
			return err
		}
	}
	return p.db.TranslateError(p.RefreshDeleted(ctx))
}

// purge deletes the rows of a project and then the project. It returns false if another server purges it.
func (p *Projects) purge(ctx context.Context, project models.ID) (done bool, err error) {
	begin, rows := time.Now(), int64(0)
	p.log.InfoContext(ctx, "purging a deleted project", "project", project)
	for _, table := range purgedTables {
		for deleted := int64(portionRows); deleted == portionRows; rows += deleted {
			portion := time.Now()
			deleted, done, err = p.deletePortion(ctx, project, p.portionOf(project, table.name, table.key))
			if err != nil || !done {
				return false, err
			}
			if deleted == portionRows {
				pause(ctx, time.Since(portion))
			}
		}
	}
	_, done, err = p.deletePortion(ctx, project, engine.SQL("DELETE FROM projects WHERE id = ?", project))
	if err == nil && done {
		p.log.InfoContext(ctx, "purged a deleted project", "project", project, "rows", rows, "duration", time.Since(begin))
	}
	return done, err
}

// pause leaves the database to others for a time.
func pause(ctx context.Context, duration time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(duration):
	}
}

// portionOf returns the statement that deletes the first rows of a project in a table. PostgreSQL finds them by their
// places: without statistics it could read the whole project to find them by key.
func (p *Projects) portionOf(project models.ID, table, key string) engine.Expr {
	first := engine.SQL("FROM "+table+" WHERE project_id = ? ORDER BY "+key+" LIMIT ?", project, portionRows)
	if p.db.Dialect().HasOneWriter() {
		return engine.SQL("DELETE FROM "+table+" WHERE project_id = ? AND ("+key+") IN (SELECT "+key+" ?)", project, first)
	}
	return engine.SQL("DELETE FROM "+table+" WHERE project_id = ? AND ctid = ANY(ARRAY(SELECT ctid ?))", project, first)
}

// deletePortion sends a statement that deletes rows of a project, and returns the number of rows. locked is false if
// another server has locked or purged the project; then it deletes nothing.
func (p *Projects) deletePortion(
	ctx context.Context, project models.ID, statement engine.Expr,
) (deleted int64, locked bool, err error) {
	err = p.db.Write(ctx, func(db *gorm.DB) error {
		tx := &access.Tx{DB: db, Dialect: p.db.Dialect()}
		lock := ""
		if !tx.Dialect.HasOneWriter() {
			lock = " FOR UPDATE SKIP LOCKED"
		}
		var found []models.ID
		err := tx.Read(&found, engine.SQL("SELECT id FROM projects WHERE id = ? AND deleted_at IS NOT NULL"+lock, project))
		if locked = len(found) > 0; err != nil || !locked {
			return err
		}
		deleted, err = tx.WriteCount(statement)
		return err
	})
	return deleted, locked, err
}
