package lineage

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// PreviousVersions returns the version with the next smaller number of the same artifact, by version. As of an
// instant it omits versions that were created later. It is one statement.
func (r *Reader) PreviousVersions(
	ctx context.Context, project models.ID, versions []models.ID, asOf *models.Time,
) (map[models.ID]*models.ArtifactVersion, error) {
	next, then := engine.Lookup{Table: "artifact_versions", Alias: "n", Column: "id", IDs: versions,
		Where: engine.SQL("n.project_id = ?", project)}, engine.True
	before := engine.SQL(`SELECT w.id FROM artifact_versions w
		WHERE w.project_id = ? AND w.artifact_id = n.artifact_id AND w.number < n.number`, project)
	if asOf != nil {
		then, before = engine.SQL("n.created_at <= ?", *asOf), before.Concat(engine.SQL(" AND w.created_at <= ?", *asOf))
	}
	from := r.DB.Dialect().LookUp(next).Concat(r.DB.Dialect().LateralJoin("artifact_versions v", "v",
		engine.SQL("v.project_id = ?", project).And(engine.SQL("v.id = (? ORDER BY w.number DESC LIMIT 1)", before)))).
		Concat(engine.SQL(" WHERE ?", then))
	var rows []struct {
		models.ArtifactVersion
		NextID models.ID
	}
	err := r.DB.Read(ctx).Scan(&rows,
		engine.SQL("SELECT n.id AS next_id, "+engine.Qualify("v", versionColumns)+" FROM ?", from))
	previous := make(map[models.ID]*models.ArtifactVersion, len(rows))
	for i := range rows {
		previous[rows[i].NextID] = rows[i].ViewAt(asOf)
	}
	return previous, r.DB.TranslateError(err)
}
