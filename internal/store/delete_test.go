package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestDeletionInPlainStatements deletes an artifact, and finds that entries are deleted before their subjects, so that
// no cascade has to, and that each statement finds its rows by an index (SQLite).
func TestDeletionInPlainStatements(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s, err := store.Open(context.Background(), url, quiet)
		must(t, err)
		defer func() { must(t, s.Close()) }()
		version, _, err := s.CreateArtifactVersion(everyone, store.Call{}, models.NewPath("input"),
			models.CreateArtifactVersionInput{Artifact: "model"}, nil)
		must(t, err)
		var deletions, plans []string
		meter := &storetest.Meter{Record: func(text string, args []any) {
			table, ok := strings.CutPrefix(text, "DELETE FROM ")
			if !ok {
				return
			}
			deletions = append(deletions, strings.Trim(strings.Fields(table)[0], "`\""))
			if strings.HasPrefix(url, "sqlite:") {
				plan, err := s.Explain(context.Background(), text, args)
				must(t, err)
				plans = append(plans, plan...)
			}
		}}
		_, _, err = s.DeleteArtifact(storetest.WithMeter(everyone, meter), store.Call{}, models.NewPath("input"),
			models.DeleteArtifactInput{ArtifactID: version.ArtifactID.String()})
		must(t, err)
		want := []string{"artifacts", "metadata_latest", "metadata_entries", "subjects"}
		if strings.HasPrefix(url, "sqlite:") { // PostgreSQL deletes the events in a statement with others
			want = append(want, "events")
		}
		if !slices.Equal(deletions, want) {
			t.Errorf("rows are deleted from %v, want %v", deletions, want)
		}
		for _, step := range plans {
			if regexp.MustCompile(`SCAN (artifacts|metadata_latest|metadata_entries|subjects|events)`).MatchString(step) {
				t.Errorf("a deletion goes through a whole table: %s", step)
			}
		}
	})
}

// TestForeignKeysHaveIndexes finds an index for each foreign key of SQLite, without which a deletion goes through all
// rows of the table for each deleted row. Its control is a table without one.
func TestForeignKeysHaveIndexes(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	s, err := store.Open(context.Background(), url, quiet)
	must(t, err)
	must(t, s.Close())
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:"))
	must(t, err)
	defer func() { must(t, db.Close()) }()
	if missing := keysWithoutIndex(t, db); len(missing) > 0 {
		t.Errorf("foreign keys without an index: %v", missing)
	}
	_, err = db.Exec("CREATE TABLE control (id INTEGER PRIMARY KEY, project_id BLOB REFERENCES projects (id))")
	must(t, err)
	if missing := keysWithoutIndex(t, db); !slices.Equal(missing, []string{"control (project_id)"}) {
		t.Errorf("control: foreign keys without an index: %v", missing)
	}
}

// keysWithoutIndex returns the foreign keys whose columns, in any order, begin no index of their table.
func keysWithoutIndex(t *testing.T, db *sql.DB) (missing []string) {
	t.Helper()
	list := func(query string, args ...any) (values []string) {
		rows, err := db.Query(query, args...)
		must(t, err)
		defer func() { must(t, rows.Close()) }()
		for rows.Next() {
			var value string
			must(t, rows.Scan(&value))
			values = append(values, value)
		}
		must(t, rows.Err())
		return values
	}
	for _, table := range list("SELECT name FROM sqlite_master WHERE type = 'table'") {
		var indexes [][]string
		for _, index := range list("SELECT name FROM pragma_index_list(?)", table) {
			indexes = append(indexes, list("SELECT coalesce(name, '') FROM pragma_index_info(?) ORDER BY seqno", index))
		}
		for _, id := range list("SELECT DISTINCT id FROM pragma_foreign_key_list(?)", table) {
			columns := list(`SELECT "from" FROM pragma_foreign_key_list(?) WHERE CAST(id AS TEXT) = ? ORDER BY seq`, table, id)
			found := slices.ContainsFunc(indexes, func(index []string) bool {
				if len(index) < len(columns) {
					return false
				}
				begin := slices.Sorted(slices.Values(index[:len(columns)]))
				return slices.Equal(begin, slices.Sorted(slices.Values(columns)))
			})
			if !found {
				missing = append(missing, fmt.Sprintf("%s (%s)", table, strings.Join(columns, ", ")))
			}
		}
	}
	return missing
}
