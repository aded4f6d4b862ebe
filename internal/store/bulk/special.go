package bulk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

// writeRetired leaves out the numbers of versions that are here: nothing is deleted.
func writeRetired(b *batch) error {
	if err := b.compare(); err != nil {
		return err
	}
	if err := b.check(); err != nil || len(b.fresh) == 0 {
		return err
	}
	given, text, err := b.given(b.fresh, "artifact_id", "number")
	if err != nil {
		return err
	}
	var kept []int64
	err = b.Raw("SELECT t.n FROM "+given+` CROSS JOIN artifact_versions x
		WHERE x.project_id = ? AND x.artifact_id = t.artifact_id AND x.number = t.number`, text, b.project).Scan(&kept).Error
	if err != nil {
		return err
	}
	n := len(b.fresh)
	b.fresh = slices.DeleteFunc(b.fresh, func(r Row) bool { return slices.Contains(kept, r.Line-b.rows[0].Line) })
	b.done.Same += n - len(b.fresh)
	b.done.Kept += n - len(b.fresh)
	return b.insert()
}

// writeVersions also binds the outputs that versions were saved from.
func writeVersions(b *batch) error {
	if err := b.lockArtifacts("artifact_id"); err != nil {
		return err
	}
	if err := b.compare(); err != nil {
		return err
	}
	if err := b.check(); err != nil || len(b.fresh) == 0 {
		return err
	}
	given, text, err := b.given(b.fresh, "id", "artifact_id", "output_id", "number", "created_at")
	if err != nil {
		return err
	}
	for _, wrong := range []struct{ text, where string }{
		{"the number is greater than lastNumber of the artifact", "artifacts x WHERE x.project_id = ? AND x.id = t.artifact_id AND x.last_number < t.number"},
		{"the version of this number has been deleted",
			"retired_numbers x WHERE x.project_id = ? AND x.artifact_id = t.artifact_id AND x.number = t.number"},
		{"another version has been saved from the output, or at another time", `step_outputs x WHERE x.project_id = ? AND x.id = t.output_id AND x.bound_at IS NOT NULL
			AND (x.bound_at <> t.created_at OR x.artifact_version_id IS NOT NULL AND x.artifact_version_id <> t.id)`},
	} {
		if err := b.refuseAny(wrong.text, "SELECT t.n FROM "+given+" CROSS JOIN "+wrong.where, text, b.project); err != nil {
			return err
		}
	}
	outputs, err := b.own(given, text)
	if err != nil {
		return err
	}
	if err := b.insert(); err != nil {
		return err
	}
	return b.bind(outputs)
}

// own makes the subjects of new versions theirs: those of their outputs with the facts that wait there, or new ones.
func (b *batch) own(given, text string) (outputs []models.ID, err error) {
	seen := map[models.ID]bool{}
	at := b.table.At("output_id")
	for _, r := range b.fresh {
		if id, ok := r.Values[at].(models.ID); ok {
			if seen[id] {
				return nil, &Refused{r.Line, "another version has been saved from the output"}
			}
			seen[id] = true
			outputs = append(outputs, id)
		}
	}
	if err := b.LockSubjects(b.project, outputs); err != nil {
		return nil, err
	}
	return outputs, b.Exec("INSERT INTO subjects (project_id, id, artifact_version_id, about) SELECT ?, coalesce(t.output_id, t.id), t.id, 'V' FROM "+given+
		" WHERE true ON CONFLICT (project_id, id) DO UPDATE SET artifact_version_id = excluded.artifact_version_id, about = excluded.about",
		b.project, text).Error
}

