// Package snapshot encodes the answers to calls with idempotency keys as compact snapshots, and decodes them (ADR
// 0028).
//
// It hides the binary form: a snapshot holds the part of an answer that the repeated input does not contain. One list
// of fields per type serves both directions. Answers of programs before snapshots are JSON, which Logged also reads.
//
// Write and Read convert an answer with the fields of its type: Pointer of a type such as Version, ID, LoggedList for
// the results of writes, or ErasedEntries for those of an erasure.
package snapshot

import (
	"encoding/binary"
	"errors"

	"github.com/placard/placard/models"
)

// The forms of a snapshot, its first byte. A change of the fields below needs a new form. The program reads old forms
// as long as rows can have them.
const (
	// formWithoutAuthors has no authors, descriptions and times of changes.
	formWithoutAuthors = 1
	currentForm        = 2
)

var errDamaged = errors.New("the stored snapshot of an answer is damaged")

// Codec writes or reads the fields of one snapshot. The functions code… append a field to its bytes, or take the
// field off them when it is read.
type Codec struct {
	bytes   []byte
	reading bool
	form    byte
	// failed is set when the bytes that are read do not fit the fields.
	failed bool
	// project is the project of everything in the answer.
	project models.ID
}

// Write returns the snapshot of an answer with the fields that a function lists.
func Write[T any](project models.ID, fields func(*Codec, *T), answer T) []byte {
	s := &Codec{bytes: []byte{currentForm}, form: currentForm, project: project}
	fields(s, &answer)
	return s.bytes
}

// Read returns the answer of a snapshot that Write made with the same fields.
func Read[T any](project models.ID, fields func(*Codec, *T), stored []byte) (answer T, err error) {
	if len(stored) == 0 || stored[0] < formWithoutAuthors || stored[0] > currentForm {
		return answer, errDamaged
	}
	s := &Codec{bytes: stored[1:], reading: true, form: stored[0], project: project}
	fields(s, &answer)
	if s.failed || len(s.bytes) > 0 {
		return answer, errDamaged
	}
	return answer, nil
}

// take returns the next n bytes, or nil when there are fewer.
func (s *Codec) take(n uint64) []byte {
	if n > uint64(len(s.bytes)) {
		s.bytes, s.failed = nil, true
		return nil
	}
	taken := s.bytes[:n]
	s.bytes = s.bytes[n:]
	return taken
}

func (s *Codec) codeID(id *models.ID) {
	if s.reading {
		copy(id[:], s.take(uint64(len(id))))
	} else {
		s.bytes = append(s.bytes, id[:]...)
	}
}

// codeProject sets the project of an object that is read. The snapshot does not repeat it.
func (s *Codec) codeProject(project *models.ID) {
	if s.reading {
		*project = s.project
	}
}

func codeInteger[T ~int | ~int32 | ~int64](s *Codec, number *T) {
	if !s.reading {
		s.bytes = binary.AppendVarint(s.bytes, int64(*number))
		return
	}
	read, n := binary.Varint(s.bytes)
	s.take(uint64(max(n, 0)))
	*number, s.failed = T(read), s.failed || n <= 0
}

func codeText[T ~string](s *Codec, text *T) {
	length := len(*text)
	codeInteger(s, &length)
	if s.reading {
		*text = T(s.take(uint64(length)))
	} else {
		s.bytes = append(s.bytes, *text...)
	}
}

func (s *Codec) codeTime(at *models.Time) {
	micros := at.UnixMicro()
	codeInteger(s, &micros)
	*at = models.TimeFromMicros(micros)
}

