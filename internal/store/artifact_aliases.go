package store

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// ArtifactAliases returns the aliases of each artifact by name, now or as of an instant, in one statement. It omits
// versions that are deleted.
func (s *Store) ArtifactAliases(
	ctx context.Context, project models.ID, artifacts []models.ID, asOf *models.Time,
) (map[models.ID][]*models.ArtifactAlias, error) {
	from := s.db.Dialect().LookUp(aliasTable.lookUp(project, "artifact_id", artifacts, asOf)).
		Concat(s.db.Dialect().LateralJoin("artifact_versions v", "v",
			engine.SQL("v.project_id = ? AND v.id = l.artifact_version_id", project)))
	var rows []struct {
		models.ArtifactVersion
		Alias string
	}
	err := s.db.Read(ctx).Scan(&rows,
		engine.SQL("SELECT l.alias, "+engine.Qualify("v", versionColumns)+" FROM ? ORDER BY l.alias", from))
	aliases := map[models.ID][]*models.ArtifactAlias{}
	for i := range rows {
		v := rows[i].ViewAt(asOf)
		aliases[v.ArtifactID] = append(aliases[v.ArtifactID], &models.ArtifactAlias{Name: rows[i].Alias, ArtifactVersion: v})
	}
	return aliases, s.db.TranslateError(err)
}
