package snapshot

import (
	"encoding/json"
	"fmt"

	"github.com/placard/placard/models"
)

// Logged is the result of a write or a retraction.
type Logged struct {
	Subject models.Subject
	Entries []*models.MetadataEntry
}

// RepeatedEntries returns the entries of a write about a subject, with the fields that the input of the call contains.
type RepeatedEntries func(write int, project, subject models.ID) []*models.MetadataEntry

// LoggedList returns the function that codes the results of writes: the subjects, and of the entries the first ID, the
// numbers, the time and the name of the caller. The repeated input has the rest: entries returns it for a write about a
// subject.
func LoggedList(writes int, entries RepeatedEntries) func(*Codec, *[]Logged) {
	return func(s *Codec, logged *[]Logged) {
		if s.reading {
			*logged = make([]Logged, writes)
		}
		s.codeSubjects(*logged)
		var all []*models.MetadataEntry
		for i := range *logged {
			one := &(*logged)[i]
			if s.reading && !s.failed {
				_, subject, _ := one.Subject.MetadataRef()
				one.Entries = entries(i, s.project, subject)
			}
			all = append(all, one.Entries...)
		}
		if len(all) > 0 && !s.failed {
			s.codeEntries(all)
		}
	}
}

// codeSubjects codes the subjects of writes, each of them once.
func (s *Codec) codeSubjects(logged []Logged) {
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
func (s *Codec) codeEntries(entries []*models.MetadataEntry) {
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
func (s *Codec) codeNumbers(entries []*models.MetadataEntry) {
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

// ErasedEntries codes erased entries, which have no values.
func ErasedEntries(s *Codec, entries *[]*models.MetadataEntry) {
	n := len(*entries)
	codeInteger(s, &n)
	for i := 0; i < n && !s.failed; i++ {
		if s.reading {
			*entries = append(*entries, &models.MetadataEntry{Erased: true})
		}
		e, retracted := (*entries)[i], 0
		if e.Retracted {
			retracted = 1
		}
		s.codeProject(&e.ProjectID)
		s.codeID(&e.ID)
		s.codeID(&e.SubjectID)
		s.codeID(&e.StepRunID)
		codeInteger(s, &e.Seq)
		codeText(s, &e.CardName)
		codeText(s, &e.Key)
		codeInteger(s, &retracted)
		s.codeTime(&e.LoggedAt)
		codeOptional(s, &e.LoggedBy, codeText[string])
		e.Retracted = retracted == 1
	}
}

// UnmarshalJSON reads the result of a write from a whole answer, in the form of programs before migration 6.
func (l *Logged) UnmarshalJSON(text []byte) error {
	var raw struct {
		Type    string
		Subject json.RawMessage
		Entries []*models.MetadataEntry
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	switch raw.Type {
	case "ArtifactVersion":
		l.Subject = new(models.ArtifactVersion)
	case "StepOutput":
		l.Subject = new(models.StepOutput)
	case "StepRun":
		l.Subject = new(models.StepRun)
	case "PipelineRun":
		l.Subject = new(models.PipelineRun)
	default:
		return fmt.Errorf("stored answer about a %q", raw.Type)
	}
	l.Entries = raw.Entries
	return json.Unmarshal(raw.Subject, l.Subject)
}
