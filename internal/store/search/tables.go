package search

import (
	"slices"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/versions"
	"github.com/placard/placard/models"
)

// The aliases of the tables are v for versions, a for artifacts, r for pipeline runs, s for step runs and o for
// outputs.

// ArtifactVersions are the versions of all artifacts of a project.
var ArtifactVersions = &Table{
	name: "artifactVersions", from: "artifact_versions v", alias: "v", columns: versions.Names, revised: true,
	subjectKind: models.SubjectArtifactVersion, subject: "v.subject_id", created: "v.created_at",
	fields: map[string]filterField{
		"id":         {column: "v.id", indexScan: scanColumn("artifact_versions", "id")},
		"artifact":   {column: artifactName, override: artifactNameCondition, indexScan: scanByArtifactName},
		"artifactId": {column: "v.artifact_id", indexScan: scanColumn("artifact_versions", "artifact_id")},
		"version":    {column: "v.version"},
		"number":     {column: "v.number"},
		"type":       {column: "v.type"},
		"createdAt":  {column: "v.created_at", indexScan: scanColumn("artifact_versions", "created_at")},
		"createdBy":  {column: "v.created_by"},
		"lastLoggedAt": {column: lastLogged("v.subject_id"), asOf: lastLoggedAsOf("v.subject_id"),
			indexScan: scanLastLogged(models.SubjectArtifactVersion)},
		"tag": {multiValued: tagCondition, indexScan: scanLabels("tags", "tag")},
		"alias": {multiValued: aliasCondition, override: latestAliasCondition,
			indexScan: scanLabels("aliases", "alias")},
	},
	related: map[string]func(compiler, *models.Filter) engine.Expr{
		"producedBy": func(c compiler, f *models.Filter) engine.Expr { return c.filter(producers, f) },
		"consumedBy": compiler.consumerCondition,
	},
	orders: map[string]sortField{
		"CREATED_AT": {column: "v.created_at", number: true},
		"NUMBER":     {column: "v.number", number: true},
		"VERSION":    {column: "v.version"},
		"ARTIFACT":   {column: artifactName},
		"TYPE":       {column: "v.type", nullable: true},
		"LAST_LOGGED_AT": {column: lastLogged("v.subject_id"), number: true, nullable: true,
			asOf: lastLoggedAsOf("v.subject_id"), lastLogged: true},
	},
	defaultOrder: []models.OrderTerm{{Field: "CREATED_AT", Descending: true}},
}

// Artifacts are the artifacts of a project.
var Artifacts = &Table{
	name: "artifacts", from: "artifacts a", alias: "a", columns: engine.Columns[models.Artifact](), created: "a.created_at",
	fields: map[string]filterField{
		"name":      {column: "a.name"},
		"createdAt": {column: "a.created_at"},
		"createdBy": {column: "a.created_by"},
		"updatedAt": {column: "a.updated_at", indexScan: scanColumn("artifacts", "updated_at")},
	},
	related: map[string]func(compiler, *models.Filter) engine.Expr{
		"latestVersion": func(c compiler, f *models.Filter) engine.Expr {
			return engine.SQL("(SELECT ? FROM "+versionsOfArtifact+" ORDER BY v.number DESC LIMIT 1)",
				c.filter(ArtifactVersions, f), c.project)
		},
		"anyVersion": func(c compiler, f *models.Filter) engine.Expr {
			return engine.SQL("(SELECT TRUE FROM "+versionsOfArtifact+" AND ? LIMIT 1)", c.project,
				c.filter(ArtifactVersions, f))
		},
	},
	orders: map[string]sortField{
		"NAME":       {column: "a.name"},
		"CREATED_AT": {column: "a.created_at", number: true},
		"UPDATED_AT": {column: "a.updated_at", number: true},
	},
	defaultOrder: []models.OrderTerm{{Field: "NAME"}},
}

// versionsOfArtifact is the SQL after FROM that selects the versions v of an artifact a in a project, its argument.
const versionsOfArtifact = "artifact_versions v WHERE v.project_id = ? AND v.artifact_id = a.id"

// PipelineRuns are the pipeline runs of a project.
var PipelineRuns = &Table{
	name: "pipelineRuns", from: "pipeline_runs r", alias: "r", columns: engine.Columns[models.PipelineRun](),
	subjectKind: models.SubjectPipelineRun, subject: "r.id", created: "r.started_at",
	fields: map[string]filterField{
		"pipeline":  {column: "r.pipeline", indexScan: scanColumn("pipeline_runs", "pipeline")},
		"status":    {column: "r.status"},
		"startedAt": {column: "r.started_at", indexScan: scanColumn("pipeline_runs", "started_at")},
		"createdBy": {column: "r.created_by"},
		"updatedAt": {column: "coalesce(r.updated_at, r.started_at)"},
		"lastLoggedAt": {column: lastLogged("r.id"), asOf: lastLoggedAsOf("r.id"),
			indexScan: scanLastLogged(models.SubjectPipelineRun)},
		"finishedAt": {column: "r.finished_at"},
	},
	orders: map[string]sortField{
		"STARTED_AT": {column: "r.started_at", number: true},
		"LAST_LOGGED_AT": {column: lastLogged("r.id"), number: true, nullable: true,
			asOf: lastLoggedAsOf("r.id"), lastLogged: true},
		"FINISHED_AT": {column: "r.finished_at", number: true, nullable: true},
		"PIPELINE":    {column: "r.pipeline"},
	},
	defaultOrder: []models.OrderTerm{{Field: "STARTED_AT", Descending: true}},
}

