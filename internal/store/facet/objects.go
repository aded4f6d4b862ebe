package facet

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Objects is a table of objects of projects.
type Objects string

// The objects that Count counts.
const (
	Artifacts        Objects = "artifacts"
	ArtifactVersions Objects = "artifact_versions"
	PipelineRuns     Objects = "pipeline_runs"
)

// Count returns the number of objects of a project.
func Count(ctx context.Context, db *engine.DB, project models.ID, of Objects) (n int32, err error) {
	err = db.ReadUnbounded(ctx).Scan(&n, engine.SQL("SELECT count(*) FROM "+string(of)+" WHERE project_id = ?", project))
	return n, db.TranslateError(err)
}
