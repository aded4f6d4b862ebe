package store

import (
	"cmp"
	"context"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/entries"
	"github.com/placard/placard/models"
)

// nodeTable is a table of objects that have an ID.
type nodeTable struct {
	name string
	load func(tx *access.Tx, ids []models.ID) (map[models.ID]models.Node, error)
}

var nodeTables = []nodeTable{
	{"projects", nodeLoader(access.ProjectsByID)},
	{"artifacts", nodeLoader(access.ArtifactsByID)},
	{"artifact_versions", nodeLoader(access.VersionsByID)},
	{"pipeline_runs", nodeLoader(access.PipelineRunsByID)},
	{"step_runs", nodeLoader(access.StepRunsByID)},
	{"step_outputs", nodeLoader(access.StepOutputsByID)},
	{"metadata_entries", nodeLoader(entries.ByID)},
	{"api_keys", nodeLoader(access.APIKeysByID)},
	{"audit_events", nodeLoader(access.AuditEventsByID)},
}

func nodeLoader[T models.Node](
	load func(*access.Tx, []models.ID) (map[models.ID]T, error),
) func(*access.Tx, []models.ID) (map[models.ID]models.Node, error) {
	return func(tx *access.Tx, ids []models.ID) (map[models.ID]models.Node, error) {
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

func loadNodes(tx *access.Tx, ids []models.ID) (map[models.ID]models.Node, error) {
	found, err := tx.TablesWithID(ids)
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

// AuditedObjects returns the present objects that audit events are about, as Nodes does, by the IDs of the events.
func (s *Store) AuditedObjects(ctx context.Context, events []models.ID) (map[models.ID]models.Node, error) {
	return readByID(ctx, s, events, func(tx *access.Tx, events []models.ID) (map[models.ID]models.Node, error) {
		found, err := access.AuditEventsByID(tx, events)
		ids := make([]models.ID, 0, len(found))
		for _, event := range found {
			ids = append(ids, event.ObjectID)
		}
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		nodes, err := loadNodes(tx, ids)
		objects := make(map[models.ID]models.Node, len(nodes))
		for id, event := range found {
			if node := nodes[event.ObjectID]; node != nil {
				objects[id] = node
			}
		}
		return objects, err
	})
}

// ProjectsByID returns projects by ID, as Nodes does, in one statement.
func (s *Store) ProjectsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.Project, error) {
	return readByID(ctx, s, ids, access.ProjectsByID)
}

// ArtifactsByID returns artifacts by ID, as Nodes does, in one statement.
func (s *Store) ArtifactsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.Artifact, error) {
	return readByID(ctx, s, ids, access.ArtifactsByID)
}

// VersionsByID returns artifact versions by ID, as Nodes does, in one statement.
func (s *Store) VersionsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.ArtifactVersion, error) {
	return readByID(ctx, s, ids, access.VersionsByID)
}

// PipelineRunsByID returns pipeline runs by ID, as Nodes does, in one statement.
func (s *Store) PipelineRunsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.PipelineRun, error) {
	return readByID(ctx, s, ids, access.PipelineRunsByID)
}

// StepRunsByID returns step runs by ID, as Nodes does, in one statement.
func (s *Store) StepRunsByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.StepRun, error) {
	return readByID(ctx, s, ids, access.StepRunsByID)
}

// EntriesByID returns metadata entries by ID, as Nodes does, in one statement.
func (s *Store) EntriesByID(ctx context.Context, ids []models.ID) (map[models.ID]*models.MetadataEntry, error) {
	return readByID(ctx, s, ids, entries.ByID)
}

func readByID[T any](
	ctx context.Context, s *Store, ids []models.ID, load func(*access.Tx, []models.ID) (map[models.ID]T, error),
) (map[models.ID]T, error) {
	var found map[models.ID]T
	err := s.db.Read(ctx).Do(func(db *gorm.DB) (err error) {
		found, err = load(&access.Tx{DB: db, Dialect: s.db.Dialect(), Who: s.caller(ctx)}, ids)
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
	nodes, err := s.Nodes(auth.WithProject(ctx, project), ids)
	found := make(map[models.ID]models.Subject, len(rows))
	for subject, id := range object {
		if node, ok := models.NodeAt(nodes[id], asOf).(models.Subject); ok {
			found[subject] = node
		}
	}
	return found, err
}

// UnknownVersion returns NOT_FOUND for the text of an ID that no visible version has, as mutations do.
func (s *Store) UnknownVersion(ctx context.Context, at *models.Path, text string) (failure error) {
	err := s.db.Read(ctx).Do(func(db *gorm.DB) error {
		tx := &access.Tx{DB: db, Dialect: s.db.Dialect(), Who: s.caller(ctx)}
		failure = tx.UnknownID(at, "artifact version", text)
		return nil
	})
	return cmp.Or(s.db.TranslateError(err), failure)
}
