package transfer_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
	"github.com/placard/placard/models"
)

// TestLaterErasure checks that an import erases what was erased in the source, and never restores a value.
func TestLaterErasure(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, url, to string) {
		s := fill(t, url)
		v := s.version("model", nil)
		s.log(models.MetadataTarget{ArtifactVersionID: ref(v.ID.String())}, `{"secret": 1, "wrong": 2}`)
		must[any](t)(nil, s.retract(v.ID, "wrong", "hunter5"))
		before := export(t, url)
		must[transfer.Imported](t)(importInto(context.Background(), t, to, before))
		s.eraseEntries(s.entryIDs("key = 'secret' AND NOT erased OR reason = 'hunter5'"))
		after := export(t, url)
		if bytes.Contains(after, []byte("hunter5")) {
			t.Fatal("the reason is exported")
		}
		revision := s.revisions(to)
		done := must[transfer.Imported](t)(importInto(context.Background(), t, to, after))
		if done.Updated != 3 || done.Records["event"] != 1 || done.Skipped != 0 {
			t.Errorf("imported %+v", done)
		}
		if s.revisions(to)[v.ID] == revision[v.ID] {
			t.Error("the revision of the subject is the same")
		}
		for _, file := range [][]byte{before, after, before} {
			done := must[transfer.Imported](t)(importInto(context.Background(), t, to, file))
			if kept := done.Kept["entry"] + done.Kept["event"]; done.Inserted+done.Updated > 0 ||
				kept != 3*(strings.Count(string(file), "hunter5")/2) {
				t.Errorf("imported again %+v", done)
			}
			if got := export(t, to); !bytes.Equal(got, after) {
				t.Errorf("the project has changed:\n%s\nwant\n%s", got, after)
			}
		}
		if got, want := derivedRows(t, to), derivedRows(t, url); got != want {
			t.Errorf("the database has\n%s\nwant\n%s", got, want)
		}
	})
}

// revisions returns the revisions of the subjects of a database.
func (s *source) revisions(url string) map[models.ID]int64 {
	db := openDB(s, url)
	defer func() { _ = db.Close() }()
	rows, err := db.Query("SELECT id, revision FROM subjects")
	must[any](s)(nil, err)
	revisions := map[models.ID]int64{}
	for rows.Next() {
		var id models.ID
		var revision int64
		must[any](s)(nil, rows.Scan(&id, &revision))
		revisions[id] = revision
	}
	must[any](s)(nil, rows.Err())
	return revisions
}

// TestLaterReuse checks that an import binds outputs that were bound to versions that exist, before or after the
// versions themselves.
func TestLaterReuse(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, url, to string) {
		s := fill(t, url)
		s.execute("UPDATE step_outputs SET bound_at = NULL, reused_subject_id = NULL, artifact_version_id = NULL WHERE name = 'lost'")
		before := export(t, url)
		must[transfer.Imported](t)(importInto(context.Background(), t, to, before))
		v := s.version("model", ref("waiting"))
		s.execute(`UPDATE step_outputs SET bound_at = $1, reused_subject_id = (SELECT subject_id FROM artifact_versions WHERE id = $2),
			artifact_version_id = $2 WHERE name = 'lost'`, v.CreatedAt.UnixMicro()+1, v.ID)
		after := export(t, url)
		if done := must[transfer.Imported](t)(importInto(context.Background(), t, to, after)); done.Updated != 2 {
			t.Errorf("imported %+v", done) // the artifact and the output
		}
		for _, file := range [][]byte{before, after} {
			if done := must[transfer.Imported](t)(importInto(context.Background(), t, to, file)); done.Inserted+done.Updated > 0 {
				t.Errorf("imported again %+v", done)
			}
		}
		if got := export(t, to); !bytes.Equal(got, after) {
			t.Errorf("the project has changed:\n%s\nwant\n%s", got, after)
		}
		if got, want := derivedRows(t, to), derivedRows(t, url); got != want {
			t.Errorf("the database has\n%s\nwant\n%s", got, want)
		}
		other := editLast("stepOutput", `"reusedSubjectId":"[^"]*"`, `"reusedSubjectId":"`+someID+`"`)(t, lines(after))
		_, err := importInto(context.Background(), t, to, withTrailer(t, other))
		checkRefused(t, "a re-use of another version", err, `another stepOutput with this "id"`)
	})
}

// TestLaterChanges checks which of two descriptions and times of changes an import keeps.
func TestLaterChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s := fill(t, url)
		before := export(t, url)
		to := storetest.SQLite(t)
		must[transfer.Imported](t)(importInto(context.Background(), t, to, before))
		s.execute("UPDATE projects SET description = NULL WHERE name = $1", project)
		s.execute("UPDATE artifacts SET description = NULL, updated_at = updated_at + 1 WHERE name = 'model'")
		s.execute("UPDATE artifacts SET description = 'other' WHERE name = 'data'")
		s.execute("UPDATE artifact_versions SET description = 'other' WHERE description IS NOT NULL")
		s.execute("UPDATE pipeline_runs SET updated_at = updated_at + 1")
		after := export(t, url)
		done := must[transfer.Imported](t)(importInto(context.Background(), t, to, after))
		if done.Inserted != 0 || done.Updated != 2 || done.Kept["header"] != 1 || done.Kept["artifact"] != 1 ||
			done.Kept["artifactVersion"] != 1 {
			t.Errorf("imported %+v", done) // an artifact and a run
		}
		got := string(export(t, to))
		for n, line := range lines(after) {
			changed := n == 0 || strings.Contains(line, `"description":"other"`)
			if strings.Contains(got, line) == changed {
				t.Errorf("the target has %s: %v", line, !changed)
			}
		}
		if done := must[transfer.Imported](t)(importInto(context.Background(), t, to, before)); done.Inserted+done.Updated > 0 {
			t.Errorf("imported the earlier file %+v", done)
		}
		if again := string(export(t, to)); again != got {
			t.Error("the earlier file has changed the project")
		}
	})
}
