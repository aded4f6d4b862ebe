package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/catalogue"
	"github.com/placard/placard/models"
)

// ProjectWarning returns the ID of the project of a name, or a warning without a path if none is visible to the caller.
// It logs failures, and then returns neither.
func (s *Store) ProjectWarning(ctx context.Context, name string) (id models.ID, warning *models.Warning) {
	ctx, cancel := catalogue.WithTimeout(ctx)
	defer cancel()
	id, err := s.projectID(ctx, name)
	if err == nil && id.IsZero() {
		err = s.db.Read(ctx).Do(func(db *gorm.DB) (err error) {
			tx := &access.Tx{DB: db, Dialect: s.db.Dialect(), Who: s.caller(ctx)}
			warning, err = tx.ProjectWarning(name)
			return err
		})
	}
	if err != nil {
		s.log.DebugContext(ctx, "cannot look up the project of a warning", "error", err)
	}
	return id, warning
}