// finishedAsOf is the time at which a step run finished, null if it was running at an instant.
const finishedAsOf = "CASE WHEN s.finished_at <= ? THEN s.finished_at END"

// StepRuns are the step runs of a project.
var StepRuns = &Table{
	name: "stepRuns", from: "step_runs s", alias: "s", columns: engine.Columns[models.StepRun](),
	subjectKind: models.SubjectStepRun, subject: "s.id", created: "s.started_at",
	fields: map[string]filterField{
		"name":          {column: "s.name"},
		"pipelineRunId": {column: "s.pipeline_run_id", indexScan: scanColumn("step_runs", "pipeline_run_id")},
		"pipeline": {column: `(SELECT r.pipeline FROM pipeline_runs r
			WHERE r.project_id = ? AND r.id = s.pipeline_run_id)`},
		"status":    {column: "s.status", asOf: "CASE WHEN s.finished_at <= ? THEN s.status ELSE 'RUNNING' END"},
		"startedAt": {column: "s.started_at", indexScan: scanColumn("step_runs", "started_at")},
		"createdBy": {column: "s.created_by"},
		"updatedAt": {column: "coalesce(s.updated_at, s.started_at)"},
		"lastLoggedAt": {column: lastLogged("s.id"), asOf: lastLoggedAsOf("s.id"),
			indexScan: scanLastLogged(models.SubjectStepRun)},
		"finishedAt": {column: "s.finished_at", asOf: finishedAsOf},
	},
	orders: map[string]sortField{
		"STARTED_AT": {column: "s.started_at", number: true},
		"LAST_LOGGED_AT": {column: lastLogged("s.id"), number: true, nullable: true,
			asOf: lastLoggedAsOf("s.id"), lastLogged: true},
		"FINISHED_AT": {column: "s.finished_at", number: true, nullable: true, asOf: finishedAsOf},
		"NAME":        {column: "s.name"},
	},
	defaultOrder: []models.OrderTerm{{Field: "STARTED_AT", Descending: true}},
}

var auditEvents = &Table{
	fields: map[string]filterField{
		"action":    {column: "audit_events.action"},
		"createdBy": {column: "audit_events.created_by"},
		"objectId":  {column: "audit_events.object_id"},
		"createdAt": {column: "audit_events.created_at"},
	},
}

// AuditEventCondition returns the condition that a row of audit_events passes a filter.
func AuditEventCondition(dialect engine.Dialect, f *models.Filter) engine.Expr {
	return compiler{dialect: dialect}.filter(auditEvents, f)
}

// lastLogged returns the SQL of the time of the last entry of a subject, null for none. Its argument is the project.
func lastLogged(subject string) string {
	return "(SELECT nullif(l.last_logged_at, 0) FROM subjects l WHERE l.project_id = ? AND l.id = " + subject + ")"
}

// lastLoggedAsOf returns the SQL of lastLogged up to an instant. Its arguments are the project and the instant.
func lastLoggedAsOf(subject string) string {
	return "(SELECT e.logged_at FROM metadata_entries e WHERE e.project_id = ? AND e.subject_id = " + subject +
		" AND e.logged_at <= ? ORDER BY e.seq DESC LIMIT 1)"
}

// loggedObject is the ID of the object of a subject m0.
const loggedObject = "coalesce(m0.artifact_version_id, m0.id)"

// scanLastLogged returns the index scan of the objects of a kind by the time of their last entry.
func scanLastLogged(kind models.SubjectKind) func(compiler, models.FieldCondition) (engine.Expr, bool) {
	return func(c compiler, test models.FieldCondition) (engine.Expr, bool) {
		if !isIndexable(test.Op) {
			return engine.Expr{}, false
		}
		return engine.SQL("SELECT "+loggedObject+" AS id FROM subjects m0 WHERE m0.project_id = ? AND m0.about = ?"+
			" AND m0.last_logged_at > 0 AND ?", c.project, kind, c.compare(engine.SQL("m0.last_logged_at"), test)), true
	}
}

const artifactName = "(SELECT n.name FROM artifacts n WHERE n.project_id = ? AND n.id = v.artifact_id)"

// artifactNameCondition looks up the name once, instead of comparing the name of the artifact of each version.
func artifactNameCondition(c compiler, test models.FieldCondition) (engine.Expr, bool) {
	if test.IgnoreCase || !isIndexable(test.Op) {
		return engine.Expr{}, false
	}
	return engine.SQL("v.artifact_id IN (?)", c.artifactsNamed(test)), true
}

