package entries

import (
	"context"
	"errors"
	"slices"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Revisions returns the revision of a subject that an earlier statement of the operation has read with an object that
// shows the subject, or false. The operation has written nothing since then.
type Revisions func(subject models.ID) (revision int64, known bool)

// Document is the latest metadata of a subject as one plain JSON object. It is immutable.
type Document struct {
	// JSON is the object of models.MetadataJSON.
	JSON models.RawJSON
	// Bytes is the size of the stored values with their keys.
	Bytes int
	// Err is the failure of a damaged value. JSON is nil then.
	Err error
	// cost is the sum of the costs of the rows, and size the memory in bytes.
	cost int64
	size int
}

// form is a form in which the latest metadata is read.
type form int

const (
	entriesForm form = iota
	documentForm
)

// CurrentEntries returns the latest entries of each subject, without keys that have no value: first the entries without
// a card, then the cards, each in order of their first entries. It is one statement, or none if the cache has all
// subjects as of a known revision. Callers must not change the result.
func (r *Reader) CurrentEntries(
	ctx context.Context, project models.ID, subjects []models.ID, known Revisions,
) (map[models.ID][]*models.MetadataEntry, error) {
	states, err := r.current(ctx, project, subjects, known, entriesForm)
	latest := make(map[models.ID][]*models.MetadataEntry, len(states))
	for subject, state := range states {
		latest[subject] = state.entries.valued
	}
	return latest, err
}

// CurrentDocuments returns the latest metadata of each subject as JSON. It reads like CurrentEntries.
func (r *Reader) CurrentDocuments(
	ctx context.Context, project models.ID, subjects []models.ID, known Revisions,
) (map[models.ID]*Document, error) {
	states, err := r.current(ctx, project, subjects, known, documentForm)
	documents := make(map[models.ID]*Document, len(states))
	for subject, state := range states {
		documents[subject] = state.document
	}
	return documents, err
}

// CurrentOfNames returns the latest entries with one of the keys, as LatestEntries does now. It serves subjects whose
// entries are cached as of a known revision without a statement, and stores nothing.
func (r *Reader) CurrentOfNames(
	ctx context.Context, project models.ID, subjects []models.ID, keys []string, known Revisions,
) (map[models.ID][]*models.MetadataEntry, error) {
	found, rest, err := r.cachedSelection(ctx, project, subjects, known, selection{
		isChosen: func(e *models.MetadataEntry) bool { return slices.Contains(keys, e.Key) },
		cost: func(e *models.MetadataEntry, chosen bool) int64 {
			if chosen {
				return costOf(e)
			}
			return costWithoutText(e)
		},
	})
	if err != nil || len(rest) == 0 {
		return found, err
	}
	return addRest(found)(r.LatestEntries(ctx, project, rest, keys, nil))
}

// CurrentOfKeys returns the latest entries of keys, as LatestOfKeys does now. It reads like CurrentOfNames.
func (r *Reader) CurrentOfKeys(
	ctx context.Context, project models.ID, subjects []models.ID, keys []models.MetadataKey, known Revisions,
) (map[models.ID][]*models.MetadataEntry, error) {
	found, rest, err := r.cachedSelection(ctx, project, subjects, known, selection{
		isChosen: func(e *models.MetadataEntry) bool {
			return slices.Contains(keys, models.MetadataKey{Card: e.CardName, Key: e.Key})
		},
		cost: func(e *models.MetadataEntry, chosen bool) int64 {
			if chosen {
				return costOf(e)
			}
			return 0
		},
	})
	if err != nil || len(rest) == 0 {
		return found, err
	}
	return addRest(found)(r.LatestOfKeys(ctx, project, rest, keys, nil))
}

// selection selects latest rows.
type selection struct {
	isChosen func(*models.MetadataEntry) bool
	// cost returns the cost of a row in a statement with this selection.
	cost func(e *models.MetadataEntry, chosen bool) int64
}

// cachedSelection returns the selected entries of the subjects whose entries are cached as of a known revision, and the
// other subjects.
func (r *Reader) cachedSelection(
	ctx context.Context, project models.ID, subjects []models.ID, known Revisions, s selection,
) (found map[models.ID][]*models.MetadataEntry, rest []models.ID, err error) {
	found = make(map[models.ID][]*models.MetadataEntry, len(subjects))
	b := budgetOf(ctx)
	for _, subject := range subjects {
		cached := r.Cache.get(subjectKey{project, subject})
		if cached == nil || cached.entries == nil || !cached.isOf(subject, known) {
			rest = append(rest, subject)
			continue
		}
		cost := int64(0)
		for _, e := range cached.entries.all {
			chosen := s.isChosen(e)
			cost += s.cost(e, chosen)
			if chosen && !hasNoValue(e) {
				found[subject] = append(found[subject], e)
			}
		}
		if err := b.charge(cost); err != nil {
			return nil, nil, err
		}
	}
	r.Cache.count(len(subjects)-len(rest), len(rest))
	return found, rest, nil
}

// addRest returns a function that adds the entries of other subjects to found.
func addRest(found map[models.ID][]*models.MetadataEntry) func(
	map[models.ID][]*models.MetadataEntry, error,
) (map[models.ID][]*models.MetadataEntry, error) {
	return func(rest map[models.ID][]*models.MetadataEntry, err error) (map[models.ID][]*models.MetadataEntry, error) {
		for subject, entries := range rest {
			found[subject] = entries
		}
		return found, err
	}
}

// isOf reports whether the state has the known revision of a subject.
func (s *state) isOf(subject models.ID, known Revisions) bool {
	if known == nil {
		return false
	}
	revision, ok := known(subject)
	return ok && revision == s.revision
}

// has reports whether the state has a form, or can be converted to it.
func (s *state) has(f form) bool {
	return s != nil && (s.entries != nil || f == documentForm && s.document != nil)
}

// cost returns the sum of the costs of the rows.
func (s *state) cost() int64 {
	if s.entries != nil {
		return s.entries.cost
	}
	return s.document.cost
}

// current returns the present states of subjects in a form. Subjects that do not exist are absent.
func (r *Reader) current(
	ctx context.Context, project models.ID, subjects []models.ID, known Revisions, f form,
) (map[models.ID]*state, error) {
	b := budgetOf(ctx)
	found := make(map[models.ID]*state, len(subjects))
	unknown := map[models.ID]*state{} // with a state to validate, nil for none
	for _, subject := range subjects {
		cached := r.Cache.get(subjectKey{project, subject})
		switch {
		case !cached.has(f):
			unknown[subject] = nil
		case !cached.isOf(subject, known):
			unknown[subject] = cached
		case found[subject] == nil:
			if err := b.charge(cached.cost()); err != nil {
				return nil, err
			}
			found[subject] = r.convert(subjectKey{project, subject}, cached, f)
		}
	}
	if len(unknown) > 0 {
		read := &currentRead{reader: r, budget: b, project: project, form: f, cached: unknown, found: found}
		if err := read.run(ctx); err != nil {
			return nil, r.DB.TranslateError(err)
		}
		r.Cache.count(read.valid, len(unknown)-read.valid)
	}
	r.Cache.count(len(subjects)-len(unknown), 0)
	return found, nil
}

// convert returns a state with a form, which it adds to the cache if it is new.
func (r *Reader) convert(key subjectKey, s *state, f form) *state {
	if f == entriesForm || s.document != nil {
		return s
	}
	document := s.entries.document()
	s = &state{s.revision, s.entries, document}
	if document.Err == nil {
		r.Cache.put(key, s)
	}
	return s
}

// errScattered is the error of a statement that does not return the rows of each subject together.
var errScattered = errors.New("the rows of a subject do not follow each other")

// wantedSubject is a subject to read, with the revision of a cached state.
type wantedSubject struct {
	Subject models.ID `json:"subject"`
	Known   *int64    `json:"known"`
}

// currentStatement returns the statement that reads the revisions of subjects and, in the same snapshot, the latest
// rows of those whose revision is not the cached one. A subject without rows has one row with nulls. The condition on
// the revision is a part of the look-up, so that it is evaluated once for a subject.
func currentStatement(d engine.Dialect, project models.ID, wanted []wantedSubject, f form) engine.Expr {
	columns := allColumns
	if f == documentForm {
		columns = documentColumns
	}
	return engine.SQL("SELECT s.id, s.revision, "+columns+" FROM ?",
		d.JSONRows(wanted, engine.IDColumn("subject"), engine.NumberColumn("known")).
			Concat(d.LateralJoin("subjects s", "s", engine.SQL("s.project_id = ? AND s.id = t.subject", project))).
			Concat(d.LeftLateralJoin("metadata_latest m", "m", engine.SQL(`m.project_id = ?
				AND m.subject_id = CASE WHEN t.known IS NULL OR t.known <> s.revision THEN s.id END`, project))))
}
