package graph

import (
	"context"
	"encoding/json"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// subject resolves the fields that every Subject has.
type subject[T models.Subject] struct{ *Server }

// latest are the latest entries with one of the keys, all of them when keys is nil.
func (s subject[T]) latest(ctx context.Context, of T, keys []string, asOf *models.Time) ([]*models.MetadataEntry, error) {
	project, id, inherited := of.EntriesOf()
	asked := askedLatest{asOf: micros(past(asOf, inherited))}
	if keys != nil {
		text, err := json.Marshal(keys)
		if err != nil {
			return nil, err
		}
		asked.keys = string(text)
	}
	return load(ctx).metadata.of(ctx, project, id, asked)
}

// Metadata resolves Subject.metadata.
func (s subject[T]) Metadata(ctx context.Context, of T, keys []string, card *string, asOf *models.Time) ([]*models.MetadataEntry, error) {
	filter, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	if err := s.checkKeys(keys); err != nil {
		return nil, err
	}
	entries, err := s.latest(ctx, of, keys, asOf)
	return filter.Choose(entries), err
}

// checkKeys refuses more keys than a call may have.
func (s *Server) checkKeys(keys []string) error {
	if n, most := len(keys), int(s.limits.EntriesPerCall); n > most {
		return models.LimitExceeded(models.At("keys"), "keys in a list", int64(most), int64(n))
	}
	return nil
}

// MetadataEntry resolves Subject.metadataEntry.
func (s subject[T]) MetadataEntry(ctx context.Context, of T, key string, card *string, asOf *models.Time) (*models.MetadataEntry, error) {
	filter, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	project, id, inherited := of.EntriesOf()
	return load(ctx).metadataEach.of(ctx, project, id, store.EntryKey{
		Card: filter.Name, Key: key, AsOf: micros(past(asOf, inherited)),
	})
}

// Cards resolves Subject.cards.
func (s subject[T]) Cards(ctx context.Context, of T, asOf *models.Time) ([]*models.MetadataCard, error) {
	entries, err := s.latest(ctx, of, nil, asOf)
	return models.Cards(entries), err
}

// MetadataJSON resolves Subject.metadataJson.
func (s subject[T]) MetadataJSON(ctx context.Context, of T, asOf *models.Time) (models.RawJSON, error) {
	entries, err := s.latest(ctx, of, nil, asOf)
	if err != nil {
		return nil, err
	}
	if err := announce(ctx, entries); err != nil {
		return nil, err
	}
	return models.MetadataJSON(entries)
}

// MetadataHistory resolves Subject.metadataHistory.
func (s subject[T]) MetadataHistory(
	ctx context.Context, of T, key, card *string, first *int32, after *string,
) (*models.MetadataEntryConnection, error) {
	page, err := s.page(ctx, first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	cards, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	filter := store.HistoryFilter{Card: cards}
	if key != nil {
		filter.OnlyKey, filter.Key = true, *key
	}
	project, id, _ := of.EntriesOf()
	return load(ctx).history.of(ctx, project, id, historyPage{filter, page})
}
