package entries

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

var versionColumns = engine.Columns[models.ArtifactVersion]()

// versionPoint is an entry with the version that it is about.
type versionPoint struct {
	models.MetadataEntry
	Version models.ArtifactVersion `gorm:"embedded;embeddedPrefix:v_"`
}

// instant returns the instant of the key, nil for now.
func (k Key) instant() *models.Time {
	if k.AsOf == 0 {
		return nil
	}
	asOf := models.TimeFromMicros(k.AsOf)
	return &asOf
}

// ofVersion returns the condition that an entry m is the latest one of a key of a version v, and has a value.
// The entry is joined by its seq, so that it is looked up for each version. Joined by its key, PostgreSQL without
// statistics reads the entries of all versions for each of them.
func (k Key) ofVersion(project models.ID) engine.Expr {
	table, last := "metadata_latest", engine.Expr{}
	if k.AsOf != 0 {
		table, last = "metadata_entries", engine.SQL(" AND l.logged_at <= ? ORDER BY l.seq DESC LIMIT 1", k.AsOf)
	}
	latest := engine.SQL("SELECT l.seq FROM "+
		table+" l WHERE l.project_id = ? AND l.subject_id = v.subject_id AND l.card = ? AND l.key = ?",
		project, k.Card, k.Key).Concat(last)
	return engine.SQL("m.project_id = ? AND m.subject_id = v.subject_id AND m.kind IS NOT NULL",
		project).And(engine.SQL("m.seq = (?)", latest))
}

// versions returns the condition that a version v exists at the instant and passes the filter.
func (k Key) versions(d engine.Dialect, project models.ID) engine.Expr {
	condition := search.VersionCondition(d, project, k.Where, k.AsOf)
	if k.AsOf != 0 {
		condition = engine.SQL("v.created_at <= ?", k.AsOf).And(condition)
	}
	return condition
}

// ArtifactSeries returns the same page of the series of one key over the versions of each artifact, by number. As of
// an instant it omits versions that were created later. It is one statement for up to search.MaxParents artifacts.
func (r *Reader) ArtifactSeries(
	ctx context.Context, project models.ID, artifacts []models.ID, key Key, page models.Page,
) (map[models.ID]*models.MetadataSeries, error) {
	entry := r.DB.Dialect().LateralJoin("metadata_entries m", "m", key.ofVersion(project))
	where := engine.SQL("v.project_id = ?", project).And(key.versions(r.DB.Dialect(), project))
	found, err := search.ReadPages(ctx, r.DB, search.List[*versionPoint]{
		Name:    fmt.Sprintf("artifactSeries%+q", []string{key.Card, key.Key, where.SQL}),
		Columns: engine.Qualify("m", entryColumns) + ", " + engine.QualifyAs("v", versionColumns),
		// The entry is looked up for each version, and only for as many as the page has.
		From: engine.SQL("artifact_versions v").Concat(entry), Where: where, Parent: "v.artifact_id",
		Order: []string{"v.number"}, Kinds: []search.PositionKind{search.NumberPosition},
		Position:  func(p *versionPoint) models.Position { return models.Position{p.Version.Number} },
		ParentOf:  func(p *versionPoint) models.ID { return p.Version.ArtifactID },
		Unbounded: true, // past the versions without the key
		Variable:  key.Where != nil,
		Read: func(query *gorm.DB) ([]*versionPoint, error) {
			return collectRows(query, func(p *versionPoint) *models.MetadataEntry { return &p.MetadataEntry })
		},
	}, artifacts, page)
	return seriesOf(found, func(p *versionPoint) *models.MetadataPoint {
		return &models.MetadataPoint{Version: p.Version.ViewAt(key.instant()), Entry: &p.MetadataEntry}
	}), err
}

// SubjectSeries returns the same page of the history of one key of each subject, by seq, of entries with values. It
// is one statement for up to search.MaxParents subjects.
func (r *Reader) SubjectSeries(
	ctx context.Context, project models.ID, subjects []models.ID, key Key, page models.Page,
) (map[models.ID]*models.MetadataSeries, error) {
	l := entryList(fmt.Sprintf("subjectSeries%+q", []string{key.Card, key.Key}),
		engine.SQL("project_id = ? AND card = ? AND key = ? AND kind IS NOT NULL", project, key.Card, key.Key))
	if key.AsOf != 0 {
		l.Where = l.Where.Concat(engine.SQL(" AND logged_at <= ?", key.AsOf))
	}
	found, err := search.ReadPages(ctx, r.DB, l, subjects, page)
	return seriesOf(found, func(e *models.MetadataEntry) *models.MetadataPoint {
		return &models.MetadataPoint{Entry: e}
	}), err
}

