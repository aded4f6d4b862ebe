package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// projectRows returns the number of rows of a project by table, for all tables with a project_id.
func projectRows(t *testing.T, url string, project models.ID) map[string]int {
	t.Helper()
	driver, name, tables, literal := "pgx", url, `SELECT table_name FROM information_schema.columns
		WHERE table_schema = 'public' AND column_name = 'project_id'`, "'"+project.String()+"'"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, name = "sqlite", path
		tables = "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'project_id'"
		literal = "unhex('" + project.String() + "', '-')"
	}
	db, err := sql.Open(driver, name)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	found, err := db.Query(tables)
	must(t, err)
	counts := map[string]int{}
	for found.Next() {
		var table string
		must(t, found.Scan(&table))
		counts[table] = 0
	}
	must(t, found.Err())
	for table := range counts {
		var n int
		must(t, db.QueryRow("SELECT count(*) FROM "+table+" WHERE project_id = "+literal).Scan(&n))
		counts[table] = n
	}
	return counts
}

// fillProject creates a project with rows in all tables and more entries than a portion of a purge has.
func fillProject(t *testing.T, s *store.Store, name string) (models.ID, *models.ArtifactVersion) {
	t.Helper()
	root := models.NewPath("input")
	project, err := s.CreateProject(everyone, root, name)
	must(t, err)
	create := func(input models.CreateArtifactVersionInput, facts ...models.Fact) *models.ArtifactVersion {
		input.Project = &name
		made, _, err := s.CreateArtifactVersion(everyone, store.Call{}, root, input, facts)
		must(t, err)
		return made
	}
	gone := create(models.CreateArtifactVersionInput{Artifact: "model"})
	_, _, err = s.DeleteArtifactVersion(everyone, store.Call{}, root,
		models.DeleteArtifactVersionInput{ArtifactVersionSelector: storetest.Select(gone.ID)})
	must(t, err)
	facts := make([]models.Fact, 1500)
	for i := range facts {
		facts[i] = models.Fact{Key: fmt.Sprint("key ", i), Kind: models.MetadataKindInteger, Text: "1"}
	}
	version := create(models.CreateArtifactVersionInput{Artifact: "model", Aliases: []string{"prod"}, Tags: []string{"t"}},
		facts...)
	key := "key"
	run, _, err := s.StartPipelineRun(everyone, store.Call{Operation: "startPipelineRun", Key: &key}, root,
		models.StartPipelineRunInput{Project: &name, Pipeline: "p"})
	must(t, err)
	_, _, err = s.StartStepRun(everyone, store.Call{}, root, models.StartStepRunInput{PipelineRunID: run.ID.String(), Name: "s",
		Inputs:  []models.StepInputDeclaration{{Name: "i", ArtifactVersionSelector: storetest.Select(version.ID)}},
		Outputs: []models.StepOutputDeclaration{{Name: "o"}}})
	must(t, err)
	role := models.ApiKeyRoleReader
	_, _, err = s.CreateApiKey(everyone, root, models.CreateApiKeyInput{Project: &name, Role: &role, Name: "k"})
	must(t, err)
	return project.ID, version
}

func deleteProject(t *testing.T, s *store.Store, id models.ID, name string) {
	t.Helper()
	_, err := s.DeleteProject(everyone, models.NewPath("input"), models.DeleteProjectInput{ProjectID: id.String(), Name: name})
	must(t, err)
}

// TestPurge deletes a project with rows in all tables, and finds none of them after a purge. The rows of another project
// stay. Its control is the number of rows before the purge.
func TestPurge(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s, err := store.Open(context.Background(), url, quiet)
		must(t, err)
		defer func() { must(t, s.Close()) }()
		other, _ := fillProject(t, s, "other")
		id, _ := fillProject(t, s, "doomed")
		kept, before := projectRows(t, url, other), projectRows(t, url, id)
		before["idempotency_answers"]++ // no program writes them any more
		for table, n := range before {
			if n == 0 {
				t.Errorf("control: the project has no rows in %s", table)
			}
		}
		deleteProject(t, s, id, "doomed")
		must(t, s.PurgeProjects(context.Background(), 0))
		for table, n := range projectRows(t, url, id) {
			if n > 0 {
				t.Errorf("%d rows of the project are in %s", n, table)
			}
		}
		if after := projectRows(t, url, other); !maps.Equal(after, kept) {
			t.Errorf("the other project has %v, want %v", after, kept)
		}
		fillProject(t, s, "doomed")
	})
}

