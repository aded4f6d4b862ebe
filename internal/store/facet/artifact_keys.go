package facet

import (
	"context"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// ArtifactKeys returns the same page of the metadata keys that versions of each artifact have, now or as of an instant.
// A page with a cursor belongs to one artifact. It is two statements for all artifacts, and a third one that counts
// all keys if the page begins after a cursor. It reads all values of the versions.
func ArtifactKeys(
	ctx context.Context, db *engine.DB, project models.ID, artifacts []models.ID, q KeyQuery, page models.Page,
) (map[models.ID]*models.MetadataKeyUsageConnection, error) {
	a := artifactKeys{db: db, project: project, artifacts: artifacts, KeyQuery: q}
	after := keyRow{}
	if page.HasCursor() {
		var err error
		if after, err = q.parseAfter(artifacts[0], page); err != nil {
			return nil, err
		}
	}
	keys, totals, err := a.read(ctx, after, page.Size)
	if err != nil {
		return nil, db.TranslateError(err)
	}
	if page.Count && page.HasCursor() {
		if _, totals, err = a.read(ctx, keyRow{}, 0); err != nil {
			return nil, db.TranslateError(err)
		}
	}
	versions, err := a.countVersions(ctx)
	if err != nil {
		return nil, db.TranslateError(err)
	}
	connections := make(map[models.ID]*models.MetadataKeyUsageConnection, len(artifacts))
	for _, artifact := range artifacts {
		connections[artifact] = models.NewConnection(q.listName(artifact), page, keys[artifact], position)
		connections[artifact].SetTotalCount(totals[artifact])
		for _, u := range connections[artifact].Nodes() {
			u.ProjectID = project
			setCoverage(u, versions[artifact])
		}
	}
	return connections, nil
}

// artifactKeys reads the metadata keys of artifacts.
type artifactKeys struct {
	db        *engine.DB
	project   models.ID
	artifacts []models.ID
	KeyQuery
}

// versions returns the items of FROM that select the versions v of the artifacts, with a join, and the conditions.
func (a artifactKeys) versions(join engine.Expr, conditions ...engine.Expr) engine.Expr {
	from := a.db.Dialect().LookUp(engine.Lookup{Table: "artifact_versions", Alias: "v", Column: "artifact_id",
		IDs: a.artifacts, Where: engine.SQL("v.project_id = ?", a.project)})
	if a.AsOf != 0 {
		conditions = append(conditions, engine.SQL("v.created_at <= ?", a.AsOf))
	}
	return from.Concat(join).Concat(engine.SQL(" WHERE ?", engine.All(conditions)))
}

// countVersions returns the number of versions of each artifact. It reads nothing unless the query selects counts.
func (a artifactKeys) countVersions(ctx context.Context) (map[models.ID]int, error) {
	if a.Figures&Counts == 0 {
		return nil, nil
	}
	var rows []struct {
		ArtifactID models.ID
		Size       int
	}
	err := a.db.ReadUnbounded(ctx).Scan(&rows,
		engine.SQL("SELECT v.artifact_id, count(*) AS size FROM ? GROUP BY v.artifact_id", a.versions(engine.Expr{})))
	sizes := make(map[models.ID]int, len(rows))
	for _, row := range rows {
		sizes[row.ArtifactID] = row.Size
	}
	return sizes, err
}

// values returns the items of FROM that select the values m of the versions v of the artifacts.
func (a artifactKeys) values(after keyRow) engine.Expr {
	of := engine.SQL("m.project_id = ? AND m.subject_id = v.subject_id", a.project)
	if after != (keyRow{}) {
		of = of.And(engine.SQL("(m.card, m.key) > (?, ?)", after.Card, after.Key))
	}
	table := "metadata_latest m"
	if a.AsOf != 0 {
		table = "metadata_entries m"
		of = of.And(engine.SQL(`m.seq = (SELECT e.seq FROM metadata_entries e WHERE e.project_id = ? AND e.subject_id = v.subject_id
			AND e.card = m.card AND e.key = m.key AND e.logged_at <= ? ORDER BY e.seq DESC LIMIT 1)`, a.project, a.AsOf))
	}
	return a.versions(a.db.Dialect().LateralJoin(table, "m", of), engine.SQL("m.sort_key IS NOT NULL"),
		a.searchCondition(a.db.Dialect(), "m"))
}

// read returns the first keys of each artifact after a position, one more than size, and the number of all keys after
// the position.
func (a artifactKeys) read(ctx context.Context, after keyRow, size int) (
	keys map[models.ID][]*models.MetadataKeyUsage, totals map[models.ID]int, err error,
) {
	groups := a.db.Dialect().KeyGroups(a.values(after), "v.artifact_id", finiteNumber)
	if a.OfKinds {
		groups = engine.SQL(`SELECT * FROM (SELECT g.*, max(CASE WHEN ? THEN 1 ELSE 0 END) OVER of_key AS matches
			FROM (?) g WINDOW of_key AS (PARTITION BY g.owner, g.card, g.key)) g WHERE matches = 1`, a.kindIn("g.kind"), groups)
	}
	var rows []*keyGroup
	err = a.db.ReadUnbounded(ctx).Scan(&rows, engine.SQL(`
SELECT * FROM (
    SELECT g.*, max(place) OVER (PARTITION BY g.owner) AS total FROM (
        SELECT g.*, dense_rank() OVER (PARTITION BY g.owner ORDER BY g.card, g.key) AS place FROM (?) g
    ) g
) g WHERE place <= ? ORDER BY owner, card, key`, groups, size+1))
	if err != nil {
		return nil, nil, err
	}
	keys, totals = map[models.ID][]*models.MetadataKeyUsage{}, map[models.ID]int{}
	for _, row := range rows {
		totals[row.Owner] = row.Total
	}
	return keys, totals, mergeGroups(rows, keys)
}
