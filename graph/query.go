package graph

import (
	"context"
	"slices"

	"github.com/placard/placard/models"
)

type query struct{ *Resolver }

// search is a method of the store that searches the objects of a project.
type search[T any] func(context.Context, string, models.ListQuery, models.Page) (*models.Connection[T], error)

// searchList returns a page of a list. It checks all arguments before it reads anything.
func searchList[T any](
	ctx context.Context, q query, search search[T], project *string, args queryArgs, page models.PageArguments,
) (*models.Connection[T], error) {
	name, checkedPage, err := q.projectPage(ctx, project, page)
	if err != nil {
		return nil, err
	}
	listQuery, err := q.listQuery(ctx, args, nil)
	if err != nil {
		return nil, err
	}
	objects, err := search(ctx, name, listQuery, checkedPage)
	if objects != nil {
		addSiblings(loadersFrom(ctx), objects.Nodes())
		noteList(ctx, project, name, listQuery, len(objects.Edges))
	}
	return objects, err
}

func (q query) Artifacts(
	ctx context.Context, project *string, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.ArtifactConnection, error) {
	args := queryArgs{where: where, orderBy: orderBy}
	return searchList(ctx, q, q.store.SearchArtifacts, project, args, pageArgs(first, after, last, before))
}

func (q query) ArtifactVersions(
	ctx context.Context, project *string, where models.FilterInput, orderBy []models.OrderInput, asOf *models.Time,
	first *int32, after *string, last *int32, before *string,
) (*models.ArtifactVersionConnection, error) {
	args := queryArgs{where, orderBy, asOf}
	versions, err := searchList(ctx, q, q.store.SearchVersions, project, args, pageArgs(first, after, last, before))
	if versions != nil {
		kept := dropDeleted(ctx, versions.Nodes(), "nodes.artifact", "edges.node.artifact")
		versions.Edges = slices.DeleteFunc(versions.Edges, func(e models.ArtifactVersionEdge) bool {
			return !slices.Contains(kept, e.Node)
		})
	}
	return versions, err
}

func (q query) PipelineRuns(
	ctx context.Context, project *string, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.PipelineRunConnection, error) {
	args := queryArgs{where: where, orderBy: orderBy}
	return searchList(ctx, q, q.store.SearchPipelineRuns, project, args, pageArgs(first, after, last, before))
}

func (q query) StepRuns(
	ctx context.Context, project *string, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.StepRunConnection, error) {
	args := queryArgs{where: where, orderBy: orderBy}
	return searchList(ctx, q, q.store.SearchStepRuns, project, args, pageArgs(first, after, last, before))
}

func (q query) Projects(
	ctx context.Context, first *int32, after *string, last *int32, before *string,
) (*models.ProjectConnection, error) {
	page, err := q.page(ctx, pageArgs(first, after, last, before))
	if err != nil {
		return nil, err
	}
	return q.store.Projects(ctx, page)
}

func (q query) APIKeys(
	ctx context.Context, project *string, first *int32, after *string, last *int32, before *string,
) (*models.ApiKeyConnection, error) {
	name, page, err := q.projectPage(ctx, project, pageArgs(first, after, last, before))
	if err != nil {
		return nil, err
	}
	keys, err := q.store.ApiKeys(ctx, project, page)
	if keys != nil {
		noteList(ctx, project, name, models.ListQuery{}, len(keys.Edges))
	}
	return keys, err
}

func (q query) AuditEvents(
	ctx context.Context, project *string, where models.FilterInput,
	first *int32, after *string, last *int32, before *string,
) (*models.AuditEventConnection, error) {
	name, page, err := q.projectPage(ctx, project, pageArgs(first, after, last, before))
	if err != nil {
		return nil, err
	}
	filter, err := models.ReadFilter(&q.limits, models.NewPath("where"), where)
	if err != nil {
		return nil, err
	}
	events, err := q.store.AuditEvents(ctx, project, filter, page)
	if err != nil {
		return nil, err
	}
	addSiblings(loadersFrom(ctx), events.Nodes())
	noteList(ctx, project, name, models.ListQuery{}, len(events.Edges))
	return events, nil
}

func (q query) MetadataKeys(
	ctx context.Context, project, artifact, search *string, kinds []models.MetadataKind, first *int32, after *string,
) (*models.MetadataKeyUsageConnection, error) {
	name, err := projectName(ctx, project)
	if err != nil {
		return nil, err
	}
	page, err := q.projectKeys(ctx, name, artifact, keyArgs{search, kinds, first, after})
	if err != nil {
		return nil, err
	}
	keys, err := q.store.ProjectKeys(ctx, name, page.artifact, page.KeyQuery, page.Page)
	if keys != nil {
		addSiblings(loadersFrom(ctx), keys.Nodes())
	}
	if err == nil {
		noteList(ctx, project, name, models.ListQuery{}, len(keys.Edges))
	}
	return keys, err
}

