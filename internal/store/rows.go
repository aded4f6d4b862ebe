package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
)

// readByName reads the row of a name in a scope, nil for none.
func readByName[T any](ctx context.Context, s *Store, scope func(*gorm.Statement), name string) (row *T, err error) {
	err = s.db.Read(ctx).Do(func(db *gorm.DB) (err error) {
		row, err = access.FindOne(ctx, gorm.G[T](db).Scopes(scope).Where("name = ?", name))
		return err
	})
	return row, s.db.TranslateError(err)
}
