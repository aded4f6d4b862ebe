package graph

import (
	"context"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// subject resolves the fields that every Subject has.
type subject[T models.Subject] struct{ *Server }

func (s subject[T]) latest(ctx context.Context, of T, asOf *models.Time) ([]*models.MetadataEntry, error) {
	project, id, inherited := of.EntriesOf()
	return load(ctx).metadata.of(ctx, project, id, micros(past(asOf, inherited)))
}

// Metadata resolves Subject.metadata.
func (s subject[T]) Metadata(ctx context.Context, of T, keys []string, card *string, asOf *models.Time) ([]*models.MetadataEntry, error) {
	filter, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	wanted, err := s.wanted(keys)
	if err != nil {
		return nil, err
	}
	entries, err := s.latest(ctx, of, asOf)
	chosen := make([]*models.MetadataEntry, 0, len(entries))
	for _, entry := range entries {
		if filter.Matches(entry.CardName) && wanted(entry) {
			chosen = append(chosen, entry)
		}
	}
	return chosen, err
}

// wanted chooses entries by their keys; nil is every key.
func (s *Server) wanted(keys []string) (func(*models.MetadataEntry) bool, error) {
	if n, most := len(keys), int(s.limits.EntriesPerCall); n > most {
		return nil, models.LimitExceeded(models.At("keys"), "keys in a list", int64(most), int64(n))
	}
	set := make(map[string]bool, len(keys))
	for _, key := range keys {
		set[key] = true
	}
	return func(e *models.MetadataEntry) bool { return keys == nil || set[e.Key] }, nil
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
	entries, err := s.latest(ctx, of, asOf)
	return models.Cards(entries), err
}

// MetadataJSON resolves Subject.metadataJson.
func (s subject[T]) MetadataJSON(ctx context.Context, of T, asOf *models.Time) (models.RawJSON, error) {
	entries, err := s.latest(ctx, of, asOf)
	if err != nil {
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