func (q query) Project(ctx context.Context, name string) (*models.Project, error) {
	if err := models.CheckName(models.NewPath("name"), name); err != nil {
		return nil, err
	}
	return q.store.Project(ctx, name)
}

func (q query) Artifact(ctx context.Context, id, name, project *string) (*models.Artifact, error) {
	switch {
	case id == nil && name == nil:
		return nil, models.BadInput(models.NewPath("name"), "must be present, or id instead of it")
	case id == nil:
		return q.artifactByName(ctx, *name, project)
	case name != nil:
		return nil, models.BadInput(models.NewPath("name"), "must not be combined with id")
	case project != nil:
		return nil, models.BadInput(models.NewPath("project"), "must not be combined with id")
	}
	node, ok, err := q.parseNodeID(ctx, *id, nil)
	if err != nil || !ok {
		return nil, err
	}
	return loadByID(ctx, loadersFrom(ctx).artifact, node)
}

func (q query) artifactByName(ctx context.Context, name string, project *string) (*models.Artifact, error) {
	projectName, err := projectName(ctx, project)
	if err != nil {
		return nil, err
	}
	if err := models.CheckName(models.NewPath("name"), name); err != nil {
		return nil, err
	}
	return q.store.Artifact(ctx, projectName, name)
}

func (q query) ArtifactVersion(
	ctx context.Context, ref models.ArtifactVersionRef, asOf *models.Time,
) (*models.ArtifactVersion, error) {
	version, err := q.resolveRef(ctx, models.NewPath("ref"), ref, asOf)
	return dropDeletedNode(ctx, version), err
}

// resolveRef returns the version of a reference as of an instant, nil for now. It returns nil if there is no such
// version.
func (q query) resolveRef(
	ctx context.Context, path *models.Path, ref models.ArtifactVersionRef, asOf *models.Time,
) (*models.ArtifactVersion, error) {
	if ref.Named != nil {
		if err := ref.Named.Check(path.Child("named")); err != nil {
			return nil, err
		}
	}
	if ref.ID == nil {
		instant, err := q.effectiveAsOf(ctx, models.NewPath("asOf"), asOf, nil)
		if err != nil {
			return nil, err
		}
		return q.store.ArtifactVersion(ctx, ref, instant)
	}
	node, ok, err := q.parseNodeID(ctx, *ref.ID, asOf)
	if err != nil || !ok {
		return nil, err
	}
	id := node.ID.String()
	ref.ID = &id
	return q.store.ArtifactVersion(ctx, ref, node.AsOf)
}

func (q query) StepRun(ctx context.Context, id string) (*models.StepRun, error) {
	node, ok, err := q.parseNodeID(ctx, id, nil)
	if err != nil || !ok {
		return nil, err
	}
	return loadByID(ctx, loadersFrom(ctx).stepRun, node)
}

func (q query) PipelineRun(ctx context.Context, id string) (*models.PipelineRun, error) {
	node, ok, err := q.parseNodeID(ctx, id, nil)
	if err != nil || !ok {
		return nil, err
	}
	return loadByID(ctx, loadersFrom(ctx).pipelineRun, node)
}

func (q query) Node(ctx context.Context, id string) (models.Node, error) {
	nodes, err := q.Nodes(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}

func (q query) Nodes(ctx context.Context, texts []string) ([]models.Node, error) {
	if n, limit := len(texts), int(q.limits.PageSize); n > limit {
		return nil, models.LimitExceeded(models.NewPath("ids"), "items in a page", int64(limit), int64(n))
	}
	wanted := make([]models.NodeID, len(texts)) // zero for a text that is no ID
	ids := make([]models.ID, 0, len(texts))
	for i, text := range texts {
		node, ok, err := q.parseNodeID(ctx, text, nil)
		if err != nil {
			return nil, err
		}
		if ok {
			wanted[i] = node
			ids = append(ids, node.ID)
		}
	}
	nodes := make([]models.Node, len(texts))
	if len(ids) == 0 {
		return nodes, nil
	}
	objects, err := q.store.Nodes(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, want := range wanted {
		nodes[i] = models.NodeAt(objects[want.ID], want.AsOf)
	}
	loadersFrom(ctx).addNodes(nodes)
	for i, node := range nodes {
		nodes[i] = dropDeletedNode(ctx, node)
	}
	return nodes, dropEarlyOutputs(ctx, nodes)
}

// dropEarlyOutputs removes the views of outputs whose step run had not started.
func dropEarlyOutputs(ctx context.Context, nodes []models.Node) error {
	for i, node := range nodes {
		output, ok := node.(*models.StepOutput)
		if !ok || output.AsOf == nil {
			continue
		}
		step, err := loadersFrom(ctx).stepRun.Load(ctx, output.ProjectID, output.StepRunID, toMicros(output.AsOf))
		if err != nil {
			return err
		}
		if step == nil {
			nodes[i] = nil
		}
	}
	return nil
}
