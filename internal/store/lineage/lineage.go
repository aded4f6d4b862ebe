// Package lineage reads how step runs connect artifact versions: lineages, producers and consumers.
//
// It hides the walk over inputs and outputs, and the rules for outputs that re-use a version. Reader has the reads.
package lineage

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// Reader reads from a database. The caller may read the project of its arguments.
type Reader struct{ DB *engine.DB }

var (
	versionColumns = engine.Columns[models.ArtifactVersion]()
	stepRunColumns = engine.Columns[models.StepRun]()
)

// direction is the direction of a lineage: from versions in one table to steps, and from these to versions in the
// other table.
type direction struct{ from, to string }

var (
	upstream   = direction{"step_outputs", "step_inputs"}
	downstream = direction{"step_inputs", "step_outputs"}
)

// follow returns the item of FROM with the rows f of the versions, each joined with the rows t that have its step. It
// omits outputs that were bound after the instant of the start.
func (r *Reader) follow(start *models.ArtifactVersion, way direction, versions []models.ID) engine.Expr {
	from := engine.SQL("f.project_id = ?", start.ProjectID)
	to := engine.SQL("t.project_id = ? AND t.step_run_id = f.step_run_id", start.ProjectID)
	if way == upstream {
		from = from.NotAfter("f.bound_at", start.AsOf)
	} else {
		to = to.NotAfter("t.bound_at", start.AsOf)
	}
	return r.DB.Dialect().LookUp(engine.Lookup{Table: way.from, Alias: "f", Column: "artifact_version_id", IDs: versions,
		Where: from}).Concat(r.DB.Dialect().LateralJoin(way.to+" t", "t", to))
}

// Upstream returns the versions that a version was made from, nearest first, up to depth steps away and at most size.
func (r *Reader) Upstream(ctx context.Context, of *models.ArtifactVersion, depth, size int) (*models.Lineage, error) {
	return r.lineage(ctx, of, upstream, depth, size)
}

// Downstream returns the versions that were made from a version, nearest first, up to depth steps away and at most
// size.
func (r *Reader) Downstream(ctx context.Context, of *models.ArtifactVersion, depth, size int) (*models.Lineage, error) {
	return r.lineage(ctx, of, downstream, depth, size)
}

// lineage reads one step per statement, and never more rows than it returns: a version with 10,000 consumers costs no
// more than one with 100. Circles end the walk, because it reads no known version again.
func (r *Reader) lineage(
	ctx context.Context, of *models.ArtifactVersion, way direction, depth, size int,
) (*models.Lineage, error) {
	found := &models.Lineage{Versions: []*models.ArtifactVersion{}, Links: []*models.LineageLink{}}
	known := map[models.ID]*models.ArtifactVersion{of.ID: of.WithDistance(new(int32))}
	border := []models.ID{of.ID}
	for distance := int32(1); len(border) > 0; distance++ {
		room := size - len(found.Versions)
		if int(distance) > depth {
			room = 0 // only to know whether there is more
		}
		next, err := r.neighbours(ctx, of, way, border, known, room+1)
		if err != nil {
			return nil, err
		}
		if len(next) > room {
			next, found.Truncated = next[:room], true
		}
		border = nil
		for _, version := range next {
			version.Distance, known[version.ID] = &distance, version
			border = append(border, version.ID)
		}
		found.Versions = append(found.Versions, next...)
		if found.Truncated {
			break
		}
	}
	return found, r.loadLinks(ctx, of, known, found)
}

