// Package bulk reads a whole project from a database as it is at one instant, and writes it into another one. It knows
// the tables row by row, and nothing of files: internal/transfer does.
package bulk

import (
	"database/sql"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

// Kind is what a column holds.
type Kind int

// The kinds, with the Go type that a row has for each; nil stands for NULL.
const (
	// ID is a models.ID.
	ID Kind = iota
	// Text is a string.
	Text
	// Number is an int64.
	Number
	// Bool is a bool.
	Bool
	// Instant is microseconds since 1970, an int64.
	Instant
	// Value is a metadata value as extended JSON, a string.
	Value
)

// Column is a column of a Table.
type Column struct {
	Name string
	// Member is its name in a line: created_at is createdAt.
	Member string
	Kind   Kind
	// Optional says that it may be NULL.
	Optional bool
	// read is the expression that it is read by, where that is more than the column; x is the row.
	read string
	// to is the column that it is written to, and write the expression for it, where these are others.
	to, write string
}

// Table is rows of one sort, in the order in which they are read and written: each refers to earlier ones only.
type Table struct {
	// Record is what one row is called.
	Record  string
	Columns []Column
	// Key is how many columns, from the first on, tell its rows apart. Rows come in their order. It is 0 for entries,
	// which come in the order in which they were logged.
	Key int
	// Group is how many columns, from the first on, the rows of a sequence have in common; rows of a sequence are told
	// apart by their place in it. It is 0 for tables that are no sequences.
	Group int

	name, where string
	refs        []reference
	unique      []uniqueness
	// about is what new rows are subjects as; empty for no subjects.
	about string
	// named is the ID of a version in it, which may have been deleted and must not be a foreign one; ofArtifact says that
	// it must be one of the artifact in the row.
	named      string
	ofArtifact bool
	// merge compares a row that is there with one that comes.
	merge func(have, got []any) verdict
	// change is what an INSERT of rows sets that are further than those that are there.
	change string
	write  func(b *batch) error
}

// reference is a column with the ID of a row in a table of the project.
type reference struct{ column, table string }

// uniqueness is columns that no two rows of the project share, and what they are, for people.
type uniqueness struct {
	columns []string
	what    string
}

// verdict is how a row that comes stands to the one that is there.
type verdict int

const (
	same verdict = iota
	further
	conflict
)

// Tables are what a project consists of. What is not among them is secret (api_keys), short-lived (idempotency_keys) or
// follows from them (aliases, tags, subjects, metadata_latest).
var Tables = []*Table{
	{
		Record: "artifact", name: "artifacts", Key: 1,
		Columns: []Column{{Name: "id"}, {Name: "name", Kind: Text}, {Name: "last_number", Kind: Number}, {Name: "created_at", Kind: Instant}},
		unique:  []uniqueness{{[]string{"name"}, "artifact of this name"}},
		merge:   mergeArtifacts, write: writeRows,
		change: "last_number = excluded.last_number WHERE artifacts.last_number < excluded.last_number",
	},
	{
		Record: "retiredNumber", name: "retired_numbers", Key: 2,
		Columns: []Column{{Name: "artifact_id"}, {Name: "number", Kind: Number}},
		refs:    []reference{{"artifact_id", "artifacts"}}, merge: mergeEqual, write: writeRetired,
	},
	{
		Record: "pipelineRun", name: "pipeline_runs", Key: 1, about: "R",
		Columns: []Column{{Name: "id"}, {Name: "pipeline", Kind: Text}, {Name: "status", Kind: Text}, {Name: "started_at", Kind: Instant},
			{Name: "finished_at", Kind: Instant, Optional: true}},
		merge: mergeRuns, write: writeRows, change: finishRuns("pipeline_runs"),
	},
	{
		Record: "stepRun", name: "step_runs", Key: 1, about: "S",
		Columns: []Column{{Name: "id"}, {Name: "pipeline_run_id"}, {Name: "name", Kind: Text}, {Name: "status", Kind: Text},
			{Name: "started_at", Kind: Instant}, {Name: "finished_at", Kind: Instant, Optional: true}},
		refs:  []reference{{"pipeline_run_id", "pipeline_runs"}},
		merge: mergeRuns, write: writeRows, change: finishRuns("step_runs"),
	},
	{
		Record: "stepOutput", name: "step_outputs", Key: 1, about: "O",
		Columns: []Column{{Name: "id"}, {Name: "step_run_id"}, {Name: "position", Kind: Number}, {Name: "name", Kind: Text},
			{Name: "artifact_name", Kind: Text, Optional: true}, {Name: "bound_at", Kind: Instant, Optional: true}},
		refs:   []reference{{"step_run_id", "step_runs"}},
		unique: []uniqueness{{[]string{"step_run_id", "name"}, "output of this name in the step run"}},
		merge:  mergeOutputs, write: writeRows,
	},
	{
		Record: "artifactVersion", name: "artifact_versions", Key: 1,
		Columns: []Column{{Name: "id"}, {Name: "artifact_id"},
			{Name: "output_id", Optional: true, read: "NULLIF(x.subject_id, x.id)", to: "subject_id", write: "coalesce(t.output_id, t.id)"},
			{Name: "version", Kind: Text}, {Name: "number", Kind: Number}, {Name: "type", Kind: Text, Optional: true},
			{Name: "created_at", Kind: Instant}},
		refs: []reference{{"artifact_id", "artifacts"}, {"output_id", "step_outputs"}},
		unique: []uniqueness{{[]string{"artifact_id", "version"}, "version of this name"},
			{[]string{"artifact_id", "number"}, "version with this number"}},
		merge: mergeEqual, write: writeVersions,
	},
	{
		Record: "stepInput", name: "step_inputs", Key: 2,
		Columns: []Column{{Name: "step_run_id"}, {Name: "position", Kind: Number}, {Name: "name", Kind: Text}, {Name: "artifact_version_id"}},
		refs:    []reference{{"step_run_id", "step_runs"}}, named: "artifact_version_id",
		unique: []uniqueness{{[]string{"step_run_id", "name"}, "input of this name in the step run"}},
		merge:  mergeEqual, write: writeRows,
	},
	{
		Record: "aliasMove", name: "alias_moves", Group: 2,
		Columns: []Column{{Name: "artifact_id"}, {Name: "alias", Kind: Text}, {Name: "artifact_version_id", Optional: true},
			{Name: "moved_at", Kind: Instant}},
		refs: []reference{{"artifact_id", "artifacts"}}, named: "artifact_version_id", ofArtifact: true, write: writeMoves,
	},
	{
		Record: "tagMove", name: "tag_moves", Group: 2,
		Columns: []Column{{Name: "artifact_version_id"}, {Name: "tag", Kind: Text}, {Name: "added", Kind: Bool, write: "t.added <> 0"},
			{Name: "moved_at", Kind: Instant}},
		refs: []reference{{"artifact_version_id", "artifact_versions"}}, write: writeMoves,
	},
	{
		Record: "entry", name: "metadata_entries",
		Columns: []Column{{Name: "id"}, {Name: "subject_id"}, {Name: "card", Kind: Text, Optional: true, read: "NULLIF(x.card, '')"},
			{Name: "key", Kind: Text}, {Name: "kind", Kind: Text, Optional: true}, {Name: "value", Kind: Value, Optional: true},
			{Name: "retracted", Kind: Bool, Optional: true}, {Name: "reason", Kind: Text, Optional: true}, {Name: "logged_at", Kind: Instant},
			{Name: "logged_by", Kind: Text, Optional: true}, {Name: "step_run_id", Optional: true}},
		refs: []reference{{"subject_id", "subjects"}, {"step_run_id", "step_runs"}}, merge: mergeEqual, write: writeEntries,
	},
	{
		Record: "auditEvent", name: "audit_events", Key: 1, where: " AND x.action <> '" + string(models.AuditActionProjectImported) + "'",
		Columns: []Column{{Name: "id"}, {Name: "at", Kind: Instant}, {Name: "actor", Kind: Text, Optional: true}, {Name: "actor_id", Optional: true},
			{Name: "action", Kind: Text}, {Name: "subject", Kind: Text}, {Name: "subject_id"}},
		merge: mergeEqual, write: writeRows,
	},
}

func init() {
	for _, table := range Tables {
		for i := range table.Columns {
			table.Columns[i].Member = camel(table.Columns[i].Name)
		}
	}
}

func finishRuns(table string) string {
	return "status = excluded.status, finished_at = excluded.finished_at WHERE " + table + ".status = '" + string(models.RunStatusRunning) + "'"
}

// order is what a table is read by.
func (t *Table) order() string {
	if t.Key == 0 && t.Group == 0 {
		return "x.seq"
	}
	names := make([]string, t.Key+t.Group)
	for i := range names {
		names[i] = "x." + t.Columns[i].Name
	}
	if t.Group > 0 {
		names = append(names, "x.seq")
	}
	return strings.Join(names, ", ")
}

// selected are the columns as they are read.
func (t *Table) selected() string {
	parts := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if parts[i] = "x." + c.Name; c.read != "" {
			parts[i] = c.read
		}
	}
	return strings.Join(parts, ", ")
}

