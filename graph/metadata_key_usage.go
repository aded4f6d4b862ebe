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
func parseKeyQuery(search *string, first *int32) (store.KeyQuestion, error) {
	query := store.KeyQuestion{First: -1}
	if search != nil {
		if err := models.CheckText(models.At("search"), "a search", *search, models.MaxNameCharacters); err != nil {
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
		return query, models.BadInput(models.At("first"), "must be 0 or more")
	case *first > models.MaxMetadataKeys:
		return query, models.LimitExceeded(models.At("first"), "metadata keys in a list",
			models.MaxMetadataKeys, int64(*first))
	}
	return query, nil
}
