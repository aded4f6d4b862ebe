package store

import (
	"context"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/facet"
	"github.com/placard/placard/models"
)

// KeyQuery, ValueQuery and NameQuery select metadata keys, values of a key, and names. Figures are the figures of a key
// that a query selects.
type (
	KeyQuery   = facet.KeyQuery
	Figures    = facet.Figures
	ValueQuery = facet.ValueQuery
	NameQuery  = facet.NameQuery
)

// Objects are the objects that CountObjects counts.
type Objects = facet.Objects

// The objects of a project.
const (
	CountArtifacts        = facet.Artifacts
	CountArtifactVersions = facet.ArtifactVersions
	CountPipelineRuns     = facet.PipelineRuns
)

// The figures that are read together.
const (
	FigureCounts      = facet.Counts
	FigureKinds       = facet.Kinds
	FigureLastEntries = facet.LastEntries
)

// readInProject reads a list of a project by name. The result is empty for an unknown project.
func readInProject[T any](
	ctx context.Context, s *Store, project string, read func(models.ID) (*models.Connection[T], error),
) (*models.Connection[T], error) {
	id, err := s.projectID(ctx, project)
	if err != nil || id.IsZero() {
		return models.NewConnection[T]("", models.Page{}, nil, nil), err
	}
	return read(id)
}

// CountObjects returns the number of objects of a project.
func (s *Store) CountObjects(ctx context.Context, project models.ID, of Objects) (int32, error) {
	return facet.Count(ctx, s.db, project, of)
}

// ProjectKeys returns a page of the metadata keys of a project, see facet.ProjectKeys, or of its artifact with a name,
// if that is not empty. The page is empty for an unknown artifact.
func (s *Store) ProjectKeys(
	ctx context.Context, project, artifact string, q KeyQuery, page models.Page,
) (*models.MetadataKeyUsageConnection, error) {
	return readInProject(ctx, s, project, func(id models.ID) (*models.MetadataKeyUsageConnection, error) {
		if artifact == "" {
			return facet.ProjectKeys(ctx, s.db, id, q, page)
		}
		of, err := readByName[models.Artifact](ctx, s, access.InProject(id), artifact)
		if err != nil || of == nil {
			return models.NewConnection[*models.MetadataKeyUsage]("", models.Page{}, nil, nil), err
		}
		keys, err := facet.ArtifactKeys(ctx, s.db, id, []models.ID{of.ID}, q, page)
		return keys[of.ID], err
	})
}

// ArtifactKeys returns the same page of the metadata keys of each artifact, see facet.ArtifactKeys.
func (s *Store) ArtifactKeys(
	ctx context.Context, project models.ID, artifacts []models.ID, q KeyQuery, page models.Page,
) (map[models.ID]*models.MetadataKeyUsageConnection, error) {
	return facet.ArtifactKeys(ctx, s.db, project, artifacts, q, page)
}

// TagUsage returns a page of a facet of a project, see facet.Tags.
func (s *Store) TagUsage(ctx context.Context, project string, q NameQuery) (*models.TagUsageConnection, error) {
	return readFacet(ctx, s, project, q, facet.Tags)
}

// TypeUsage returns a page of a facet of a project, see facet.Types.
func (s *Store) TypeUsage(ctx context.Context, project string, q NameQuery) (*models.TypeUsageConnection, error) {
	return readFacet(ctx, s, project, q, facet.Types)
}

// AliasUsage returns a page of a facet of a project, see facet.Aliases.
func (s *Store) AliasUsage(ctx context.Context, project string, q NameQuery) (*models.AliasUsageConnection, error) {
	return readFacet(ctx, s, project, q, facet.Aliases)
}

// PipelineUsage returns a page of a facet of a project, see facet.Pipelines.
func (s *Store) PipelineUsage(ctx context.Context, project string, q NameQuery) (*models.PipelineUsageConnection, error) {
	return readFacet(ctx, s, project, q, facet.Pipelines)
}

// readFacet reads names of a project by name.
func readFacet[T any](
	ctx context.Context, s *Store, project string, q NameQuery,
	read func(context.Context, *engine.DB, NameQuery) (*models.Connection[T], error),
) (*models.Connection[T], error) {
	return readInProject(ctx, s, project, func(id models.ID) (*models.Connection[T], error) {
		q.Project = id
		return read(ctx, s.db, q)
	})
}

// MetadataValues returns a page of the values of a metadata key of a project, see facet.Values.
func (s *Store) MetadataValues(
	ctx context.Context, project string, q ValueQuery,
) (*models.MetadataValueUsageConnection, error) {
	return readInProject(ctx, s, project, func(id models.ID) (*models.MetadataValueUsageConnection, error) {
		q.Project = id
		return facet.Values(ctx, s.db, q)
	})
}
