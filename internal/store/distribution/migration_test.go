package distribution_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/distribution"
	"github.com/placard/placard/internal/store/storetest"
)

// laterMigrations use what migrations need: columns, changes of all rows, functions, triggers, tables with identity
// columns and foreign keys, and indexes that do not block writers.
var laterMigrations = fstest.MapFS{
	"9001_notes.sql": {Data: []byte(`-- +goose Up
ALTER TABLE artifacts ADD COLUMN note text COLLATE "C";
UPDATE artifacts SET note = 'from ' || name;
ALTER TABLE artifacts ALTER COLUMN note SET NOT NULL, ALTER COLUMN note SET DEFAULT '';
UPDATE subjects s SET last_logged_at = l.logged_at
FROM (SELECT project_id, subject_id, max(logged_at) AS logged_at FROM metadata_latest GROUP BY project_id, subject_id) l
WHERE s.project_id = l.project_id AND s.id = l.subject_id AND s.last_logged_at <> l.logged_at;
ALTER TABLE projects ADD COLUMN note text;
UPDATE projects SET note = name;
CREATE TABLE notes (
    project_id  uuid NOT NULL,
    artifact_id uuid NOT NULL,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (project_id, artifact_id, seq)
);
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regclass('pg_dist_partition') IS NOT NULL THEN
        IF EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = 'subjects'::regclass) THEN
            PERFORM create_distributed_table('notes', 'project_id', colocate_with => 'subjects');
        END IF;
    END IF;
END $$;
-- +goose StatementEnd
ALTER TABLE notes ADD FOREIGN KEY (project_id, artifact_id) REFERENCES artifacts (project_id, id) ON DELETE CASCADE;
INSERT INTO notes (project_id, artifact_id) SELECT project_id, id FROM artifacts;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION placard_refuse_note() RETURNS trigger LANGUAGE plpgsql AS $refuse$
BEGIN
    RAISE EXCEPTION 'the note is refused';
END $refuse$;
-- +goose StatementEnd
CREATE TRIGGER artifacts_note BEFORE UPDATE OF note ON artifacts FOR EACH ROW
    WHEN (NEW.note = 'bad') EXECUTE FUNCTION placard_refuse_note();
UPDATE compatibility SET oldest_program = oldest_program;
`)},
	"9002_index.sql": {Data: []byte(`-- +goose NO TRANSACTION
-- +goose Up
DROP INDEX CONCURRENTLY IF EXISTS artifacts_by_note;
CREATE INDEX CONCURRENTLY artifacts_by_note ON artifacts (project_id, note);
`)},
}

// TestLaterMigrations runs migrations on a database with the extension, before and after the distribution.
func TestLaterMigrations(t *testing.T) {
	t.Parallel()
	for name, distributed := range map[string]bool{"distributed": true, "not distributed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := storetest.UndistributedCitus(t)
			fill(t, url)
			distribute := func() {
				if _, err := distribution.Distribute(t.Context(), url, func(string) {}); err != nil {
					t.Fatal(err)
				}
			}
			if distributed {
				distribute()
			}
			db := openDatabase(t, url)
			provider, err := goose.NewProvider(goose.DialectPostgres, db, laterMigrations, goose.WithDisableGlobalRegistry(true))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := provider.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !distributed {
				distribute()
			}
			if err := distribution.Check(t.Context(), url); err != nil {
				t.Error(err)
			}
			if got := query(t, db, `SELECT count(*) FROM artifacts a JOIN notes n ON n.project_id = a.project_id AND n.artifact_id = a.id
				WHERE a.note = 'from ' || a.name AND n.seq > 0`); got != "4" {
				t.Errorf("%s artifacts have notes", got)
			}
			if got := query(t, db, "SELECT count(*) FROM projects WHERE note = name"); got != "3" {
				t.Errorf("%s projects have notes", got)
			}
			if _, err := db.ExecContext(t.Context(), "UPDATE artifacts SET note = 'bad'"); err == nil ||
				!strings.Contains(err.Error(), "the note is refused") {
				t.Errorf("a bad note: %v", err)
			}
			if got := query(t, db, `SELECT count(*) FROM run_command_on_shards('artifacts',
				$$SELECT indisvalid FROM pg_index WHERE indexrelid::regclass::text LIKE 'artifacts_by_note%%' AND indrelid = '%s'::regclass$$)
				WHERE NOT success OR result IS DISTINCT FROM 't'`); got != "0" {
				t.Errorf("%s shards lack the index", got)
			}
			s, err := store.OpenWithoutMigrating(t.Context(), url, quiet)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// createTable matches a new table with a column project_id.
var createTable = regexp.MustCompile(`(?s)CREATE TABLE (?:IF NOT EXISTS )?(\w+) \([^;]*?project_id[^;]*;`)

// TestNewTablesAreDistributed checks that migrations after the first distribution distribute their new tables, and add
// foreign keys only then.
func TestNewTablesAreDistributed(t *testing.T) {
	t.Parallel()
	const lastBefore = "0009_retracted_keys.sql"
	files, err := filepath.Glob("../engine/migrations/postgres/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%q, %v", files, err)
	}
	check := func(name, text string) (faults int) {
		for _, match := range createTable.FindAllStringSubmatch(text, -1) {
			_, rest, _ := strings.Cut(text, match[0])
			if strings.Contains(match[0], "REFERENCES") || !strings.Contains(rest, "create_distributed_table('"+match[1]+"', 'project_id'") {
				faults++
				t.Logf("%s: the table %s is not distributed before it gets foreign keys; see CONTRIBUTING.md", name, match[1])
			}
		}
		return faults
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(file); name > lastBefore && check(name, string(text)) > 0 {
			t.Errorf("%s does not run on a distributed database", name)
		}
		if filepath.Base(file) == "0001_core.sql" && check("control", string(text)) == 0 {
			t.Error("the check finds nothing in the first migration")
		}
	}
	if check("9001_notes.sql", string(laterMigrations["9001_notes.sql"].Data)) > 0 {
		t.Error("the check refuses a correct migration")
	}
}
