package store

import (
	"encoding/json"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// event is an event to insert.
type event struct {
	kind     models.TimelineEventKind
	artifact models.ID
	version  models.ID
	run      models.ID
	details  models.EventDetails
	// made is the time and the author of the event of another call in a group, nil for those of the transaction.
	made *origin
}

// versionEvent returns an event of a version, with its name and number.
func versionEvent(kind models.TimelineEventKind, v *models.ArtifactVersion) event {
	return event{kind: kind, artifact: v.ArtifactID, version: v.ID,
		details: models.EventDetails{Version: v.Version, Number: v.Number}}
}

// runEvent returns an event of a pipeline run, with the name of its pipeline.
func runEvent(kind models.TimelineEventKind, run *models.PipelineRun) event {
	return event{kind: kind, run: run.ID, details: models.EventDetails{Pipeline: run.Pipeline}}
}

// eventRow is an event as an element of a JSON array, so that any number of events is one argument.
type eventRow struct {
	ID                models.ID                `json:"id"`
	Kind              models.TimelineEventKind `json:"kind"`
	ArtifactID        *models.ID               `json:"artifact_id"`
	ArtifactVersionID *models.ID               `json:"artifact_version_id"`
	PipelineRunID     *models.ID               `json:"pipeline_run_id"`
	Details           string                   `json:"details"`
	CreatedAt         *int64                   `json:"created_at"`
	CreatedBy         *string                  `json:"created_by"`
}

// eventRows returns the rows of events of an author, in order of ID.
func eventRows(author *string, events []event) ([]eventRow, error) {
	rows := make([]eventRow, len(events))
	ids := models.NewIDs(len(events))
	for i, e := range events {
		details, err := json.Marshal(e.details)
		if err != nil {
			return nil, err
		}
		rows[i] = eventRow{ids[i], e.kind, idOrNull(e.artifact), idOrNull(e.version), idOrNull(e.run), string(details), nil, author}
		if e.made != nil {
			micros := e.made.loggedAt.UnixMicro()
			rows[i].CreatedAt, rows[i].CreatedBy = &micros, e.made.loggedBy
		}
	}
	return rows, nil
}

func idOrNull(id models.ID) *models.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}

// insertEvents returns the statement that inserts events of the caller; at is their time unless they have another one.
func (tx *transaction) insertEvents(project models.ID, at any, events ...event) (engine.Expr, error) {
	rows, err := eventRows(tx.Who.AuthorName(), events)
	if err != nil {
		return engine.Expr{}, err
	}
	return engine.SQL(`INSERT INTO events (project_id, id, kind, created_at, created_by, artifact_id, artifact_version_id,
    pipeline_run_id, details)
SELECT ?, id, kind, coalesce(created_at, ?), created_by, artifact_id, artifact_version_id, pipeline_run_id, details FROM ?`,
		project, at, tx.Dialect.JSONRows(rows, engine.IDColumn("id"), engine.TextColumn("kind"),
			engine.IDColumn("artifact_id"), engine.IDColumn("artifact_version_id"), engine.IDColumn("pipeline_run_id"),
			engine.TextColumn("details"), engine.NumberColumn("created_at"), engine.TextColumn("created_by"))), nil
}

// entryEvents returns an event for each version among targets, with the keys of its entries. entries has those of each
// target.
func entryEvents(kind models.TimelineEventKind, targets []target.Resolved, entries [][]entryDraft) []event {
	var events []event
	places := map[models.ID]int{}
	for i, one := range targets {
		version, ok := one.Object.(*models.ArtifactVersion)
		if !ok {
			continue
		}
		place, known := places[version.ID]
		if !known {
			place = len(events)
			places[version.ID], events = place, append(events, versionEvent(kind, version))
		}
		for _, entry := range entries[i] {
			events[place].details.AddKey(entry.fact.Card, entry.fact.Key)
		}
	}
	return events
}

// touchArtifact returns the statement that records a change of an artifact at an instant.
func touchArtifact(project, artifact models.ID, at any) engine.Expr {
	return engine.SQL("UPDATE artifacts SET updated_at = ? WHERE project_id = ? AND id = ?", at, project, artifact)
}

// touch records a change of the artifact of a version at an instant, together with statements.
func (tx *transaction) touch(version *models.ArtifactVersion, at any, statements ...engine.Expr) error {
	var changed []models.Time
	err := tx.ReadTogether(&changed, append(statements,
		touchArtifact(version.ProjectID, version.ArtifactID, at).Concat(engine.SQL(" RETURNING updated_at")))...)
	if err == nil && len(changed) > 0 && version.KnownArtifact != nil {
		version.KnownArtifact.ChangedAt = changed[0]
	}
	return err
}
