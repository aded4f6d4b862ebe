package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// Row is a row that comes.
type Row struct {
	// Line is where it stands, for refusals.
	Line int64
	// Values are by the columns of its table.
	Values []any
	// Place is that in its sequence, from 1 on, for a table with a Group.
	Place int
	// Fact is what an entry says, empty for a retraction.
	Fact models.Fact
}

// Refused is a row that cannot be written; then nothing of its batch is.
type Refused struct {
	Line int64
	Text string
}

func (r *Refused) Error() string { return fmt.Sprintf("line %d: %s", r.Line, r.Text) }

// Done is how many rows were new, how many went on from what was there, and how many were there already. Kept of the
// latter are numbers that were retired elsewhere and belong to a version here, which stays.
type Done struct{ New, Changed, Same, Kept int }

// Target is a project that is written. It is made, if there is none of its name, together with the first rows.
type Target struct {
	s       *store.Store
	project Project
	// found says that the project is there, under its ID here, and noted that an audit event tells of the import.
	found, noted, created bool
}

// NewTarget is the project of that name. One that is made has the same ID, unless something in the database has it.
func NewTarget(s *store.Store, p Project) *Target { return &Target{s: s, project: p} }

// Write writes rows of a table in one transaction, all of them or none. What is there already stays as it is. It fails
// with Refused for a row that contradicts what is there, or that refers to nothing.
func (t *Target) Write(ctx context.Context, table *Table, rows []Row) (done Done, err error) {
	err = t.transaction(ctx, func(tx store.Bulk, id models.ID) (bool, error) {
		b := &batch{Bulk: tx, table: table, project: id, rows: rows}
		err := table.write(b)
		done = b.done
		return done.New+done.Changed > 0, err
	})
	var refused *Refused
	if errors.As(err, &refused) {
		err = refused
	}
	return done, err
}

// Finish makes sure that the project is there, also when there were no rows. created says that it was not before.
func (t *Target) Finish(ctx context.Context) (created bool, err error) {
	if !t.found {
		err = t.transaction(ctx, func(store.Bulk, models.ID) (bool, error) { return false, nil })
	}
	return t.created, err
}

// transaction runs fn with the ID of the project, and notes the import when it says that something has changed.
func (t *Target) transaction(ctx context.Context, fn func(tx store.Bulk, id models.ID) (bool, error)) error {
	var next Target
	err := t.s.Bulk(ctx, func(tx store.Bulk) error {
		next = *t
		if err := next.find(tx); err != nil {
			return err
		}
		changed, err := fn(tx, next.project.ID)
		if err != nil || next.noted || !changed && !next.created {
			return err
		}
		next.noted = true
		return tx.Audit(next.project.ID, models.AuditActionProjectImported, next.project.Name)
	})
	if err == nil {
		*t = next
	}
	return err
}

// find finds the project, or makes it. It is as old as the older of the two.
func (t *Target) find(b store.Bulk) error {
	if t.found {
		return nil
	}
	t.found = true
	p := t.project
	var there []Project
	if err := b.Raw("SELECT id, name, created_at FROM projects WHERE name = ?", p.Name).Scan(&there).Error; err != nil {
		return err
	}
	if len(there) > 0 {
		t.project.ID = there[0].ID
		if !p.CreatedAt.Before(there[0].CreatedAt.Time) {
			return nil
		}
		return b.Exec("UPDATE projects SET created_at = ? WHERE id = ?", p.CreatedAt, t.project.ID).Error
	}
	taken, err := (&batch{Bulk: b}).takenID(p.ID)
	if err != nil {
		return err
	}
	if taken {
		t.project.ID = models.NewID()
	}
	t.created = true
	return b.Exec("INSERT INTO projects (id, name, created_at) VALUES (?, ?, ?)", t.project.ID, p.Name, p.CreatedAt).Error
}

// batch is rows of a table in a transaction.
type batch struct {
	store.Bulk
	table   *Table
	project models.ID
	rows    []Row
	done    Done
	// fresh are those that are not there yet, and ahead those that are further than what is there.
	fresh, ahead []Row
}

func (b *batch) refuse(n int, format string, args ...any) error {
	return &Refused{b.rows[n].Line, fmt.Sprintf(format, args...)}
}

// given is a table expression with columns of rows, called t, and its argument. The column n is the place of a row
// among all of the batch.
func (b *batch) given(rows []Row, names ...string) (string, string, error) {
	ids, texts, numbers := []string{}, []string{}, []string{"n"}
	places := make([]int, len(names))
	for i, name := range names {
		places[i] = b.table.At(name)
		switch b.table.Columns[places[i]].Kind {
		case ID:
			ids = append(ids, name)
		case Text, Value:
			texts = append(texts, name)
		default:
			numbers = append(numbers, name)
		}
	}
	objects := make([]map[string]any, len(rows))
	for i, r := range rows {
		objects[i] = map[string]any{"n": r.Line - b.rows[0].Line}
		for j, name := range names {
			switch value := r.Values[places[j]].(type) {
			case bool:
				objects[i][name] = map[bool]int{true: 1}[value]
			default:
				objects[i][name] = value
			}
		}
	}
	text, err := json.Marshal(objects)
	return b.Rows(ids, texts, numbers), string(text), err
}

