package snapshot

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/models"
)

// filled returns an object in which each field has a value of its own, except those that writes never set.
func filled[T any](project models.ID) *T {
	object := new(T)
	n := 0
	fill(reflect.ValueOf(object).Elem(), project, &n)
	return object
}

func fill(value reflect.Value, project models.ID, n *int) {
	*n++
	switch target := value.Addr().Interface().(type) {
	case *models.ID:
		*target = models.NewID()
		return
	case *models.Time:
		*target = models.TimeFromMicros(int64(*n) * 1e12)
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString(fmt.Sprint("text ", *n))
	case reflect.Int32, reflect.Int64:
		value.SetInt(int64(*n))
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), project, n)
	case reflect.Struct:
		for i := range value.NumField() {
			switch value.Type().Field(i).Name {
			case "AsOf", "Distance", "Revision": // of a view, of a lineage, and of a query
			case "ProjectID":
				value.Field(i).Set(reflect.ValueOf(project))
			default:
				fill(value.Field(i), project, n)
			}
		}
	default:
		panic("no value for a " + value.Kind().String())
	}
}

// kept reports whether an object comes back from a snapshot as it was.
func kept[T any](t *testing.T, fields func(*Codec, *T)) bool {
	t.Helper()
	project := models.NewID()
	object := filled[T](project)
	again, err := Read(project, fields, Write(project, fields, *object))
	if err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(again, *object)
}

// TestProjectSnapshot checks that a snapshot keeps every field of a project, which is the project of the answer.
func TestProjectSnapshot(t *testing.T) {
	t.Parallel()
	project := filled[models.Project](models.NewID())
	again, err := Read(project.ID, Project, Write(project.ID, Project, *project))
	if err != nil || !reflect.DeepEqual(again, *project) {
		t.Errorf("got %v and %v, want %v", again, err, *project)
	}
}

// TestSnapshotFields checks that a snapshot keeps every field of an object. The control leaves a field out.
func TestSnapshotFields(t *testing.T) {
	t.Parallel()
	for name, whole := range map[string]bool{
		"version": kept(t, Version), "artifact": kept(t, Artifact), "output": kept(t, Output),
		"step run": kept(t, StepRun), "pipeline run": kept(t, PipelineRun),
	} {
		if !whole {
			t.Errorf("a %s has a field that its snapshot does not keep", name)
		}
	}
	if kept(t, func(s *Codec, a *models.Artifact) {
		s.codeProject(&a.ProjectID)
		s.codeID(&a.ID)
		codeText(s, &a.Name)
	}) {
		t.Error("control: a field that is left out is not missed")
	}
}

// drawLogged returns random results of writes, and their entries as the input repeats them.
func drawLogged(r *rand.Rand, project models.ID) ([]Logged, RepeatedEntries) {
	subjects := []models.Subject{
		filled[models.ArtifactVersion](project), filled[models.ArtifactVersion](project), filled[models.StepOutput](project),
		filled[models.StepRun](project), filled[models.PipelineRun](project),
	}
	caller, writes := "caller", make([][]models.MetadataEntry, 1+r.IntN(20))
	kind, text := models.MetadataKind("STRING"), `"x"`
	var sizes int
	for i := range writes {
		for j := range 1 + r.IntN(50) {
			writes[i] = append(writes[i], models.MetadataEntry{
				StepRunID: models.NewID(), CardName: "card", Key: fmt.Sprint(j), Kind: &kind, Text: &text,
			})
			sizes++
		}
	}
	repeated := func(write int, project, subject models.ID) []*models.MetadataEntry {
		entries := make([]*models.MetadataEntry, len(writes[write]))
		for i, entry := range writes[write] {
			entry.ProjectID, entry.SubjectID, entries[i] = project, subject, &entry
		}
		return entries
	}
	ids, logged, seq := models.NewIDs(sizes), make([]Logged, len(writes)), models.Int64(r.Int64N(1<<40))
	at := models.TimeFromMicros(time.Now().UnixMicro())
	for i := range writes {
		logged[i].Subject = subjects[r.IntN(len(subjects))]
		_, subject, _ := logged[i].Subject.MetadataRef()
		for _, entry := range repeated(i, project, subject) {
			seq += models.Int64(1 + r.IntN(2)*r.IntN(3))
			entry.ID, entry.Seq, entry.LoggedAt, entry.LoggedBy, ids = ids[0], seq, at, &caller, ids[1:]
			logged[i].Entries = append(logged[i].Entries, entry)
		}
	}
	return logged, repeated
}

// TestSnapshotOfEntries checks that entries with random gaps between their numbers come back as they were, and that a
// damaged snapshot is an error.
func TestSnapshotOfEntries(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		project := models.NewID()
		logged, repeated := drawLogged(r, project)
		fields := LoggedList(len(logged), repeated)
		stored := Write(project, fields, logged)
		again, err := Read(project, fields, stored)
		if err != nil || !reflect.DeepEqual(again, logged) {
			t.Fatalf("%v:\n%s\nwant\n%s", err, asJSON(t, again), asJSON(t, logged))
		}
		n := r.IntN(len(stored))
		for damage, bytes := range map[string][]byte{
			"cut off": stored[:n], "longer": append(stored[:len(stored):len(stored)],
				0), "another form": append([]byte{currentForm + 1}, stored[1:]...),
		} {
			if _, err := Read(project, fields, bytes); err == nil {
				t.Errorf("%s: no error", damage)
			}
		}
		stored[n] ^= byte(1 + r.IntN(255))
		_, _ = Read(project, fields, stored) // it may fit, and does not panic
	}
}

// TestSnapshotOfErasedEntries checks that a snapshot keeps the fields of erased entries, which have no values.
func TestSnapshotOfErasedEntries(t *testing.T) {
	t.Parallel()
	project := models.NewID()
	entries := []*models.MetadataEntry{filled[models.MetadataEntry](project), filled[models.MetadataEntry](project)}
	for _, entry := range entries {
		entry.Kind, entry.Text, entry.Reason, entry.AsOf, entry.Erased = nil, nil, nil, nil, true
	}
	entries[1].Retracted, entries[1].LoggedBy = false, nil
	again, err := Read(project, ErasedEntries, Write(project, ErasedEntries, entries))
	if err != nil || !reflect.DeepEqual(again, entries) {
		t.Errorf("%v:\n%s\nwant\n%s", err, asJSON(t, again), asJSON(t, entries))
	}
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), `"ID"`, "\n\"ID\"")
}

// TestIDsFollow checks that IDs of one call differ from those of others, and that each is the one before it plus 1.
func TestIDsFollow(t *testing.T) {
	t.Parallel()
	seen := map[models.ID]bool{}
	for range 100 {
		ids := models.NewIDs(1000)
		for i, id := range ids {
			if parsed, ok := models.ParseID(id.String()); !ok || parsed != ids[0].Plus(i) || seen[id] || id[6]>>4 != 7 ||
				id[8]>>6 != 2 {
				t.Fatalf("%s is number %d after %s", id, i, ids[0])
			}
			seen[id] = true
		}
	}
}
