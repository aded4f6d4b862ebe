package bulk

// compareMoves finds the rows that continue stored sequences. Of a stored sequence and that of the file, one must be the
// beginning of the other.
func (b *batch) compareMoves() error {
	sequences, err := b.storedSequences()
	if err != nil {
		return err
	}
	for _, r := range b.rows {
		sequence := sequences[r.key()]
		switch {
		case r.Position <= len(sequence) && equalExcept(sequence[r.Position-1], r):
			b.result.Unchanged++
		case r.Position != len(sequence)+1:
			return refuse(r.Line, "the project has another %s at position %d of the history of this %s", b.table.Record, r.Position, members(b.table.Key))
		default:
			sequences[r.key()] = append(sequence, r)
			b.inserts = append(b.inserts, r)
		}
	}
	return nil
}

// storedSequences returns the stored sequences of the artifacts or versions of the batch by key.
func (b *batch) storedSequences() (map[[2]any][]Row, error) {
	owner := b.table.Key[0]
	where, args := b.OneOf("x."+owner, distinctIDs(b.rows, owner))
	rows, err := b.Raw("SELECT "+b.table.selection()+" FROM "+b.table.name+" x WHERE x.project_id = ? AND "+where+" ORDER BY x.seq",
		append([]any{b.project}, args...)...).Rows()
	if err != nil {
		return nil, err
	}
	sequences := map[[2]any][]Row{}
	err = newScanner(b.table).each(rows, func(row Row) error {
		sequences[row.key()] = append(sequences[row.key()], row)
		return nil
	})
	return sequences, err
}

// lastMoves returns the last new row of each sequence. Rows of a sequence are adjacent.
func (b *batch) lastMoves() []Row {
	var last []Row
	for i, r := range b.inserts {
		if i+1 == len(b.inserts) || b.inserts[i+1].key() != r.key() {
			last = append(last, r)
		}
	}
	return last
}

// insertAliasMoves also sets each alias to the version of its last move, if that version has not been deleted.
func insertAliasMoves(b *batch) error {
	if err := insertRows(b); err != nil {
		return err
	}
	from, values, err := b.rowsExpr(b.lastMoves(), "artifact_id", "alias", "artifact_version_id")
	if err != nil {
		return err
	}
	err = b.Exec("DELETE FROM aliases WHERE project_id = ? AND (artifact_id, alias) IN (SELECT t.artifact_id, t.alias FROM "+from+")",
		b.project, values).Error
	if err != nil {
		return err
	}
	return b.Exec(`INSERT INTO aliases (project_id, artifact_id, alias, artifact_version_id)
		SELECT ?, t.artifact_id, t.alias, t.artifact_version_id FROM `+from+`
		CROSS JOIN artifact_versions x WHERE x.project_id = ? AND x.id = t.artifact_version_id`, b.project, values, b.project).Error
}

// insertTagMoves also adds the tags whose last move adds them, and removes the others.
func insertTagMoves(b *batch) error {
	if err := insertRows(b); err != nil {
		return err
	}
	from, values, err := b.rowsExpr(b.lastMoves(), "artifact_version_id", "tag", "added")
	if err != nil {
		return err
	}
	err = b.Exec("DELETE FROM tags WHERE project_id = ? AND (artifact_version_id, tag) IN (SELECT t.artifact_version_id, t.tag FROM "+from+")",
		b.project, values).Error
	if err != nil {
		return err
	}
	return b.Exec("INSERT INTO tags (project_id, artifact_version_id, tag) SELECT ?, t.artifact_version_id, t.tag FROM "+from+" WHERE t.added <> 0",
		b.project, values).Error
}
