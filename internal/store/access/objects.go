package access

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// These functions read the objects of a type with certain IDs that are visible to the caller. If several projects have
// an ID, they return the oldest object, and RefuseShared refuses the ID.
var (
	ProjectsByID  = loadByID("projects", func(o *models.Project) identity { return identity{o.ID, o.ID, o.CreatedAt} })
	ArtifactsByID = loadByID("artifacts",
		func(o *models.Artifact) identity { return identity{o.ID, o.ProjectID, o.CreatedAt} })
	VersionsByID = loadByID("artifact_versions",
		func(o *models.ArtifactVersion) identity { return identity{o.ID, o.ProjectID, o.CreatedAt} })
	PipelineRunsByID = loadByID("pipeline_runs",
		func(o *models.PipelineRun) identity { return identity{o.ID, o.ProjectID, o.StartedAt} })
	StepRunsByID = loadByID("step_runs",
		func(o *models.StepRun) identity { return identity{o.ID, o.ProjectID, o.StartedAt} })
	StepOutputsByID = loadByID("step_outputs",
		func(o *models.StepOutput) identity { return identity{o.ID, o.ProjectID, models.Time{}} })
	APIKeysByID = loadByID("api_keys",
		func(o *models.ApiKey) identity { return identity{o.ID, o.ProjectID, o.CreatedAt} })
	AuditEventsByID = loadByID("audit_events",
		func(o *models.AuditEvent) identity { return identity{o.ID, o.ProjectID, o.CreatedAt} })
)

// LookUpByID returns the end of a SELECT, from the items of FROM on, of the rows with these IDs that are visible to
// the caller: of one project, unless the caller is an owner.
func (tx *Tx) LookUpByID(table, alias string, ids []models.ID) engine.Expr {
	var project *models.ID
	if table == "projects" {
		return VisibleTo(tx.Who, alias+".id",
			tx.Dialect.FindByID(table, alias, ids, nil).Concat(engine.SQL(" AND "+alias+".deleted_at IS NULL")))
	} else if !tx.Who.Owner {
		project = &tx.Who.Project
	}
	return VisibleTo(tx.Who, alias+".project_id", tx.Dialect.FindByID(table, alias, ids, project))
}

// ByKey maps objects by their IDs.
func ByKey[T any](objects []T, key func(T) models.ID) map[models.ID]T {
	m := make(map[models.ID]T, len(objects))
	for _, object := range objects {
		m[key(object)] = object
	}
	return m
}

// loadByID returns the function that reads the rows of a table with certain IDs that are visible to the caller.
func loadByID[T any](table string, identify func(*T) identity) func(*Tx, []models.ID) (map[models.ID]*T, error) {
	columns := engine.Columns[T]()
	return func(tx *Tx, ids []models.ID) (map[models.ID]*T, error) {
		from := tx.LookUpByID(table, "o", ids)
		var found []*T
		err := tx.Read(&found, engine.SQL("SELECT "+engine.Qualify("o", columns)+" FROM ?", from))
		objects := make(map[models.ID]*T, len(found))
		for _, object := range found {
			one := identify(object)
			if other := objects[one.id]; other != nil {
				tx.Share(one.id)
				if identify(other).isOlderThan(one) {
					continue
				}
			}
			objects[one.id] = object
		}
		return objects, err
	}
}

// FindOne returns the row that a query by a unique key finds, nil for none.
func FindOne[T any](ctx context.Context, query gorm.ChainInterface[T]) (*T, error) {
	rows, err := query.Find(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// LockKey returns the API key with an ID and locks it until the end of the transaction; nil if the caller cannot reach
// one.
func LockKey(tx *Tx, id models.ID) (*models.ApiKey, error) {
	query := gorm.G[models.ApiKey](tx.DB, clause.Locking{Strength: clause.LockingStrengthUpdate})
	return FindOne(tx.Ctx(), query.Scopes(Visible(tx.Who, "project_id")).Where("id = ?", id))
}

// LockRow returns the row of a project with an ID and locks it until the end of the transaction; nil for none.
func LockRow[T any](tx *Tx, project, id models.ID) (*T, error) {
	query := gorm.G[T](tx.DB, clause.Locking{Strength: clause.LockingStrengthUpdate}).Scopes(InProject(project))
	return FindOne(tx.Ctx(), query.Where("id = ?", id))
}

// InsertRow inserts a row with values in columns, and returns it as stored.
func InsertRow[T any](tx *Tx, table, columns string, values ...any) (*T, error) {
	var inserted []*T
	err := tx.Read(&inserted, engine.SQL("INSERT INTO "+table+" ("+columns+") VALUES ? RETURNING "+
		engine.Qualify(table, engine.Columns[T]()), values))
	return FirstOrNil(inserted), err
}

// FirstOrNil returns the first row, nil for none.
func FirstOrNil[T any](found []*T) *T {
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// ColumnRows returns the item t of FROM with one column, which has the values.
func ColumnRows[T any](d engine.Dialect, column func(string) engine.Column, name string, values []T) engine.Expr {
	rows := make([]map[string]T, len(values))
	for i, value := range values {
		rows[i] = map[string]T{name: value}
	}
	return d.JSONRows(rows, column(name))
}
