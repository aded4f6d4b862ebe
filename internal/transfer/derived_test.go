package transfer_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
	"github.com/placard/placard/models"
)

// derived is what a database keeps of the project that is not in the file, without numbers of its own: rows in the
// order of their seq where they have one.
func derived(t testing.TB, url string) string {
	t.Helper()
	driver, source := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, source = "sqlite", path
	}
	db := must[*sql.DB](t)(sql.Open(driver, source))
	defer func() { _ = db.Close() }()
	var text strings.Builder
	for _, q := range []struct {
		query string
		ids   int
		rest  int
	}{
		{"SELECT id, artifact_version_id, about FROM subjects WHERE project_id = $1 ORDER BY 1", 2, 1},
		{"SELECT artifact_id, artifact_version_id, alias FROM aliases WHERE project_id = $1 ORDER BY 1, 3", 2, 1},
		{"SELECT artifact_version_id, tag FROM tags WHERE project_id = $1 ORDER BY 1, 2", 1, 1},
		{"SELECT id, artifact_version_id, bound_at FROM step_outputs WHERE project_id = $1 ORDER BY 1", 2, 1},
		{`SELECT subject_id, object_id, id, step_run_id, card, key, about, kind, value, CASE WHEN retracted THEN 1 ELSE 0 END, reason, logged_at,
			logged_by, sort_key, parts FROM metadata_latest WHERE project_id = $1 ORDER BY seq`, 4, 11},
		{"SELECT subject_id, card, key FROM metadata_latest WHERE project_id = $1 ORDER BY first_seq", 1, 2},
		{"SELECT id, sort_key, parts FROM metadata_entries WHERE project_id = $1 ORDER BY seq", 1, 2},
	} {
		var id models.ID
		must[any](t)(nil, db.QueryRow("SELECT id FROM projects WHERE name = $1", project).Scan(&id))
		rows := must[*sql.Rows](t)(db.Query(q.query, id))
		for rows.Next() {
			ids, rest, targets := make([]models.ID, q.ids), make([]sql.NullString, q.rest), []any{}
			for i := range ids {
				targets = append(targets, &ids[i])
			}
			for i := range rest {
				targets = append(targets, &rest[i])
			}
			must[any](t)(nil, rows.Scan(targets...))
			fmt.Fprintln(&text, ids, rest)
		}
		must[any](t)(nil, rows.Err())
		fmt.Fprintln(&text)
	}
	return text.String()
}

// neighbour fills the project other of a database, and returns IDs of things in it by what they are.
func neighbour(t testing.TB, url string) map[string]string {
	here := must[*store.Store](t)(store.Open(context.Background(), url, quiet))
	must[*models.Project](t)(here.CreateProject(everyone, nil, "other"))
	run, _, err := here.StartPipelineRun(everyone, store.Call{}, nil, models.StartPipelineRunInput{Project: ref("other"), Pipeline: "p"})
	must[any](t)(nil, err)
	step, _, err := here.StartStepRun(everyone, store.Call{}, nil, models.StartStepRunInput{PipelineRunID: run.ID.String(), Name: "s",
		Outputs: []models.StepOutputInput{{Name: "o"}}})
	must[any](t)(nil, err)
	v, _, err := here.CreateArtifactVersion(everyone, store.Call{}, nil, models.CreateArtifactVersionInput{Project: ref("other"), Artifact: "model", Aliases: []string{"prod"}}, nil)
	must[any](t)(nil, err)
	outputs := must[map[models.ID][]*models.StepOutput](t)(here.StepOutputs(everyone, step.ProjectID, []models.ID{step.ID}))
	must[any](t)(nil, here.Close())
	return map[string]string{"project": run.ProjectID.String(), "run": run.ID.String(), "step": step.ID.String(),
		"artifact": v.ArtifactID.String(), "version": v.ID.String(), "output": outputs[step.ID][0].ID.String()}
}

// TestForeignFiles: a file that names things of another project neither reaches nor changes them.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	file := export(t, fill(t, storetest.SQLite(t)).url)
	for name, c := range map[string]struct{ record, member, of, want string }{
		"its artifact":           {"artifactVersion", "artifactId", "artifact", "refers to nothing"},
		"its output":             {"artifactVersion", "outputId", "output", "refers to nothing"},
		"its version, an input":  {"stepInput", "artifactVersionId", "version", "a version elsewhere"},
		"its version, an alias":  {"aliasMove", "artifactVersionId", "version", "a version elsewhere"},
		"its version, a tag":     {"tagMove", "artifactVersionId", "version", "refers to nothing"},
		"its subject":            {"entry", "subjectId", "version", "refers to nothing"},
		"its step run":           {"entry", "stepRunId", "step", "refers to nothing"},
		"its run":                {"stepRun", "pipelineRunId", "run", "refers to nothing"},
		"the ID of its run":      {"pipelineRun", "id", "run", "another project of this database"},
		"its ID as a run":        {"pipelineRun", "id", "project", "something else in this database"},
		"the ID of its artifact": {"artifact", "id", "artifact", "another project of this database"},
	} {
		for engine, open := range storetest.Engines {
			t.Run(name+" "+engine, func(t *testing.T) {
				t.Parallel()
				url := open(t)
				ids := neighbour(t, url)
				other := func() string {
					var out strings.Builder
					_, err := transfer.Export(context.Background(), url, "other", transfer.Standard, false, &out, io.Discard)
					return out.String() + fmt.Sprint(err)
				}
				before := other()
				made := editLast(c.record, `"`+c.member+`":"[^"]*"`, `"`+c.member+`":"`+ids[c.of]+`"`)(t, lines(file))
				_, err := importInto(context.Background(), t, url, forged(t, made))
				checkRefused(t, name, err, c.want)
				if after := other(); after != before {
					t.Errorf("the other project is\n%s\nwas\n%s", after, before)
				}
			})
		}
	}
}

// TestImportsAtOnce imports a file several times at once: it is there once in the end. SQLite refuses all but one.
func TestImportsAtOnce(t *testing.T) {
	t.Parallel()
	s := fill(t, storetest.SQLite(t))
	file, url := export(t, s.url), storetest.Postgres(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	sum := 0
	for range 4 {
		all.Go(func() {
			done, err := importInto(context.Background(), t, url, file)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			sum += done.New
		})
	}
	all.Wait()
	if got := export(t, url); string(got) != string(file) || sum != len(lines(file))-1 {
		t.Errorf("%d rows were written; the project is\n%s\nwant\n%s", sum, got, file)
	}
	if got, want := derived(t, url), derived(t, s.url); got != want {
		t.Errorf("the database has\n%s\nwant\n%s", got, want)
	}
}
