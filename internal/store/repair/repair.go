// Package repair completes the rows of servers older than the schema.
//
// It hides the columns and tables that such servers do not fill. Repairer has the operation.
package repair

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Repairer repairs a database.
type Repairer struct{ DB *engine.DB }

// Counts counts the rows that Repair changed or added.
type Counts struct {
	// Subjects, Entries and Latest are rows whose columns for searches were filled, Moves are added moves of tags.
	Subjects, Entries, Latest, Moves int64
}

// Progress is the progress of Repair.
type Progress struct {
	Counts
	// Done and Total are numbers of subjects and artifact versions.
	Done, Total int64
}

// repairBatch is the number of subjects, versions or entries in one transaction of Repair.
const repairBatch = 500

// Repair completes the rows of servers older than the schema: the columns for searches, and the moves of tags. Its
// transactions are short, so that servers can run, and it can be stopped and repeated. It calls tell after each
// batch.
//
// Entries keep their values and times. A tag without a move gets the time of its version, and other moves get the
// present.
func (s *Repairer) Repair(ctx context.Context, tell func(Progress)) (Counts, error) {
	r := &repair{db: s.DB, tell: tell}
	var projects []models.ID
	err := s.DB.Read(ctx).Scan(&projects, engine.SQL("SELECT id FROM projects ORDER BY id"))
	for _, project := range projects {
		var n int64
		if err == nil {
			err = s.DB.Read(ctx).Scan(&n, engine.SQL("SELECT (SELECT count(*) FROM subjects WHERE project_id = ?) + "+
				"(SELECT count(*) FROM artifact_versions WHERE project_id = ?)", project, project))
		}
		r.Total += n
	}
	if err != nil {
		return r.Counts, s.DB.TranslateError(err)
	}
	for _, project := range projects {
		for _, step := range []portions{
			{"subjects", incompleteSubjects, r.fillSubjects}, {"artifact_versions", incompleteVersions, r.addMoves},
		} {
			if err := r.walk(ctx, project, step); err != nil {
				return r.Counts, err
			}
		}
	}
	return r.Counts, nil
}

type repair struct {
	db *engine.DB
	Progress
	tell func(Progress)
}

// portions are the rows of a table in order of ID. incomplete selects the IDs of a range that complete has to change;
// its arguments are named project, after and last.
type portions struct {
	table, incomplete string
	complete          func(ctx context.Context, project models.ID, ids []models.ID) error
}

// transaction is a transaction of the repair.
type transaction struct{ access.Tx }

func (r *repair) write(ctx context.Context, fn func(tx *transaction) error) error {
	return r.db.Write(ctx, func(db *gorm.DB) error {
		return fn(&transaction{access.Tx{DB: db, Dialect: r.db.Dialect()}})
	})
}

// lockSubjects locks subjects in order of ID until the end of the transaction.
func (tx *transaction) lockSubjects(project models.ID, ids []models.ID) error {
	if tx.Dialect.HasOneWriter() {
		return nil
	}
	var locked []models.ID
	return tx.Read(&locked, engine.SQL("SELECT s.id FROM ?", tx.Dialect.LookUp(engine.Lookup{
		Table: "subjects", Alias: "s", Column: "id", IDs: ids, Where: engine.SQL("s.project_id = ?", project), ForUpdate: true,
	})))
}

func (r *repair) walk(ctx context.Context, project models.ID, step portions) error {
	for after, n := (models.ID{}), repairBatch; n == repairBatch; {
		var ids, incomplete []models.ID
		err := r.db.Read(ctx).Scan(&ids,
			engine.SQL(fmt.Sprintf("SELECT id FROM %s WHERE project_id = ? AND id > ? ORDER BY id LIMIT %d", step.table,
				repairBatch), project, after))
		if n = len(ids); err == nil && n > 0 {
			err = r.db.Read(ctx).Scan(&incomplete,
				engine.SQL(step.incomplete, map[string]any{"project": project, "after": after, "last": ids[n-1]}))
		}
		if err != nil {
			return r.db.TranslateError(err)
		}
		if len(incomplete) > 0 {
			if err := step.complete(ctx, project, incomplete); err != nil {
				return err
			}
		}
		if n > 0 {
			after = ids[n-1]
		}
		r.Done += int64(n)
		r.tell(r.Progress)
	}
	return nil
}

