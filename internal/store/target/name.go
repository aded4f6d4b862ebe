package target

import (
	"fmt"

	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// NamedVersion returns the condition that a version v has a name.
func NamedVersion(project models.ID, name *models.ArtifactVersionName, asOf *models.Time) engine.Expr {
	const ofArtifact = "project_id = ? AND artifact_id = (SELECT a.id FROM artifacts a WHERE a.project_id = ? AND a.name = ?)"
	artifact := []any{project, project, name.Name}
	var id engine.Expr
	switch {
	case name.Version != nil:
		id = engine.SQL("SELECT id FROM artifact_versions WHERE "+ofArtifact,
			artifact...).Concat(MatchVersion("version", "?", *name.Version, *name.Version))
	case name.Number != nil:
		id = engine.SQL("SELECT id FROM artifact_versions WHERE "+ofArtifact,
			artifact...).Concat(MatchVersion("number", "?", *name.Number, *name.Number))
	case name.IsLatest():
		id = engine.SQL("SELECT id FROM artifact_versions WHERE "+ofArtifact, artifact...)
		if asOf != nil {
			id = id.Concat(engine.SQL(" AND created_at <= ?", *asOf))
		}
		id = id.Concat(engine.SQL(" ORDER BY number DESC LIMIT 1"))
	case asOf == nil:
		id = engine.SQL("SELECT artifact_version_id FROM aliases WHERE "+ofArtifact+" AND alias = ?",
			append(artifact, *name.Alias)...)
	default:
		id = engine.SQL("SELECT artifact_version_id FROM alias_moves WHERE "+
			ofArtifact+" AND alias = ? AND moved_at <= ? ORDER BY seq DESC LIMIT 1",
			append(artifact, *name.Alias, *asOf)...)
	}
	return engine.SQL("v.project_id = ?", project).And(engine.SQL("v.id = (?)", id))
}

// MatchVersion returns the end of a SELECT of the version of an artifact whose name or number in a column equals an
// expression. Its order makes PostgreSQL use the index on this column: without statistics the indexes on names and
// numbers have the same cost, and the other one reads all versions of the artifact.
func MatchVersion(column, is string, args ...any) engine.Expr {
	return engine.SQL(fmt.Sprintf(" AND %[1]s >= %[2]s AND %[1]s <= %[2]s ORDER BY %[1]s LIMIT 1", column, is), args...)
}

func (r resolver) versionsByName(tx *access.Tx, found []Resolved) error {
	if len(r.byName) == 0 {
		return nil
	}
	names := make([]*models.ArtifactVersionName, len(r.byName))
	for i, one := range r.byName {
		names[i] = one.name
	}
	matches, err := matchNames(tx, names)
	if err != nil {
		return err
	}
	for i, one := range r.byName {
		found[one.n].Project = matches[i].ProjectID
		if matches[i].Version.ID.IsZero() {
			return nameNotFound(tx, one.at, one.name, matches[i])
		}
		found[one.n] = resolvedVersion(&matches[i].Version)
	}
	return nil
}

// nameMatch is the result of a look-up by name: a project, an artifact and a version, or only the first of them.
type nameMatch struct {
	N         int
	ProjectID models.ID
	Artifact  models.ID
	Version   models.ArtifactVersion `gorm:"embedded;embeddedPrefix:v_"`
}

// matchNames looks up versions by name, in one statement per project.
func matchNames(tx *access.Tx, names []*models.ArtifactVersionName) ([]nameMatch, error) {
	matches := make([]nameMatch, len(names))
	matched := map[string]bool{}
	for _, name := range names {
		project := tx.Who.ResolveProject(name.Project)
		if matched[project] {
			continue
		}
		matched[project] = true
		id, err := tx.CachedProject(project)
		if err == nil && !id.IsZero() {
			err = matchNamesOf(tx, id, project, names, matches)
		}
		if err != nil {
			return nil, err
		}
	}
	return matches, nil
}

// nameRow is a name or an ID to look up, with its index.
type nameRow struct {
	N       int        `json:"n"`
	Project *string    `json:"project,omitempty"`
	ID      *models.ID `json:"id,omitempty"`
	Name    string     `json:"name,omitempty"`
	Version *string    `json:"version,omitempty"`
	Alias   *string    `json:"alias,omitempty"`
	Number  *int32     `json:"number,omitempty"`
	Latest  int        `json:"latest,omitempty"`
}

// newNameRow returns the row of a name in a project.
func newNameRow(n int, project string, name *models.ArtifactVersionName) nameRow {
	row := nameRow{N: n, Project: &project, Name: name.Name, Version: name.Version, Alias: name.Alias, Number: name.Number}
	if name.IsLatest() {
		row.Latest, row.Alias = 1, nil
	}
	return row
}

// matchNamesOf looks up versions of one project. It fails with engine.ErrRetry if the project has another name.
func matchNamesOf(
	tx *access.Tx, id models.ID, project string, names []*models.ArtifactVersionName, matches []nameMatch,
) error {
	var rows []nameRow
	for i, name := range names {
		if tx.Who.ResolveProject(name.Project) != project {
			continue
		}
		rows = append(rows, newNameRow(i, project, name))
	}
	from := matchRows(tx, id, rows, engine.Expr{})
	var found []nameMatch
	if err := tx.Read(&found,
		engine.SQL("SELECT t.n, p.id AS project_id, a.id AS artifact, "+engine.QualifyAs("v", selectedColumns)+" FROM ?",
			from)); err != nil {
		return err
	}
	if len(found) == 0 {
		tx.Projects.Delete(project)
		return engine.ErrRetry // the next try asks for the project again
	}
	for _, match := range found {
		matches[match.N] = match
	}
	return nil
}

// matchRows returns the items of FROM that look up rows t in a project p: artifacts a and versions v, with nulls for a
// row without a match. join adds tables to them. A row whose project has another name is absent.
func matchRows(tx *access.Tx, id models.ID, rows []nameRow, join engine.Expr) engine.Expr {
	return tx.Dialect.JSONRows(rows, engine.NumberColumn("n"), engine.TextColumn("project"), engine.IDColumn("id"),
		engine.TextColumn("name"), engine.TextColumn("version"), engine.TextColumn("alias"),
		engine.NumberColumn("number"), engine.NumberColumn("latest")).
		Concat(engine.SQL(" CROSS JOIN projects p")).
		Concat(tx.Dialect.LeftLateralJoin("artifacts a", "a", engine.SQL("a.project_id = ? AND a.name = t.name", id))).
		Concat(tx.Dialect.LeftLateralJoin("artifact_versions v", "v", engine.SQL(`v.project_id = ? AND v.id = CASE
    WHEN t.id IS NOT NULL THEN t.id
    WHEN t.version IS NOT NULL THEN (SELECT w.id FROM artifact_versions w
        WHERE w.project_id = ? AND w.artifact_id = a.id`+MatchVersion("w.version", "t.version").SQL+`)
    WHEN t.number IS NOT NULL THEN (SELECT w.id FROM artifact_versions w
        WHERE w.project_id = ? AND w.artifact_id = a.id`+MatchVersion("w.number", "t.number").SQL+`)
    WHEN t.latest = 1 THEN (SELECT w.id FROM artifact_versions w
        WHERE w.project_id = ? AND w.artifact_id = a.id ORDER BY w.number DESC LIMIT 1)
    ELSE (SELECT l.artifact_version_id FROM aliases l
        WHERE l.project_id = ? AND l.artifact_id = a.id AND l.alias = t.alias) END`,
			id, id, id, id, id))).
		Concat(join).
		Concat(engine.SQL(" WHERE p.id = ? AND p.name = coalesce(t.project, p.name)", id))
}

// nameNotFound returns NOT_FOUND for the first part of a name that does not exist, with similar names.
func nameNotFound(tx *access.Tx, at *models.Path, name *models.ArtifactVersionName, match nameMatch) error {
	artifact := models.TruncateName(name.Name)
	switch {
	case match.ProjectID.IsZero():
		return tx.ProjectNotFound(at.Child("project"), tx.Who.ResolveProject(name.Project))
	case match.Artifact.IsZero():
		// IDs ascend with time.
		return tx.Suggest(models.NotFound(at.Child("name"), "there is no artifact %q", artifact), name.Name,
			engine.SQL("SELECT name FROM artifacts WHERE project_id = ? ORDER BY id DESC", match.ProjectID))
	case name.Version != nil:
		failure := models.NotFound(at.Child("version"), "the artifact %q has no version %q", artifact,
			models.TruncateName(*name.Version))
		return addVersions(tx, failure, match, *name.Version, "version", "; its latest is %q")
	case name.Number != nil:
		failure := models.NotFound(at.Child("number"), "the artifact %q has no version with the number %d", artifact,
			*name.Number)
		return addVersions(tx, failure, match, fmt.Sprint(*name.Number), "CAST(number AS text)", "; its latest is %s")
	case name.Alias != nil:
		similar, all, err := tx.NearNames(*name.Alias, engine.SQL(
			"SELECT alias FROM aliases WHERE project_id = ? AND artifact_id = ? ORDER BY alias", match.ProjectID, match.Artifact))
		if err != nil {
			return err
		}
		failure := models.NotFound(at.Child("alias"), "the artifact %q has no alias %q", artifact,
			models.TruncateName(*name.Alias))
		if failure.Candidates = similar; len(all) > 0 {
			failure.Message += "; its aliases are " + near.Quote(near.First(similar, all))
		}
		return failure
	}
	return models.NotFound(at, "the artifact %q has no versions", artifact)
}

// addVersions adds the latest version of an artifact to a failure, and the versions that are near to the selected one.
// column is the text of a version, and format adds the latest one to the message.
func addVersions(tx *access.Tx, failure *models.Error, match nameMatch, selected, column, format string) error {
	similar, all, err := tx.NearNames(selected, engine.SQL("SELECT "+column+
		" FROM artifact_versions WHERE project_id = ? AND artifact_id = ? ORDER BY number DESC", match.ProjectID, match.Artifact))
	if err != nil {
		return err
	}
	if len(all) > 0 {
		failure.Message += fmt.Sprintf(format, models.TruncateName(all[0]))
	}
	return access.AddSuggestions(failure, similar)
}
