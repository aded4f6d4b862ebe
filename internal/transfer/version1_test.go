package transfer_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
)

// versionOne returns a file that the last program with version 1 has written, and the export of the same project after
// the migration of the database.
func versionOne(t testing.TB) (file, migrated []byte) {
	t.Helper()
	return must[[]byte](t)(os.ReadFile("testdata/version1.jsonl")), must[[]byte](t)(os.ReadFile("testdata/version1-migrated.jsonl"))
}

// TestVersion1 checks that the import of a file of version 1 gives the same project as the migration of its database.
func TestVersion1(t *testing.T) {
	t.Parallel()
	file, migrated := versionOne(t)
	derived := ""
	storetest.Each(t, func(t *testing.T, url string) {
		for _, next := range [][]byte{file, file, migrated, file} {
			must[transfer.Imported](t)(importInto(context.Background(), t, url, next))
			if got := export(t, url); !bytes.Equal(got, migrated) {
				t.Fatalf("the project is\n%s\nwant\n%s", got, migrated)
			}
		}
		done := must[transfer.Imported](t)(importInto(context.Background(), t, url, file))
		if done.Inserted+done.Updated+done.Skipped > 0 {
			t.Errorf("imported again %+v", done)
		}
		if derived == "" {
			derived = derivedRows(t, url)
		} else if got := derivedRows(t, url); got != derived {
			t.Errorf("the database has\n%s\nwant\n%s", got, derived)
		}
	})
}

// TestVersion1Continues checks that a file of version 1 ends a run, adds a later version and keeps what version 1 does
// not have.
func TestVersion1Continues(t *testing.T) {
	t.Parallel()
	file, _ := versionOne(t)
	storetest.Each(t, func(t *testing.T, url string) {
		s := &source{TB: t, url: url}
		earlier := editFirst("pipelineRun", `"FAILED"(.*),"finishedAt":"[^"]*"`, `"RUNNING"$1`)(t, lines(file))
		earlier = editFirst("artifact", `"lastNumber":4`, `"lastNumber":3`)(t, earlier)
		var kept []string
		for _, line := range earlier {
			if !strings.Contains(line, `01a228a8-ed66-73fd`) && !strings.Contains(line, `01a228a8-ed5a-767f`) &&
				!strings.Contains(line, `"alias":"new"`) {
				kept = append(kept, line)
			}
		}
		must[transfer.Imported](t)(importInto(context.Background(), t, url, withTrailer(t, kept)))
		s.execute("UPDATE artifacts SET description = 'kept', created_by = 'ann'")
		s.execute("UPDATE pipeline_runs SET created_by = 'ann'")
		done := must[transfer.Imported](t)(importInto(context.Background(), t, url, file))
		if done.Updated != 2 || done.Records["artifactVersion"] != 1 || done.Skipped != 0 {
			t.Errorf("imported %+v", done)
		}
		got := string(export(t, url))
		for _, want := range []string{
			`"finishedAt":"2024-11-29T18:54:49.202334Z","createdBy":"ann","updatedAt":"2024-11-29T18:54:49.202334Z"}`,
			`"createdBy":"ann","updatedAt":"2024-11-29T18:54:49.190324Z","description":"kept"}`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the project has no %s:\n%s", want, got)
			}
		}
	})
}

// TestVersion1Members checks that a file of version 1 has neither records nor members of version 2.
func TestVersion1Members(t *testing.T) {
	t.Parallel()
	file, _ := versionOne(t)
	url := storetest.SQLite(t)
	for name, c := range map[string]struct {
		edit func(testing.TB, []string) []string
		want string
	}{
		"a description of the project": {editFirst("header", `}`, `,"description":"`+secret+`"}`), "has only the members"},
		"an author":                    {editFirst("artifact", `}`, `,"createdBy":"`+secret+`"}`), "has only the members"},
		"a change":                     {editFirst("stepRun", `"startedAt"`, `"updatedAt":"2020-01-01T00:00:00Z","startedAt"`), "members"},
		"an erased entry":              {editFirst("entry", `}\n`, `,"erased":false}`+"\n"), "has only the members"},
		"a re-use":                     {editFirst("stepOutput", `}`, `,"reusedSubjectId":"`+someID+`"}`), "has only the members"},
		"the new name of a member":     {editFirst("auditEvent", `"at"`, `"createdAt"`), `"at" is missing`},
		"an event": {insertAfter("entry", `.*\n`, `{"record":"event","id":"`+someID+`"}`+"\n"),
			`"record" is not known in version 1`},
	} {
		_, err := importInto(context.Background(), t, url, withTrailer(t, c.edit(t, lines(file))))
		checkRefused(t, name, err, c.want)
	}
	newer := lines(export(t, fill(t, storetest.SQLite(t)).url))
	newer[0] = strings.Replace(newer[0], `"formatVersion":2`, `"formatVersion":1`, 1)
	_, err := importInto(context.Background(), t, url, withTrailer(t, newer))
	checkRefused(t, "version 2 as 1", err, "has only the members")
}
