// Package timeline reads what happened to objects: events, and the times of the last entries.
//
// It hides the indexes of events, which contain the events of one kind in order. Reader has the reads.
package timeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// Reader reads from a database. The caller may read the project of its arguments.
type Reader struct{ DB *engine.DB }

// EventQuery selects events. It is comparable.
type EventQuery struct {
	// Kinds are the kinds, each between commas; empty for all kinds.
	Kinds string
	// From and To bound the time, in microseconds since 1970; 0 is no bound. AsOf is the instant of the view that has the
	// timeline, 0 for now.
	From, To, AsOf int64
}

// kindsOfVersions are the kinds of events of versions.
var kindsOfVersions = []models.TimelineEventKind{
	models.TimelineEventVersionCreated, models.TimelineEventAliasSet, models.TimelineEventAliasRemoved,
	models.TimelineEventTagAdded, models.TimelineEventTagRemoved, models.TimelineEventMetadataLogged,
	models.TimelineEventMetadataRetracted, models.TimelineEventMetadataErased, models.TimelineEventVersionDeleted,
}

// kindsOfProjects are the kinds of events of projects.
var kindsOfProjects = append(slices.Clone(kindsOfVersions), models.TimelineEventArtifactDeleted,
	models.TimelineEventPipelineRunStarted, models.TimelineEventPipelineRunFinished, models.TimelineEventPipelineRunDeleted)

// ProjectEvents returns a page of the events of a project, newest first, by the ID of the project.
func (r *Reader) ProjectEvents(
	ctx context.Context, project models.ID, _ []models.ID, q EventQuery, page models.Page,
) (map[models.ID]*models.TimelineEventConnection, error) {
	found, err := r.events(ctx, project, "", nil, q, page)
	if err != nil {
		return nil, err
	}
	return map[models.ID]*models.TimelineEventConnection{project: found[models.ID{}]}, nil
}

// ArtifactEvents returns the same page of the events of each artifact, newest first.
func (r *Reader) ArtifactEvents(
	ctx context.Context, project models.ID, artifacts []models.ID, q EventQuery, page models.Page,
) (map[models.ID]*models.TimelineEventConnection, error) {
	return r.events(ctx, project, "artifact_id", artifacts, q, page)
}

// VersionEvents returns the same page of the events of each version, newest first.
func (r *Reader) VersionEvents(
	ctx context.Context, project models.ID, versions []models.ID, q EventQuery, page models.Page,
) (map[models.ID]*models.TimelineEventConnection, error) {
	return r.events(ctx, project, "artifact_version_id", versions, q, page)
}

// events returns the same page of the events of each owner, whose ID is in a column; an empty one means the project.
// It is one statement, with a limited SELECT for each kind and owner.
func (r *Reader) events(
	ctx context.Context, project models.ID, column string, owners []models.ID, q EventQuery, page models.Page,
) (map[models.ID]*models.TimelineEventConnection, error) {
	where := engine.SQL("project_id = ?", project)
	if q.From != 0 {
		where = where.And(engine.SQL("created_at >= ?", q.From))
	}
	for _, end := range []int64{q.To, q.AsOf} {
		if end != 0 {
			where = where.And(engine.SQL("created_at <= ?", end))
		}
	}
	kinds := kindsOfVersions
	if column == "" {
		kinds = kindsOfProjects
	}
	branches := []engine.Expr{}
	for _, kind := range kinds {
		if q.Kinds == "" || strings.Contains(q.Kinds, ","+string(kind)+",") {
			branches = append(branches, engine.SQL("kind = ?", kind))
		}
	}
	if len(branches) == 0 {
		branches = append(branches, engine.SQL("FALSE"))
	}
	found, err := search.ReadPages(ctx, r.DB, search.List[*models.TimelineEvent]{
		Name: fmt.Sprint("timeline", q), Columns: engine.Qualify("events", engine.Columns[models.TimelineEvent]()),
		From: engine.SQL("events"), Where: where, Branches: branches, Variable: q.Kinds != "", Parent: column,
		Order: []string{"created_at", "id"}, Descending: true,
		Kinds: []search.PositionKind{search.NumberPosition, search.IDPosition},
		Position: func(e *models.TimelineEvent) models.Position {
			return models.Position{e.CreatedAt.UnixMicro(), e.ID.String()}
		},
		ParentOf: func(e *models.TimelineEvent) models.ID {
			if column == "artifact_id" {
				return e.ArtifactID
			}
			return e.ArtifactVersionID
		},
	}, owners, page)
	for _, connection := range found {
		for i := range connection.Edges {
			connection.Edges[i].Node = connection.Edges[i].Node.ViewAt(q.instant())
		}
	}
	return found, err
}

// instant returns AsOf, nil for now.
func (q EventQuery) instant() *models.Time {
	if q.AsOf == 0 {
		return nil
	}
	at := models.TimeFromMicros(q.AsOf)
	return &at
}
