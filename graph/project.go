package graph

import (
	"context"
	"encoding/json"

	"github.com/placard/placard/internal/batch"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

type project struct{ *Resolver }

// projectPage is a page of a list of the project with a name. query is the text of a registered query.
type projectPage struct {
	name string
	searchPage
}

// projectKeys is a page of the metadata keys of a project, or of one of its artifacts.
type projectKeys struct {
	name, artifact string
	keyPage
}

func (p project) Artifacts(
	ctx context.Context, of *models.Project, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.ArtifactConnection, error) {
	page, err := p.listPage(ctx, of, queryArgs{where: where, orderBy: orderBy}, pageArgs(first, after, last, before))
	if err != nil {
		return nil, err
	}
	return loadProjectList(ctx, of, page, loadersFrom(ctx).projectArtifacts)
}

func (p project) PipelineRuns(
	ctx context.Context, of *models.Project, where models.FilterInput, orderBy []models.OrderInput,
	first *int32, after *string, last *int32, before *string,
) (*models.PipelineRunConnection, error) {
	page, err := p.listPage(ctx, of, queryArgs{where: where, orderBy: orderBy}, pageArgs(first, after, last, before))
	if err != nil {
		return nil, err
	}
	return loadProjectList(ctx, of, page, loadersFrom(ctx).projectRuns)
}

// loadProjectList loads a page of a list and collects the keys of its query.
func loadProjectList[T any](
	ctx context.Context, of *models.Project, page projectPage, lists *batch.Loader[projectPage, *models.Connection[T]],
) (*models.Connection[T], error) {
	found, err := lists.Load(ctx, of.ID, of.ID, page)
	if found != nil {
		noteListOf(ctx, of.ID, loadersFrom(ctx).query(page.query), len(found.Edges))
	}
	return found, err
}

// listPage checks the arguments of a list and registers its query.
func (p project) listPage(
	ctx context.Context, of *models.Project, args queryArgs, page models.PageArguments,
) (projectPage, error) {
	checked, err := p.page(ctx, page)
	if err != nil {
		return projectPage{}, err
	}
	query, err := p.listQuery(ctx, args, nil)
	if err != nil {
		return projectPage{}, err
	}
	text, err := json.Marshal([]any{args.where, args.orderBy})
	loadersFrom(ctx).registerQuery(string(text), query)
	return projectPage{of.Name, searchPage{string(text), checked}}, err
}

func (p project) MetadataKeys(
	ctx context.Context, of *models.Project, artifact, search *string, kinds []models.MetadataKind, first *int32,
	after *string,
) (*models.MetadataKeyUsageConnection, error) {
	page, err := p.projectKeys(ctx, of.Name, artifact, keyArgs{search, kinds, first, after})
	if err != nil {
		return nil, err
	}
	return loadersFrom(ctx).projectKeys.Load(ctx, of.ID, of.ID, page)
}

func (project) ArtifactCount(ctx context.Context, of *models.Project) (*int32, error) {
	return loadersFrom(ctx).projectCounts.Load(ctx, of.ID, of.ID, store.CountArtifacts)
}

func (project) ArtifactVersionCount(ctx context.Context, of *models.Project) (*int32, error) {
	return loadersFrom(ctx).projectCounts.Load(ctx, of.ID, of.ID, store.CountArtifactVersions)
}

func (project) PipelineRunCount(ctx context.Context, of *models.Project) (*int32, error) {
	return loadersFrom(ctx).projectCounts.Load(ctx, of.ID, of.ID, store.CountPipelineRuns)
}

// projectKeys checks the arguments of a list of the metadata keys of a project.
func (r *Resolver) projectKeys(ctx context.Context, name string, artifact *string, args keyArgs) (projectKeys, error) {
	page, err := r.keyPage(ctx, args)
	if err != nil || artifact == nil {
		return projectKeys{name, "", page}, err
	}
	return projectKeys{name, *artifact, page}, models.CheckName(models.NewPath("artifact"), *artifact)
}

// setProjects sets the loaders of the lists and counts of projects. They read the lists of a project once for all
// objects of the project; a statement reads one project.
func (r *relations) setProjects(s *store.Store) {
	r.projectArtifacts = pageLoader(fetchOne(func(ctx context.Context, p projectPage) (*models.ArtifactConnection, error) {
		return s.SearchArtifacts(ctx, p.name, loadersFrom(ctx).query(p.query), p.Page)
	}))
	r.projectRuns = pageLoader(fetchOne(func(ctx context.Context, p projectPage) (*models.PipelineRunConnection, error) {
		return s.SearchPipelineRuns(ctx, p.name, loadersFrom(ctx).query(p.query), p.Page)
	}))
	r.projectKeys = pageLoader(fetchOne(func(ctx context.Context, p projectKeys) (*models.MetadataKeyUsageConnection, error) {
		return s.ProjectKeys(ctx, p.name, p.artifact, p.KeyQuery, p.Page)
	}))
	r.projectCounts = batch.NewLoader(
		func(ctx context.Context, project models.ID, ids []models.ID, of store.Objects) (map[models.ID]*int32, error) {
			count, err := s.CountObjects(ctx, project, of)
			if err != nil {
				return nil, err
			}
			return map[models.ID]*int32{ids[0]: &count}, nil
		}, nil, nil)
}

// fetchOne fetches the list of one project: projects have no siblings.
func fetchOne[A comparable, V any](fetch func(context.Context, A) (V, error)) batch.Fetch[A, V] {
	return func(ctx context.Context, _ models.ID, ids []models.ID, args A) (map[models.ID]V, error) {
		found, err := fetch(ctx, args)
		if err != nil {
			return nil, err
		}
		return map[models.ID]V{ids[0]: found}, nil
	}
}
