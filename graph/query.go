package graph

import (
	"context"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

type query struct{ *Server }

func (q query) Artifact(ctx context.Context, name string, project *string) (*models.Artifact, error) {
	in := auth.From(ctx).ResolveProject(project)
	if err := checkNames("project", in, "name", name); err != nil {
		return nil, err
	}
	return q.store.Artifact(ctx, in, name)
}

func (q query) Artifacts(
	ctx context.Context, project *string, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.ArtifactConnection, error) {
	return ask(ctx, q, project, where, orderBy, nil, first, after, last, before, q.store.SearchArtifacts,
		func(l *loaders, found []*models.Artifact) {
			l.together(ids(found, func(a *models.Artifact) models.ID { return a.ID }))
		})
}

func (q query) ArtifactVersions(
	ctx context.Context, project *string, where models.FilterInput, orderBy []models.OrderInput, asOf *models.Time,
	first *int32, after *string, last *int32, before *string,
) (*models.ArtifactVersionConnection, error) {
	return ask(ctx, q, project, where, orderBy, asOf, first, after, last, before, q.store.SearchVersions, (*loaders).versionsTogether)
}

func (q query) ArtifactVersion(ctx context.Context, ref models.ArtifactVersionRef, asOf *models.Time) (*models.ArtifactVersion, error) {
	return q.referred(ctx, models.At("ref"), ref, asOf)
}

// referred returns the version that ref means as of an instant or now (nil), nil when there is none.
func (q query) referred(ctx context.Context, at *models.Path, ref models.ArtifactVersionRef, asOf *models.Time) (*models.ArtifactVersion, error) {
	if ref.Named != nil {
		if err := ref.Named.Check(at.In("named")); err != nil {
			return nil, err
		}
	}
	instant, err := asOf, error(nil)
	if ref.ID == nil {
		instant, err = q.instant(ctx, models.At("asOf"), asOf, nil)
	} else {
		var id models.ID
		var ok bool
		if id, instant, ok, err = q.node(ctx, *ref.ID, asOf); err == nil && !ok {
			return nil, nil
		}
		text := id.String()
		ref.ID = &text
	}
	if err != nil {
		return nil, err
	}
	return q.store.ArtifactVersion(ctx, ref, instant)
}

func (q query) StepRun(ctx context.Context, text string) (*models.StepRun, error) {
	id, instant, ok, err := q.node(ctx, text, nil)
	if err != nil || !ok {
		return nil, err
	}
	return load(ctx).stepRun.of(ctx, models.ID{}, id, micros(instant))
}

func (q query) PipelineRun(ctx context.Context, text string) (*models.PipelineRun, error) {
	id, instant, ok, err := q.node(ctx, text, nil)
	if err != nil || !ok {
		return nil, err
	}
	return load(ctx).pipelineRun.of(ctx, models.ID{}, id, micros(instant))
}

func (q query) PipelineRuns(
	ctx context.Context, project, pipeline *string, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.PipelineRunConnection, error) {
	search := func(ctx context.Context, project string, question models.Question, page models.Page) (*models.PipelineRunConnection, error) {
		return q.store.SearchPipelineRuns(ctx, project, pipeline, question, page)
	}
	return ask(ctx, q, project, where, orderBy, nil, first, after, last, before, search, func(l *loaders, found []*models.PipelineRun) {
		l.together(ids(found, func(r *models.PipelineRun) models.ID { return r.ID }))
	})
}

func (q query) StepRuns(
	ctx context.Context, project *string, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.StepRunConnection, error) {
	return ask(ctx, q, project, where, orderBy, nil, first, after, last, before, q.store.SearchStepRuns, (*loaders).stepRunsTogether)
}

// ask answers a question about a project: with the arguments that every list of it has, checked before anything is read.
func ask[T any](
	ctx context.Context, q query, project *string, where models.FilterInput, orderBy []models.OrderInput, asOf *models.Time,
	first *int32, after *string, last *int32, before *string,
	search func(context.Context, string, models.Question, models.Page) (*models.Connection[T], error), together func(*loaders, []T),
) (*models.Connection[T], error) {
	in, page, err := q.pageIn(ctx, project, first, after, last, before)
	if err != nil {
		return nil, err
	}
	question, err := q.question(ctx, where, orderBy, asOf, nil)
	if err != nil {
		return nil, err
	}
	found, err := search(ctx, in, question, page)
	if found != nil {
		together(load(ctx), found.Nodes())
	}
	return found, err
}

func (q query) Project(ctx context.Context, name string) (*models.Project, error) {
	if err := checkNames("name", name); err != nil {
		return nil, err
	}
	return q.store.Project(ctx, name)
}

func (q query) Projects(
	ctx context.Context, first *int32, after *string, last *int32, before *string,
) (*models.ProjectConnection, error) {
	page, err := q.page(ctx, first, after, last, before)
	if err != nil {
		return nil, err
	}
	return q.store.Projects(ctx, page)
}

func (q query) Node(ctx context.Context, id string) (models.Node, error) {
	found, err := q.Nodes(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (q query) Nodes(ctx context.Context, texts []string) ([]models.Node, error) {
	if n, most := len(texts), int(q.limits.PageSize); n > most {
		return nil, models.LimitExceeded(models.At("ids"), "items in a page", int64(most), int64(n))
	}
	wanted := make([]models.NodeID, len(texts))
	known := make([]models.ID, 0, len(texts))
	for i, text := range texts {
		id, instant, ok, err := q.node(ctx, text, nil)
		if err != nil {
			return nil, err
		}
		if ok {
			wanted[i] = models.NodeID{ID: id, AsOf: instant}
			known = append(known, id)
		}
	}
	nodes := make([]models.Node, len(texts))
	if len(known) == 0 {
		return nodes, nil
	}
	found, err := q.store.Nodes(ctx, known)
	if err != nil {
		return nil, err
	}
	for i, want := range wanted {
		nodes[i] = models.NodeAt(found[want.ID], want.AsOf)
	}
	load(ctx).nodesTogether(nodes)
	return nodes, q.dropEarlyOutputs(ctx, nodes)
}

// dropEarlyOutputs removes the views of outputs whose step run had not started.
func (q query) dropEarlyOutputs(ctx context.Context, nodes []models.Node) error {
	for i, node := range nodes {
		output, ok := node.(*models.StepOutput)
		if !ok || output.AsOf == nil {
			continue
		}
		step, err := load(ctx).stepRun.of(ctx, output.ProjectID, output.StepRunID, micros(output.AsOf))
		if err != nil {
			return err
		}
		if step == nil {
			nodes[i] = nil
		}
	}
	return nil
}

func (q query) ServerInfo(context.Context) (*models.ServerInfo, error) {
	limits := q.limits
	return &models.ServerInfo{Version: q.version, Limits: &limits, Features: q.features()}, nil
}

// pageIn are the arguments of a connection of a project, checked.
func (q query) pageIn(
	ctx context.Context, project *string, first *int32, after *string, last *int32, before *string,
) (in string, page models.Page, err error) {
	if page, err = q.page(ctx, first, after, last, before); err != nil {
		return "", page, err
	}
	in = auth.From(ctx).ResolveProject(project)
	return in, page, checkNames("project", in)
}

// checkNames refuses names that cannot exist, given as pairs of an argument and its value.
func checkNames(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := models.CheckName(models.At(pairs[i]), pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}