const incompleteSubjects = `SELECT s.id FROM subjects s WHERE s.project_id = @project AND s.id > @after AND s.id <= @last AND (
	s.about = '' OR (s.artifact_version_id IS NULL) = (s.about = 'V')
	OR EXISTS (SELECT 1 FROM metadata_entries e WHERE e.project_id = @project AND e.subject_id = s.id
		AND e.sort_key IS NULL AND e.kind IS NOT NULL)
	OR EXISTS (SELECT 1 FROM metadata_latest l WHERE l.project_id = @project AND l.subject_id = s.id AND (l.about <> s.about
		OR l.object_id IS DISTINCT FROM coalesce(s.artifact_version_id, s.id) OR (l.sort_key IS NULL) <> (l.kind IS NULL))))
	ORDER BY s.id`

// fillSubjects fills the subjects and their entries. A subject with many entries takes several transactions.
func (r *repair) fillSubjects(ctx context.Context, project models.ID, ids []models.ID) error {
	for n := int64(repairBatch); n == repairBatch; {
		var done Counts
		err := r.write(ctx, func(tx *transaction) (err error) {
			if err = tx.lockSubjects(project, ids); err != nil {
				return err
			}
			done, err = tx.fillSubjects(project, ids)
			return err
		})
		if err != nil {
			return err
		}
		n = done.Entries
		r.Subjects, r.Entries, r.Latest = r.Subjects+done.Subjects, r.Entries+done.Entries, r.Latest+done.Latest
		r.tell(r.Progress)
	}
	return nil
}

func (tx *transaction) fillSubjects(project models.ID, ids []models.ID) (done Counts, err error) {
	if done.Entries, err = tx.fillEntries(project, ids); err != nil {
		return done, err
	}
	one := tx.Dialect.IDIn("s.id", ids)
	done.Subjects, err = tx.WriteCount(engine.SQL(`UPDATE subjects AS s SET about = CASE WHEN s.artifact_version_id IS NOT NULL THEN 'V'
		WHEN EXISTS (SELECT 1 FROM step_outputs o WHERE o.project_id = ? AND o.id = s.id) THEN 'O'
		WHEN EXISTS (SELECT 1 FROM step_runs t WHERE t.project_id = ? AND t.id = s.id) THEN 'S' ELSE 'R' END
		WHERE s.project_id = ? AND (s.about = '' OR (s.artifact_version_id IS NULL) = (s.about = 'V')) AND ?`, project, project, project, one))
	if err != nil {
		return done, err
	}
	// Each table is restricted to the subjects, so that no plan reads the whole of one.
	done.Latest, err = tx.WriteCount(engine.SQL(`UPDATE metadata_latest AS l SET about = s.about, object_id = coalesce(s.artifact_version_id, s.id),
			sort_key = e.sort_key, parts = e.parts
		FROM subjects s, metadata_entries e
		WHERE l.project_id = ? AND s.project_id = ? AND e.project_id = ? AND l.subject_id = s.id AND e.subject_id = s.id AND e.seq = l.seq
			AND (l.about <> s.about OR l.object_id IS DISTINCT FROM coalesce(s.artifact_version_id, s.id)
				OR l.sort_key IS DISTINCT FROM e.sort_key OR l.parts IS DISTINCT FROM e.parts)
			AND ? AND ? AND ?`,
		project, project, project, one, tx.Dialect.IDIn("l.subject_id", ids), tx.Dialect.IDIn("e.subject_id", ids)))
	return done, err
}

