package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/placard/placard/models"
)

// snapshotForm is the first byte of a snapshot. A program reads every form that a row younger than the longest retention
// may have, so a change of the fields below needs a new form and a reader of the old one.
const snapshotForm = 1

var errSnapshot = errors.New("the stored snapshot of an answer is damaged")

// snapshot is the stored form of the answer to a call with an idempotency key. It is written or read: each method appends
// a field, or takes it off the bytes that are left. So one list of fields serves both directions.
type snapshot struct {
	bytes   []byte
	reading bool
	// failed is set when the bytes that are read do not fit the fields.
	failed bool
	// project is the project of everything in the answer.
	project models.ID
}

// writeSnapshot returns the snapshot of an answer with the fields that a function lists.
func writeSnapshot[T any](project models.ID, fields func(*snapshot, *T), answer T) []byte {
	s := &snapshot{bytes: []byte{snapshotForm}, project: project}
	fields(s, &answer)
	return s.bytes
}

// readSnapshot returns the answer of a snapshot that writeSnapshot made with the same fields.
func readSnapshot[T any](project models.ID, fields func(*snapshot, *T), stored []byte) (answer T, err error) {
	if len(stored) == 0 || stored[0] != snapshotForm {
		return answer, errSnapshot
	}
	s := &snapshot{bytes: stored[1:], reading: true, project: project}
	fields(s, &answer)
	if s.failed || len(s.bytes) > 0 {
		return answer, errSnapshot
	}
	return answer, nil
}

// take returns the next n bytes, or nil when there are fewer.
func (s *snapshot) take(n uint64) []byte {
	if n > uint64(len(s.bytes)) {
		s.bytes, s.failed = nil, true
		return nil
	}
	taken := s.bytes[:n]
	s.bytes = s.bytes[n:]
	return taken
}

func (s *snapshot) id(id *models.ID) {
	if s.reading {
		copy(id[:], s.take(uint64(len(id))))
	} else {
		s.bytes = append(s.bytes, id[:]...)
	}
}

// inProject is the project of an object, which the snapshot does not repeat.
func (s *snapshot) inProject(project *models.ID) {
	if s.reading {
		*project = s.project
	}
}

func integer[T ~int | ~int32 | ~int64](s *snapshot, number *T) {
	if !s.reading {
		s.bytes = binary.AppendVarint(s.bytes, int64(*number))
		return
	}
	read, n := binary.Varint(s.bytes)
	s.take(uint64(max(n, 0)))
	*number, s.failed = T(read), s.failed || n <= 0
}

func text[T ~string](s *snapshot, text *T) {
	length := len(*text)
	integer(s, &length)
	if s.reading {
		*text = T(s.take(uint64(length)))
	} else {
		s.bytes = append(s.bytes, *text...)
	}
}

func (s *snapshot) time(at *models.Time) {
	micros := at.UnixMicro()
	integer(s, &micros)
	*at = models.TimeFromMicros(micros)
}

// optional is a field that may be nil.
func optional[T any](s *snapshot, field **T, value func(*snapshot, *T)) {
	present := 0
	if *field != nil {
		present = 1
	}
	integer(s, &present)
	if present == 0 {
		return
	}
	if s.reading {
		*field = new(T)
	}
	value(s, *field)
}

// pointerFields are the fields of an answer that is one object.
func pointerFields[T any](fields func(*snapshot, *T)) func(*snapshot, **T) {
	return func(s *snapshot, object **T) {
		if s.reading {
			*object = new(T)
		}
		fields(s, *object)
	}
}

func versionFields(s *snapshot, v *models.ArtifactVersion) {
	s.inProject(&v.ProjectID)
	s.id(&v.ID)
	s.id(&v.ArtifactID)
	s.id(&v.SubjectID)
	text(s, &v.Version)
	integer(s, &v.Number)
	optional(s, &v.Type, text[string])
	s.time(&v.CreatedAt)
	optional(s, &v.Of, artifactFields)
}

func artifactFields(s *snapshot, a *models.Artifact) {
	s.inProject(&a.ProjectID)
	s.id(&a.ID)
	text(s, &a.Name)
	s.time(&a.CreatedAt)
}

func outputFields(s *snapshot, o *models.StepOutput) {
	s.inProject(&o.ProjectID)
	s.id(&o.ID)
	s.id(&o.StepRunID)
	integer(s, &o.Position)
	text(s, &o.Name)
	optional(s, &o.ArtifactName, text[string])
	s.id(&o.ArtifactVersionID)
	optional(s, &o.BoundAt, (*snapshot).time)
}

