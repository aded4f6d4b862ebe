package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

var quiet = slog.New(slog.DiscardHandler)

var everyone = auth.NewContext(context.Background(), auth.Anonymous)

// TestManyStartAtOnce: of several servers that start on an empty database one migrates, and none fails.
func TestManyStartAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyPostgres(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			s, err := store.Open(context.Background(), url, quiet)
			if err != nil {
				t.Error(err)
				return
			}
			if project, err := s.Project(everyone, "default"); err != nil || project == nil {
				t.Errorf("the default project: %v (%v)", project, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	harness.Wait(t, "all servers have started", &wait)
}

// TestOneProcessPerFile: the second server on an SQLite file says so, and the first goes on.
func TestOneProcessPerFile(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	first, err := store.Open(context.Background(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(context.Background(), url, quiet); err == nil ||
		!strings.Contains(err.Error(), "another process is serving") {
		t.Errorf("the second: %v", err)
	}
	if err := first.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	again, err := store.Open(context.Background(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestURLs: what is no database is refused, and a password is not repeated.
func TestURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "mysql://x", "sqlite:", "sqlite::memory:", "postgres://user:secret@%zz/x",
		"postgres://user:secret@127.0.0.1:1/x?connect_timeout=1"} {
		_, err := store.Open(context.Background(), url, quiet)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestSearchMigration: what was written before values could be searched is found and sorted like what is written now.
func TestSearchMigration(t *testing.T) {
	t.Parallel()
	for driver, url := range map[string]string{"pgx": storetest.Postgres(t), "sqlite": storetest.SQLite(t)} {
		s, err := store.Open(context.Background(), url, quiet)
		if err != nil {
			t.Fatal(err)
		}
		limits := models.DefaultLimits()
		var run *models.PipelineRun
		if run, _, err = s.StartPipelineRun(everyone, store.Call{}, nil,
			models.StartPipelineRunInput{Pipeline: "p"}); err != nil {
			t.Fatal(err)
		}
		step, _, err := s.StartStepRun(everyone, store.Call{}, nil, models.StartStepRunInput{
			PipelineRunID: run.ID.String(), Name: "s", Outputs: []models.StepOutputDeclaration{{Name: "saved"}, {Name: "waiting"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		facts, err := models.ReadFacts(&limits, nil, &models.Tree{Node: models.Object{
			{Key: "n", Value: json.Number("9007199254740993")}, {Key: "text", Value: strings.Repeat("é", 500)},
			{Key: "list", Value: []any{"a", json.Number("1.5")}}, {Key: "none", Value: nil},
		}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.CreateArtifactVersion(everyone, store.Call{}, nil, models.CreateArtifactVersionInput{
			Artifact: "a", Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "saved"}, Tags: []string{"t"},
		}, facts)
		if err != nil {
			t.Fatal(err)
		}
		id, waiting := run.ID.String(), "waiting"
		for _, target := range []models.MetadataTarget{
			{PipelineRunID: &id}, {StepContext: &models.StepContext{StepRunID: step.ID.String(), ArtifactName: &waiting}},
		} {
			if _, _, err := s.LogMetadata(everyone, store.Call{}, []store.Write{{Target: target, Facts: facts}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		before := searchColumns(t, driver, url)
		unmigrate(t, driver, url)
		if s, err = store.Open(context.Background(), url, quiet); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if after := searchColumns(t, driver, url); after != before || strings.Count(after, "\n") != 12+12+1+4 {
			t.Errorf("%s: before\n%.900s\nafter\n%.900s", driver, before, after)
		}
	}
}

// searchColumns returns the columns that the migrations 2 and 3 fill in.
func searchColumns(t *testing.T, driver, url string) string {
	t.Helper()
	db, err := sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var text strings.Builder
	for _, query := range []string{
		"SELECT key, about, CAST(object_id = subject_id AS integer), sort_key, parts FROM metadata_latest ORDER BY about, key",
		"SELECT key, '', 0, sort_key, parts FROM metadata_entries ORDER BY seq",
		"SELECT tag, '', CAST(added AS integer), '', '' FROM tag_moves",
		"SELECT about, '', 0, '', '' FROM subjects ORDER BY about",
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var a, b string
			var n int
			var c, d sql.NullString
			if err := rows.Scan(&a, &b, &n, &c, &d); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&text, a, b, n, c.String, d.String)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// unmigrate brings a database back to version 1.
func unmigrate(t *testing.T, driver, url string) {
	t.Helper()
	unmigrateAPI(t, driver, url)
	statements := []string{
		"DROP TABLE compatibility", "DROP INDEX metadata_latest_by_value", "DROP INDEX artifact_versions_by_time", "DROP INDEX step_runs_by_start",
		"DROP TABLE audit_events", "DROP TABLE api_keys",
		"DROP INDEX tags_by_tag", "DROP INDEX aliases_by_alias", "DROP INDEX alias_moves_by_version", "DROP TABLE tag_moves",
		"ALTER TABLE subjects DROP COLUMN about",
		"ALTER TABLE metadata_latest DROP COLUMN about", "ALTER TABLE metadata_latest DROP COLUMN object_id",
		"ALTER TABLE metadata_latest DROP COLUMN sort_key", "ALTER TABLE metadata_latest DROP COLUMN parts",
		"ALTER TABLE metadata_entries DROP COLUMN sort_key", "ALTER TABLE metadata_entries DROP COLUMN parts",
		"DROP TABLE idempotency_keys", "ALTER TABLE idempotency_answers RENAME TO idempotency_keys",
		"DELETE FROM goose_db_version WHERE version_id > 1",
	}
	if driver == "pgx" {
		statements = append([]string{"DROP FUNCTION placard_refuse_subject CASCADE"}, statements...)
	}
	executeAll(t, driver, url, statements)
}

// unmigrateAPI reverts migrations 8 and 9.
func unmigrateAPI(t *testing.T, driver, url string) {
	t.Helper()
	statements := []string{"DROP INDEX subjects_by_last_logged", "ALTER TABLE subjects DROP COLUMN last_logged_at"}
	if driver == "pgx" {
		statements = []string{"DROP INDEX subjects_by_last_logged", "DROP FUNCTION placard_refuse_status CASCADE",
			"ALTER TABLE subjects RENAME COLUMN last_logged_at TO logged_at"}
	}
	executeAll(t, driver, url, append(statements,
		"DROP TABLE events", "ALTER TABLE projects DROP COLUMN description", "ALTER TABLE projects DROP COLUMN deleted_at",
		"DROP INDEX artifacts_by_update", "ALTER TABLE artifacts DROP COLUMN description",
		"ALTER TABLE artifacts DROP COLUMN created_by", "ALTER TABLE artifacts DROP COLUMN updated_at",
		"ALTER TABLE artifact_versions DROP COLUMN description", "ALTER TABLE artifact_versions DROP COLUMN created_by",
		"ALTER TABLE pipeline_runs DROP COLUMN created_by", "ALTER TABLE pipeline_runs DROP COLUMN updated_at",
		"ALTER TABLE step_runs DROP COLUMN created_by", "ALTER TABLE step_runs DROP COLUMN updated_at",
		"DROP INDEX step_outputs_by_reuse",
		"ALTER TABLE step_outputs DROP COLUMN reused_subject_id", "ALTER TABLE metadata_entries DROP COLUMN erased",
		"ALTER TABLE metadata_latest DROP COLUMN erased", "ALTER TABLE subjects DROP COLUMN revision",
		"ALTER TABLE subjects DROP COLUMN reuses",
		"ALTER TABLE alias_moves DROP COLUMN moved_by", "ALTER TABLE tag_moves DROP COLUMN moved_by",
		"ALTER TABLE audit_events RENAME COLUMN created_at TO at", "ALTER TABLE audit_events RENAME COLUMN created_by TO actor",
		"ALTER TABLE audit_events RENAME COLUMN created_by_id TO actor_id",
		"ALTER TABLE audit_events RENAME COLUMN description TO subject",
		"ALTER TABLE audit_events RENAME COLUMN object_id TO subject_id", "UPDATE compatibility SET oldest_program = 7",
		"DROP INDEX metadata_latest_retracted", "DELETE FROM goose_db_version WHERE version_id >= 8"))
}

func executeAll(t *testing.T, driver, url string, statements []string) {
	t.Helper()
	db, err := sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// TestFold: PostgreSQL folds every character as Go does.
func TestFold(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	s, err := store.Open(context.Background(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var all strings.Builder
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if r != utf8.RuneError && utf8.ValidRune(r) && (r < 0x20000 || r%0x1000 == 0) {
			all.WriteRune(r)
		}
	}
	for _, text := range []string{all.String(), "Straße aBc", "PLAIN ascii 019 %_"} {
		var folded string
		if err := db.QueryRow("SELECT placard_fold($1)", text).Scan(&folded); err != nil {
			t.Fatal(err)
		}
		if folded != models.Fold(text) {
			t.Errorf("%.20q… is folded differently", text)
		}
	}
}
