package graph

import (
	"context"
	"encoding/json"

	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// subject resolves the fields of the interface Subject for one of its types.
type subject[T models.Subject] struct{ *Resolver }

// latest returns the latest entries of a subject with one of the keys, or all if keys is nil. asOf is the argument of
// the field.
func (s subject[T]) latest(
	ctx context.Context, object T, keys []string, asOf *models.Time,
) ([]*models.MetadataEntry, error) {
	_, _, view := object.MetadataRef()
	instant, err := s.effectiveAsOf(ctx, models.NewPath("asOf"), asOf, view)
	if err != nil {
		return nil, err
	}
	return s.latestAt(ctx, object, keys, instant)
}

// latestAt returns the latest entries as of an instant, nil for now.
func (s subject[T]) latestAt(
	ctx context.Context, object T, keys []string, instant *models.Time,
) ([]*models.MetadataEntry, error) {
	project, _, view := object.MetadataRef()
	args := latestArgs{asOf: toMicros(instant), view: toMicros(view)}
	if keys != nil {
		text, err := json.Marshal(keys)
		if err != nil {
			return nil, err
		}
		args.keys = string(text)
	}
	loadersFrom(ctx).noteRevision(object)
	return loadersFrom(ctx).metadata.Load(ctx, project, models.SubjectAt(object, instant), args)
}

func (s subject[T]) Metadata(
	ctx context.Context, object T, keys []string, card *string, asOf *models.Time,
) ([]*models.MetadataEntry, error) {
	filter, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	if err := s.checkKeys(len(keys)); err != nil {
		return nil, err
	}
	entries, err := s.latest(ctx, object, keys, asOf)
	entries = filter.Apply(entries)
	if err == nil && len(keys) > 0 {
		project, _, _ := object.MetadataRef()
		noteEntries(ctx, project, listedKeys(keys, filter), entries)
	}
	return entries, err
}

func (s subject[T]) MetadataEntry(
	ctx context.Context, object T, key string, card *string, asOf *models.Time,
) (*models.MetadataEntry, error) {
	filter, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	entries, err := s.latestOfKeys(ctx, object, []models.MetadataKey{{Card: filter.Name, Key: key}}, asOf)
	if err != nil {
		return nil, err
	}
	project, _, _ := object.MetadataRef()
	noteEntries(ctx, project, oneKey(filter.Name, key), entries)
	return entries[0], nil
}

func (s subject[T]) Columns(
	ctx context.Context, object T, inputs []*models.MetadataKeyInput, asOf *models.Time,
) ([]*models.MetadataEntry, error) {
	if err := s.checkKeys(len(inputs)); err != nil {
		return nil, err
	}
	keys := make([]models.MetadataKey, len(inputs))
	for i, input := range inputs {
		keys[i].Key = input.Key
		if input.Card != nil {
			if keys[i].Card = *input.Card; *input.Card == "" {
				return nil, emptyCardError(models.NewPath("keys").Child(i).Child("card"))
			}
		}
	}
	entries, err := s.latestOfKeys(ctx, object, keys, asOf)
	if err == nil {
		project, _, _ := object.MetadataRef()
		noteEntries(ctx, project, columnKeys(keys), entries)
	}
	return entries, err
}

// latestOfKeys returns the latest entry of each key, nil for a key without a value. asOf is the argument of the field.
func (s subject[T]) latestOfKeys(
	ctx context.Context, object T, keys []models.MetadataKey, asOf *models.Time,
) ([]*models.MetadataEntry, error) {
	project, _, view := object.MetadataRef()
	instant, err := s.effectiveAsOf(ctx, models.NewPath("asOf"), asOf, view)
	if err != nil {
		return nil, err
	}
	found := make(map[models.MetadataKey]*models.MetadataEntry, len(keys))
	var different []models.MetadataKey
	for _, key := range keys {
		if _, ok := found[key]; !ok {
			found[key], different = nil, append(different, key)
		}
	}
	text, err := json.Marshal(different)
	if err != nil {
		return nil, err
	}
	args := latestArgs{asOf: toMicros(instant), view: toMicros(view), keys: string(text)}
	loadersFrom(ctx).noteRevision(object)
	entries, err := loadersFrom(ctx).columns.Load(ctx, project, models.SubjectAt(object, instant), args)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		found[models.MetadataKey{Card: entry.CardName, Key: entry.Key}] = entry
	}
	columns := make([]*models.MetadataEntry, len(keys))
	for i, key := range keys {
		columns[i] = found[key]
	}
	return columns, nil
}

func (s subject[T]) Cards(ctx context.Context, object T, asOf *models.Time) ([]*models.MetadataCard, error) {
	entries, err := s.latest(ctx, object, nil, asOf)
	return models.GroupByCard(entries), err
}