// neighbours returns versions one step from the border that are not in known, oldest first.
func (r *Reader) neighbours(
	ctx context.Context, start *models.ArtifactVersion, way direction, border []models.ID,
	known map[models.ID]*models.ArtifactVersion, maxVersions int,
) ([]*models.ArtifactVersion, error) {
	ids := engine.SQL("? WHERE NOT ?", r.follow(start, way, border),
		r.DB.Dialect().IDIn("t.artifact_version_id", slices.Collect(maps.Keys(known))))
	from := engine.SQL("(SELECT DISTINCT t.artifact_version_id AS id FROM ?) d", ids).
		Concat(r.DB.Dialect().LateralJoin("artifact_versions v", "v",
			engine.SQL("v.project_id = ? AND v.id = d.id", start.ProjectID)))
	where := engine.True.NotAfter("v.created_at", start.AsOf)
	var next []*models.ArtifactVersion
	err := r.DB.Read(ctx).Scan(&next, engine.SQL("SELECT "+engine.Qualify("v", versionColumns)+
		fmt.Sprintf(" FROM ? WHERE ? ORDER BY v.created_at, v.id LIMIT %d", maxVersions), from, where))
	return models.ViewsAt(next, start.AsOf), r.DB.TranslateError(err)
}

// loadLinks adds the links between the known versions, in their order. Of several step runs between two versions it
// keeps those whose outputs were bound first. A step run that reads the version of its own output has no link.
func (r *Reader) loadLinks(
	ctx context.Context, start *models.ArtifactVersion, known map[models.ID]*models.ArtifactVersion, found *models.Lineage,
) error {
	ids := slices.Collect(maps.Keys(known))
	links := engine.SQL(`SELECT t.artifact_version_id AS from_id, f.artifact_version_id AS to_id, f.step_run_id,
		ROW_NUMBER() OVER (PARTITION BY f.artifact_version_id, t.artifact_version_id
			ORDER BY MIN(f.bound_at), f.step_run_id) AS place
		FROM ? WHERE ? AND t.artifact_version_id <> f.artifact_version_id GROUP BY from_id, to_id, f.step_run_id`,
		r.follow(start, upstream, ids), r.DB.Dialect().IDIn("t.artifact_version_id", ids))
	var rows []struct {
		FromID, ToID, StepRunID models.ID
		Place                   int
	}
	err := r.DB.Read(ctx).Scan(&rows, engine.SQL(
		"SELECT from_id, to_id, step_run_id, place FROM (?) links WHERE place <= ? ORDER BY to_id, from_id, place",
		links, models.MaxLineageLinks+1))
	for _, row := range rows {
		if row.Place > models.MaxLineageLinks {
			found.Truncated = true
			continue
		}
		found.Links = append(found.Links, &models.LineageLink{
			From: known[row.FromID], To: known[row.ToID], ProjectID: start.ProjectID, StepRunID: row.StepRunID,
		})
	}
	return r.DB.TranslateError(err)
}

// consumerRow is a step run with the version that it read.
type consumerRow struct {
	models.StepRun
	ArtifactVersionID models.ID
}

// Consumers returns the same page of the step runs that read each version in order of start, as of an instant or now
// (nil).
func (r *Reader) Consumers(
	ctx context.Context, project models.ID, versions []models.ID, page models.Page, asOf *models.Time,
) (map[models.ID]*models.StepRunConnection, error) {
	run := r.DB.Dialect().LateralJoin("step_runs r", "r", engine.SQL("r.project_id = ? AND r.id = i.step_run_id", project))
	found, err := search.ReadPages(ctx, r.DB, search.List[*consumerRow]{
		Name:    "consumers",
		Columns: engine.Qualify("r", stepRunColumns) + ", i.artifact_version_id",
		// A step that reads a version under two names is one consumer.
		From: engine.SQL("(SELECT DISTINCT step_run_id, artifact_version_id FROM step_inputs WHERE project_id = ?) i",
			project).Concat(run),
		Where: engine.True.NotAfter("r.started_at", asOf), Parent: "i.artifact_version_id",
		Order: []string{"r.started_at", "r.id"}, Kinds: []search.PositionKind{search.NumberPosition, search.IDPosition},
		Position: func(r *consumerRow) models.Position {
			return models.Position{r.StartedAt.UnixMicro(), r.ID.String()}
		},
		ParentOf: func(r *consumerRow) models.ID { return r.ArtifactVersionID },
	}, versions, page)
	consumers := make(map[models.ID]*models.StepRunConnection, len(found))
	for version, connection := range found {
		consumers[version] = models.MapConnection(connection, func(r *consumerRow) *models.StepRun { return &r.StepRun })
	}
	return models.ViewsOfPages(consumers, asOf), err
}
