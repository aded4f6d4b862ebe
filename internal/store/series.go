package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/placard/placard/models"
)

// versionPoint is an entry with the version that it is about.
type versionPoint struct {
	models.MetadataEntry
	Version models.ArtifactVersion `gorm:"embedded;embeddedPrefix:v_"`
}

const pointColumns = `m.id, m.project_id, m.subject_id, m.seq, m.card, m.key, m.kind, m.value, m.retracted, m.reason,
    m.logged_at, m.logged_by, m.step_run_id`

// instant returns the instant of the key, nil for now.
func (k EntryKey) instant() *models.Time {
	if k.AsOf == 0 {
		return nil
	}
	asOf := models.TimeFromMicros(k.AsOf)
	return &asOf
}

// ofVersion is the condition that an entry `m` is the latest one of a key of a version `v`, and no retraction. The entry
// is joined by its seq, so that it is looked up for each version. Joined by its key, PostgreSQL without statistics goes
// through the entries of all versions for each of them.
func (k EntryKey) ofVersion() (where string, args []any) {
	latest, args := "SELECT l.seq FROM metadata_latest l", []any{k.Card, k.Key}
	last := ""
	if k.AsOf != 0 {
		latest, args = "SELECT l.seq FROM metadata_entries l", append(args, k.AsOf)
		last = " AND l.logged_at <= ? ORDER BY l.seq DESC LIMIT 1"
	}
	return "m.project_id = v.project_id AND m.subject_id = v.subject_id AND NOT m.retracted AND m.seq = (" + latest +
		" WHERE l.project_id = v.project_id AND l.subject_id = v.subject_id AND l.card = ? AND l.key = ?" + last + ")", args
}

// ArtifactSeries is the same page of the series of one key over the versions of each artifact, in ascending order of
// number. As of an instant, versions that were created later are not there. One statement for up to 250 artifacts.
func (s *Store) ArtifactSeries(
	ctx context.Context, project models.ID, artifacts []models.ID, key EntryKey, page models.Page,
) (map[models.ID]*models.MetadataSeries, error) {
	where, args := key.ofVersion()
	where, args = "v.project_id = ? AND "+where, append([]any{project}, args...)
	if key.AsOf != 0 {
		where, args = where+" AND v.created_at <= ?", append(args, key.AsOf)
	}
	found, err := pages(ctx, s, list[*versionPoint]{
		name:    fmt.Sprintf("artifactSeries%+q", []string{key.Card, key.Key}),
		columns: pointColumns + ", " + prefixed("v", versionColumns),
		// A CROSS JOIN keeps SQLite at the order given: a look-up per version, and only as many as the page has.
		table: "artifact_versions v CROSS JOIN metadata_entries m", where: where, args: args, parent: "v.artifact_id",
		order: []string{"v.number"}, kinds: []positionKind{numberPosition},
		position: func(p *versionPoint) models.Position { return models.Position{p.Version.Number} },
		of:       func(p *versionPoint) models.ID { return p.Version.ArtifactID },
		scans:    true, // past the versions without the key
		read: func(query *gorm.DB) ([]*versionPoint, error) {
			return collect(query, func(p *versionPoint) *models.MetadataEntry { return &p.MetadataEntry })
		},
	}, artifacts, page)
	return seriesOf(found, func(p *versionPoint) *models.MetadataPoint {
		return &models.MetadataPoint{Version: p.Version.At(key.instant()), Entry: &p.MetadataEntry}
	}), err
}

// SubjectSeries is the same page of the history of one key of each subject, in ascending order of seq and without
// retractions. One statement for up to 250 subjects.
func (s *Store) SubjectSeries(
	ctx context.Context, project models.ID, subjects []models.ID, key EntryKey, page models.Page,
) (map[models.ID]*models.MetadataSeries, error) {
	l := list[*models.MetadataEntry]{
		name:    fmt.Sprintf("subjectSeries%+q", []string{key.Card, key.Key}),
		columns: entryColumns, table: "metadata_entries",
		where: "project_id = ? AND card = ? AND key = ? AND NOT retracted", args: []any{project, key.Card, key.Key},
		parent: "subject_id", order: []string{"seq"}, kinds: []positionKind{numberPosition},
		position: func(e *models.MetadataEntry) models.Position { return models.Position{int64(e.Seq)} },
		of:       func(e *models.MetadataEntry) models.ID { return e.SubjectID },
		read:     func(query *gorm.DB) ([]*models.MetadataEntry, error) { return collect(query, itself) },
	}
	if key.AsOf != 0 {
		l.where, l.args = l.where+" AND logged_at <= ?", append(l.args, key.AsOf)
	}
	found, err := pages(ctx, s, l, subjects, page)
	return seriesOf(found, func(e *models.MetadataEntry) *models.MetadataPoint {
		return &models.MetadataPoint{Entry: e}
	}), err
}