func (b *batch) names() []string {
	names := make([]string, len(b.table.Columns))
	for i, c := range b.table.Columns {
		names[i] = c.Name
	}
	return names
}

// keys are the columns that tell rows apart.
func (b *batch) keys() []string { return b.names()[:max(b.table.Key, 1)] }

// first is the first row that a SELECT of n finds, -1 for none.
func (b *batch) first(sql string, args ...any) (int, error) {
	var found []int
	err := b.Raw(sql+" ORDER BY t.n LIMIT 1", args...).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return -1, err
	}
	return found[0], nil
}

// refuseAny refuses the first row that a SELECT of n finds.
func (b *batch) refuseAny(text, sql string, args ...any) error {
	n, err := b.first(sql, args...)
	if err != nil || n < 0 {
		return err
	}
	return b.refuse(n, "%s", text)
}

// writeRows writes rows that are told apart by their key.
func writeRows(b *batch) error {
	if err := b.compare(); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	if err := b.addSubjects(); err != nil {
		return err
	}
	if err := b.insert(); err != nil {
		return err
	}
	return b.change()
}

// compare divides the rows into those that are there and those that are not.
func (b *batch) compare() error {
	have, err := b.existing()
	if err != nil {
		return err
	}
	keys, seen := b.keys(), map[string]bool{}
	for n, r := range b.rows {
		key := fmt.Sprint(r.Values[:len(keys)]...)
		if seen[key] {
			return b.refuse(n, "stands twice in the file")
		}
		seen[key] = true
		there, known := have[n]
		switch {
		case !known:
			b.fresh = append(b.fresh, r)
			continue
		case there.project != b.project:
			return b.refuse(n, "another project of this database has something with this ID")
		}
		switch b.table.merge(there.values, r.Values) {
		case further:
			b.ahead = append(b.ahead, r)
		case same:
			b.done.Same++
		case conflict:
			return b.refuse(n, "the project has another %s under this %s", b.table.Record, strings.Join(camels(keys), " and "))
		}
	}
	return nil
}

type existing struct {
	project models.ID
	values  []any
}

// existing are the rows with the same keys that are there, by their place in the batch; those with an ID in any project.
func (b *batch) existing() (map[int]existing, error) {
	keys := b.keys()
	given, text, err := b.given(b.rows, keys...)
	if err != nil {
		return nil, err
	}
	sql, args := "SELECT t.n, x.project_id, "+b.table.selected()+" FROM "+given+" CROSS JOIN "+b.table.name+" x WHERE ", []any{text}
	for i, key := range keys {
		if i > 0 {
			sql += " AND "
		}
		sql += "x." + key + " = t." + key
	}
	if keys[0] != "id" {
		sql, args = sql+" AND x.project_id = ?", append(args, b.project)
	}
	rows, err := b.Raw(sql, args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	var n int
	var project models.ID
	found := map[int]existing{}
	for r := newRow(b.table, &n, &project); rows.Next(); {
		values, err := r.scan(rows)
		if err != nil {
			return nil, err
		}
		found[n] = existing{project, values}
	}
	return found, rows.Err()
}

// insert stores the rows that are not there yet.
func (b *batch) insert() error {
	b.done.New += len(b.fresh)
	_, err := b.put(b.fresh, "")
	return err
}

// change brings rows further that are there. Those for which others were faster stay as they are.
func (b *batch) change() error {
	changed, err := b.put(b.ahead, " ON CONFLICT (project_id, id) DO UPDATE SET "+b.table.change)
	b.done.Changed += changed
	b.done.Same += len(b.ahead) - changed
	return err
}

// put inserts rows and returns how many were written; conflict is what happens to those that are there.
func (b *batch) put(rows []Row, conflict string) (int, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	given, text, err := b.given(rows, b.names()...)
	if err != nil {
		return 0, err
	}
	var to, from []string
	for _, c := range b.table.Columns {
		column, value := c.Name, "t."+c.Name
		if c.to != "" {
			column = c.to
		}
		if c.write != "" {
			value = c.write
		}
		to, from = append(to, column), append(from, value)
	}
	done := b.Exec("INSERT INTO "+b.table.name+" (project_id, "+strings.Join(to, ", ")+") SELECT ?, "+strings.Join(from, ", ")+
		" FROM "+given+" WHERE true ORDER BY t.n"+conflict, b.project, text)
	return int(done.RowsAffected), done.Error
}

// addSubjects makes room for entries about new rows. A bound output has none of its own: its version brings one.
func (b *batch) addSubjects() error {
	var ids []models.ID
	bound := b.table.At("bound_at")
	for _, r := range b.fresh {
		if b.table.about != "" && (bound < 0 || r.Values[bound] == nil) {
			ids = append(ids, r.Values[0].(models.ID))
		}
	}
	return b.AddSubjects(b.project, b.table.about, ids)
}

// camels are names of columns as lines have them.
func camels(names []string) []string {
	made := make([]string, len(names))
	for i, name := range names {
		made[i] = camel(name)
	}
	return made
}

func camel(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts[1:] {
		parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
	}
	return strings.Join(parts, "")
}
