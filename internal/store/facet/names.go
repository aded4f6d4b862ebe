package facet

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// NameQuery selects the names that objects of a project have, such as tags.
type NameQuery struct {
	Project models.ID
	// Filter restricts artifact versions, nil for all. Aliases and Pipelines ignore it.
	Filter *models.Filter
	// Artifacts requests the number of artifacts of each tag or type.
	Artifacts bool
	Page      models.Page
}

// nameCount is a name with the number of objects that have it.
type nameCount struct {
	Name            string
	Size, Artifacts int32
}

// names are the names of the rows of a statement.
type names struct {
	// list identifies the list in cursors.
	list string
	// column is the column of the name, and artifact that of the artifact, if it is counted.
	column, artifact string
	// from is the end of a SELECT, from the items of FROM on.
	from engine.Expr
}

// read returns a page of the names, the most frequent first, and those with equal counts by name.
func (n names) read(ctx context.Context, db *engine.DB, page models.Page) (*models.Connection[*nameCount], error) {
	bound, err := search.ParseCursor("after", n.list, page.After,
		[]search.PositionKind{search.NumberPosition, search.TextPosition})
	if err != nil {
		return nil, err
	}
	after, artifacts := engine.True, "0"
	if bound != nil {
		after = engine.SQL("(g.size < ? OR g.size = ? AND g.name > ?)", bound[0], bound[0], bound[1])
	}
	if n.artifact != "" {
		artifacts = "count(DISTINCT " + n.artifact + ")"
	}
	groups := engine.SQL("(SELECT "+n.column+" AS name, count(*) AS size, "+artifacts+" AS artifacts FROM ? GROUP BY "+
		n.column+") g", n.from)
	var rows []*nameCount
	err = db.ReadSearch(ctx).Scan(&rows,
		engine.SQL("SELECT * FROM ? WHERE ? ORDER BY g.size DESC, g.name LIMIT ?", groups, after, page.Size+1))
	if err != nil {
		return nil, db.TranslateError(err)
	}
	connection := models.NewConnection(n.list, page, rows, func(c *nameCount) models.Position {
		return models.Position{c.Size, c.Name}
	})
	if page.Count {
		var size int
		count := engine.SQL("SELECT count(*) FROM (SELECT DISTINCT "+n.column+" FROM ? LIMIT ?) g", n.from,
			models.MaxTotalCount+1)
		err = db.ReadSearch(ctx).Scan(&size, count)
		connection.SetTotalCount(size)
	}
	return connection, db.TranslateError(err)
}

// Tags returns a page of the tags of the versions that pass a filter.
func Tags(ctx context.Context, db *engine.DB, q NameQuery) (*models.TagUsageConnection, error) {
	n := names{list: "tagUsage" + q.Project.String(), column: "t.tag",
		from: engine.SQL("tags t WHERE t.project_id = ?", q.Project)}
	if q.Artifacts || q.Filter != nil {
		versions, err := search.SelectVersions(ctx, db, q.Project, q.Filter, nil)
		if err != nil {
			return nil, db.TranslateError(err)
		}
		if q.Filter != nil {
			n.list = "tagUsage" + versions.Name
		}
		if q.Artifacts {
			n.artifact = "v.artifact_id"
		}
		n.from = versions.Join(db.Dialect(), "tags t", "t",
			engine.SQL("t.project_id = ? AND t.artifact_version_id = v.id", q.Project))
	}
	found, err := n.read(ctx, db, q.Page)
	if err != nil {
		return nil, err
	}
	return models.MapConnection(found, func(c *nameCount) *models.TagUsage {
		return &models.TagUsage{Tag: c.Name, VersionCount: c.Size, ArtifactCount: c.Artifacts}
	}), nil
}

// Types returns a page of the types of the versions that pass a filter. It omits versions without a type.
func Types(ctx context.Context, db *engine.DB, q NameQuery) (*models.TypeUsageConnection, error) {
	versions, err := search.SelectVersions(ctx, db, q.Project, q.Filter, nil)
	if err != nil {
		return nil, db.TranslateError(err)
	}
	n := names{list: "typeUsage" + versions.Name, column: "v.type",
		from: versions.From.Concat(engine.SQL(" WHERE ? AND v.type IS NOT NULL", versions.Where))}
	if q.Artifacts {
		n.artifact = "v.artifact_id"
	}
	found, err := n.read(ctx, db, q.Page)
	if err != nil {
		return nil, err
	}
	return models.MapConnection(found, func(c *nameCount) *models.TypeUsage {
		return &models.TypeUsage{Type: c.Name, VersionCount: c.Size, ArtifactCount: c.Artifacts}
	}), nil
}

// Aliases returns a page of the aliases of artifacts, without the computed models.LatestAlias. An artifact has an alias
// at most once.
func Aliases(ctx context.Context, db *engine.DB, q NameQuery) (*models.AliasUsageConnection, error) {
	found, err := names{list: "aliasUsage" + q.Project.String(), column: "a.alias",
		from: engine.SQL("aliases a WHERE a.project_id = ?", q.Project)}.read(ctx, db, q.Page)
	if err != nil {
		return nil, err
	}
	return models.MapConnection(found, func(c *nameCount) *models.AliasUsage {
		return &models.AliasUsage{Alias: c.Name, ArtifactCount: c.Size}
	}), nil
}

// Pipelines returns a page of the names of pipelines with the numbers of their runs.
func Pipelines(ctx context.Context, db *engine.DB, q NameQuery) (*models.PipelineUsageConnection, error) {
	found, err := names{list: "pipelineUsage" + q.Project.String(), column: "r.pipeline",
		from: engine.SQL("pipeline_runs r WHERE r.project_id = ?", q.Project)}.read(ctx, db, q.Page)
	if err != nil {
		return nil, err
	}
	return models.MapConnection(found, func(c *nameCount) *models.PipelineUsage {
		return &models.PipelineUsage{Pipeline: c.Name, RunCount: c.Size}
	}), nil
}
