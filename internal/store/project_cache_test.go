package store_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestProjectCache checks that a write by name goes to the project that has the name now, even if the store has cached
// another one.
func TestProjectCache(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s, err := store.Open(context.Background(), url, quiet)
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		create := func(project string) *models.ArtifactVersion {
			_, err := s.CreateProject(everyone, models.NewPath("input"), project)
			must(t, err)
			v, _, err := s.CreateArtifactVersion(everyone, store.Call{}, models.NewPath("input"),
				models.CreateArtifactVersionInput{Project: &project, Artifact: "model"}, nil)
			must(t, err)
			return v
		}
		check := func(want *models.ArtifactVersion) {
			t.Helper()
			name := &models.ArtifactVersionName{Project: ref("first"), Name: "model", Version: ref("1")}
			logged, _, err := s.LogMetadata(everyone, store.Call{},
				[]store.Write{{Target: models.MetadataTarget{ArtifactVersion: name}, Facts: fact(t, "k", "1")}})
			must(t, err)
			if got := logged[0].Entries[0].SubjectID; got != want.SubjectID {
				t.Errorf("logged about %s, want %s", got, want.SubjectID)
			}
		}
		first, second := create("first"), create("second")
		check(first)
		driver := "pgx"
		if strings.HasPrefix(url, "sqlite:") {
			driver = "sqlite"
		}
		db, err := sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
		must(t, err)
		for _, statement := range []string{"UPDATE projects SET name = 'past' WHERE name = 'first'",
			"UPDATE projects SET name = 'first' WHERE name = 'second'"} {
			_, err = db.Exec(statement)
			must(t, err)
		}
		must(t, db.Close())
		check(second)
	})
}