func stepRunFields(s *snapshot, r *models.StepRun) {
	s.inProject(&r.ProjectID)
	s.id(&r.ID)
	s.id(&r.PipelineRunID)
	text(s, &r.Name)
	text(s, &r.Status)
	s.time(&r.StartedAt)
	optional(s, &r.FinishedAt, (*snapshot).time)
}

func pipelineRunFields(s *snapshot, r *models.PipelineRun) {
	s.inProject(&r.ProjectID)
	s.id(&r.ID)
	text(s, &r.Pipeline)
	text(s, &r.Status)
	s.time(&r.StartedAt)
	optional(s, &r.FinishedAt, (*snapshot).time)
}

// subject is an object that entries are about, after the letter of its type.
func (s *snapshot) subject(subject *models.Subject) {
	var about string
	switch (*subject).(type) {
	case *models.ArtifactVersion:
		about = aboutVersion
	case *models.StepOutput:
		about = aboutOutput
	case *models.StepRun:
		about = aboutStepRun
	case *models.PipelineRun:
		about = aboutPipelineRun
	}
	text(s, &about)
	switch about {
	case aboutVersion:
		subjectFields(s, subject, versionFields)
	case aboutOutput:
		subjectFields(s, subject, outputFields)
	case aboutStepRun:
		subjectFields(s, subject, stepRunFields)
	case aboutPipelineRun:
		subjectFields(s, subject, pipelineRunFields)
	default:
		s.failed = true
	}
}

func subjectFields[T any, P interface {
	*T
	models.Subject
}](s *snapshot, subject *models.Subject, fields func(*snapshot, *T)) {
	if s.reading {
		*subject = P(new(T))
	}
	fields(s, (*subject).(P))
}

// loggedFields lists what is kept of entries: the subjects, the first ID, the numbers, the time and the caller's name. The
// rest is in the input of the call, which is the same when the call is repeated: drafts returns the entries of each write
// about a subject.
func loggedFields(writes int, drafts func(write int, subject models.ID) []newEntry) func(*snapshot, *[]Logged) {
	return func(s *snapshot, logged *[]Logged) {
		if s.reading {
			*logged = make([]Logged, writes)
		}
		s.subjects(*logged)
		var entries []*models.MetadataEntry
		for i := range *logged {
			one := &(*logged)[i]
			if s.reading && !s.failed {
				_, subject, _ := one.Subject.EntriesOf()
				for _, draft := range drafts(i, subject) {
					one.Entries = append(one.Entries, draft.entry(s.project, models.ID{}, nil))
				}
			}
			entries = append(entries, one.Entries...)
		}
		if len(entries) > 0 && !s.failed {
			s.entries(entries)
		}
	}
}

// subjects are those of writes. One that several writes are about is kept once.
func (s *snapshot) subjects(logged []Logged) {
	places := map[string]int{}
	var kept []models.Subject
	for i := range logged {
		subject, place := &logged[i].Subject, len(kept)
		if !s.reading {
			_, id, _ := (*subject).EntriesOf()
			key := fmt.Sprintf("%T %s", *subject, id)
			if known, ok := places[key]; ok {
				place = known
			}
			places[key] = place
		}
		integer(s, &place)
		switch {
		case place == len(kept):
			s.subject(subject)
			kept = append(kept, *subject)
		case place >= 0 && place < len(kept):
			*subject = kept[place]
		default:
			s.failed = true
		}
		if s.failed {
			return
		}
	}
}

// entries are what the database gave entries that were logged together: IDs that follow each other, one time, and numbers.
func (s *snapshot) entries(entries []*models.MetadataEntry) {
	first := *entries[0]
	s.id(&first.ID)
	s.time(&first.LoggedAt)
	optional(s, &first.LoggedBy, text[string])
	if s.reading {
		for i, entry := range entries {
			entry.ID, entry.LoggedAt, entry.LoggedBy = first.ID.Plus(i), first.LoggedAt, first.LoggedBy
		}
	}
	s.numbers(entries)
}

// numbers are the numbers of entries as runs without a gap: the distance from the number before, and the length.
func (s *snapshot) numbers(entries []*models.MetadataEntry) {
	var last models.Int64
	for begin := 0; begin < len(entries) && !s.failed; {
		gap, length := entries[begin].Seq-last, 1
		for begin+length < len(entries) && entries[begin+length].Seq == entries[begin].Seq+models.Int64(length) {
			length++
		}
		integer(s, &gap)
		integer(s, &length)
		if length < 1 || length > len(entries)-begin {
			s.failed = true
			return
		}
		for i := range length {
			entries[begin+i].Seq = last + gap + models.Int64(i)
		}
		last += gap + models.Int64(length-1)
		begin += length
	}
}
