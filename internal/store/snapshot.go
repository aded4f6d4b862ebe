package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/placard/placard/models"
)

// snapshotForm is the first byte of a snapshot. A change of the fields below needs a new form. The program reads the
// old form as long as rows can have it.
const snapshotForm = 1

var errSnapshot = errors.New("the stored snapshot of an answer is damaged")

// snapshot is the stored form of the answer to a call with an idempotency key (ADR 0028). The functions code… append a
// field to it, or take the field off its bytes when it is read. So one list of fields serves both directions.
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

func (s *snapshot) codeID(id *models.ID) {
	if s.reading {
		copy(id[:], s.take(uint64(len(id))))
	} else {
		s.bytes = append(s.bytes, id[:]...)
	}
}

// codeProject sets the project of an object that is read. The snapshot does not repeat it.
func (s *snapshot) codeProject(project *models.ID) {
	if s.reading {
		*project = s.project
	}
}

func codeInteger[T ~int | ~int32 | ~int64](s *snapshot, number *T) {
	if !s.reading {
		s.bytes = binary.AppendVarint(s.bytes, int64(*number))
		return
	}
	read, n := binary.Varint(s.bytes)
	s.take(uint64(max(n, 0)))
	*number, s.failed = T(read), s.failed || n <= 0
}

func codeText[T ~string](s *snapshot, text *T) {
	length := len(*text)
	codeInteger(s, &length)
	if s.reading {
		*text = T(s.take(uint64(length)))
	} else {
		s.bytes = append(s.bytes, *text...)
	}
}

func (s *snapshot) codeTime(at *models.Time) {
	micros := at.UnixMicro()
	codeInteger(s, &micros)
	*at = models.TimeFromMicros(micros)
}

// codeOptional codes a field that may be nil.
func codeOptional[T any](s *snapshot, field **T, value func(*snapshot, *T)) {
	present := 0
	if *field != nil {
		present = 1
	}
	codeInteger(s, &present)
	if present == 0 {
		return
	}
	if s.reading {
		*field = new(T)
	}
	value(s, *field)
}

// codePointer returns the function that codes an answer with one object.
func codePointer[T any](fields func(*snapshot, *T)) func(*snapshot, **T) {
	return func(s *snapshot, object **T) {
		if s.reading {
			*object = new(T)
		}
		fields(s, *object)
	}
}

func codeVersion(s *snapshot, v *models.ArtifactVersion) {
	s.codeProject(&v.ProjectID)
	s.codeID(&v.ID)
	s.codeID(&v.ArtifactID)
	s.codeID(&v.SubjectID)
	codeText(s, &v.Version)
	codeInteger(s, &v.Number)
	codeOptional(s, &v.Type, codeText[string])
	s.codeTime(&v.CreatedAt)
	codeOptional(s, &v.KnownArtifact, codeArtifact)
}

func codeArtifact(s *snapshot, a *models.Artifact) {
	s.codeProject(&a.ProjectID)
	s.codeID(&a.ID)
	codeText(s, &a.Name)
	s.codeTime(&a.CreatedAt)
}

func codeOutput(s *snapshot, o *models.StepOutput) {
	s.codeProject(&o.ProjectID)
	s.codeID(&o.ID)
	s.codeID(&o.StepRunID)
	codeInteger(s, &o.Position)
	codeText(s, &o.Name)
	codeOptional(s, &o.ArtifactName, codeText[string])
	s.codeID(&o.ArtifactVersionID)
	codeOptional(s, &o.BoundAt, (*snapshot).codeTime)
}

func codeStepRun(s *snapshot, r *models.StepRun) {
	s.codeProject(&r.ProjectID)
	s.codeID(&r.ID)
	s.codeID(&r.PipelineRunID)
	codeText(s, &r.Name)
	codeText(s, &r.Status)
	s.codeTime(&r.StartedAt)
	codeOptional(s, &r.FinishedAt, (*snapshot).codeTime)
}

