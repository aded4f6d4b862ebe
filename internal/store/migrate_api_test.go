package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestAPIMigration checks that migration 8 fills the times of the last entry and of the last change. On PostgreSQL the
// statements of migrations 8 and 9 may run twice, because each is a transaction of its own.
func TestAPIMigration(t *testing.T) {
	t.Parallel()
	for driver, url := range map[string]string{"pgx": storetest.Postgres(t), "sqlite": storetest.SQLite(t)} {
		s, err := store.Open(context.Background(), url, quiet)
		must(t, err)
		for _, artifact := range []string{"a", "a", "b"} {
			_, _, err := s.CreateArtifactVersion(everyone, store.Call{}, nil,
				models.CreateArtifactVersionInput{Artifact: artifact}, fact(t, "n", "1"))
			must(t, err)
		}
		_, _, err = s.CreateArtifactVersion(everyone, store.Call{}, nil, models.CreateArtifactVersionInput{Artifact: "empty"}, nil)
		must(t, err)
		_, _, err = s.LogMetadata(everyone, store.Call{}, []store.Write{{
			Target: models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: "b", Version: new("1")}},
			Facts:  fact(t, "m", "2"),
		}})
		must(t, err)
		must(t, s.Close())
		before := timesOfChanges(t, driver, url)
		if strings.Count(before, "\n") != 4+3 {
			t.Errorf("%s: the times are\n%s", driver, before)
		}
		unmigrateAPI(t, driver, url)
		migrateAgain(t, url)
		if after := timesOfChanges(t, driver, url); after != before {
			t.Errorf("%s: before\n%s\nafter\n%s", driver, before, after)
		}
		if driver == "pgx" {
			executeAll(t, driver, url, []string{"DELETE FROM goose_db_version WHERE version_id >= 8"})
			migrateAgain(t, url)
		}
	}
}

func migrateAgain(t *testing.T, url string) {
	t.Helper()
	s, err := store.Open(context.Background(), url, quiet)
	must(t, err)
	must(t, s.Close())
}

// timesOfChanges returns the times of the last entries of the subjects and of the last changes of the artifacts.
func timesOfChanges(t *testing.T, driver, url string) string {
	t.Helper()
	db, err := sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
	must(t, err)
	defer func() { must(t, db.Close()) }()
	var text strings.Builder
	for _, query := range []string{
		"SELECT last_logged_at FROM subjects ORDER BY id", "SELECT updated_at FROM artifacts ORDER BY name",
	} {
		rows, err := db.Query(query)
		must(t, err)
		for rows.Next() {
			var at int64
			must(t, rows.Scan(&at))
			fmt.Fprintln(&text, at)
		}
		must(t, rows.Err())
	}
	return text.String()
}
