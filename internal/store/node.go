package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// nodeTable is a table of objects that have an ID.
type nodeTable struct {
	name string
	load func(tx *transaction, ids []models.ID) (map[models.ID]models.Node, error)
}

var nodeTables = []nodeTable{
	{"projects", nodeLoader(projectsByID)},
	{"artifacts", nodeLoader(artifactsByID)},
	{"artifact_versions", nodeLoader(versionsByID)},
	{"pipeline_runs", nodeLoader(pipelineRunsByID)},
	{"step_runs", nodeLoader(stepRunsByID)},
	{"step_outputs", nodeLoader(stepOutputsByID)},
	{"metadata_entries", nodeLoader(entriesByID)},
}

func nodeLoader[T models.Node](
	load func(*transaction, []models.ID) (map[models.ID]T, error),
) func(*transaction, []models.ID) (map[models.ID]models.Node, error) {
	return func(tx *transaction, ids []models.ID) (map[models.ID]models.Node, error) {
		found, err := load(tx, ids)
		nodes := make(map[models.ID]models.Node, len(found))
		for id, object := range found {
			nodes[id] = object
		}
		return nodes, err
	}
}

// Nodes returns the objects of any type with these IDs that are visible to the caller. It is one statement, and one
// more for each type of the result.
func (s *Store) Nodes(ctx context.Context, ids []models.ID) (map[models.ID]models.Node, error) {
	return readByID(ctx, s, ids, loadNodes)
}

// tableWithID is a table of objects with the ID of one of them.
type tableWithID struct {
	Name string
	ID   models.ID
}

// tablesWithID finds the tables of objects with these IDs that are visible to the caller.
func (tx *transaction) tablesWithID(ids []models.ID) (found []tableWithID, err error) {
	selects := make([]engine.Expr, len(nodeTables))
	for i, table := range nodeTables {
		selects[i] = engine.SQL("SELECT '"+table.name+"' AS name, o.id FROM ?", tx.lookUpByID(table.name, "o", ids))
	}
	err = tx.scan(&found, engine.Join(selects, " UNION ALL "))
	return found, err
}

func loadNodes(tx *transaction, ids []models.ID) (map[models.ID]models.Node, error) {
	found, err := tx.tablesWithID(ids)
	if err != nil {
		return nil, err
	}
	byTable := map[string][]models.ID{}
	for _, row := range found {
		byTable[row.Name] = append(byTable[row.Name], row.ID)
	}
	nodes := make(map[models.ID]models.Node, len(found))
	for _, table := range nodeTables {
		if len(byTable[table.name]) == 0 {
			continue
		}
		loaded, err := table.load(tx, byTable[table.name])
		if err != nil {
			return nil, err
		}
		for id, node := range loaded {
			nodes[id] = node
		}
	}
	return nodes, nil
}

// ProjectsByID returns projects by ID, as Nodes does, in one statement.
func (s *Store) ProjectsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.Project, error) {
	return readByID(ctx, s, ids, projectsByID)
}

// ArtifactsByID returns artifacts by ID, as Nodes does, in one statement.
func (s *Store) ArtifactsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.Artifact, error) {
	return readByID(ctx, s, ids, artifactsByID)
}

// VersionsByID returns artifact versions by ID, as Nodes does, in one statement.
func (s *Store) VersionsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.ArtifactVersion, error) {
	return readByID(ctx, s, ids, versionsByID)
}

// PipelineRunsByID returns pipeline runs by ID, as Nodes does, in one statement.
func (s *Store) PipelineRunsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.PipelineRun, error) {
	return readByID(ctx, s, ids, pipelineRunsByID)
}

// StepRunsByID returns step runs by ID, as Nodes does, in one statement.
func (s *Store) StepRunsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.StepRun, error) {
	return readByID(ctx, s, ids, stepRunsByID)
}

// EntriesByID returns metadata entries by ID, as Nodes does, in one statement.
func (s *Store) EntriesByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.MetadataEntry, error) {
	return readByID(ctx, s, ids, entriesByID)
}

func readByID[T any](
	ctx context.Context, s *Store, ids []models.ID, load func(*transaction, []models.ID) (map[models.ID]T, error),
) (map[models.ID]T, error) {
	var found map[models.ID]T
	err := s.db.Read(ctx).Do(func(db *gorm.DB) (err error) {
		found, err = load(&transaction{DB: db, dialect: s.db.Dialect(), who: auth.FromContext(ctx)}, ids)
		return err
	})
	return found, s.db.TranslateError(err)
}

// Subjects returns the subjects with these IDs, now or as of an instant: the version that an output is bound to,
// otherwise the output.
func (s *Store) Subjects(
	ctx context.Context, project models.ID, subjects []models.ID, asOf *models.Time,
) (map[models.ID]models.Subject, error) {
	from := s.db.Dialect().LookUp(engine.Lookup{Table: "subjects", Alias: "s", Column: "id", IDs: subjects,
		Where: engine.SQL("s.project_id = ?", project)})
	version := engine.SQL("s.artifact_version_id")
	if asOf != nil {
		version = engine.SQL(`(SELECT v.id FROM artifact_versions v WHERE v.project_id = ? AND v.id = s.artifact_version_id
			AND v.created_at <= ?) AS artifact_version_id`, project, *asOf)
	}
	var rows []struct{ ID, ArtifactVersionID models.ID }
	err := s.db.Read(ctx).Scan(&rows, engine.SQL("SELECT s.id, ? FROM ?", version, from))
	if err != nil {
		return nil, s.db.TranslateError(err)
	}
	object := make(map[models.ID]models.ID, len(rows))
	ids := make([]models.ID, 0, len(rows))
	for _, row := range rows {
		object[row.ID] = row.ID
		if !row.ArtifactVersionID.IsZero() {
			object[row.ID] = row.ArtifactVersionID
		}
		ids = append(ids, object[row.ID])
	}
	nodes, err := s.Nodes(ctx, ids)
	found := make(map[models.ID]models.Subject, len(rows))
	for subject, id := range object {
		if node, ok := models.NodeAt(nodes[id], asOf).(models.Subject); ok {
			found[subject] = node
		}
	}
	return found, err
}
