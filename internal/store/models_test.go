package store_test

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestModelsMatchMigrations compares the columns and the primary key of each model that is a table row with those of
// its migrated table.
func TestModelsMatchMigrations(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), url, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			model any
			table string
			// unmapped are the columns without a field in the model.
			unmapped []string
		}{
			{&models.Project{}, "projects", []string{"deleted_at"}},
			{&models.Artifact{}, "artifacts", []string{"last_number"}},
			{&models.ArtifactVersion{}, "artifact_versions", nil},
			{&models.PipelineRun{}, "pipeline_runs", nil},
			{&models.StepRun{}, "step_runs", nil},
			{&models.StepInput{}, "step_inputs", nil},
			{&models.StepOutput{}, "step_outputs", nil},
			{&models.MetadataEntry{}, "metadata_entries", []string{"sort_key", "parts"}},
			{&models.ApiKey{}, "api_keys", []string{"hash"}},
			{&models.AuditEvent{}, "audit_events", []string{"created_by_id"}},
			{&models.TimelineEvent{}, "events", nil},
		} {
			parsed, err := schema.Parse(c.model, &sync.Map{}, schema.NamingStrategy{})
			if err != nil {
				t.Fatal(err)
			}
			if parsed.Table != c.table {
				t.Errorf("%s has the table %s, want %s", parsed.Name, parsed.Table, c.table)
			}
			columns, key := migratedColumns(t, url, c.table)
			if mapped := slices.Sorted(slices.Values(append(slices.Clone(parsed.DBNames), c.unmapped...))); !slices.Equal(mapped,
				columns) {
				t.Errorf("%s has the columns\n%s, the table has\n%s", parsed.Name, mapped, columns)
			}
			fields := slices.Sorted(slices.Values(parsed.PrimaryFieldDBNames))
			if c.table == "metadata_entries" && strings.HasPrefix(url, "sqlite:") {
				fields = []string{"seq"} // SQLite generates numbers only for a key of one column
			}
			if !slices.Equal(fields, key) {
				t.Errorf("%s has the primary key %s, the table has %s", parsed.Name, fields, key)
			}
		}
	})
}

// migratedColumns returns the names of the columns of a table and of those of its primary key, both sorted.
func migratedColumns(t *testing.T, url, table string) (columns, key []string) {
	t.Helper()
	driver, source, query := "pgx", url, `SELECT c.column_name, k.column_name IS NOT NULL FROM information_schema.columns c
		LEFT JOIN (information_schema.table_constraints t JOIN information_schema.key_column_usage k USING (constraint_name, table_name))
		ON t.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name AND k.column_name = c.column_name
		WHERE c.table_schema = 'public' AND c.table_name = $1`
	if file, isSQLite := strings.CutPrefix(url, "sqlite:"); isSQLite {
		driver, source, query = "sqlite", file, "SELECT name, pk > 0 FROM pragma_table_info(?)"
	}
	database, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = database.Close() }()
	rows, err := database.QueryContext(t.Context(), query, table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	primary := map[string]bool{}
	for rows.Next() {
		var name string
		var isKey bool
		if err := rows.Scan(&name, &isKey); err != nil {
			t.Fatal(err)
		}
		primary[name] = isKey
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	columns = slices.Sorted(maps.Keys(primary))
	return columns, slices.DeleteFunc(slices.Clone(columns), func(name string) bool { return !primary[name] })
}