// fillEntries fills at most repairedAtOnce entries and returns their number.
func (tx *transaction) fillEntries(project models.ID, ids []models.ID) (int64, error) {
	one := tx.Dialect.IDIn("subject_id", ids)
	var entries []struct {
		SubjectID models.ID
		Seq       int64
		Kind      models.MetadataKind
		Value     string
	}
	err := tx.Read(&entries, engine.SQL(fmt.Sprintf(`SELECT subject_id, seq, kind, value FROM metadata_entries
		WHERE project_id = ? AND sort_key IS NULL AND kind IS NOT NULL AND ? ORDER BY seq LIMIT %d`, repairBatch), project, one))
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	for _, e := range entries {
		form, err := models.DecodeSearchKeys(e.Kind, e.Value)
		if err != nil {
			return 0, fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		var pathKeys *string
		if form.PathKeys != "" {
			pathKeys = &form.PathKeys
		}
		if err := tx.Write(engine.SQL("UPDATE metadata_entries SET sort_key = ?, parts = ? WHERE project_id = ? AND subject_id = ? AND seq = ?", form.SortKey, pathKeys, project, e.SubjectID, e.Seq)); err != nil {
			return 0, err
		}
	}
	return int64(len(entries)), nil
}

// The states of tags that differ from their last moves. t and m are the rows of a version v.
const (
	tagWithoutMove = `NOT coalesce((SELECT p.added FROM tag_moves p WHERE p.project_id = @project
		AND p.artifact_version_id = v.id AND p.tag = t.tag ORDER BY p.seq DESC LIMIT 1), false)`
	moveWithoutTag = `m.added AND NOT EXISTS (SELECT 1 FROM tag_moves p WHERE p.project_id = @project
		AND p.artifact_version_id = v.id AND p.tag = m.tag AND p.seq > m.seq)
		AND NOT EXISTS (SELECT 1 FROM tags p WHERE p.project_id = @project AND p.artifact_version_id = v.id AND p.tag = m.tag)`
	incompleteVersions = `SELECT v.id FROM artifact_versions v WHERE v.project_id = @project AND v.id > @after AND v.id <= @last AND (
		EXISTS (SELECT 1 FROM tags t WHERE t.project_id = @project AND t.artifact_version_id = v.id AND ` + tagWithoutMove + `)
		OR EXISTS (SELECT 1 FROM tag_moves m WHERE m.project_id = @project AND m.artifact_version_id = v.id AND ` + moveWithoutTag + `))
		ORDER BY v.id`
)

// addMoves adds the moves that the tags of the versions lack, while nobody else changes them.
func (r *repair) addMoves(ctx context.Context, project models.ID, ids []models.ID) error {
	var moves int64
	err := r.write(ctx, func(tx *transaction) error {
		one := tx.Dialect.IDIn("v.id", ids)
		var locked []models.ID
		err := tx.Read(&locked, engine.SQL(`SELECT a.id FROM artifacts a WHERE a.project_id = ? AND a.id IN (SELECT v.artifact_id FROM artifact_versions v
			WHERE v.project_id = ? AND ?) ORDER BY a.id`+tx.Dialect.ForUpdate(), project, project, one))
		moves = 0
		for _, id := range ids {
			if err == nil {
				args := map[string]any{"project": project, "version": id, "now": tx.Dialect.Now(0)}
				var added int64
				added, err = tx.WriteCount(engine.SQL(addedMoves, args))
				moves += added
			}
		}
		return err
	})
	r.Moves += moves
	return err
}

// addedMoves inserts the moves of one version, each later than the move before it.
const addedMoves = `INSERT INTO tag_moves (project_id, artifact_version_id, tag, added, moved_by, moved_at)
	SELECT @project, n.id, n.tag, n.added, '', CASE WHEN n.added AND n.previous IS NULL THEN n.created_at
		WHEN n.previous >= n.moment THEN n.previous + 1 ELSE n.moment END
	FROM (SELECT c.*, (SELECT max(p.moved_at) FROM tag_moves p WHERE p.project_id = @project AND p.artifact_version_id = c.id AND p.tag = c.tag)
			AS previous, CAST(@now AS bigint) AS moment
		FROM (SELECT v.id, v.created_at, t.tag, true AS added FROM artifact_versions v JOIN tags t ON t.artifact_version_id = v.id
				WHERE v.project_id = @project AND v.id = @version AND t.project_id = @project AND ` + tagWithoutMove + `
			UNION ALL SELECT v.id, v.created_at, m.tag, false FROM artifact_versions v JOIN tag_moves m ON m.artifact_version_id = v.id
				WHERE v.project_id = @project AND v.id = @version AND m.project_id = @project AND ` + moveWithoutTag + `) c) n`
