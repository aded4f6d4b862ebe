package bulk

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

// Table describes the rows of one kind of record.
type Table struct {
	// Record is the name of the kind.
	Record  string
	Columns []Column
	// Key has the columns that identify a row, or a sequence of rows. Rows are sorted by it.
	Key []string
	// Sequence is true if rows with the same key form a sequence, which only grows.
	Sequence bool
	// Unsorted is true if the order of the rows is the one in which they were written.
	Unsorted bool
	// Since is the first version of the format with the record, if it is not 1.
	Since int
	// Check returns an error for values that contradict each other; nil accepts all rows.
	Check func(Row) error

	name string
	// where is an additional condition on exported rows x.
	where string
	// local is true if IDs are compared within the project only.
	local      bool
	references []reference
	// unique has sets of columns in which no two rows of the project are equal.
	unique [][]string
	// subject is the kind of the subjects that new rows add; empty for none.
	subject models.SubjectKind
	// lock is a column with IDs of artifacts or versions. An import locks these artifacts.
	lock string
	// compare compares rows with the same key; nil for a sequence.
	compare func(stored, imported Row) comparison
	// keeps reports whether a stored row keeps a value that differs from the imported one; nil for never.
	keeps func(stored, imported Row) bool
	// update is the action of an upsert for a stored row with the same key.
	update string
	// insert stores b.inserts; nil for insertRows.
	insert func(b *batch) error
	// change stores b.updates; nil for updateRows.
	change func(b *batch) error
}

// reference is a column with the ID of a row in a table of the same project.
type reference struct {
	column, table string
	// deletable is true if the row may have been deleted.
	deletable bool
	// sameArtifact is true if both rows must have the same artifact_id.
	sameArtifact bool
}

// comparison is the result of comparing an imported row with the stored row of the same key.
type comparison int

const (
	equal comparison = iota
	// newer means that the imported row continues the stored one.
	newer
	conflict
)

// TablesOf returns the tables of a version of the format.
func TablesOf(version int) []*Table {
	return slices.DeleteFunc(slices.Clone(Tables), func(t *Table) bool { return version < t.Since })
}

