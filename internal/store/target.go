package store

import (
	"cmp"
	"fmt"

	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// resolvedTarget is the object of a selector.
type resolvedTarget struct {
	project models.ID
	// subject is the subject ID of its entries.
	subject models.ID
	// version is the artifact version of the subject, zero for none.
	version models.ID
	// stepRun is the step run of the entries, zero if the selector names none.
	stepRun models.ID
	// object is the subject for callers.
	object models.Subject
}

// resolve finds the objects of selectors that are visible to the caller, inside the writing transaction. It is one
// statement per form of selector, for any number of selectors. docs/reference/selectors.md has the rules as a table.
func (tx *transaction) resolve(targets []models.MetadataTarget, paths []*models.Path) ([]resolvedTarget, error) {
	found := make([]resolvedTarget, len(targets))
	var r targetResolver
	for i, target := range targets {
		at := paths[i]
		switch {
		case target.ArtifactVersionID != nil:
			r.byID = append(r.byID, idSelector{i, *target.ArtifactVersionID, at.Child("artifactVersionId")})
		case target.ArtifactVersion != nil:
			if err := target.ArtifactVersion.CheckExact(at.Child("artifactVersion")); err != nil {
				return nil, err
			}
			r.byName = append(r.byName, nameSelector{i, target.ArtifactVersion, at.Child("artifactVersion")})
		case target.StepContext != nil:
			if name := target.StepContext.ArtifactName; name != nil {
				if err := models.CheckName(at.Child("stepContext").Child("artifactName"), *name); err != nil {
					return nil, err
				}
			}
			r.contexts = append(r.contexts, contextSelector{i, target.StepContext, at.Child("stepContext")})
		case target.StepRunID != nil:
			r.bySteps = append(r.bySteps, idSelector{i, *target.StepRunID, at.Child("stepRunId")})
		case target.PipelineRunID != nil:
			r.byRuns = append(r.byRuns, idSelector{i, *target.PipelineRunID, at.Child("pipelineRunId")})
		default:
			return nil, models.BadInput(at, "must have exactly one field")
		}
	}
	for _, step := range []func(*transaction, []resolvedTarget) error{r.versions, r.outputs, r.stepRuns, r.pipelineRuns} {
		if err := step(tx, found); err != nil {
			return found, err // with the projects that are known
		}
	}
	return found, nil
}

// targetResolver groups selectors by their form, each with its index among the targets.
type targetResolver struct {
	byID, bySteps, byRuns []idSelector
	byName                []nameSelector
	contexts              []contextSelector
}

type idSelector struct {
	n    int
	text string
	at   *models.Path
}

type nameSelector struct {
	n    int
	name *models.ArtifactVersionName
	at   *models.Path
}

type contextSelector struct {
	n       int
	context *models.StepContext
	at      *models.Path
}

// resolveByID sets the targets of selectors by ID to the objects that find returns. Other text selects nothing.
func resolveByID[T any](
	tx *transaction, b []idSelector, what string, found []resolvedTarget,
	find func(tx *transaction, ids []models.ID) (map[models.ID]T, error), use func(T) resolvedTarget,
) error {
	if len(b) == 0 {
		return nil
	}
	var ids []models.ID
	for _, one := range b {
		if id, ok := models.ParseID(one.text); ok {
			ids = append(ids, id)
		}
	}
	objects, err := find(tx, ids)
	if err != nil {
		return err
	}
	for _, one := range b {
		id, _ := models.ParseID(one.text)
		object, ok := objects[id]
		if !ok {
			return tx.unknownID(one.at, what, one.text)
		}
		found[one.n] = use(object)
	}
	return nil
}

func resolvedVersion(v *models.ArtifactVersion) resolvedTarget {
	return resolvedTarget{project: v.ProjectID, subject: v.SubjectID, version: v.ID, object: v}
}

func (r targetResolver) versionsByID(tx *transaction, found []resolvedTarget) error {
	return resolveByID(tx, r.byID, "artifact version", found, versionsByID, resolvedVersion)
}

func (r targetResolver) stepRuns(tx *transaction, found []resolvedTarget) error {
	return resolveByID(tx, r.bySteps, "step run", found, stepRunsByID, func(s *models.StepRun) resolvedTarget {
		return resolvedTarget{project: s.ProjectID, subject: s.ID, stepRun: s.ID, object: s}
	})
}

func (r targetResolver) pipelineRuns(tx *transaction, found []resolvedTarget) error {
	return resolveByID(tx, r.byRuns, "pipeline run", found, pipelineRunsByID, func(p *models.PipelineRun) resolvedTarget {
		return resolvedTarget{project: p.ProjectID, subject: p.ID, object: p}
	})
}

func (r targetResolver) versionsByName(tx *transaction, found []resolvedTarget) error {
	if len(r.byName) == 0 {
		return nil
	}
	names := make([]*models.ArtifactVersionName, len(r.byName))
	for i, one := range r.byName {
		names[i] = one.name
	}
	matches, err := tx.matchNames(names)
	if err != nil {
		return err
	}
	for i, one := range r.byName {
		found[one.n].project = matches[i].ProjectID
		if matches[i].Version.ID.IsZero() {
			return tx.nameNotFound(one.at, one.name, matches[i])
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
func (tx *transaction) matchNames(names []*models.ArtifactVersionName) ([]nameMatch, error) {
	matches := make([]nameMatch, len(names))
	matched := map[string]bool{}
	for _, name := range names {
		project := tx.who.ResolveProject(name.Project)
		if matched[project] {
			continue
		}
		matched[project] = true
		id, err := tx.cachedProject(project)
		if err == nil && !id.IsZero() {
			err = tx.matchNamesOf(id, project, names, matches)
		}
		if err != nil {
			return nil, err
		}
	}
	return matches, nil
}

// cachedProject returns the ID of a project from the cache of the store, or like findProject. The caller checks that
// the project has this name.
func (tx *transaction) cachedProject(name string) (models.ID, error) {
	if known, ok := tx.projects.Load(name); ok && tx.who.Owner {
		return known.(models.ID), nil
	}
	if found, ok := tx.found[name]; ok {
		return found, nil
	}
	return tx.findProject(name)
}

// nameRow is a name to look up, with its index.
type nameRow struct {
	N       int     `json:"n"`
	Name    string  `json:"name"`
	Version *string `json:"version"`
	Alias   *string `json:"alias"`
	Number  *int32  `json:"number"`
	Latest  int     `json:"latest"`
}

// matchNamesOf looks up versions of one project. It fails with engine.ErrRetry if the project has another name.
func (tx *transaction) matchNamesOf(
	id models.ID, project string, names []*models.ArtifactVersionName, matches []nameMatch,
) error {
	var rows []nameRow
	for i, name := range names {
		if tx.who.ResolveProject(name.Project) != project {
			continue
		}
		row := nameRow{N: i, Name: name.Name, Version: name.Version, Alias: name.Alias, Number: name.Number}
		if name.IsLatest() {
			row.Latest, row.Alias = 1, nil
		}
		rows = append(rows, row)
	}
	from := tx.dialect.JSONRows(rows, engine.NumberColumn("n"), engine.TextColumn("name"), engine.TextColumn("version"),
		engine.TextColumn("alias"), engine.NumberColumn("number"), engine.NumberColumn("latest")).
		Concat(engine.SQL(" CROSS JOIN projects p")).
		Concat(tx.dialect.LeftLateralJoin("artifacts a", "a", engine.SQL("a.project_id = ? AND a.name = t.name", id))).
		Concat(tx.dialect.LeftLateralJoin("artifact_versions v", "v", engine.SQL(`v.project_id = ? AND v.id = CASE
    WHEN t.version IS NOT NULL THEN (SELECT w.id FROM artifact_versions w
        WHERE w.project_id = ? AND w.artifact_id = a.id`+matchVersion("w.version", "t.version").SQL+`)
    WHEN t.number IS NOT NULL THEN (SELECT w.id FROM artifact_versions w
        WHERE w.project_id = ? AND w.artifact_id = a.id`+matchVersion("w.number", "t.number").SQL+`)
    WHEN t.latest = 1 THEN (SELECT w.id FROM artifact_versions w
        WHERE w.project_id = ? AND w.artifact_id = a.id ORDER BY w.number DESC LIMIT 1)
    ELSE (SELECT l.artifact_version_id FROM aliases l WHERE l.project_id = ? AND l.artifact_id = a.id AND l.alias = t.alias) END`,
			id, id, id, id, id))).
		Concat(engine.SQL(" WHERE p.id = ? AND p.name = ?", id, project))
	var found []nameMatch
	if err := tx.scan(&found,
		engine.SQL("SELECT t.n, p.id AS project_id, a.id AS artifact, "+engine.QualifyAs("v", versionColumns)+" FROM ?",
			from)); err != nil {
		return err
	}
	if len(found) == 0 {
		tx.projects.Delete(project)
		return engine.ErrRetry // the next try asks for the project again
	}
	for _, match := range found {
		matches[match.N] = match
	}
	return nil
}

// nameNotFound returns NOT_FOUND for the first part of a name that does not exist, with similar names.
func (tx *transaction) nameNotFound(at *models.Path, name *models.ArtifactVersionName, match nameMatch) error {
	artifact := models.TruncateName(name.Name)
	switch {
	case match.ProjectID.IsZero():
		return tx.projectNotFound(at.Child("project"), tx.who.ResolveProject(name.Project))
	case match.Artifact.IsZero():
		// IDs ascend with time.
		return tx.suggest(models.NotFound(at.Child("name"), "there is no artifact %q", artifact), name.Name,
			engine.SQL("SELECT name FROM artifacts WHERE project_id = ? ORDER BY id DESC", match.ProjectID))
	case name.Version != nil:
		similar, all, err := tx.nearNames(*name.Version, engine.SQL(
			"SELECT version FROM artifact_versions WHERE project_id = ? AND artifact_id = ? ORDER BY number DESC",
			match.ProjectID, match.Artifact))
		if err != nil {
			return err
		}
		failure := models.NotFound(at.Child("version"), "the artifact %q has no version %q", artifact,
			models.TruncateName(*name.Version))
		if len(all) > 0 {
			failure.Message += "; its latest is " + near.Quote(all[:1])
		}
		return addSuggestions(failure, similar)
	case name.Number != nil:
		failure := models.NotFound(at.Child("number"), "the artifact %q has no version with the number %d", artifact,
			*name.Number)
		similar, all, err := tx.nearNames(fmt.Sprint(*name.Number), engine.SQL("SELECT CAST(number AS text)"+
			" FROM artifact_versions WHERE project_id = ? AND artifact_id = ? ORDER BY number DESC", match.ProjectID, match.Artifact))
		if len(all) > 0 {
			failure.Message += "; its latest is " + all[0]
		}
		return cmp.Or(err, addSuggestions(failure, similar))
	case name.Alias != nil:
		similar, all, err := tx.nearNames(*name.Alias, engine.SQL(
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

// lockedSubjects is the state of locked subjects.
type lockedSubjects struct {
	// versions are the artifact versions of the existing subjects, nil if all transactions run one after the other.
	versions map[models.ID]models.ID
	// floor is the earliest time of the next entry, in microseconds since 1970.
	floor int64
}

// lock locks the subjects until the end of the transaction. It fails with engine.ErrRetry if one of them has changed.
func (tx *transaction) lock(project models.ID, targets []resolvedTarget) (floor int64, err error) {
	subjects := make([]models.ID, len(targets))
	for i, target := range targets {
		subjects[i] = target.subject
	}
	held, err := tx.lockSubjects(project, subjects)
	if err != nil || held.versions == nil {
		return held.floor, err
	}
	for _, target := range targets {
		if version, exists := held.versions[target.subject]; !exists || version != target.version {
			return 0, engine.ErrRetry
		}
	}
	return held.floor, nil
}

// lockSubjects locks the subjects until the end of the transaction, in order of ID, so that two batches about the same
// subjects cannot wait for each other.
func (tx *transaction) lockSubjects(project models.ID, subjects []models.ID) (lockedSubjects, error) {
	if tx.dialect.HasOneWriter() {
		return lockedSubjects{}, nil
	}
	from := tx.dialect.LookUp(engine.Lookup{
		Table: "subjects", Alias: "s", Column: "id", IDs: subjects, Where: engine.SQL("s.project_id = ?",
			project), ForUpdate: true,
	})
	var rows []struct {
		ID                models.ID
		ArtifactVersionID models.ID
		LoggedAt          int64
	}
	err := tx.scan(&rows, engine.SQL("SELECT s.id, s.artifact_version_id, s.logged_at FROM ?", from))
	held := lockedSubjects{versions: map[models.ID]models.ID{}}
	for _, row := range rows {
		held.versions[row.ID] = row.ArtifactVersionID
		held.floor = max(held.floor, row.LoggedAt+1)
	}
	return held, err
}
