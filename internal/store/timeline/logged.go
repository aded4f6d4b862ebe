package timeline

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// LastLogged returns the time of the last entry of each subject, now or up to an instant, in one statement. Subjects
// without entries are absent.
func (r *Reader) LastLogged(
	ctx context.Context, project models.ID, subjects []models.ID, asOf *models.Time,
) (map[models.ID]*models.Time, error) {
	from := r.DB.Dialect().LookUp(engine.Lookup{Table: "subjects", Alias: "s", Column: "id", IDs: subjects,
		Where: engine.SQL("s.project_id = ?", project)})
	read := r.DB.Read(ctx)
	if asOf != nil {
		read = r.DB.ReadUnbounded(ctx) // it passes over the later entries
	}
	times, err := readTimes(read, engine.SQL("SELECT s.id, ? AS logged_at FROM ?", lastLogged(project, asOf), from))
	return times, r.DB.TranslateError(err)
}

// LastLoggedOfArtifacts returns the greatest time of LastLogged among the versions of each artifact, in one statement.
func (r *Reader) LastLoggedOfArtifacts(
	ctx context.Context, project models.ID, artifacts []models.ID, asOf *models.Time,
) (map[models.ID]*models.Time, error) {
	d := r.DB.Dialect()
	ofArtifact := engine.SQL("v.project_id = ? AND v.artifact_id = a.id", project)
	if asOf != nil {
		ofArtifact = ofArtifact.And(engine.SQL("v.created_at <= ?", *asOf))
	}
	from := d.LookUp(engine.Lookup{Table: "artifacts", Alias: "a", Column: "id", IDs: artifacts,
		Where: engine.SQL("a.project_id = ?", project)}).
		Concat(d.LateralJoin("artifact_versions v", "v", ofArtifact)).
		Concat(d.LateralJoin("subjects s", "s", engine.SQL("s.project_id = ? AND s.id = v.subject_id", project)))
	times, err := readTimes(r.DB.ReadUnbounded(ctx),
		engine.SQL("SELECT a.id, max(?) AS logged_at FROM ? GROUP BY a.id", lastLogged(project, asOf), from))
	return times, r.DB.TranslateError(err)
}

// lastLogged returns the time of the last entry of a subject s, 0 or null for none.
func lastLogged(project models.ID, asOf *models.Time) engine.Expr {
	if asOf == nil {
		return engine.SQL("s.last_logged_at")
	}
	return engine.SQL(`(SELECT e.logged_at FROM metadata_entries e WHERE e.project_id = ? AND e.subject_id = s.id
		AND e.logged_at <= ? ORDER BY e.seq DESC LIMIT 1)`, project, *asOf)
}

func readTimes(read engine.Reader, query engine.Expr) (map[models.ID]*models.Time, error) {
	var rows []struct {
		ID       models.ID
		LoggedAt int64
	}
	err := read.Scan(&rows, query)
	times := make(map[models.ID]*models.Time, len(rows))
	for _, row := range rows {
		if row.LoggedAt > 0 {
			at := models.TimeFromMicros(row.LoggedAt)
			times[row.ID] = &at
		}
	}
	return times, err
}