// Tables has all tables of a project. Rows refer to rows of earlier tables only. It omits secrets (api_keys), rows that
// expire (idempotency_keys), and rows that follow from others (aliases, tags, subjects, metadata_latest).
var Tables = []*Table{
	{
		Record: "artifact", name: "artifacts", Key: []string{"id"},
		Columns: []Column{
			{Name: "id"}, {Name: "name", Kind: Text, Check: checkName}, {Name: "last_number", Kind: Number, Max: math.MaxInt32},
			{Name: "created_at", Kind: Instant}, author,
			{Name: "updated_at", Kind: Instant, Since: 2, write: "coalesce(t.updated_at, t.created_at)"}, description,
		},
		unique: [][]string{{"name"}}, compare: compareArtifacts, keeps: keepsLaterDescription,
		update: "last_number = " + greater("artifacts", "last_number") + ", updated_at = " + greater("artifacts", "updated_at") +
			", description = CASE WHEN artifacts.updated_at < excluded.updated_at THEN excluded.description" +
			" ELSE artifacts.description END",
	},
	{
		Record: "retiredNumber", name: "retired_numbers", Key: []string{"artifact_id", "number"},
		Columns:    []Column{{Name: "artifact_id"}, {Name: "number", Kind: Number, Min: 1, Max: math.MaxInt32}},
		references: []reference{{column: "artifact_id", table: "artifacts"}},
		lock:       "artifact_id", compare: compareAll, insert: insertRetiredNumbers,
	},
	{
		Record: "pipelineRun", name: "pipeline_runs", Key: []string{"id"}, Check: checkRun,
		Columns: []Column{
			{Name: "id"}, {Name: "pipeline", Kind: Text, Check: checkName}, {Name: "status", Kind: Text, Check: CheckStatus},
			{Name: "started_at", Kind: Instant}, {Name: "finished_at", Kind: Instant, Optional: true}, author, changed,
		},
		subject: models.SubjectPipelineRun, compare: compareRuns,
		update: finishRun("pipeline_runs", models.RunStatusRunning),
	},
	{
		Record: "stepRun", name: "step_runs", Key: []string{"id"}, Check: checkRun,
		Columns: []Column{
			{Name: "id"}, {Name: "pipeline_run_id"}, {Name: "name", Kind: Text, Check: checkName},
			{Name: "status", Kind: Text, Check: checkStepStatus}, {Name: "started_at", Kind: Instant},
			{Name: "finished_at", Kind: Instant, Optional: true}, author, changed,
		},
		references: []reference{{column: "pipeline_run_id", table: "pipeline_runs"}},
		subject:    models.SubjectStepRun, compare: compareSteps,
		update: finishRun("step_runs", models.RunStatusRunning, models.RunStatusCancelled),
	},
	{
		Record: "stepOutput", name: "step_outputs", Key: []string{"id"}, Check: checkOutput,
		Columns: []Column{
			{Name: "id"}, {Name: "step_run_id"}, {Name: "position", Kind: Number, Max: models.MaxOutputs - 1},
			{Name: "name", Kind: Text, Check: checkName}, {Name: "artifact_name", Kind: Text, Optional: true, Check: checkName},
			{Name: "bound_at", Kind: Instant, Optional: true}, {Name: "reused_subject_id", Optional: true, Since: 2},
		},
		references: []reference{{column: "step_run_id", table: "step_runs"},
			{column: "reused_subject_id", table: "subjects", deletable: true}},
		unique: [][]string{{"step_run_id", "name"}}, subject: models.SubjectStepOutput, lock: "reused_subject_id",
		compare: compareOutputs, insert: insertOutputs, change: reuseVersions,
		update: "bound_at = excluded.bound_at, reused_subject_id = excluded.reused_subject_id " +
			"WHERE step_outputs.bound_at IS NULL",
	},
	{
		Record: "artifactVersion", name: "artifact_versions", Key: []string{"id"}, Check: checkVersion,
		Columns: []Column{
			{Name: "id"}, {Name: "artifact_id"},
			{Name: "output_id", Optional: true, read: "NULLIF(x.subject_id, x.id)", stored: "subject_id",
				write: "coalesce(t.output_id, t.id)"},
			{Name: "version", Kind: Text, Check: checkLabel}, {Name: "number", Kind: Number, Min: 1, Max: math.MaxInt32},
			{Name: "type", Kind: Text, Optional: true, Check: checkName}, {Name: "created_at", Kind: Instant}, author, description,
		},
		references: []reference{{column: "artifact_id", table: "artifacts"},
			{column: "output_id", table: "step_outputs", deletable: true}},
		unique: [][]string{{"artifact_id", "version"}, {"artifact_id", "number"}},
		lock:   "artifact_id", compare: compareVersions, keeps: keepsDescription, insert: insertVersions,
	},
	{
		Record: "stepInput", name: "step_inputs", Key: []string{"step_run_id", "position"},
		Columns: []Column{
			{Name: "step_run_id"}, {Name: "position", Kind: Number, Max: models.MaxInputs - 1},
			{Name: "name", Kind: Text, Check: checkName}, {Name: "artifact_version_id"},
		},
		references: []reference{{column: "step_run_id", table: "step_runs"},
			{column: "artifact_version_id", table: "artifact_versions", deletable: true}},
		unique: [][]string{{"step_run_id", "name"}}, compare: compareAll,
	},
	{
		Record: "aliasMove", name: "alias_moves", Key: []string{"artifact_id", "alias"}, Sequence: true,
		Columns: []Column{
			{Name: "artifact_id"}, {Name: "alias", Kind: Text, Check: checkLabel}, {Name: "artifact_version_id", Optional: true},
			{Name: "moved_at", Kind: Instant}, mover,
		},
		references: []reference{{column: "artifact_id", table: "artifacts"},
			{column: "artifact_version_id", table: "artifact_versions", deletable: true, sameArtifact: true}},
		lock: "artifact_id", insert: insertAliasMoves,
	},
	{
		Record: "tagMove", name: "tag_moves", Key: []string{"artifact_version_id", "tag"}, Sequence: true,
		Columns: []Column{
			{Name: "artifact_version_id"}, {Name: "tag", Kind: Text, Check: checkName},
			{Name: "added", Kind: Bool, write: "t.added <> 0"}, {Name: "moved_at", Kind: Instant}, mover,
		},
		references: []reference{{column: "artifact_version_id", table: "artifact_versions"}},
		lock:       "artifact_version_id", insert: insertTagMoves,
	},
	{
		Record: "entry", name: "metadata_entries", Key: []string{"id"}, Unsorted: true,
		Columns: []Column{
			{Name: "id"}, {Name: "subject_id"}, {Name: "card", Kind: Text, Optional: true, read: "NULLIF(x.card, '')"},
			{Name: "key", Kind: Text}, {Name: "kind", Kind: Text, Optional: true}, {Name: "value", Kind: Value, Optional: true},
			{Name: "retracted", Kind: Bool, Optional: true}, {Name: "reason", Kind: Text, Optional: true, Check: CheckReason},
			{Name: "logged_at", Kind: Instant}, {Name: "logged_by", Kind: Text, Optional: true, Check: checkName},
			{Name: "step_run_id", Optional: true}, {Name: "erased", Kind: Bool, Optional: true, Since: 2},
		},
		references: []reference{{column: "subject_id", table: "subjects"},
			{column: "step_run_id", table: "step_runs", deletable: true}},
		compare: compareEntries, keeps: keepsErasure, insert: appendEntries, change: eraseEntries,
	},
	{
		Record: "event", name: "events", Key: []string{"id"}, Since: 2, local: true,
		Columns: []Column{
			{Name: "id"}, {Name: "kind", Kind: Text, Check: checkEventKind}, {Name: "created_at", Kind: Instant}, author,
			{Name: "artifact_id", Optional: true}, {Name: "artifact_version_id", Optional: true},
			{Name: "pipeline_run_id", Optional: true}, {Name: "details", Kind: Details},
		},
		references: []reference{{column: "artifact_id", table: "artifacts", deletable: true},
			{column: "artifact_version_id", table: "artifact_versions", deletable: true, sameArtifact: true},
			{column: "pipeline_run_id", table: "pipeline_runs", deletable: true}},
		compare: compareEvents, keeps: keepsReason, update: "details = excluded.details",
	},
	{
		Record: "auditEvent", name: "audit_events", Key: []string{"id"},
		where: " AND x.action <> '" + string(models.AuditActionProjectImported) + "'",
		Columns: []Column{
			{Name: "id"}, {Name: "created_at", formerly: "at", Kind: Instant},
			{Name: "created_by", formerly: "actor", Kind: Text, Optional: true, Check: checkName},
			{Name: "created_by_id", formerly: "actorId", Optional: true}, {Name: "action", Kind: Text, Check: checkAction},
			{Name: "description", formerly: "subject", Kind: Text, Check: checkAuditDescription},
			{Name: "object_id", formerly: "subjectId"},
		},
		compare: compareAll,
	},
}

