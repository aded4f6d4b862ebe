package store

import (
	"context"
	"slices"

	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// findInProject searches a project by name. The result is empty for an unknown project.
func findInProject[T any](
	ctx context.Context, s *Store, project string, q search.Query, id func(*T) models.ID,
) (*models.Connection[*T], error) {
	return readInProject(ctx, s, project, func(found models.ID) (*models.Connection[*T], error) {
		q.Project = found
		return search.Find(ctx, s.db, q, id)
	})
}

func versionID(v *models.ArtifactVersion) models.ID { return v.ID }

func stepRunID(r *models.StepRun) models.ID { return r.ID }

// SearchVersions returns a page of the artifact versions of a project that pass a query.
func (s *Store) SearchVersions(
	ctx context.Context, project string, q models.ListQuery, page models.Page,
) (*models.ArtifactVersionConnection, error) {
	found, err := findInProject(ctx, s, project, search.Query{Table: search.ArtifactVersions, ListQuery: q, Page: page},
		versionID)
	return models.ViewsOfPage(found, q.AsOf), err
}

// SearchVersionsOf returns the same page of the versions of each artifact that pass a query, the greatest number
// first by default. For several artifacts it is one statement, which reads all their versions.
func (s *Store) SearchVersionsOf(
	ctx context.Context, project models.ID, artifacts []models.ID, q models.ListQuery, page models.Page,
) (map[models.ID]*models.ArtifactVersionConnection, error) {
	if len(q.Order) == 0 {
		q.Order = []models.OrderTerm{{Field: "NUMBER", Descending: true}}
	}
	query := search.Query{Table: search.ArtifactVersions, Project: project, ListQuery: q, Page: page}
	byArtifact := search.Parent[models.ArtifactVersion]{
		Column: "v.artifact_id", Field: "artifactId", ParentID: func(v *models.ArtifactVersion) models.ID { return v.ArtifactID },
	}
	answers := make(map[models.ID]*models.ArtifactVersionConnection, len(artifacts))
	for some := range slices.Chunk(artifacts, search.MaxParents) {
		found, err := search.FindPerParent(ctx, s.db, query, byArtifact, some, versionID)
		if err != nil {
			return nil, err
		}
		for artifact, connection := range found {
			answers[artifact] = models.ViewsOfPage(connection, q.AsOf)
		}
	}
	return answers, nil
}

// SearchArtifacts returns a page of the artifacts of a project that pass a query.
func (s *Store) SearchArtifacts(
	ctx context.Context, project string, q models.ListQuery, page models.Page,
) (*models.ArtifactConnection, error) {
	return findInProject(ctx, s, project, search.Query{Table: search.Artifacts, ListQuery: q, Page: page},
		func(a *models.Artifact) models.ID { return a.ID })
}

// SearchPipelineRuns returns a page of the pipeline runs of a project that pass a query.
func (s *Store) SearchPipelineRuns(
	ctx context.Context, project string, q models.ListQuery, page models.Page,
) (*models.PipelineRunConnection, error) {
	return findInProject(ctx, s, project, search.Query{Table: search.PipelineRuns, ListQuery: q, Page: page},
		func(r *models.PipelineRun) models.ID { return r.ID })
}

// SearchStepRuns returns a page of the step runs of a project that pass a query.
func (s *Store) SearchStepRuns(
	ctx context.Context, project string, q models.ListQuery, page models.Page,
) (*models.StepRunConnection, error) {
	return findInProject(ctx, s, project, search.Query{Table: search.StepRuns, ListQuery: q, Page: page}, stepRunID)
}

// SearchStepRunsOf returns a page of the steps of a pipeline run that pass a query, as of the instant of a view of
// it. The default order is that of start.
func (s *Store) SearchStepRunsOf(
	ctx context.Context, of *models.PipelineRun, q models.ListQuery, page models.Page,
) (*models.StepRunConnection, error) {
	if len(q.Order) == 0 {
		q.Order = []models.OrderTerm{{Field: "STARTED_AT"}}
	}
	q.AsOf = of.AsOf
	found, err := search.Find(ctx, s.db, search.Query{
		Table: search.StepRuns, Project: of.ProjectID, Scope: search.Equals("pipelineRunId", of.ID), ListQuery: q, Page: page,
	}, stepRunID)
	return models.ViewsOfPage(found, q.AsOf), err
}
