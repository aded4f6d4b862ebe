package store

import (
	"context"
	"errors"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/entries"
	"github.com/placard/placard/internal/store/group"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// Write is facts about one subject.
type Write struct {
	Target models.MetadataTarget
	Facts  []models.Fact
	// Path is the path of the write in the input.
	Path *models.Path `json:"-"`
}

// entries returns the entries of the write, about a subject and from a step run, which is zero for none.
func (w Write) entries(subject, stepRun models.ID) []entryDraft {
	entries := make([]entryDraft, len(w.Facts))
	for i, fact := range w.Facts {
		entries[i] = entryDraft{subject: subject, stepRun: stepRun, fact: fact}
	}
	return entries
}

// stepRunOf returns the step run that a selector names, zero for none.
func stepRunOf(target models.MetadataTarget) (id models.ID) {
	switch {
	case target.StepContext != nil:
		id, _ = models.ParseID(target.StepContext.StepRunID)
	case target.StepRunID != nil:
		id, _ = models.ParseID(*target.StepRunID)
	}
	return id
}

// Logged is the result of a write or a retraction.
type Logged = snapshot.Logged

// LogMetadata stores writes in one transaction and returns their results. All entries have the same time. If two
// writes set a key of one subject, the later one is its value.
//
// It fails with NOT_FOUND, AMBIGUOUS_OUTPUT, NO_OUTPUTS, OUTPUT_NOT_FOUND or BAD_INPUT for a selector, BAD_INPUT for
// writes to several projects, IDEMPOTENCY_KEY_REUSED and FORBIDDEN.
func (s *Store) LogMetadata(ctx context.Context, call Call, writes []Write) ([]Logged, bool, error) {
	call.Input = canonicalInput(auth.FromContext(ctx), writes)
	keyed, err := newKeyedCall(call)
	if err != nil {
		return nil, false, err
	}
	answer := snapshot.LoggedList(len(writes), func(write int, project, subject models.ID) []*models.MetadataEntry {
		return repeatedEntries(project, writes[write].entries(subject, stepRunOf(writes[write].Target)))
	})
	if logged, err := s.logInGroup(ctx, keyed, writes, answer); !errors.Is(err, group.ErrLeft) {
		return logged, false, err
	}
	return s.logAlone(ctx, keyed, writes, answer)
}

// logAlone runs LogMetadata in a transaction of its own.
func (s *Store) logAlone(
	ctx context.Context, call *keyedCall, writes []Write, answer func(*snapshot.Codec, *[]Logged),
) ([]Logged, bool, error) {
	done, err := runKeyed(ctx, s, call, answer,
		func(tx *transaction) (models.ID, []Logged, error) {
			targets := make([]models.MetadataTarget, len(writes))
			paths := make([]*models.Path, len(writes))
			for i, write := range writes {
				targets[i], paths[i] = write.Target, write.Path.Child("target")
			}
			found, err := target.Resolve(tx.Tx, targets, paths)
			project := firstProject(found)
			if err == nil {
				err = tx.RequireRole(models.ApiKeyRoleWriter, project)
			}
			if err != nil {
				return project, nil, err
			}
			var entries []entryDraft
			drafts := make([][]entryDraft, len(writes))
			for i, write := range writes {
				if found[i].Project != project {
					return project, nil, models.BadInput(paths[i], "is in another project than the writes before it")
				}
				drafts[i] = write.entries(found[i].Subject, found[i].StepRun)
				entries = append(entries, drafts[i]...)
			}
			floor, err := tx.lock(project, found)
			if err != nil {
				return project, nil, err
			}
			events := entryEvents(models.TimelineEventMetadataLogged, found, drafts)
			stored, err := tx.append(project, tx.Dialect.Now(floor), call.Caller, entries, events)
			if err != nil {
				return project, nil, err
			}
			if call.Key != nil {
				if err := tx.attachArtifacts(found); err != nil {
					return project, nil, err
				}
			}
			logged, _ := takeLogged(writes, found, stored)
			return project, logged, nil
		})
	return done.Value, done.Replayed, err
}

// takeLogged returns the results of writes from the first of the stored entries, and the other entries.
func takeLogged(
	writes []Write, found []target.Resolved, stored []*models.MetadataEntry,
) (logged []Logged, rest []*models.MetadataEntry) {
	logged = make([]Logged, len(writes))
	for i, write := range writes {
		n := len(write.Facts)
		logged[i] = Logged{Subject: found[i].Object, Entries: stored[:n:n]}
		stored = stored[n:]
	}
	return logged, stored
}

// attachArtifacts adds the artifacts to versions, because a replay can be later than their deletion.
func (tx *transaction) attachArtifacts(found []target.Resolved) error {
	var ids []models.ID
	for _, one := range found {
		if version, ok := one.Object.(*models.ArtifactVersion); ok {
			ids = append(ids, version.ArtifactID)
		}
	}
	artifacts, err := access.ArtifactsByID(tx.Within(firstProject(found)), ids)
	for _, one := range found {
		if version, ok := one.Object.(*models.ArtifactVersion); ok {
			version.KnownArtifact = artifacts[version.ArtifactID]
		}
	}
	return err
}

// canonicalInput returns writes with their projects resolved, in the form that an idempotency key compares.
func canonicalInput(who auth.Principal, writes []Write) []Write {
	same := make([]Write, len(writes))
	for i, write := range writes {
		if named := write.Target.ArtifactVersion; named != nil {
			write.Target.ArtifactVersion = target.CanonicalName(who, *named)
		}
		same[i] = write
	}
	return same
}

// Retraction is a list of keys of one subject to retract.
type Retraction struct {
	Target models.MetadataTarget
	Keys   []models.MetadataKeyInput
	Reason *string
}

// entries returns the retractions, about a subject and from a step run, which is zero for none.
func (r Retraction) entries(subject, stepRun models.ID) []entryDraft {
	entries := make([]entryDraft, len(r.Keys))
	for i, key := range r.Keys {
		fact := models.Fact{Key: key.Key}
		if key.Card != nil {
			fact.Card = *key.Card
		}
		entries[i] = entryDraft{subject: subject, stepRun: stepRun, retracted: true, reason: r.Reason, fact: fact}
	}
	return entries
}

// RetractMetadata appends a retraction for each key. It fails with NOT_FOUND for a key without a value, and with
// FORBIDDEN.
func (s *Store) RetractMetadata(ctx context.Context, call Call, at *models.Path, r Retraction) (Logged, bool, error) {
	same := r
	same.Target = canonicalInput(auth.FromContext(ctx), []Write{{Target: r.Target}})[0].Target
	call.Input = same
	repeated := func(_ int, project, subject models.ID) []*models.MetadataEntry {
		return repeatedEntries(project, r.entries(subject, stepRunOf(r.Target)))
	}
	fields := func(s *snapshot.Codec, logged *Logged) {
		one := []Logged{*logged}
		snapshot.LoggedList(1, repeated)(s, &one)
		*logged = one[0]
	}
	done, err := withIdempotency(ctx, s, call, fields, func(tx *transaction) (models.ID, Logged, error) {
		found, err := target.Resolve(tx.Tx, []models.MetadataTarget{r.Target}, []*models.Path{at.Child("target")})
		project := firstProject(found)
		if err == nil {
			err = tx.RequireRole(models.ApiKeyRoleWriter, project)
		}
		if err == nil {
			err = tx.attachArtifacts(found)
		}
		if err != nil {
			return project, Logged{}, err
		}
		subject := found[0].Subject
		floor, err := tx.lock(project, found)
		if err != nil {
			return project, Logged{}, err
		}
		drafts := r.entries(subject, found[0].StepRun)
		keys := make([]entries.CardKey, len(drafts))
		for i, draft := range drafts {
			keys[i] = entries.CardKey{Card: draft.fact.Card, Key: draft.fact.Key}
		}
		live, err := entries.LiveKeys(tx.Tx, project, subject, keys)
		if err != nil {
			return project, Logged{}, err
		}
		for i, key := range keys {
			if !live[key] {
				return project, Logged{}, models.NotFound(at.Child("keys").Child(i), "has no value that could be retracted")
			}
		}
		events := entryEvents(models.TimelineEventMetadataRetracted, found, [][]entryDraft{drafts})
		for i := range events {
			events[i].details.Reason = r.Reason
		}
		stored, err := tx.append(project, tx.Dialect.Now(floor), call.Caller, drafts, events)
		if err == nil {
			err = tx.auditRetraction(found[0].Object, stored)
		}
		return project, Logged{Subject: found[0].Object, Entries: stored}, err
	})
	return done.Value, done.Replayed, err
}

// repeatedEntries returns the entries of drafts with the fields that come from the input of a call.
func repeatedEntries(project models.ID, drafts []entryDraft) []*models.MetadataEntry {
	entries := make([]*models.MetadataEntry, len(drafts))
	for i, draft := range drafts {
		entries[i] = draft.entry(project, models.ID{}, nil)
	}
	return entries
}

func (tx *transaction) auditRetraction(of models.Subject, entries []*models.MetadataEntry) error {
	project, id, _ := of.MetadataRef()
	if version, ok := of.(*models.ArtifactVersion); ok {
		id = version.ID
	}
	return tx.audit(project, models.AuditActionMetadataRetracted, id, "%s of %s", access.QuoteKeys(entries), access.Describe(of))
}

// firstProject returns the project of the first target with a known project.
func firstProject(found []target.Resolved) models.ID {
	for _, one := range found {
		if !one.Project.IsZero() {
			return one.Project
		}
	}
	return models.ID{}
}