// bind says of outputs, and of the facts that wait there, what was saved from them.
func (b *batch) bind(outputs []models.ID) error {
	if len(outputs) == 0 {
		return nil
	}
	one, args := b.OneOf("id", outputs)
	args = append([]any{b.project}, args...)
	of := "(SELECT v.%s FROM artifact_versions v WHERE v.project_id = step_outputs.project_id AND v.subject_id = step_outputs.id)"
	err := b.Exec("UPDATE step_outputs SET artifact_version_id = "+fmt.Sprintf(of, "id")+", bound_at = "+fmt.Sprintf(of, "created_at")+
		" WHERE project_id = ? AND "+one, args...).Error
	if err != nil {
		return err
	}
	one, _ = b.OneOf("subject_id", outputs)
	return b.Exec(`UPDATE metadata_latest SET about = 'V', object_id = (SELECT s.artifact_version_id FROM subjects s
		WHERE s.project_id = metadata_latest.project_id AND s.id = metadata_latest.subject_id) WHERE project_id = ? AND `+one, args...).Error
}

// lockArtifacts keeps servers from creating versions of the artifacts in a column, and from moving what belongs to
// them. The column has IDs of artifacts or of versions.
func (b *batch) lockArtifacts(column string) error {
	at := b.table.At(column)
	seen := map[models.ID]bool{}
	var ids []models.ID
	for _, r := range b.rows {
		if id := r.Values[at].(models.ID); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	where, args := b.OneOf("id", ids)
	if column != "artifact_id" {
		where, args = b.OneOf("v.id", ids)
		where = "id IN (SELECT v.artifact_id FROM artifact_versions v WHERE v.project_id = ? AND " + where + ")"
		args = append([]any{b.project}, args...)
	}
	var locked []models.ID
	return b.Raw("SELECT id FROM artifacts WHERE project_id = ? AND "+where+" ORDER BY id"+b.LockRow(), append([]any{b.project}, args...)...).Scan(&locked).Error
}

// writeMoves appends to sequences: what is here of one must be how the one that comes begins, or the other way round.
func writeMoves(b *batch) error {
	if err := b.lockArtifacts(b.table.Columns[0].Name); err != nil {
		return err
	}
	if err := b.checkReferences(b.rows); err != nil {
		return err
	}
	have, err := b.moves()
	if err != nil {
		return err
	}
	last := map[[2]any]Row{}
	for n, r := range b.rows {
		group := [2]any{r.Values[0], r.Values[1]}
		before := have[group]
		switch {
		case r.Place <= len(before) && slices.Equal(before[r.Place-1], r.Values):
			b.done.Same++
		case r.Place != len(before)+1:
			return b.refuse(n, "the project has another %s at this place in the history of the same one", b.table.Record)
		default:
			have[group] = append(before, r.Values)
			last[group] = r
			b.fresh = append(b.fresh, r)
		}
	}
	if err := b.insert(); err != nil || len(last) == 0 {
		return err
	}
	var ends []Row
	for _, r := range b.fresh {
		if last[[2]any{r.Values[0], r.Values[1]}].Line == r.Line {
			ends = append(ends, r)
		}
	}
	return b.stand(ends)
}

// moves are the sequences that rows of the batch belong to, as far as they are here.
func (b *batch) moves() (map[[2]any][][]any, error) {
	var ids []models.ID
	for _, r := range b.rows {
		if id := r.Values[0].(models.ID); len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
	}
	where, args := b.OneOf("x."+b.table.Columns[0].Name, ids)
	rows, err := b.Raw("SELECT "+b.table.selected()+" FROM "+b.table.name+" x WHERE x.project_id = ? AND "+where+" ORDER BY x.seq",
		append([]any{b.project}, args...)...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	found := map[[2]any][][]any{}
	for r := newRow(b.table); rows.Next(); {
		values, err := r.scan(rows)
		if err != nil {
			return nil, err
		}
		group := [2]any{values[0], values[1]}
		found[group] = append(found[group], values)
	}
	return found, rows.Err()
}

// stand makes the aliases or tags as their last moves say. An alias of a version that was deleted is none.
func (b *batch) stand(ends []Row) error {
	given, text, err := b.given(ends, b.names()...)
	if err != nil {
		return err
	}
	remove := "aliases WHERE project_id = ? AND (artifact_id, alias) IN (SELECT t.artifact_id, t.alias FROM %s)"
	add := `aliases (project_id, artifact_id, alias, artifact_version_id) SELECT ?, t.artifact_id, t.alias, t.artifact_version_id
		FROM %s CROSS JOIN artifact_versions x WHERE x.project_id = ? AND x.id = t.artifact_version_id`
	args := []any{b.project, text, b.project}
	if b.table.Record == "tagMove" {
		remove = "tags WHERE project_id = ? AND (artifact_version_id, tag) IN (SELECT t.artifact_version_id, t.tag FROM %s)"
		add = "tags (project_id, artifact_version_id, tag) SELECT ?, t.artifact_version_id, t.tag FROM %s WHERE t.added <> 0"
		args = args[:2]
	}
	if err := b.Exec("DELETE FROM "+strings.Replace(remove, "%s", given, 1), b.project, text).Error; err != nil {
		return err
	}
	return b.Exec("INSERT INTO "+strings.Replace(add, "%s", given, 1), args...).Error
}

// writeEntries appends what is not there yet by the way that everything goes that is logged.
func writeEntries(b *batch) error {
	if err := b.compare(); err != nil {
		return err
	}
	if err := b.check(); err != nil || len(b.fresh) == 0 {
		return err
	}
	at := map[string]int{}
	for i, name := range b.names() {
		at[name] = i
	}
	last, err := b.lastLogged(at["subject_id"])
	if err != nil {
		return err
	}
	entries := make([]*models.MetadataEntry, len(b.fresh))
	facts := make([]models.Fact, len(b.fresh))
	for i, r := range b.fresh {
		e := &models.MetadataEntry{
			ID: r.Values[0].(models.ID), SubjectID: r.Values[at["subject_id"]].(models.ID), Retracted: r.Values[at["retracted"]].(bool),
			Reason: textOf(r.Values[at["reason"]]), LoggedAt: models.TimeFromMicros(r.Values[at["logged_at"]].(int64)),
			LoggedBy: textOf(r.Values[at["logged_by"]]),
		}
		if step, ok := r.Values[at["step_run_id"]].(models.ID); ok {
			e.StepRunID = step
		}
		if e.LoggedAt.UnixMicro() < last[e.SubjectID] {
			return &Refused{r.Line, "its subject has an entry that was logged later"}
		}
		last[e.SubjectID] = e.LoggedAt.UnixMicro()
		entries[i], facts[i] = e, r.Fact
	}
	b.done.New += len(entries)
	return b.Append(b.project, entries, facts)
}

// lastLogged is when the last entry about each subject of new rows was logged. Nobody else logs about them from here on.
func (b *batch) lastLogged(at int) (map[models.ID]int64, error) {
	last := map[models.ID]int64{}
	var subjects []models.ID
	var rows []Row
	for _, r := range b.fresh {
		id := r.Values[at].(models.ID)
		if _, seen := last[id]; !seen {
			last[id] = 0
			subjects, rows = append(subjects, id), append(rows, r)
		}
	}
	if err := b.LockSubjects(b.project, subjects); err != nil {
		return nil, err
	}
	given, text, err := b.given(rows, "subject_id")
	if err != nil {
		return nil, err
	}
	var found []struct {
		SubjectID models.ID
		Last      *int64
	}
	err = b.Raw(`SELECT t.subject_id, (SELECT e.logged_at FROM metadata_entries e
		WHERE e.project_id = ? AND e.subject_id = t.subject_id ORDER BY e.seq DESC LIMIT 1) AS last FROM `+given, b.project, text).Scan(&found).Error
	for _, one := range found {
		if one.Last != nil {
			last[one.SubjectID] = *one.Last
		}
	}
	return last, err
}

func textOf(value any) *string {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	return &text
}