func seriesOf[T any](
	found map[models.ID]*models.Connection[T], point func(T) *models.MetadataPoint,
) map[models.ID]*models.MetadataSeries {
	series := make(map[models.ID]*models.MetadataSeries, len(found))
	for id, page := range found {
		series[id] = models.NewMetadataSeries(page, point)
	}
	return series
}

// numberText is the value of `m` where its kind is a number, so that nothing large is read for a sum.
const numberText = `CASE WHEN m.kind IN ('INTEGER', 'FLOAT', 'STORAGE_SIZE', 'DURATION') THEN m.value END`

// ArtifactSummaries returns the summary of the series of one key over all matching versions of each artifact that has
// some. It is one statement.
func (r *Reader) ArtifactSummaries(
	ctx context.Context, project models.ID, artifacts []models.ID, key Key,
) (map[models.ID]*models.SeriesSummary, error) {
	from := r.DB.Dialect().LookUp(engine.Lookup{Table: "artifact_versions", Alias: "v", Column: "artifact_id",
		IDs: artifacts, Where: engine.SQL("v.project_id = ?", project)}).
		Concat(r.DB.Dialect().LeftLateralJoin("metadata_entries m", "m", key.ofVersion(project))).
		Concat(engine.SQL(" WHERE ?", key.versions(r.DB.Dialect(), project)))
	read := r.DB.ReadUnbounded(ctx)
	if key.Where != nil {
		read = r.DB.ReadSearch(ctx) // its text varies
	}
	return r.summaries(read, engine.SQL("SELECT v.artifact_id, m.kind, "+
		numberText+" FROM ? ORDER BY v.artifact_id, v.number", from))
}

// SubjectSummaries returns the summary of the history of one key of each subject that has the key. It is one
// statement.
func (r *Reader) SubjectSummaries(
	ctx context.Context, project models.ID, subjects []models.ID, key Key,
) (map[models.ID]*models.SeriesSummary, error) {
	where := engine.SQL("m.project_id = ? AND m.card = ? AND m.key = ?", project, key.Card, key.Key)
	if key.AsOf != 0 {
		where = where.And(engine.SQL("m.logged_at <= ?", key.AsOf))
	}
	from := r.DB.Dialect().LookUp(engine.Lookup{Table: "metadata_entries", Alias: "m", Column: "subject_id", IDs: subjects,
		Where: where})
	return r.summaries(r.DB.ReadUnbounded(ctx), engine.SQL("SELECT m.subject_id, m.kind, "+numberText+" FROM ? ORDER BY m.subject_id, m.seq",
		from))
}

// tallyRows adds the rows of a query to the tallies of their parents.
func tallyRows(query *gorm.DB, tallies map[models.ID]*models.SeriesTally) error {
	rows, err := query.Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	for rows.Next() {
		var parent models.ID
		var kind *models.MetadataKind
		var text *string
		if err := rows.Scan(&parent, &kind, &text); err != nil {
			return err
		}
		if tallies[parent] == nil {
			tallies[parent] = &models.SeriesTally{}
		}
		if err := tallies[parent].Add(kind, text); err != nil {
			return err
		}
	}
	return rows.Err()
}

// summaries tallies rows of a parent, a kind and the text of a number, in the order of their series. Rows are read by
// hand: there may be a hundred thousand.
func (r *Reader) summaries(reader engine.Reader, query engine.Expr) (map[models.ID]*models.SeriesSummary, error) {
	tallies := map[models.ID]*models.SeriesTally{}
	err := reader.Do(func(db *gorm.DB) error {
		return tallyRows(db.Raw(query.SQL, query.Args...), tallies)
	})
	if err != nil {
		return nil, r.DB.TranslateError(err)
	}
	summaries := make(map[models.ID]*models.SeriesSummary, len(tallies))
	for parent, tally := range tallies {
		summaries[parent] = tally.Summary()
	}
	return summaries, nil
}
