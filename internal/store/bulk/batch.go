package bulk

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// batch is a transaction that writes rows of a table.
type batch struct {
	store.ImportTx
	table   *Table
	project models.ID
	rows    []Row
	result  Result
	// inserts are the rows without a stored row of the same key, and updates the rows that continue one.
	inserts, updates []Row
}

func (b *batch) write() error {
	if err := b.lockArtifacts(); err != nil {
		return err
	}
	compare := b.compareRows
	if b.table.Sequence {
		compare = b.compareMoves
	}
	if err := compare(); err != nil {
		return err
	}
	if len(b.inserts) > 0 {
		if err := b.check(); err != nil {
			return err
		}
		insert := insertRows
		if b.table.insert != nil {
			insert = b.table.insert
		}
		if err := insert(b); err != nil {
			return err
		}
		b.result.Inserted = len(b.inserts)
	}
	if len(b.updates) == 0 {
		return nil
	}
	if b.table.change != nil {
		return b.table.change(b)
	}
	return updateRows(b)
}

// lockArtifacts keeps servers from creating, deleting and moving versions of the artifacts of the batch.
func (b *batch) lockArtifacts() error {
	column := b.table.lock
	if column == "" {
		return nil
	}
	ids := distinctIDs(b.rows, column)
	if len(ids) == 0 {
		return nil
	}
	where := b.Dialect.IDIn("id", ids)
	if version := versionColumns[column]; version != "" {
		where = engine.SQL("id IN (SELECT v.artifact_id FROM artifact_versions v WHERE v.project_id = ? AND ?)", b.project,
			b.Dialect.IDIn(version, ids))
	}
	var locked []models.ID
	return b.Read(&locked, engine.SQL("SELECT id FROM artifacts WHERE project_id = ? AND ? ORDER BY id"+
		b.Dialect.ForUpdate(), b.project, where))
}

// versionColumns are the columns of versions v that the lock columns of other tables refer to.
var versionColumns = map[string]string{"artifact_version_id": "v.id", "reused_subject_id": "v.subject_id"}

// distinctIDs returns the IDs in a column without NULL, in the order of the rows.
func distinctIDs(rows []Row, column string) []models.ID {
	seen := map[models.ID]bool{}
	var ids []models.ID
	for _, r := range rows {
		if id, ok := r.Get(column).(models.ID); ok && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// compareRows divides the rows into inserts, updates and unchanged rows.
func (b *batch) compareRows() error {
	stored, err := b.storedRows()
	if err != nil {
		return err
	}
	seen := map[[2]any]bool{}
	for _, r := range b.rows {
		if seen[r.key()] {
			return refuse(r.Line, "the file has another %s with this %s", b.table.Record, members(b.table.Key))
		}
		seen[r.key()] = true
		other, found := stored[r.Line]
		switch {
		case !found:
			b.inserts = append(b.inserts, r)
			continue
		case other.project != b.project:
			return refuse(r.Line, `another project of this database has an object with this "id"`)
		case b.table.keeps != nil && b.table.keeps(other.Row, r):
			b.result.Skipped++
		}
		switch b.table.compare(other.Row, r) {
		case newer:
			b.updates = append(b.updates, r)
		case equal:
			b.result.Unchanged++
		case conflict:
			return refuse(r.Line, "the project has another %s with this %s", b.table.Record, members(b.table.Key))
		}
	}
	return nil
}

type storedRow struct {
	Row
	project models.ID
}

// storedRows returns the stored rows with the keys of the batch by the line of the imported row. A row with an ID may
// belong to another project.
func (b *batch) storedRows() (map[int64]storedRow, error) {
	query := engine.SQL("SELECT t.n, x.project_id, "+b.table.selection()+" FROM ? CROSS JOIN "+b.table.name+" x WHERE "+
		equalColumns(b.table.Key), b.tableOf(b.rows, b.table.Key...))
	if b.table.Key[0] != "id" || b.table.local {
		query = query.Concat(engine.SQL(" AND x.project_id = ?", b.project))
	}
	rows, err := b.Raw(query.SQL, query.Args...).Rows()
	if err != nil {
		return nil, err
	}
	var line int64
	var project models.ID
	stored := map[int64]storedRow{}
	err = newScanner(b.table, &line, &project).each(rows, func(row Row) error {
		if _, found := stored[line]; !found || project == b.project {
			stored[line] = storedRow{row, project}
		}
		return nil
	})
	return stored, err
}

// equalColumns returns the condition that a stored row x has the same values in columns as an imported row t.
func equalColumns(columns []string) string {
	conditions := make([]string, len(columns))
	for i, column := range columns {
		conditions[i] = "x." + column + " = t." + column
	}
	return strings.Join(conditions, " AND ")
}

// tableOf returns the item t of FROM with columns of rows. The column n is the line.
func (b *batch) tableOf(rows []Row, columns ...string) engine.Expr {
	types := []engine.Column{engine.NumberColumn("n")}
	for _, name := range columns {
		switch b.table.Columns[b.table.index(name)].Kind {
		case ID:
			types = append(types, engine.IDColumn(name))
		case Text, Value, Details:
			types = append(types, engine.TextColumn(name))
		default:
			types = append(types, engine.NumberColumn(name))
		}
	}
	objects := make([]map[string]any, len(rows))
	for i, r := range rows {
		objects[i] = map[string]any{"n": r.Line}
		for _, name := range columns {
			switch value := r.Get(name); value {
			case true:
				objects[i][name] = 1
			case false:
				objects[i][name] = 0
			case Absent:
				objects[i][name] = nil
			default:
				objects[i][name] = value
			}
		}
	}
	return b.Dialect.JSONRows(objects, types...)
}

// insertRows stores the new rows and adds their subjects.
func insertRows(b *batch) error {
	if b.table.subject != "" {
		var ids []models.ID
		for _, r := range b.inserts {
			if b.table.Record != "stepOutput" || hasOwnSubject(r) {
				ids = append(ids, r.Get("id").(models.ID))
			}
		}
		if err := b.AddSubjects(b.project, b.table.subject, ids); err != nil {
			return err
		}
	}
	_, err := b.upsert(b.inserts, "")
	return err
}

// updateRows changes stored rows, unless a concurrent transaction has made the same change.
func updateRows(b *batch) error {
	changed, err := b.upsert(b.updates, " ON CONFLICT (project_id, id) DO UPDATE SET "+b.table.update)
	b.result.Updated += int(changed)
	b.result.Unchanged += len(b.updates) - int(changed)
	return err
}

// upsert inserts rows with the action for existing ones. It returns the number of written rows.
func (b *batch) upsert(rows []Row, onConflict string) (int64, error) {
	var names, columns, expressions []string
	for _, c := range b.table.Columns {
		names = append(names, c.Name)
		columns = append(columns, cmp.Or(c.stored, c.Name))
		expressions = append(expressions, cmp.Or(c.write, "t."+c.Name))
	}
	return b.WriteCount(engine.SQL("INSERT INTO "+b.table.name+" (project_id, "+strings.Join(columns, ", ")+
		") SELECT ?, "+strings.Join(expressions, ", ")+" FROM ? WHERE true ORDER BY t.n"+onConflict,
		b.project, b.tableOf(rows, names...)))
}

// refuse returns a RowError.
func refuse(line int64, format string, args ...any) error {
	return &RowError{line, fmt.Sprintf(format, args...)}
}

// members returns the quoted names of columns as members of a line.
func members(columns []string) string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = strconv.Quote(toCamelCase(column))
	}
	return strings.Join(names, " and ")
}
