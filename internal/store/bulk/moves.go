package bulk

import "github.com/placard/placard/internal/store/engine"

// compareMoves finds the rows that continue stored sequences. Of the stored and the imported sequence with a key, one
// must be the beginning of the other.
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
			return refuse(r.Line, "the project has another %s at position %d of the history of this %s",
				b.table.Record, r.Position, members(b.table.Key))
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
	query := engine.SQL("SELECT "+b.table.selection()+" FROM "+b.table.name+
		" x WHERE x.project_id = ? AND ? ORDER BY x.seq", b.project, b.Dialect().IDIn("x."+owner, distinctIDs(b.rows, owner)))
	rows, err := b.Raw(query.SQL, query.Args...).Rows()
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
	moves := b.tableOf(b.lastMoves(), "artifact_id", "alias", "artifact_version_id")
	_, err := b.Write(engine.SQL(`DELETE FROM aliases WHERE project_id = ? AND (artifact_id, alias) IN
		(SELECT t.artifact_id, t.alias FROM ?)`, b.project, moves))
	if err != nil {
		return err
	}
	_, err = b.Write(engine.SQL(`INSERT INTO aliases (project_id, artifact_id, alias, artifact_version_id)
		SELECT ?, t.artifact_id, t.alias, t.artifact_version_id FROM ?
		CROSS JOIN artifact_versions x WHERE x.project_id = ? AND x.id = t.artifact_version_id`,
		b.project, moves, b.project))
	return err
}

// insertTagMoves also adds the tags whose last move adds them, and removes the others.
func insertTagMoves(b *batch) error {
	if err := insertRows(b); err != nil {
		return err
	}
	moves := b.tableOf(b.lastMoves(), "artifact_version_id", "tag", "added")
	_, err := b.Write(engine.SQL(`DELETE FROM tags WHERE project_id = ? AND (artifact_version_id, tag) IN
		(SELECT t.artifact_version_id, t.tag FROM ?)`, b.project, moves))
	if err != nil {
		return err
	}
	_, err = b.Write(engine.SQL(`INSERT INTO tags (project_id, artifact_version_id, tag)
		SELECT ?, t.artifact_version_id, t.tag FROM ? WHERE t.added <> 0`, b.project, moves))
	return err
}