func seriesOf[T any](found map[models.ID]*models.Connection[T], point func(T) *models.MetadataPoint) map[models.ID]*models.MetadataSeries {
	series := make(map[models.ID]*models.MetadataSeries, len(found))
	for id, page := range found {
		series[id] = models.NewMetadataSeries(page, point)
	}
	return series
}

// numberText is the value of `m` where its kind is a number, so that nothing large is read for a sum.
const numberText = `CASE WHEN m.kind IN ('INTEGER', 'FLOAT', 'STORAGE_SIZE', 'DURATION') THEN m.value END`

// ArtifactSummaries sum up the series of one key over the versions of each artifact, all of it; an artifact without
// versions is not in the map. One statement.
func (s *Store) ArtifactSummaries(
	ctx context.Context, project models.ID, artifacts []models.ID, key EntryKey,
) (map[models.ID]*models.SeriesSummary, error) {
	on, args := key.ofVersion()
	one := s.dialect.oneOf("v.artifact_id", artifacts)
	args = append(append(args, project), one.args...)
	sql := "SELECT v.artifact_id, m.kind, " + numberText + " FROM artifact_versions v LEFT JOIN metadata_entries m ON " + on +
		" WHERE v.project_id = ? AND " + one.sql
	if key.AsOf != 0 {
		sql, args = sql+" AND v.created_at <= ?", append(args, key.AsOf)
	}
	return s.summaries(ctx, sql+" ORDER BY v.artifact_id, v.number", args)
}

// SubjectSummaries sum up the history of one key of each subject, all of it; a subject without the key is not in the
// map. One statement.
func (s *Store) SubjectSummaries(
	ctx context.Context, project models.ID, subjects []models.ID, key EntryKey,
) (map[models.ID]*models.SeriesSummary, error) {
	one := s.dialect.oneOf("m.subject_id", subjects)
	sql := "SELECT m.subject_id, m.kind, " + numberText + " FROM metadata_entries m WHERE m.project_id = ? AND " + one.sql +
		" AND m.card = ? AND m.key = ?"
	args := append(append([]any{project}, one.args...), key.Card, key.Key)
	if key.AsOf != 0 {
		sql, args = sql+" AND m.logged_at <= ?", append(args, key.AsOf)
	}
	return s.summaries(ctx, sql+" ORDER BY m.subject_id, m.seq", args)
}

// tally adds the rows of a query to the tallies of their parents.
func tally(query *gorm.DB, tallies map[models.ID]*models.SeriesTally) error {
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
func (s *Store) summaries(ctx context.Context, sql string, args []any) (map[models.ID]*models.SeriesSummary, error) {
	tallies := map[models.ID]*models.SeriesTally{}
	err := s.question(ctx).turn(func(db *gorm.DB) error { return tally(db.Raw(sql, args...), tallies) })
	if err != nil {
		return nil, s.failure(err)
	}
	summaries := make(map[models.ID]*models.SeriesSummary, len(tallies))
	for parent, tally := range tallies {
		summaries[parent] = tally.Summary()
	}
	return summaries, nil
}

// PreviousVersions are the versions before each version, by its ID: of the same artifact, with the greatest smaller
// number. As of an instant, versions that were created later neither are nor have one. One statement.
func (s *Store) PreviousVersions(
	ctx context.Context, project models.ID, versions []models.ID, asOf *models.Time,
) (map[models.ID]*models.ArtifactVersion, error) {
	one := s.dialect.oneOf("n.id", versions)
	before, then, args := "", "", []any{}
	if asOf != nil {
		before, then, args = " AND w.created_at <= ?", " AND n.created_at <= ?", []any{*asOf}
	}
	args = append(append(args, project), one.args...)
	if asOf != nil {
		args = append(args, *asOf)
	}
	var rows []struct {
		models.ArtifactVersion
		NextID models.ID
	}
	err := s.read(ctx).Raw("SELECT n.id AS next_id, "+of("v", versionColumns)+` FROM artifact_versions n
		JOIN artifact_versions v ON v.project_id = n.project_id AND v.id = (SELECT w.id FROM artifact_versions w
			WHERE w.project_id = n.project_id AND w.artifact_id = n.artifact_id AND w.number < n.number`+before+`
			ORDER BY w.number DESC LIMIT 1)
		WHERE n.project_id = ? AND `+one.sql+then, args...).Scan(&rows).Error
	previous := make(map[models.ID]*models.ArtifactVersion, len(rows))
	for i := range rows {
		previous[rows[i].NextID] = rows[i].At(asOf)
	}
	return previous, s.failure(err)
}