// Columns of several tables.
var (
	author = Column{Name: "created_by", Kind: Text, Optional: true, Since: 2, Check: checkName}
	mover  = Column{Name: "moved_by", Kind: Text, Optional: true, Since: 2, Check: checkName, read: "NULLIF(x.moved_by, '')",
		write: "coalesce(t.moved_by, '')"}
	changed     = Column{Name: "updated_at", Kind: Instant, Optional: true, Since: 2}
	description = Column{Name: "description", Kind: Text, Optional: true, Since: 2, Check: CheckDescription}
)

func init() {
	for _, table := range Tables {
		for i := range table.Columns {
			column := &table.Columns[i]
			column.Member = toCamelCase(column.Name)
		}
	}
}

func toCamelCase(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts[1:] {
		parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
	}
	return strings.Join(parts, "")
}

// greater returns the greater one of the stored and the imported value of a column.
func greater(table, column string) string {
	stored, imported := table+"."+column, "excluded."+column
	return "CASE WHEN " + stored + " >= " + imported + " THEN " + stored + " ELSE coalesce(" + imported + ", " + stored + ") END"
}

// finishRun returns the update of a run that ends, because it has one of the statuses, or that has a later time of its
// last change. A run of version 1 of the format changes when it ends.
func finishRun(table string, open ...models.RunStatus) string {
	statuses := make([]string, len(open))
	for i, status := range open {
		statuses[i] = "'" + string(status) + "'"
	}
	const changed = "coalesce(excluded.updated_at, excluded.finished_at)"
	return "status = excluded.status, finished_at = excluded.finished_at, updated_at = CASE WHEN " + table +
		".updated_at >= " + changed + " THEN " + table + ".updated_at + 1 ELSE " + changed + " END WHERE " + table +
		".status IN (" + strings.Join(statuses, ", ") + ") OR " + table + ".status = excluded.status AND " + table +
		".finished_at = excluded.finished_at"
}

// orderBy returns the order of exported rows x.
func (t *Table) orderBy() string {
	switch order := "x." + strings.Join(t.Key, ", x."); {
	case t.Unsorted:
		return "x.seq"
	case t.Sequence:
		return order + ", x.seq"
	default:
		return order
	}
}

// selection returns the columns of exported rows x.
func (t *Table) selection() string {
	expressions := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		expressions[i] = cmp.Or(c.read, "x."+c.Name)
	}
	return strings.Join(expressions, ", ")
}

// index returns the index of a column, which must exist.
func (t *Table) index(name string) int {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		panic("table " + t.name + " has no column " + name)
	}
	return i
}
