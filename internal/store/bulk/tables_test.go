package bulk

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
)

func TestMain(m *testing.M) { harness.Main(m) }

// notExported has the columns of a project that Tables omits, with the reason; the column "" is the whole table.
var notExported = map[string]map[string]string{
	"api_keys":            {"": "secrets"},
	"idempotency_keys":    {"": "expire"},
	"idempotency_answers": {"": "expire"},
	"subjects":            {"": "follow from their objects"},
	"aliases":             {"": "follow from their moves"},
	"tags":                {"": "follow from their moves"},
	"metadata_latest":     {"": "follow from the entries"},
	"alias_moves":         {"seq": "the order of the rows"},
	"tag_moves":           {"seq": "the order of the rows"},
	"metadata_entries": {"seq": "the order of the rows", "sort_key": "follows from the value",
		"parts": "follows from the value"},
	"step_outputs": {"artifact_version_id": "follows from the version"},
}

// TestTablesAreWhole checks that Tables has every column of every table of a project, unless notExported has it.
func TestTablesAreWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "placard.db")
	s, err := store.Open(context.Background(), "sqlite:"+path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query(`SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) p WHERE p.name = 'project_id')
		ORDER BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		n++
		moved := slices.ContainsFunc(Tables, func(t *Table) bool {
			return t.name == table &&
				slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == column || c.stored == column })
		})
		if reasons := notExported[table]; !moved && reasons[""] == "" && reasons[column] == "" && column != "project_id" {
			t.Errorf("%s.%s is not exported with its project", table, column)
		}
	}
	if err := rows.Err(); err != nil || n < 80 {
		t.Errorf("only %d columns were checked (%v)", n, err)
	}
}
