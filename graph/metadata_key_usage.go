package graph

import (
	"context"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

type metadataKeyUsage struct{}

func (metadataKeyUsage) LastEntry(ctx context.Context, u *models.MetadataKeyUsage) (*models.MetadataEntry, error) {
	return loadersFrom(ctx).entry.Load(ctx, u.ProjectID, u.LastEntryID, toMicros(u.AsOf))
}

// parseKeyQuery checks the arguments of metadataKeys.
func parseKeyQuery(search *string, first *int32) (store.KeyQuery, error) {
	query := store.KeyQuery{First: -1}
	if search != nil {
		if err := models.CheckText(models.NewPath("search"), "a search", *search, models.MaxNameCharacters); err != nil {
			return query, err
		}
		query.Prefix = *search
	}
	if first == nil {
		return query, nil
	}
	query.First = int(*first)
	switch {
	case *first < 0:
		return query, models.BadInput(models.NewPath("first"), "must be 0 or more")
	case *first > models.MaxMetadataKeys:
		return query, models.LimitExceeded(models.NewPath("first"), "metadata keys in a list",
			models.MaxMetadataKeys, int64(*first))
	}
	return query, nil
}
