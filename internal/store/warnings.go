package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// maxWarningTime is the maximum time of the look-ups of the warnings of one project. It is at most half of the time that
// the caller has left.
const maxWarningTime = time.Second

func warningTime(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(maxWarningTime, time.Until(deadline)/2)
	}
	return maxWarningTime
}

// AddKnownKeys stores keys that a result has shown, so that KeyWarnings need not look them up.
func (s *Store) AddKnownKeys(project models.ID, keys []models.NamedKey) { s.keys.Add(project, keys...) }

// KeyWarnings returns the warnings of keys of a project that the caller may read, without their paths. It logs failures,
// and then leaves out warnings or candidates.
func (s *Store) KeyWarnings(
	ctx context.Context, project models.ID, keys []models.NamedKey,
) map[models.NamedKey]models.Warning {
	ctx, cancel := context.WithTimeout(ctx, warningTime(ctx))
	defer cancel()
	warnings, err := s.keys.Warnings(ctx, s.db, project, keys)
	if err != nil {
		s.log.DebugContext(ctx, "cannot look up the keys of warnings", "error", err)
	}
	return warnings
}

// ProjectWarning returns the ID of the project of a name, or a warning without a path if none is visible to the caller.
// It logs failures, and then returns neither.
func (s *Store) ProjectWarning(ctx context.Context, name string) (models.ID, *models.Warning) {
	ctx, cancel := context.WithTimeout(ctx, warningTime(ctx))
	defer cancel()
	id, err := s.projectID(ctx, name)
	if err == nil && !id.IsZero() {
		return id, nil
	}
	unknown := models.NotFound(nil, "there is no project %q", models.TruncateName(name))
	if err == nil {
		err = s.db.Read(ctx).Do(func(db *gorm.DB) error {
			tx := &access.Tx{DB: db, Dialect: s.db.Dialect(), Who: auth.FromContext(ctx)}
			visible := access.VisibleTo(tx.Who, "id", engine.True)
			return tx.Suggest(unknown, name, engine.SQL("SELECT name FROM projects WHERE ? ORDER BY id DESC", visible))
		})
	}
	if !errors.Is(err, unknown) {
		s.log.DebugContext(ctx, "cannot look up the project of a warning", "error", err)
		return models.ID{}, nil
	}
	return id, &models.Warning{
		Code: models.WarningUnknownProject, Message: unknown.Message, Candidates: unknown.Candidates,
	}
}
