package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// versionPoint is an entry with the version that it is about.
type versionPoint struct {
	models.MetadataEntry
	Version models.ArtifactVersion `gorm:"embedded;embeddedPrefix:v_"`
}

// instant returns the instant of the key, nil for now.
func (k EntryKey) instant() *models.Time {
	if k.AsOf == 0 {
		return nil
	}
	asOf := models.TimeFromMicros(k.AsOf)
	return &asOf
}

// ofVersion returns the condition that an entry m is the latest one of a key of a version v, and not a retraction.
// The entry is joined by its seq, so that it is looked up for each version. Joined by its key, PostgreSQL without
// statistics reads the entries of all versions for each of them.
func (k EntryKey) ofVersion(project models.ID) engine.Expr {
	table, last := "metadata_latest", engine.Expr{}
	if k.AsOf != 0 {
		table, last = "metadata_entries", engine.SQL(" AND l.logged_at <= ? ORDER BY l.seq DESC LIMIT 1", k.AsOf)
	}
	latest := engine.SQL("SELECT l.seq FROM "+
		table+" l WHERE l.project_id = ? AND l.subject_id = v.subject_id AND l.card = ? AND l.key = ?",
		project, k.Card, k.Key).Concat(last)
	return engine.SQL("m.project_id = ? AND m.subject_id = v.subject_id AND NOT m.retracted",
		project).And(engine.SQL("m.seq = (?)", latest))
}

// versions returns the condition that a version v exists at the instant and passes the filter.
func (k EntryKey) versions(d engine.Dialect, project models.ID) engine.Expr {
	condition := search.VersionCondition(d, project, k.Where, k.AsOf)
	if k.AsOf != 0 {
		condition = engine.SQL("v.created_at <= ?", k.AsOf).And(condition)
	}
	return condition
}

// ArtifactSeries returns the same page of the series of one key over the versions of each artifact, by number. As of
// an instant it omits versions that were created later. It is one statement for up to search.MaxParents artifacts.
func (s *Store) ArtifactSeries(
	ctx context.Context, project models.ID, artifacts []models.ID, key EntryKey, page models.Page,
) (map[models.ID]*models.MetadataSeries, error) {
	entry := s.db.Dialect().LateralJoin("metadata_entries m", "m", key.ofVersion(project))
	where := engine.SQL("v.project_id = ?", project).And(key.versions(s.db.Dialect(), project))
	found, err := search.ReadPages(ctx, s.db, search.List[*versionPoint]{
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

// SubjectSeries returns the same page of the history of one key of each subject, by seq and without retractions. It
// is one statement for up to search.MaxParents subjects.
func (s *Store) SubjectSeries(
	ctx context.Context, project models.ID, subjects []models.ID, key EntryKey, page models.Page,
) (map[models.ID]*models.MetadataSeries, error) {
	l := entryList(fmt.Sprintf("subjectSeries%+q", []string{key.Card, key.Key}),
		engine.SQL("project_id = ? AND card = ? AND key = ? AND NOT retracted", project, key.Card, key.Key))
	if key.AsOf != 0 {
		l.Where = l.Where.Concat(engine.SQL(" AND logged_at <= ?", key.AsOf))
	}
	found, err := search.ReadPages(ctx, s.db, l, subjects, page)
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
func (s *Store) ArtifactSummaries(
	ctx context.Context, project models.ID, artifacts []models.ID, key EntryKey,
) (map[models.ID]*models.SeriesSummary, error) {
	from := s.db.Dialect().LookUp(engine.Lookup{Table: "artifact_versions", Alias: "v", Column: "artifact_id",
		IDs: artifacts, Where: engine.SQL("v.project_id = ?", project)}).
		Concat(s.db.Dialect().LeftLateralJoin("metadata_entries m", "m", key.ofVersion(project))).
		Concat(engine.SQL(" WHERE ?", key.versions(s.db.Dialect(), project)))
	read := s.db.ReadUnbounded(ctx)
	if key.Where != nil {
		read = s.db.ReadSearch(ctx) // its text varies
	}
	return s.summaries(read, engine.SQL("SELECT v.artifact_id, m.kind, "+
		numberText+" FROM ? ORDER BY v.artifact_id, v.number", from))
}

// SubjectSummaries returns the summary of the history of one key of each subject that has the key. It is one
// statement.
func (s *Store) SubjectSummaries(
	ctx context.Context, project models.ID, subjects []models.ID, key EntryKey,
) (map[models.ID]*models.SeriesSummary, error) {
	where := engine.SQL("m.project_id = ? AND m.card = ? AND m.key = ?", project, key.Card, key.Key)
	if key.AsOf != 0 {
		where = where.And(engine.SQL("m.logged_at <= ?", key.AsOf))
	}
	from := s.db.Dialect().LookUp(engine.Lookup{Table: "metadata_entries", Alias: "m", Column: "subject_id", IDs: subjects,
		Where: where})
	return s.summaries(s.db.ReadUnbounded(ctx), engine.SQL("SELECT m.subject_id, m.kind, "+numberText+" FROM ? ORDER BY m.subject_id, m.seq",
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
func (s *Store) summaries(reader engine.Reader, query engine.Expr) (map[models.ID]*models.SeriesSummary, error) {
	tallies := map[models.ID]*models.SeriesTally{}
	err := reader.Do(func(db *gorm.DB) error {
		return tallyRows(db.Raw(query.SQL, query.Args...), tallies)
	})
	if err != nil {
		return nil, s.db.TranslateError(err)
	}
	summaries := make(map[models.ID]*models.SeriesSummary, len(tallies))
	for parent, tally := range tallies {
		summaries[parent] = tally.Summary()
	}
	return summaries, nil
}

// PreviousVersions returns the version with the next smaller number of the same artifact, by version. As of an
// instant it omits versions that were created later. It is one statement.
func (s *Store) PreviousVersions(
	ctx context.Context, project models.ID, versions []models.ID, asOf *models.Time,
) (map[models.ID]*models.ArtifactVersion, error) {
	next, then := engine.Lookup{Table: "artifact_versions", Alias: "n", Column: "id", IDs: versions,
		Where: engine.SQL("n.project_id = ?", project)}, engine.True
	before := engine.SQL(`SELECT w.id FROM artifact_versions w
		WHERE w.project_id = ? AND w.artifact_id = n.artifact_id AND w.number < n.number`, project)
	if asOf != nil {
		then, before = engine.SQL("n.created_at <= ?", *asOf), before.Concat(engine.SQL(" AND w.created_at <= ?", *asOf))
	}
	from := s.db.Dialect().LookUp(next).Concat(s.db.Dialect().LateralJoin("artifact_versions v", "v",
		engine.SQL("v.project_id = ?", project).And(engine.SQL("v.id = (? ORDER BY w.number DESC LIMIT 1)", before)))).
		Concat(engine.SQL(" WHERE ?", then))
	var rows []struct {
		models.ArtifactVersion
		NextID models.ID
	}
	err := s.db.Read(ctx).Scan(&rows,
		engine.SQL("SELECT n.id AS next_id, "+engine.Qualify("v", versionColumns)+" FROM ?", from))
	previous := make(map[models.ID]*models.ArtifactVersion, len(rows))
	for i := range rows {
		previous[rows[i].NextID] = rows[i].ViewAt(asOf)
	}
	return previous, s.db.TranslateError(err)
}
