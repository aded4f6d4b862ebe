package store

import (
	"database/sql"
	"encoding/json"
	"math/rand/v2"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/entries"
	"github.com/placard/placard/models"
)

// insertEntries stores entries, the latest row of each key and events; at is their time. The subjects get the time of
// their last entry and a new revision.
func (tx *transaction) insertEntries(
	project models.ID, at any, entries []entryRow, events []event,
) ([]insertedEntry, error) {
	if tx.Dialect.HasOneWriter() {
		return tx.insertEntriesThenLatest(project, at, entries, events)
	}
	return tx.insertEntriesInOne(project, at, entries, events)
}

// insertEntriesInOne stores entries and latest rows by one statement, which only PostgreSQL can.
func (tx *transaction) insertEntriesInOne(
	project models.ID, at any, entries []entryRow, events []event,
) ([]insertedEntry, error) {
	text, err := json.Marshal(entries)
	if err != nil {
		return nil, err
	}
	noted := engine.Expr{}
	if len(events) > 0 {
		insert, err := tx.insertEvents(project, engine.SQL("(SELECT logged_at FROM moment)"), events...)
		if err != nil {
			return nil, err
		}
		noted = engine.SQL(", noted AS (?)", insert)
	}
	latest, touched := upsertLatest(tx.Dialect, project, "stored"), touchSubjects(tx.Dialect, project, "stored")
	return tx.readInserted(engine.SQL(`
WITH moment AS MATERIALIZED (
    SELECT CAST(? AS bigint) AS logged_at
), given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(CAST(? AS json)) AS e(
        n bigint, id uuid, subject_id uuid, card text, key text, kind text, value text, retracted boolean,
        reason text, logged_at bigint, logged_by text, step_run_id uuid, sort_key text, parts text)
), stored AS (
    INSERT INTO metadata_entries (project_id, subject_id, id, card, key, kind, value, retracted, reason, logged_at,
        logged_by, step_run_id, sort_key, parts)
    SELECT CAST(? AS uuid), subject_id, id, card, key, kind, value, retracted, reason,
        coalesce(logged_at, (SELECT logged_at FROM moment)), logged_by, step_run_id, sort_key, parts
    FROM given ORDER BY n
    RETURNING *
), latest AS (
    ?
), touched AS (
    ?
)?
SELECT seq, logged_at FROM stored ORDER BY seq`, at, string(text), project, latest, touched, noted))
}

// readInserted sends an INSERT of entries that returns insertedEntry rows.
func (tx *transaction) readInserted(insert engine.Expr) (done []insertedEntry, err error) {
	err = tx.ReadRows(insert, func(row *sql.Rows) error {
		var one insertedEntry
		err := row.Scan(&one.Seq, &one.LoggedAt)
		done = append(done, one)
		return err
	})
	return done, err
}

// newRevision returns the revision of a subject after a change. It is random, because a counter could repeat after a
// deletion with an import, or after a failover.
func newRevision() int64 { return int64(rand.Uint64()) }

// insertEntriesThenLatest stores entries, latest rows, subjects and events by one statement each.
func (tx *transaction) insertEntriesThenLatest(
	project models.ID, at any, entries []entryRow, events []event,
) ([]insertedEntry, error) {
	given := tx.Dialect.JSONRows(entries, engine.NumberColumn("n"), engine.IDColumn("id"), engine.IDColumn("subject_id"),
		engine.TextColumn("card"), engine.TextColumn("key"), engine.TextColumn("kind"), engine.TextColumn("value"),
		engine.NumberColumn("retracted"), engine.TextColumn("reason"), engine.NumberColumn("logged_at"), engine.TextColumn("logged_by"),
		engine.IDColumn("step_run_id"), engine.TextColumn("sort_key"), engine.TextColumn("parts"))
	done, err := tx.readInserted(engine.SQL(`
INSERT INTO metadata_entries (project_id, subject_id, id, card, key, kind, value, retracted, reason, logged_at,
    logged_by, step_run_id, sort_key, parts)
SELECT ?, subject_id, id, card, key, kind, value, retracted, reason, coalesce(logged_at, ?), logged_by, step_run_id, sort_key, parts
FROM ? WHERE true ORDER BY n
RETURNING seq, logged_at`, project, at, given))
	if err != nil {
		return nil, err
	}
	// One writer gives the numbers, so those of a call follow each other.
	first, last := done[0].Seq, done[len(done)-1].Seq
	statements := []engine.Expr{
		upsertLatest(tx.Dialect, project, "metadata_entries WHERE seq BETWEEN ? AND ?", first, last),
		touchSubjects(tx.Dialect, project, "metadata_entries WHERE seq BETWEEN ? AND ?", first, last),
	}
	if len(events) > 0 {
		insert, err := tx.insertEvents(project, done[len(done)-1].LoggedAt, events...)
		if err != nil {
			return nil, err
		}
		statements = append(statements, insert)
	}
	return done, tx.WriteTogether(statements...)
}

// touchSubjects returns the statement that sets the time of the last entry and the revision of the subjects of entries.
// from is the end of a SELECT, from the items of FROM on. The subjects exist, and a conflict finds them by the primary
// key: both engines might execute an UPDATE by reading all subjects of the project.
func touchSubjects(d engine.Dialect, project models.ID, from string, args ...any) engine.Expr {
	return engine.SQL(`INSERT INTO subjects (project_id, id, about, last_logged_at, revision)
    SELECT s.project_id, s.id, s.about, e.logged_at, CAST(? AS bigint)
    FROM (SELECT subject_id, max(logged_at) AS logged_at FROM ? GROUP BY subject_id) AS e? WHERE TRUE
    ON CONFLICT (project_id, id) DO UPDATE SET revision = excluded.revision,
        last_logged_at = CASE WHEN excluded.last_logged_at > subjects.last_logged_at
            THEN excluded.last_logged_at ELSE subjects.last_logged_at END`,
		newRevision(), engine.SQL(from, args...),
		d.LateralJoin("subjects s", "s", engine.SQL("s.project_id = ? AND s.id = e.subject_id", project)))
}

// upsertLatest returns the INSERT of the latest row of each key of entries. from is the end of a SELECT, from the items
// of FROM on. A known key keeps its first seq, and an earlier entry never replaces a later one.
func upsertLatest(d engine.Dialect, project models.ID, from string, args ...any) engine.Expr {
	about := d.LateralJoin("subjects s", "s", engine.SQL("s.project_id = ? AND s.id = e.subject_id", project))
	latest := entries.LatestPerKey(engine.SQL(from, args...), about)
	return engine.SQL(`INSERT INTO metadata_latest (?, erased, sort_key, parts, about, object_id)
    SELECT e.project_id, subject_id, card, key, first_seq, seq, e.id, kind, value, retracted, reason, e.logged_at, logged_by,
        step_run_id, erased, sort_key, parts, s.about, coalesce(s.artifact_version_id, s.id)
    FROM ?
    ON CONFLICT (project_id, subject_id, card, key) DO UPDATE SET
        seq = excluded.seq, id = excluded.id, kind = excluded.kind, value = excluded.value,
        retracted = excluded.retracted, reason = excluded.reason, logged_at = excluded.logged_at,
        logged_by = excluded.logged_by, step_run_id = excluded.step_run_id, erased = excluded.erased, sort_key = excluded.sort_key,
        parts = excluded.parts, about = excluded.about, object_id = excluded.object_id
    WHERE excluded.seq > metadata_latest.seq`, entries.LatestColumns(engine.SQL("value")), latest)
}
