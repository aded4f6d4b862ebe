package bulk

import (
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

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
