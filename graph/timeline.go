package graph

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// eventPage is a page of a timeline.
type eventPage struct {
	query store.EventQuery
	models.Page
}

// eventArgs are the arguments of a timeline.
type eventArgs struct {
	kinds    []models.TimelineEventKind
	from, to *models.Time
	page     models.PageArguments
}

// eventPage checks the arguments of a timeline. view is the instant of the object that has it, nil for now.
func (r *Resolver) eventPage(ctx context.Context, view *models.Time, args eventArgs) (eventPage, error) {
	page, err := r.page(ctx, args.page)
	if err != nil {
		return eventPage{}, err
	}
	if args.from != nil && args.to != nil && args.from.After(args.to.Time) {
		return eventPage{}, models.BadInput(models.NewPath("from"), "must not be later than to")
	}
	query := store.EventQuery{AsOf: int64(toMicros(view))}
	if args.kinds != nil {
		names := []string{""} // so that an empty list is no kind
		for _, kind := range args.kinds {
			names = append(names, string(kind))
		}
		slices.Sort(names)
		query.Kinds = strings.Join(slices.Compact(names), ",") + ","
	}
	if args.from != nil {
		query.From = max(args.from.Add(time.Microsecond-1).UnixMicro(), 0)
	}
	if args.to != nil {
		query.To = max(args.to.UnixMicro(), 1)
	}
	return eventPage{query, page}, nil
}

func (p project) Timeline(
	ctx context.Context, of *models.Project, kinds []models.TimelineEventKind, from, to *models.Time, first *int32,
	after *string,
) (*models.TimelineEventConnection, error) {
	page, err := p.eventPage(ctx, nil, eventArgs{kinds, from, to, pageArgs(first, after, nil, nil)})
	if err != nil {
		return nil, err
	}
	return loadersFrom(ctx).projectEvents.Load(ctx, of.ID, of.ID, page)
}

func (r artifact) Timeline(
	ctx context.Context, a *models.Artifact, kinds []models.TimelineEventKind, from, to *models.Time, first *int32,
	after *string,
) (*models.TimelineEventConnection, error) {
	page, err := r.eventPage(ctx, a.AsOf, eventArgs{kinds, from, to, pageArgs(first, after, nil, nil)})
	if err != nil {
		return nil, err
	}
	primeArtifact(ctx, a)
	return loadersFrom(ctx).artifactEvents.Load(ctx, a.ProjectID, a.ID, page)
}

func (r artifactVersion) Timeline(
	ctx context.Context, v *models.ArtifactVersion, kinds []models.TimelineEventKind, from, to *models.Time, first *int32,
	after *string,
) (*models.TimelineEventConnection, error) {
	page, err := r.eventPage(ctx, v.AsOf, eventArgs{kinds, from, to, pageArgs(first, after, nil, nil)})
	if err != nil {
		return nil, err
	}
	return loadersFrom(ctx).versionEvents.Load(ctx, v.ProjectID, v.ID, page)
}

type timelineEvent struct{}

func (timelineEvent) Artifact(ctx context.Context, e *models.TimelineEvent) (*models.Artifact, error) {
	if e.ArtifactID.IsZero() {
		return nil, nil
	}
	return loadersFrom(ctx).artifact.Load(ctx, e.ProjectID, e.ArtifactID, toMicros(e.AsOf))
}

func (r timelineEvent) ArtifactName(ctx context.Context, e *models.TimelineEvent) (*string, error) {
	if e.Details.Artifact != "" {
		return &e.Details.Artifact, nil
	}
	artifact, err := r.Artifact(ctx, e)
	if artifact == nil {
		return nil, err
	}
	return &artifact.Name, err
}

func (timelineEvent) ArtifactVersion(ctx context.Context, e *models.TimelineEvent) (*models.ArtifactVersion, error) {
	if e.ArtifactVersionID.IsZero() {
		return nil, nil
	}
	version, err := loadersFrom(ctx).version.Load(ctx, e.ProjectID, e.ArtifactVersionID, toMicros(e.AsOf))
	return dropDeletedNode(ctx, version), err
}

func (timelineEvent) PipelineRun(ctx context.Context, e *models.TimelineEvent) (*models.PipelineRun, error) {
	if e.PipelineRunID.IsZero() {
		return nil, nil
	}
	return loadersFrom(ctx).pipelineRun.Load(ctx, e.ProjectID, e.PipelineRunID, toMicros(e.AsOf))
}
