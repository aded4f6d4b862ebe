package graph

import (
	"context"
	"encoding/json"

	"github.com/placard/placard/models"
)

type artifact struct{ *Resolver }

func (artifact) Project(ctx context.Context, a *models.Artifact) (*models.Project, error) {
	return loadersFrom(ctx).project.Load(ctx, a.ProjectID, a.ProjectID, noArgs{})
}

func (artifact) LatestVersion(ctx context.Context, a *models.Artifact) (*models.ArtifactVersion, error) {
	version, err := loadersFrom(ctx).latestVersion.Load(ctx, a.ProjectID, a.ID, toMicros(a.AsOf))
	if version != nil {
		primeArtifact(ctx, a)
	}
	return version, err
}

func (artifact) Aliases(ctx context.Context, a *models.Artifact) ([]*models.ArtifactAlias, error) {
	aliases, err := loadersFrom(ctx).artifactAliases.Load(ctx, a.ProjectID, a.ID, toMicros(a.AsOf))
	primeArtifact(ctx, a)
	return append([]*models.ArtifactAlias{}, aliases...), err // an empty list, not null
}

func (artifact) LastLoggedAt(ctx context.Context, a *models.Artifact) (*models.Time, error) {
	return loadersFrom(ctx).artifactLogged.Load(ctx, a.ProjectID, a.ID, toMicros(a.AsOf))
}

func (r artifact) Versions(
	ctx context.Context, a *models.Artifact, where models.FilterInput, orderBy []models.OrderInput, asOf *models.Time,
	first *int32, after *string, last *int32, before *string,
) (*models.ArtifactVersionConnection, error) {
	page, err := r.page(ctx, pageArgs(first, after, last, before))
	if err != nil {
		return nil, err
	}
	args := queryArgs{where, orderBy, asOf}
	query, err := r.listQuery(ctx, args, a.AsOf)
	if err != nil {
		return nil, err
	}
	l := loadersFrom(ctx)
	var versions *models.ArtifactVersionConnection
	if args.isPlain() && query.AsOf == nil {
		versions, err = l.versions.Load(ctx, a.ProjectID, a.ID, page)
	} else {
		text, err := json.Marshal([]any{where, orderBy, query.AsOf})
		if err != nil {
			return nil, err
		}
		l.registerQuery(string(text), query)
		if versions, err = l.searchedVersions.Load(ctx, a.ProjectID, a.ID, searchPage{string(text), page}); err != nil {
			return nil, err
		}
	}
	if versions != nil {
		noteListOf(ctx, a.ProjectID, query, len(versions.Edges))
	}
	if view := a.ViewAt(query.AsOf); versions != nil && view != nil {
		primeArtifact(ctx, view)
	}
	return versions, err
}

func (r artifact) MetadataKeys(
	ctx context.Context, a *models.Artifact, search *string, kinds []models.MetadataKind, first *int32, after *string,
) (*models.MetadataKeyUsageConnection, error) {
	page, err := r.keyPage(ctx, keyArgs{search, kinds, first, after})
	if err != nil {
		return nil, err
	}
	page.AsOf = int64(toMicros(a.AsOf))
	return loadersFrom(ctx).keys.Load(ctx, a.ProjectID, a.ID, page)
}

func (r artifact) MetadataSeries(
	ctx context.Context, a *models.Artifact, key string, card *string, where models.FilterInput, asOf *models.Time,
	first *int32, after *string, last *int32, before *string,
) (*models.MetadataSeries, error) {
	args := seriesArgs{key, card, pageArgs(first, after, last, before), asOf, where}
	page, err := r.seriesPage(ctx, args, a.AsOf)
	if err != nil {
		return nil, err
	}
	l := loadersFrom(ctx)
	series, err := loadSeries(ctx, a.ProjectID, a.ID, page, l.artifactSeries, l.artifactSummaries)
	noteSeries(ctx, a.ProjectID, page, series)
	if view := a.ViewAt(epochMicros(page.key.AsOf).time()); series != nil && view != nil {
		primeArtifact(ctx, view)
	}
	return series, err
}

// primeArtifact stores an artifact for its versions.
func primeArtifact(ctx context.Context, a *models.Artifact) {
	loadersFrom(ctx).artifact.Prime(ctx, a.ProjectID, toMicros(a.AsOf), map[models.ID]*models.Artifact{a.ID: a})
}