// TestPurgeUsesIndexes finds that no statement of a purge reads a whole table of objects, and that a table with 1,500
// rows of the project takes two statements (SQLite).
func TestPurgeUsesIndexes(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	s, err := store.Open(context.Background(), url, quiet)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	id, _ := fillProject(t, s, "doomed")
	deleteProject(t, s, id, "doomed")
	deletions := map[string]int{}
	meter := &storetest.Meter{Record: func(text string, args []any) {
		if !strings.HasPrefix(text, "DELETE FROM ") {
			return
		}
		table := strings.Fields(text)[2]
		deletions[table]++
		plan, err := s.Explain(context.Background(), text, args)
		must(t, err)
		for _, step := range plan {
			if strings.HasPrefix(step, "SCAN "+table) && table != "idempotency_keys" {
				t.Errorf("%s: %s", text, step)
			}
		}
	}}
	must(t, s.PurgeProjects(storetest.WithMeter(context.Background(), meter), 0))
	if len(deletions) < 20 || deletions["metadata_entries"] != 2 {
		t.Errorf("deletions by table: %v", deletions)
	}
}

// TestPurgeOfManyServers purges a project on several servers at once. Its control is the log of the one that finishes it.
func TestPurgeOfManyServers(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	stores := make([]*store.Store, 3)
	for i := range stores {
		var err error
		stores[i], err = store.Open(context.Background(), url, logger)
		must(t, err)
		defer func() { must(t, stores[i].Close()) }()
	}
	id, _ := fillProject(t, stores[0], "doomed")
	deleteProject(t, stores[0], id, "doomed")
	done := make(chan error, len(stores))
	for _, s := range stores {
		go func() { done <- s.PurgeProjects(context.Background(), 0) }()
	}
	for range stores {
		must(t, harness.Receive(t, "the purge ends", done))
	}
	must(t, stores[0].PurgeProjects(context.Background(), 0))
	if n := strings.Count(log.String(), "purged a deleted project"); n != 1 {
		t.Errorf("%d purges were finished:\n%s", n, log.String())
	}
	for table, n := range projectRows(t, url, id) {
		if n > 0 {
			t.Errorf("%d rows of the project are in %s", n, table)
		}
	}
}

// TestDeletedProjectOnOtherServer deletes a project and finds that another server, which has read it by ID and by name,
// hides it.
func TestDeletedProjectOnOtherServer(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	here, err := store.Open(context.Background(), url, quiet)
	must(t, err)
	defer func() { must(t, here.Close()) }()
	there, err := store.Open(context.Background(), url, quiet)
	must(t, err)
	defer func() { must(t, there.Close()) }()
	there.KeepPurgingProjects(0)
	id, version := fillProject(t, here, "doomed")
	visible := func(s *store.Store) []bool {
		found, err := s.Nodes(everyone, []models.ID{version.ID, version.ArtifactID, id})
		must(t, err)
		artifact, err := s.Artifact(everyone, "doomed", "model")
		must(t, err)
		project, err := s.Project(everyone, "doomed")
		must(t, err)
		return []bool{len(found) > 0, artifact != nil, project != nil}
	}
	all, none := []bool{true, true, true}, []bool{false, false, false}
	if got := [][]bool{visible(here), visible(there)}; !slices.Equal(got[0], all) || !slices.Equal(got[1], all) {
		t.Fatalf("control: the servers see %v", got)
	}
	deleteProject(t, here, id, "doomed")
	if got := visible(here); !slices.Equal(got, none) {
		t.Errorf("the server that deleted the project sees %v", got)
	}
	harness.Eventually(t, "the other server hides the project", func() bool { return slices.Equal(visible(there), none) })
	harness.Eventually(t, "the other server purges the project", func() bool {
		return projectRows(t, url, id)["subjects"] == 0
	})
	again, _ := fillProject(t, here, "doomed")
	harness.Eventually(t, "the other server sees the new project of this name", func() bool {
		found, err := there.Artifact(everyone, "doomed", "model")
		must(t, err)
		return found != nil && found.ProjectID == again
	})
}