func (s subject[T]) MetadataJSON(ctx context.Context, object T, asOf *models.Time) (models.RawJSON, error) {
	project, _, view := object.MetadataRef()
	instant, err := s.effectiveAsOf(ctx, models.NewPath("asOf"), asOf, view)
	if err != nil {
		return nil, err
	}
	l := loadersFrom(ctx)
	if instant != nil || l.selectsEntries(ctx) {
		entries, err := s.latestAt(ctx, object, nil, instant)
		if err != nil {
			return nil, err
		}
		return encodeEntries(ctx, entries, models.MetadataJSON)
	}
	l.noteRevision(object)
	document, err := l.documents.Load(ctx, project, models.SubjectAt(object, nil), noArgs{})
	switch {
	case err != nil:
		return nil, err
	case document == nil: // the subject has been deleted meanwhile
		return models.MetadataJSON(nil)
	}
	if err := operation.ReserveBytes(ctx, document.Bytes); err != nil {
		return nil, err
	}
	return document.JSON, document.Err
}

func (s subject[T]) MetadataExtendedJSON(
	ctx context.Context, object T, keys []string, card *string, asOf *models.Time,
) (models.RawJSON, error) {
	entries, err := s.Metadata(ctx, object, keys, card, asOf)
	if err != nil {
		return nil, err
	}
	return encodeEntries(ctx, entries, models.MetadataExtendedJSON)
}

// encodeEntries reserves the memory of the JSON of entries and returns the JSON.
func encodeEntries(
	ctx context.Context, entries []*models.MetadataEntry, encode func([]*models.MetadataEntry) (models.RawJSON, error),
) (models.RawJSON, error) {
	bytes := 0
	for _, entry := range entries {
		bytes += len(`"":,`) + len(entry.Key) + len(*entry.Text)
	}
	if err := operation.ReserveBytes(ctx, bytes); err != nil {
		return nil, err
	}
	return encode(entries)
}

func (s subject[T]) MetadataHistory(
	ctx context.Context, object T, key, card *string, first *int32, after *string,
) (*models.MetadataEntryConnection, error) {
	page, err := s.page(ctx, pageArgs(first, after, nil, nil))
	if err != nil {
		return nil, err
	}
	cards, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	project, id, view := object.MetadataRef()
	filter := store.HistoryFilter{Card: cards, AsOf: int64(toMicros(view))}
	if key != nil {
		filter.OnlyKey, filter.Key = true, *key
	}
	return loadersFrom(ctx).history.Load(ctx, project, id, historyPage{filter, page})
}

func (subject[T]) LastLoggedAt(ctx context.Context, object T) (*models.Time, error) {
	project, id, view := object.MetadataRef()
	return loadersFrom(ctx).lastLogged.Load(ctx, project, id, toMicros(view))
}

func (s subject[T]) MetadataSeries(
	ctx context.Context, object T, key string, card *string, asOf *models.Time, first *int32, after *string, last *int32,
	before *string,
) (*models.MetadataSeries, error) {
	project, _, view := object.MetadataRef()
	page, err := s.seriesPage(ctx, seriesArgs{key, card, pageArgs(first, after, last, before), asOf, nil}, view)
	if err != nil {
		return nil, err
	}
	l := loadersFrom(ctx)
	id := models.SubjectAt(object, epochMicros(page.key.AsOf).time())
	series, err := loadSeries(ctx, project, id, page, l.subjectSeries, l.subjectSummaries)
	noteSeries(ctx, project, page, series)
	if version, ok := any(object).(*models.ArtifactVersion); ok && series != nil {
		versionView := version.WithDistance(nil).ViewAt(epochMicros(page.key.AsOf).time())
		points := make([]*models.MetadataPoint, len(series.Points)) // siblings share the points
		for i, point := range series.Points {
			points[i] = &models.MetadataPoint{Version: versionView, Entry: point.Entry, Cursor: point.Cursor}
		}
		series.Points = points
	}
	return series, err
}

func (s subject[T]) MetadataChanges(
	ctx context.Context, object T, from models.Time, to *models.Time, keys []string, card *string,
) ([]*models.ComparisonRow, error) {
	filter, err := cardFilter(ctx, card)
	if err != nil {
		return nil, err
	}
	if err := s.checkKeys(len(keys)); err != nil {
		return nil, err
	}
	instants, err := s.interval(ctx, object, from, to)
	if err != nil {
		return nil, err
	}
	var sides [len(instants)]models.ComparisonSide
	for i, instant := range instants {
		entries, err := s.latestAt(ctx, object, keys, instant)
		if err != nil {
			return nil, err
		}
		sides[i].Entries = filter.Apply(entries)
		if version, ok := any(object).(*models.ArtifactVersion); ok {
			sides[i].Version = version.WithDistance(nil).ViewAt(instant)
		}
	}
	rows, err := models.Compare(sides[:], 0)
	return onlyDifferingRows(rows), err
}

// interval returns the two instants of the changes of a subject. The later one is nil for now. Instants in the wrong
// order, or later than the view that the subject is, are BAD_INPUT.
func (s subject[T]) interval(ctx context.Context, object T, from models.Time, to *models.Time) ([2]*models.Time, error) {
	_, _, view := object.MetadataRef()
	end, err := s.effectiveAsOf(ctx, models.NewPath("to"), to, view)
	if err != nil {
		return [2]*models.Time{}, err
	}
	start := truncateToMicros(from)
	inOrder := end != nil && !start.After(end.Time)
	if end == nil {
		inOrder, err = s.store.Past(ctx, start)
	}
	if err == nil && !inOrder {
		err = models.BadInput(models.NewPath("from"), "must not be later than to, or than now if to is absent")
	}
	return [2]*models.Time{&start, end}, err
}
