package transfer_test

import (
	"context"
	"sync"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// fillOtherProject fills the project "other" of a database. It returns the ID of an object of each type.
func fillOtherProject(t testing.TB, url string) map[string]string {
	here := must[*store.Store](t)(store.Open(context.Background(), url, quiet))
	must[*models.Project](t)(here.CreateProject(everyone, nil, "other"))
	run, _, err := here.StartPipelineRun(everyone, store.Call{}, nil,
		models.StartPipelineRunInput{Project: ref("other"), Pipeline: "p"})
	must[any](t)(nil, err)
	step, _, err := here.StartStepRun(everyone, store.Call{}, nil, models.StartStepRunInput{
		PipelineRunID: run.ID.String(), Name: "s", Outputs: []models.StepOutputDeclaration{{Name: "o"}},
	})
	must[any](t)(nil, err)
	v, _, err := here.CreateArtifactVersion(everyone, store.Call{}, nil,
		models.CreateArtifactVersionInput{Project: ref("other"), Artifact: "model", Aliases: []string{"prod"}}, nil)
	must[any](t)(nil, err)
	outputs := must[map[models.ID][]*models.StepOutput](t)(here.StepOutputs(everyone, step.ProjectID,
		[]models.ID{step.ID}))
	must[any](t)(nil, here.Close())
	return map[string]string{"project": run.ProjectID.String(), "run": run.ID.String(), "step": step.ID.String(),
		"artifact": v.ArtifactID.String(), "version": v.ID.String(), "output": outputs[step.ID][0].ID.String()}
}

// TestForeignFiles checks that a file with IDs of another project is refused and does not change that project.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	file := export(t, fill(t, storetest.SQLite(t)).url)
	for name, c := range map[string]struct{ record, member, of, want string }{
		"its artifact": {"artifactVersion", "artifactId", "artifact",
			"must be the ID of an object of this project"},
		"its output":             {"artifactVersion", "outputId", "output", "of another project or artifact"},
		"its version, an input":  {"stepInput", "artifactVersionId", "version", "of another project or artifact"},
		"its version, an alias":  {"aliasMove", "artifactVersionId", "version", "of another project or artifact"},
		"its version, a tag":     {"tagMove", "artifactVersionId", "version", "must be the ID of an object of this project"},
		"its version, an event":  {"event", "artifactVersionId", "version", "of another project or artifact"},
		"its artifact, an event": {"event", "artifactId", "artifact", "of another project or artifact"},
		"its run, an event":      {"event", "pipelineRunId", "run", "of another project or artifact"},
		"its version, a re-use":  {"stepOutput", "reusedSubjectId", "version", "of another project or artifact"},
		"its output, a re-use":   {"stepOutput", "reusedSubjectId", "output", "of another project or artifact"},
		"its subject":            {"entry", "subjectId", "version", "must be the ID of an object of this project"},
		"its step run":           {"entry", "stepRunId", "step", "of another project or artifact"},
		"its run":                {"stepRun", "pipelineRunId", "run", "must be the ID of an object of this project"},
		"the ID of its run":      {"pipelineRun", "id", "run", "another project of this database"},
		"its ID as a run":        {"pipelineRun", "id", "project", "another object of this database"},
		"the ID of its artifact": {"artifact", "id", "artifact", "another project of this database"},
	} {
		for engine, open := range storetest.Engines {
			t.Run(name+" "+engine, func(t *testing.T) {
				t.Parallel()
				url := open(t)
				ids := fillOtherProject(t, url)
				before := string(must[[]byte](t)(exportProject(url, "other")))
				made := editLast(c.record, `"`+c.member+`":"[^"]*"`, `"`+c.member+`":"`+ids[c.of]+`"`)(t, lines(file))
				_, err := importInto(context.Background(), t, url, withTrailer(t, made))
				checkRefused(t, name, err, c.want)
				if after := string(must[[]byte](t)(exportProject(url, "other"))); after != before {
					t.Errorf("the other project is\n%s\nwas\n%s", after, before)
				}
			})
		}
	}
}

// TestImportsAtOnce imports a file several times at once and checks that each row exists once. SQLite allows one
// import.
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
			sum += done.Inserted
		})
	}
	harness.Wait(t, "all imports have ended", &all)
	if got := export(t, url); string(got) != string(file) || sum != len(lines(file))-1 {
		t.Errorf("%d rows were written; the project is\n%s\nwant\n%s", sum, got, file)
	}
	if got, want := derivedRows(t, url), derivedRows(t, s.url); got != want {
		t.Errorf("the database has\n%s\nwant\n%s", got, want)
	}
}