func codePipelineRun(s *snapshot, r *models.PipelineRun) {
	s.codeProject(&r.ProjectID)
	s.codeID(&r.ID)
	codeText(s, &r.Pipeline)
	codeText(s, &r.Status)
	s.codeTime(&r.StartedAt)
	codeOptional(s, &r.FinishedAt, (*snapshot).codeTime)
}

// codeSubject codes the letter of the type of a subject, and its fields.
func (s *snapshot) codeSubject(subject *models.Subject) {
	var about models.SubjectKind
	switch (*subject).(type) {
	case *models.ArtifactVersion:
		about = models.SubjectArtifactVersion
	case *models.StepOutput:
		about = models.SubjectStepOutput
	case *models.StepRun:
		about = models.SubjectStepRun
	case *models.PipelineRun:
		about = models.SubjectPipelineRun
	}
	codeText(s, &about)
	switch about {
	case models.SubjectArtifactVersion:
		codeObject(s, subject, codeVersion)
	case models.SubjectStepOutput:
		codeObject(s, subject, codeOutput)
	case models.SubjectStepRun:
		codeObject(s, subject, codeStepRun)
	case models.SubjectPipelineRun:
		codeObject(s, subject, codePipelineRun)
	default:
		s.failed = true
	}
}

func codeObject[T any, P interface {
	*T
	models.Subject
}](s *snapshot, subject *models.Subject, fields func(*snapshot, *T)) {
	if s.reading {
		*subject = P(new(T))
	}
	fields(s, (*subject).(P))
}

// codeLogged returns the function that codes the results of writes: the subjects, and of the entries the first ID, the
// numbers, the time and the name of the caller. The repeated input has the rest. drafts returns the entries of a write
// about a subject.
func codeLogged(writes int, drafts func(write int, subject models.ID) []entryDraft) func(*snapshot, *[]Logged) {
	return func(s *snapshot, logged *[]Logged) {
		if s.reading {
			*logged = make([]Logged, writes)
		}
		s.codeSubjects(*logged)
		var entries []*models.MetadataEntry
		for i := range *logged {
			one := &(*logged)[i]
			if s.reading && !s.failed {
				_, subject, _ := one.Subject.MetadataRef()
				for _, draft := range drafts(i, subject) {
					one.Entries = append(one.Entries, draft.entry(s.project, models.ID{}, nil))
				}
			}
			entries = append(entries, one.Entries...)
		}
		if len(entries) > 0 && !s.failed {
			s.codeEntries(entries)
		}
	}
}

// codeSubjects codes the subjects of writes, each of them once.
func (s *snapshot) codeSubjects(logged []Logged) {
	places := map[string]int{}
	var kept []models.Subject
	for i := range logged {
		subject, place := &logged[i].Subject, len(kept)
		if !s.reading {
			_, id, _ := (*subject).MetadataRef()
			key := fmt.Sprintf("%T %s", *subject, id)
			if known, ok := places[key]; ok {
				place = known
			}
			places[key] = place
		}
		codeInteger(s, &place)
		switch {
		case place == len(kept):
			s.codeSubject(subject)
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

// codeEntries codes the IDs, the time, the caller and the numbers of entries that one call logged.
func (s *snapshot) codeEntries(entries []*models.MetadataEntry) {
	first := *entries[0]
	s.codeID(&first.ID)
	s.codeTime(&first.LoggedAt)
	codeOptional(s, &first.LoggedBy, codeText[string])
	if s.reading {
		for i, entry := range entries {
			entry.ID, entry.LoggedAt, entry.LoggedBy = first.ID.Plus(i), first.LoggedAt, first.LoggedBy
		}
	}
	s.codeNumbers(entries)
}

// codeNumbers codes the numbers of entries as runs without a gap: the distance from the number before, and the length.
func (s *snapshot) codeNumbers(entries []*models.MetadataEntry) {
	var last models.Int64
	for begin := 0; begin < len(entries) && !s.failed; {
		gap, length := entries[begin].Seq-last, 1
		for begin+length < len(entries) && entries[begin+length].Seq == entries[begin].Seq+models.Int64(length) {
			length++
		}
		codeInteger(s, &gap)
		codeInteger(s, &length)
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