// codeOptional codes a field that may be nil.
func codeOptional[T any](s *Codec, field **T, value func(*Codec, *T)) {
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

// codeAuthor codes the author of an object, and its description, unless the form is older. description is nil for an
// object without one.
func (s *Codec) codeAuthor(author, description **string) {
	if s.form <= formWithoutAuthors {
		return
	}
	codeOptional(s, author, codeText[string])
	if description != nil {
		codeOptional(s, description, codeText[string])
	}
}

// codeChange codes the time of the last change of a run, unless the form is older.
func (s *Codec) codeChange(at **models.Time) {
	if s.form > formWithoutAuthors {
		codeOptional(s, at, (*Codec).codeTime)
	}
}

// Pointer returns the function that codes an answer with one object.
func Pointer[T any](fields func(*Codec, *T)) func(*Codec, **T) {
	return func(s *Codec, object **T) {
		if s.reading {
			*object = new(T)
		}
		fields(s, *object)
	}
}

// ID codes the ID of a deleted object.
func ID(s *Codec, id *models.ID) { s.codeID(id) }

// Version codes the fields of an artifact version.
func Version(s *Codec, v *models.ArtifactVersion) {
	s.codeProject(&v.ProjectID)
	s.codeID(&v.ID)
	s.codeID(&v.ArtifactID)
	s.codeID(&v.SubjectID)
	codeText(s, &v.Version)
	codeInteger(s, &v.Number)
	codeOptional(s, &v.Type, codeText[string])
	s.codeTime(&v.CreatedAt)
	s.codeAuthor(&v.CreatedBy, &v.Description)
	codeOptional(s, &v.KnownArtifact, Artifact)
}

// Artifact codes the fields of an artifact.
func Artifact(s *Codec, a *models.Artifact) {
	s.codeProject(&a.ProjectID)
	s.codeID(&a.ID)
	codeText(s, &a.Name)
	s.codeTime(&a.CreatedAt)
	s.codeAuthor(&a.CreatedBy, &a.Description)
	if s.form > formWithoutAuthors {
		s.codeTime(&a.ChangedAt)
	} else {
		a.ChangedAt = a.CreatedAt
	}
}

// Project codes the fields of a project.
func Project(s *Codec, p *models.Project) {
	s.codeProject(&p.ID)
	codeText(s, &p.Name)
	s.codeTime(&p.CreatedAt)
	codeOptional(s, &p.Description, codeText[string])
}

// Output codes the fields of an output, with its version if that is known.
func Output(s *Codec, o *models.StepOutput) {
	s.codeProject(&o.ProjectID)
	s.codeID(&o.ID)
	s.codeID(&o.StepRunID)
	codeInteger(s, &o.Position)
	codeText(s, &o.Name)
	codeOptional(s, &o.ArtifactName, codeText[string])
	s.codeID(&o.ArtifactVersionID)
	codeOptional(s, &o.BoundAt, (*Codec).codeTime)
	if s.form > formWithoutAuthors {
		s.codeID(&o.ReusedSubjectID)
		codeOptional(s, &o.KnownVersion, Version)
	}
}

// Finished is a step run that has ended, with the outputs that were saved and their versions.
type Finished struct {
	Step    *models.StepRun
	Outputs []*models.StepOutput
}

// FinishedStep codes a step run that has ended, and its outputs.
func FinishedStep(s *Codec, f *Finished) {
	Pointer(StepRun)(s, &f.Step)
	n := len(f.Outputs)
	codeInteger(s, &n)
	if s.reading && n >= 0 && n <= models.MaxOutputs {
		f.Outputs = make([]*models.StepOutput, n)
	}
	s.failed = s.failed || n != len(f.Outputs)
	for i := range f.Outputs {
		Pointer(Output)(s, &f.Outputs[i])
	}
}

// StepRun codes the fields of a step run.
func StepRun(s *Codec, r *models.StepRun) {
	s.codeProject(&r.ProjectID)
	s.codeID(&r.ID)
	s.codeID(&r.PipelineRunID)
	codeText(s, &r.Name)
	codeText(s, &r.Status)
	s.codeTime(&r.StartedAt)
	codeOptional(s, &r.FinishedAt, (*Codec).codeTime)
	s.codeAuthor(&r.CreatedBy, nil)
	s.codeChange(&r.ChangedAt)
	if s.form > formWithoutAuthors {
		codeOptional(s, &r.KnownPipelineRun, PipelineRun)
	}
}

// PipelineRun codes the fields of a pipeline run.
func PipelineRun(s *Codec, r *models.PipelineRun) {
	s.codeProject(&r.ProjectID)
	s.codeID(&r.ID)
	codeText(s, &r.Pipeline)
	codeText(s, &r.Status)
	s.codeTime(&r.StartedAt)
	codeOptional(s, &r.FinishedAt, (*Codec).codeTime)
	s.codeAuthor(&r.CreatedBy, nil)
	s.codeChange(&r.ChangedAt)
}

// codeSubject codes the letter of the type of a subject, and its fields.
func (s *Codec) codeSubject(subject *models.Subject) {
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
		codeObject(s, subject, Version)
	case models.SubjectStepOutput:
		codeObject(s, subject, Output)
	case models.SubjectStepRun:
		codeObject(s, subject, StepRun)
	case models.SubjectPipelineRun:
		codeObject(s, subject, PipelineRun)
	default:
		s.failed = true
	}
}

func codeObject[T any, P interface {
	*T
	models.Subject
}](s *Codec, subject *models.Subject, fields func(*Codec, *T)) {
	if s.reading {
		*subject = P(new(T))
	}
	fields(s, (*subject).(P))
}