func (c compiler) artifactsNamed(test models.FieldCondition) engine.Expr {
	return engine.SQL("SELECT n.id FROM artifacts n WHERE n.project_id = ? AND ?", c.project, c.compare(engine.SQL("n.name"), test))
}

func scanByArtifactName(c compiler, test models.FieldCondition) (engine.Expr, bool) {
	if !isIndexable(test.Op) {
		return engine.Expr{}, false
	}
	return engine.SQL("SELECT w.id FROM artifact_versions w WHERE w.project_id = ? AND w.artifact_id IN (?)",
		c.project, c.artifactsNamed(test)), true
}

// scanColumn returns the index scan of a field whose column is in an index after the project.
func scanColumn(table, column string) func(compiler, models.FieldCondition) (engine.Expr, bool) {
	return func(c compiler, test models.FieldCondition) (engine.Expr, bool) {
		if !isIndexable(test.Op) {
			return engine.Expr{}, false
		}
		return engine.SQL("SELECT w.id FROM "+table+" w WHERE w.project_id = ? AND ?", c.project,
			c.compare(engine.SQL("w."+column), test)), true
	}
}

// scanLabels returns the index scan of the versions that have a tag or an alias.
func scanLabels(table, column string) func(compiler, models.FieldCondition) (engine.Expr, bool) {
	return func(c compiler, test models.FieldCondition) (engine.Expr, bool) {
		isEquality := test.Op == "eq" || test.Op == "in"
		if !isIndexable(test.Op) || column == "alias" && isEquality && slices.Contains(test.Values, any(models.LatestAlias)) {
			return engine.Expr{}, false
		}
		return engine.SQL("SELECT DISTINCT w.artifact_version_id AS id FROM "+table+" w WHERE w.project_id = ? AND ?",
			c.project, c.compare(engine.SQL("w."+column), test)), true
	}
}

// tagCondition returns the condition that a tag l.label of the version v passes a condition.
func tagCondition(c compiler, condition engine.Expr) engine.Expr {
	if c.asOf == 0 {
		return engine.SQL(`(SELECT TRUE FROM (SELECT t.tag AS label FROM tags t
			WHERE t.project_id = ? AND t.artifact_version_id = v.id) l WHERE ? LIMIT 1)`, c.project, condition)
	}
	return engine.SQL(`(SELECT TRUE FROM (SELECT t.tag AS label FROM tag_moves t
		WHERE t.project_id = ? AND t.artifact_version_id = v.id AND t.added AND t.moved_at <= ?
		AND NOT EXISTS (SELECT 1 FROM tag_moves u WHERE u.project_id = ? AND u.artifact_version_id = t.artifact_version_id
			AND u.tag = t.tag AND u.seq > t.seq AND u.moved_at <= ?)) l WHERE ? LIMIT 1)`, c.project, c.asOf, c.project,
		c.asOf, condition)
}

// aliasCondition returns the condition that an alias l.label of the version v passes a condition.
func aliasCondition(c compiler, condition engine.Expr) engine.Expr {
	if c.asOf == 0 {
		return engine.SQL(`(SELECT TRUE FROM (SELECT t.alias AS label FROM aliases t
			WHERE t.project_id = ? AND t.artifact_version_id = v.id) l WHERE ? LIMIT 1)`, c.project, condition)
	}
	return engine.SQL(`(SELECT TRUE FROM (SELECT t.alias AS label FROM alias_moves t
		WHERE t.project_id = ? AND t.artifact_id = v.artifact_id AND t.artifact_version_id = v.id AND t.moved_at <= ?
		AND NOT EXISTS (SELECT 1 FROM alias_moves u WHERE u.project_id = ? AND u.artifact_id = t.artifact_id
			AND u.alias = t.alias AND u.seq > t.seq AND u.moved_at <= ?)) l WHERE ? LIMIT 1)`, c.project, c.asOf, c.project,
		c.asOf, condition)
}

// latestAliasCondition handles the alias models.LatestAlias, which no table contains: the version with the greatest
// number has it.
func latestAliasCondition(c compiler, test models.FieldCondition) (engine.Expr, bool) {
	name := models.LatestAlias
	if test.IgnoreCase {
		name = models.Fold(name)
	}
	if test.Op != "eq" && test.Op != "in" || !slices.Contains(test.Values, any(name)) {
		return engine.Expr{}, false
	}
	greater := engine.SQL("SELECT 1 FROM artifact_versions w"+
		" WHERE w.project_id = ? AND w.artifact_id = v.artifact_id AND w.number > v.number", c.project)
	if c.asOf != 0 {
		greater = greater.Concat(engine.SQL(" AND w.created_at <= ?", c.asOf))
	}
	return engine.Any([]engine.Expr{engine.SQL("NOT EXISTS (?)", greater),
		aliasCondition(c, c.compare(engine.SQL("l.label"), test))}), true
}
