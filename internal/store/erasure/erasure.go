// Package erasure removes the values of metadata entries and keeps their rows (ADR 0034).
//
// It hides which rows hold a value: the entry, the latest row of its key, the event of a retraction, and the answers
// that programs before migration 6 stored. Indexes and search keys are columns of these rows.
//
// Find returns the entries of a call, Erase erases them and Audit returns the statement of its audit events. Hide
// removes erased values from an answer that is given again.
package erasure

import (
	"maps"
	"slices"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// entryColumns are the columns of an entry except those that an erasure sets to null.
const entryColumns = `m.id, m.project_id, m.subject_id, m.seq, m.card, m.key, m.retracted, m.logged_at, m.logged_by,
	m.step_run_id, m.erased`

// Find returns the entries with IDs, in their order, without values and reasons. It fails with NOT_FOUND for an ID that
// no visible entry has. at is the path of the IDs.
func Find(tx *access.Tx, at *models.Path, texts []string) ([]*models.MetadataEntry, error) {
	ids := make([]models.ID, len(texts))
	for i, text := range texts {
		ids[i], _ = models.ParseID(text) // zero is the ID of nothing
	}
	var rows []*models.MetadataEntry
	err := tx.Read(&rows, engine.SQL("SELECT "+entryColumns+" FROM ?", tx.LookUpByID("metadata_entries", "m", ids)))
	if err != nil {
		return nil, err
	}
	byID := access.ByKey(rows, func(e *models.MetadataEntry) models.ID { return e.ID })
	entries := make([]*models.MetadataEntry, 0, len(ids))
	for i, id := range ids {
		if byID[id] == nil {
			return entries, tx.UnknownID(at.Child(i), "metadata entry", texts[i])
		}
		entries = append(entries, byID[id])
	}
	return entries, nil
}

// Erased are the erased entries about one subject.
type Erased struct {
	// Object is the ID of Subject.
	Object  models.ID
	Subject models.Subject
	Entries []*models.MetadataEntry
}

// loader reads the objects with IDs.
type loader func(tx *access.Tx, ids []models.ID) (map[models.ID]models.Node, error)

// Erase erases entries of one project. It returns those that were not erased before by subject, and statements that
// must follow: they give the subjects a revision, and remove the reasons of retractions from events. It fails with
// engine.ErrRetry if an entry was deleted meanwhile.
func Erase(
	tx *access.Tx, project models.ID, entries []*models.MetadataEntry, revision int64, load loader,
) ([]*Erased, []engine.Expr, error) {
	objects, err := lockSubjects(tx, project, entries)
	if err != nil {
		return nil, nil, err
	}
	removed, err := remove(tx, project, entries)
	if err != nil || len(removed) == 0 {
		return nil, nil, err
	}
	byObject := map[models.ID]*Erased{}
	var erased []*Erased
	var ids []models.ID
	for _, entry := range removed {
		id := objects[entry.SubjectID]
		if byObject[id] == nil {
			byObject[id] = &Erased{Object: id}
			erased, ids = append(erased, byObject[id]), append(ids, id)
		}
		byObject[id].Entries = append(byObject[id].Entries, entry)
	}
	within := tx.Within(project)
	nodes, err := load(within, ids)
	if err == nil {
		err = attachArtifacts(within, nodes)
	}
	for _, of := range erased {
		var exists bool
		if of.Subject, exists = nodes[of.Object].(models.Subject); !exists && err == nil {
			err = engine.ErrRetry
		}
	}
	return erased, copies(tx, project, revision, removed, objects), err
}

// attachArtifacts adds the artifacts to the versions among nodes.
func attachArtifacts(tx *access.Tx, nodes map[models.ID]models.Node) error {
	var versions []*models.ArtifactVersion
	var ids []models.ID
	for _, node := range nodes {
		if version, ok := node.(*models.ArtifactVersion); ok {
			versions, ids = append(versions, version), append(ids, version.ArtifactID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	artifacts, err := access.ArtifactsByID(tx, ids)
	for _, version := range versions {
		version.KnownArtifact = artifacts[version.ArtifactID]
	}
	return err
}

// lockSubjects locks the subjects of entries in order of ID until the end of the transaction. It returns the ID of the
// object of each subject: its version if it has one, otherwise the subject. It fails with engine.ErrRetry if a subject
// was deleted.
func lockSubjects(
	tx *access.Tx, project models.ID, entries []*models.MetadataEntry,
) (objects map[models.ID]models.ID, err error) {
	subjects := distinctSubjects(entries)
	var rows []struct{ ID, ArtifactVersionID models.ID }
	err = tx.Read(&rows, engine.SQL("SELECT s.id, s.artifact_version_id FROM ?", tx.Dialect.LookUp(engine.Lookup{
		Table: "subjects", Alias: "s", Column: "id", IDs: subjects, Where: engine.SQL("s.project_id = ?", project),
		ForUpdate: true,
	})))
	if err == nil && len(rows) < len(subjects) {
		err = engine.ErrRetry
	}
	objects = make(map[models.ID]models.ID, len(rows))
	for _, row := range rows {
		objects[row.ID] = row.ID
		if !row.ArtifactVersionID.IsZero() {
			objects[row.ID] = row.ArtifactVersionID
		}
	}
	return objects, err
}

// distinctSubjects returns the subjects of entries, each once.
func distinctSubjects(entries []*models.MetadataEntry) []models.ID {
	var subjects []models.ID
	seen := map[models.ID]bool{}
	for _, entry := range entries {
		if !seen[entry.SubjectID] {
			seen[entry.SubjectID], subjects = true, append(subjects, entry.SubjectID)
		}
	}
	return subjects
}

// removal sets the columns of an entry that can hold a part of the value.
const removal = "erased = TRUE, kind = NULL, value = NULL, reason = NULL, sort_key = NULL, parts = NULL"

// remove erases entries of one project whose subjects are locked. It returns the entries that were not erased before.
func remove(tx *access.Tx, project models.ID, entries []*models.MetadataEntry) ([]*models.MetadataEntry, error) {
	planned := tx.Dialect.CustomPlans(tx.DB)
	statement := engine.SQL("UPDATE metadata_entries SET "+removal+
		" WHERE project_id = ? AND ? AND (subject_id, seq) IN (SELECT subject_id, seq FROM ?) AND NOT erased RETURNING id",
		project, ofSubjects(tx, entries), placeRows(tx, entries))
	var erased []models.ID
	if err := planned.Raw(statement.SQL, statement.Args...).Scan(&erased).Error; err != nil {
		return nil, err
	}
	isNew := make(map[models.ID]bool, len(erased))
	for _, id := range erased {
		isNew[id] = true
	}
	var removed []*models.MetadataEntry
	for _, entry := range entries {
		entry.Erased = true
		if isNew[entry.ID] {
			removed = append(removed, entry)
		}
	}
	if len(removed) == 0 {
		return nil, nil
	}
	statement = engine.SQL("UPDATE metadata_latest SET "+removal+
		" WHERE project_id = ? AND ? AND (subject_id, card, key, seq) IN (SELECT subject_id, card, key, seq FROM ?)",
		project, ofSubjects(tx, removed), placeRows(tx, removed))
	if err := planned.Exec(statement.SQL, statement.Args...).Error; err != nil {
		return nil, err
	}
	return removed, RewriteAnswers(tx, project, erased)
}

// ofSubjects returns the condition that a row is about a subject of the entries. Without it, PostgreSQL could read all
// rows of the project.
func ofSubjects(tx *access.Tx, entries []*models.MetadataEntry) engine.Expr {
	return tx.Dialect.IDIn("subject_id", distinctSubjects(entries))
}

// placeRows returns the item t of FROM with the columns by which the tables find entries.
func placeRows(tx *access.Tx, entries []*models.MetadataEntry) engine.Expr {
	type place struct {
		SubjectID models.ID `json:"subject_id"`
		Seq       int64     `json:"seq"`
		Card      string    `json:"card"`
		Key       string    `json:"key"`
	}
	places := make([]place, len(entries))
	for i, e := range entries {
		places[i] = place{e.SubjectID, int64(e.Seq), e.CardName, e.Key}
	}
	return tx.Dialect.JSONRows(places, engine.IDColumn("subject_id"), engine.NumberColumn("seq"), engine.TextColumn("card"),
		engine.TextColumn("key"))
}

// copies returns the statements that give the subjects of erased entries a revision, and remove the reasons of erased
// retractions from the events of versions. objects are those of lockSubjects.
func copies(
	tx *access.Tx, project models.ID, revision int64, erased []*models.MetadataEntry, objects map[models.ID]models.ID,
) []engine.Expr {
	statements := []engine.Expr{tx.ReviseSubjects(project, distinctSubjects(erased), revision, "")}
	type retraction struct {
		Version models.ID `json:"version"`
		At      int64     `json:"retracted_at"`
	}
	var retractions []retraction
	seen := map[retraction]bool{}
	for _, entry := range erased {
		one := retraction{objects[entry.SubjectID], entry.LoggedAt.UnixMicro()}
		if entry.Retracted && !seen[one] { // only versions have events of retractions
			seen[one], retractions = true, append(retractions, one)
		}
	}
	if len(retractions) == 0 {
		return statements
	}
	withoutReason := "CAST(CAST(events.details AS jsonb) - 'reason' AS text)"
	if tx.Dialect.HasOneWriter() {
		withoutReason = "json_remove(events.details, '$.reason')"
	}
	// SQLite uses a partial index only with its condition.
	recorded := tx.Dialect.LateralJoin(tx.Dialect.IndexedBy("events_by_version", "events", "e"), "e", engine.SQL(
		"e.project_id = ? AND e.artifact_version_id = t.version AND e.artifact_version_id IS NOT NULL AND e.kind = ?"+
			" AND e.created_at = t.retracted_at", project, models.TimelineEventMetadataRetracted))
	from := tx.Dialect.JSONRows(retractions, engine.IDColumn("version"), engine.NumberColumn("retracted_at")).
		Concat(recorded)
	// The rows exist. A conflict finds them by the primary key (ADR 0026).
	return append(statements, engine.SQL(`INSERT INTO events (project_id, id, kind, created_at, details)
		SELECT ?, e.id, e.kind, e.created_at, e.details FROM ? WHERE TRUE
		ON CONFLICT (project_id, id) DO UPDATE SET details = `+withoutReason, tx.Dialect.TypedID(project), from))
}

// AuditEvent is the audit event of an erasure.
type AuditEvent struct {
	Object      models.ID
	Description string
}

// Audit returns the statement that inserts audit events of the caller.
func Audit(tx *access.Tx, project models.ID, events []AuditEvent) engine.Expr {
	type row struct {
		ID          models.ID `json:"id"`
		Description string    `json:"description"`
		ObjectID    models.ID `json:"object_id"`
	}
	rows := make([]row, len(events))
	for i, id := range models.NewIDs(len(events)) {
		rows[i] = row{id, events[i].Description, events[i].Object}
	}
	var key *models.ID
	if !tx.Who.KeyID.IsZero() {
		key = &tx.Who.KeyID
	}
	return engine.SQL(`INSERT INTO audit_events
		(project_id, id, created_at, created_by, created_by_id, action, description, object_id)
		SELECT ?, id, ?, ?, ?, ?, description, object_id FROM ?`, project, tx.Dialect.Now(0), tx.Who.AuthorName(), key,
		models.AuditActionMetadataErased, tx.Dialect.JSONRows(rows, engine.IDColumn("id"), engine.TextColumn("description"),
			engine.IDColumn("object_id")))
}

// Hide removes the values of erased entries from an answer that is given again.
func Hide(tx *access.Tx, project models.ID, entries []*models.MetadataEntry) error {
	if len(entries) == 0 {
		return nil
	}
	byID := access.ByKey(entries, func(e *models.MetadataEntry) models.ID { return e.ID })
	var erased []models.ID
	err := tx.Read(&erased, engine.SQL("SELECT m.id FROM ? AND m.erased",
		tx.Dialect.FindByID("metadata_entries", "m", slices.Collect(maps.Keys(byID)), &project)))
	for _, id := range erased {
		entry := byID[id]
		entry.Erased, entry.Kind, entry.Text, entry.Reason = true, nil, nil, nil
	}
	return err
}