// At is the place of a column in a row.
func (t *Table) At(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// row is what rows of a table are read into.
type row struct {
	before  []any
	targets []any
}

// newRow reads columns of its own before those of the table.
func newRow(t *Table, before ...any) *row {
	r := &row{before: before}
	for _, c := range t.Columns {
		switch c.Kind {
		case ID:
			r.targets = append(r.targets, new(models.ID))
		case Text, Value:
			r.targets = append(r.targets, new(sql.NullString))
		case Number, Instant:
			r.targets = append(r.targets, new(sql.NullInt64))
		case Bool:
			r.targets = append(r.targets, new(sql.NullBool))
		}
	}
	return r
}

func (r *row) scan(rows *sql.Rows) ([]any, error) {
	if err := rows.Scan(append(r.before[:len(r.before):len(r.before)], r.targets...)...); err != nil {
		return nil, err
	}
	values := make([]any, len(r.targets))
	for i, target := range r.targets {
		switch target := target.(type) {
		case *models.ID:
			if !target.IsZero() {
				values[i] = *target
			}
		case *sql.NullString:
			if target.Valid {
				values[i] = target.String
			}
		case *sql.NullInt64:
			if target.Valid {
				values[i] = target.Int64
			}
		case *sql.NullBool:
			if target.Valid {
				values[i] = target.Bool
			}
		}
	}
	return values, nil
}
