package graph

import (
	"context"
	"encoding/json"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// subject resolves the fields that every Subject has.
type subject[T models.Subject] struct{ *Server }

// latest are the latest entries with one of the keys, all of them when keys is nil. asOf is the argument of the field.
func (s subject[T]) latest(ctx context.Context, of T, keys []string, asOf *models.Time) ([]*models.MetadataEntry, error) {
	_, _, view := of.EntriesOf()
	instant, err := s.instant(ctx, models.At("asOf"), asOf, view)
	if err != nil {
		return nil, err
	}
	return s.latestAt(ctx, of, keys, instant)
}

// latestAt are the latest entries as of an instant or now (nil), with one of the keys or all of them when keys is nil.
func (s subject[T]) latestAt(ctx context.Context, of T, keys []string, instant *models.Time) ([]*models.MetadataEntry, error) {
	project, id, view := of.EntriesOf()
	asked := askedLatest{asOf: micros(instant), view: micros(view)}
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
	project, id, view := of.EntriesOf()
	instant, err := s.instant(ctx, models.At("asOf"), asOf, view)
	if err != nil {
		return nil, err
	}
	return load(ctx).metadataEach.of(ctx, project, id, askedEntry{
		key: store.EntryKey{Card: filter.Name, Key: key, AsOf: int64(micros(instant))}, view: micros(view),
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
	project, id, view := of.EntriesOf()
	filter := store.HistoryFilter{Card: cards, AsOf: int64(micros(view))}
	if key != nil {
		filter.OnlyKey, filter.Key = true, *key
	}
	return load(ctx).history.of(ctx, project, id, historyPage{filter, page})
}
