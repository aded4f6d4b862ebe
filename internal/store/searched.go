package store

import (
	"slices"

	"github.com/placard/placard/models"
)

// The tables that are searched. Each has one alias wherever it stands: v versions, a artifacts, r pipeline runs, s step
// runs, o outputs.

var searchedVersions = &searched{
	name: "artifactVersions", table: "artifact_versions v", alias: "v", columns: Columns[models.ArtifactVersion](),
	about: models.SubjectArtifactVersion, subject: "v.subject_id", created: "v.created_at",
	fields: map[string]field{
		"artifact":   {column: artifactName, special: ofArtifact, driver: versionsOfArtifact},
		"artifactId": {column: "v.artifact_id", driver: byIndex("artifact_versions", "artifact_id")},
		"version":    {column: "v.version"},
		"number":     {column: "v.number"},
		"type":       {column: "v.type"},
		"createdAt":  {column: "v.created_at", driver: byIndex("artifact_versions", "created_at")},
		"tag":        {labels: tagLabels, driver: labelled("tags", "tag")},
		"alias":      {labels: aliasLabels, special: latestAlias, driver: labelled("aliases", "alias")},
	},
	related: map[string]func(compiler, *models.Filter) condition{
		"producedBy": func(c compiler, of *models.Filter) condition { return c.filter(searchedProducers, of) },
	},
	orders: map[string]sortField{
		"CREATED_AT": {column: "v.created_at", number: true},
		"NUMBER":     {column: "v.number", number: true},
		"VERSION":    {column: "v.version"},
		"ARTIFACT":   {column: artifactName},
		"TYPE":       {column: "v.type", nullable: true},
	},
	order: []models.OrderTerm{{Field: "CREATED_AT", Descending: true}},
}

// searchedProducers are the producers of the versions v, each of which has one or none.
var searchedProducers = &searched{
	fields: map[string]field{
		"pipeline":      {labels: ofProducer("r.pipeline")},
		"step":          {labels: ofProducer("s.name")},
		"stepRunId":     {labels: ofProducer("s.id")},
		"pipelineRunId": {labels: ofProducer("r.id")},
	},
}

// ofProducer compares a column l.label of the producer of a version v: of its step run s or its pipeline run r.
func ofProducer(column string) func(compiler, condition) condition {
	return func(c compiler, test condition) condition {
		from := cond("step_outputs o").
			then(c.dialect.behind("step_runs s", "s", cond("s.project_id = ? AND s.id = o.step_run_id", c.project))).
			then(c.dialect.behind("pipeline_runs r", "r", cond("r.project_id = ? AND r.id = s.pipeline_run_id", c.project))).
			then(cond(" WHERE o.project_id = ? AND o.artifact_version_id = v.id LIMIT 1", c.project))
		producer := wrapped("(SELECT TRUE FROM (SELECT "+column+" AS label FROM %s) l WHERE ", from)
		return producer.then(test).then(cond(" LIMIT 1)"))
	}
}

var searchedArtifacts = &searched{
	name: "artifacts", table: "artifacts a", alias: "a", columns: Columns[models.Artifact](), created: "a.created_at",
	fields: map[string]field{
		"name":      {column: "a.name"},
		"createdAt": {column: "a.created_at"},
	},
	related: map[string]func(compiler, *models.Filter) condition{
		"latestVersion": func(c compiler, of *models.Filter) condition {
			return wrapped("(SELECT %s FROM "+versionsBelow+" ORDER BY v.number DESC LIMIT 1)", c.filter(searchedVersions, of))
		},
		"anyVersion": func(c compiler, of *models.Filter) condition {
			return wrapped("(SELECT TRUE FROM "+versionsBelow+" AND %s LIMIT 1)", c.filter(searchedVersions, of))
		},
	},
	orders: map[string]sortField{
		"NAME":       {column: "a.name"},
		"CREATED_AT": {column: "a.created_at", number: true},
	},
	order: []models.OrderTerm{{Field: "NAME"}},
}

const versionsBelow = "artifact_versions v WHERE v.project_id = a.project_id AND v.artifact_id = a.id"

var searchedPipelineRuns = &searched{
	name: "pipelineRuns", table: "pipeline_runs r", alias: "r", columns: Columns[models.PipelineRun](),
	about: models.SubjectPipelineRun, subject: "r.id", created: "r.started_at",
	fields: map[string]field{
		"pipeline":   {column: "r.pipeline", driver: byIndex("pipeline_runs", "pipeline")},
		"status":     {column: "r.status"},
		"startedAt":  {column: "r.started_at", driver: byIndex("pipeline_runs", "started_at")},
		"finishedAt": {column: "r.finished_at"},
	},
	orders: map[string]sortField{
		"STARTED_AT":  {column: "r.started_at", number: true},
		"FINISHED_AT": {column: "r.finished_at", number: true, nullable: true},
		"PIPELINE":    {column: "r.pipeline"},
	},
	order: []models.OrderTerm{{Field: "STARTED_AT", Descending: true}},
}

// finishedInPast is the time at which a step run had finished as of an instant, null if it was running.
const finishedInPast = "CASE WHEN s.finished_at <= ? THEN s.finished_at END"

var searchedStepRuns = &searched{
	name: "stepRuns", table: "step_runs s", alias: "s", columns: Columns[models.StepRun](),
	about: models.SubjectStepRun, subject: "s.id", created: "s.started_at",
	fields: map[string]field{
		"name":          {column: "s.name"},
		"pipelineRunId": {column: "s.pipeline_run_id", driver: byIndex("step_runs", "pipeline_run_id")},
		"pipeline": {column: `(SELECT r.pipeline FROM pipeline_runs r
			WHERE r.project_id = s.project_id AND r.id = s.pipeline_run_id)`},
		"status":     {column: "s.status", past: "CASE WHEN s.finished_at <= ? THEN s.status ELSE 'RUNNING' END"},
		"startedAt":  {column: "s.started_at", driver: byIndex("step_runs", "started_at")},
		"finishedAt": {column: "s.finished_at", past: finishedInPast},
	},
	orders: map[string]sortField{
		"STARTED_AT":  {column: "s.started_at", number: true},
		"FINISHED_AT": {column: "s.finished_at", number: true, nullable: true, past: finishedInPast},
		"NAME":        {column: "s.name"},
	},
	order: []models.OrderTerm{{Field: "STARTED_AT", Descending: true}},
}

const artifactName = "(SELECT n.name FROM artifacts n WHERE n.project_id = v.project_id AND n.id = v.artifact_id)"

// ofArtifact looks for an artifact by its name once, and not at the artifact of each version.
func ofArtifact(c compiler, test models.FieldTest) (condition, bool) {
	if test.IgnoreCase || test.Op != "eq" && test.Op != "in" {
		return condition{}, false
	}
	return wrapped("v.artifact_id IN (%s)", c.artifactsNamed(test.Values)), true
}

func (c compiler) artifactsNamed(names []any) condition {
	is := oneOfValues("n.name", names)
	return condition{"SELECT n.id FROM artifacts n WHERE n.project_id = ? AND " + is.sql, append([]any{c.project}, is.args...)}
}

func versionsOfArtifact(c compiler, test models.FieldTest) (condition, bool) {
	if test.Op != "eq" && test.Op != "in" {
		return condition{}, false
	}
	of := c.artifactsNamed(test.Values)
	return condition{"SELECT w.id FROM artifact_versions w WHERE w.project_id = ? AND w.artifact_id IN (" + of.sql + ")",
		append([]any{c.project}, of.args...)}, true
}

// byIndex selects what fits a test on a column that an index begins with.
func byIndex(table, column string) func(compiler, models.FieldTest) (condition, bool) {
	return func(c compiler, test models.FieldTest) (condition, bool) {
		if !slices.Contains([]string{"eq", "in", "lt", "lte", "gt", "gte"}, test.Op) {
			return condition{}, false
		}
		is := c.compare("w."+column, test)
		return condition{"SELECT w.id FROM " + table + " w WHERE w.project_id = ? AND " + is.sql,
			append([]any{c.project}, is.args...)}, true
	}
}

// labelled selects the versions that have a tag or an alias.
func labelled(table, column string) func(compiler, models.FieldTest) (condition, bool) {
	return func(c compiler, test models.FieldTest) (condition, bool) {
		if test.Op != "eq" && test.Op != "in" || column == "alias" && slices.Contains(test.Values, any(models.LatestAlias)) {
			return condition{}, false
		}
		is := oneOfValues("w."+column, test.Values)
		return condition{"SELECT DISTINCT w.artifact_version_id AS id FROM " + table + " w WHERE w.project_id = ? AND " + is.sql,
			append([]any{c.project}, is.args...)}, true
	}
}

// tagLabels says that a tag l.label of the version fits.
func tagLabels(c compiler, test condition) condition {
	if c.asOf == 0 {
		return wrapped(`(SELECT TRUE FROM (SELECT t.tag AS label FROM tags t
			WHERE t.project_id = v.project_id AND t.artifact_version_id = v.id) l WHERE %s LIMIT 1)`, test)
	}
	return condition{`(SELECT TRUE FROM (SELECT t.tag AS label FROM tag_moves t
		WHERE t.project_id = v.project_id AND t.artifact_version_id = v.id AND t.added AND t.moved_at <= ?
		AND NOT EXISTS (SELECT 1 FROM tag_moves u WHERE u.project_id = t.project_id AND u.artifact_version_id = t.artifact_version_id
			AND u.tag = t.tag AND u.seq > t.seq AND u.moved_at <= ?)) l WHERE ` + test.sql + ` LIMIT 1)`,
		append([]any{c.asOf, c.asOf}, test.args...)}
}

// aliasLabels says that an alias l.label of the version fits.
func aliasLabels(c compiler, test condition) condition {
	if c.asOf == 0 {
		return wrapped(`(SELECT TRUE FROM (SELECT t.alias AS label FROM aliases t
			WHERE t.project_id = v.project_id AND t.artifact_version_id = v.id) l WHERE %s LIMIT 1)`, test)
	}
	return condition{`(SELECT TRUE FROM (SELECT t.alias AS label FROM alias_moves t
		WHERE t.project_id = v.project_id AND t.artifact_id = v.artifact_id AND t.artifact_version_id = v.id AND t.moved_at <= ?
		AND NOT EXISTS (SELECT 1 FROM alias_moves u WHERE u.project_id = t.project_id AND u.artifact_id = t.artifact_id
			AND u.alias = t.alias AND u.seq > t.seq AND u.moved_at <= ?)) l WHERE ` + test.sql + ` LIMIT 1)`,
		append([]any{c.asOf, c.asOf}, test.args...)}
}

// latestAlias knows the alias that no table has: the greatest number has it.
func latestAlias(c compiler, test models.FieldTest) (condition, bool) {
	name := models.LatestAlias
	if test.IgnoreCase {
		name = models.Fold(name)
	}
	if test.Op != "eq" && test.Op != "in" || !slices.Contains(test.Values, any(name)) {
		return condition{}, false
	}
	greater := cond("SELECT 1 FROM artifact_versions w WHERE w.project_id = v.project_id AND w.artifact_id = v.artifact_id AND w.number > v.number")
	if c.asOf != 0 {
		greater = cond(greater.sql+" AND w.created_at <= ?", c.asOf)
	}
	return anyOf([]condition{wrapped("NOT EXISTS (%s)", greater), aliasLabels(c, c.compare("l.label", test))}), true
}

// producedDriver selects the versions of one step run, one pipeline run or one pipeline.
func (c compiler) producedDriver(of *models.Filter) (condition, bool) {
	for _, part := range append([]*models.Filter{of}, of.All...) {
		for _, test := range part.Tests {
			if test.Op != "eq" || test.IgnoreCase {
				continue
			}
			if from, ok := c.findProducers(part.Field, test); ok {
				return wrapped("SELECT o.artifact_version_id AS id FROM %s AND o.artifact_version_id IS NOT NULL", from), true
			}
		}
	}
	return condition{}, false
}

// findProducers returns the end of a SELECT, from the items of FROM on, of the outputs o of step runs whose field passes a test.
func (c compiler) findProducers(field string, test models.FieldTest) (condition, bool) {
	steps := c.dialect.behind("step_runs s", "s", cond("s.project_id = ? AND s.pipeline_run_id = r.id", c.project))
	outputs := c.dialect.behind("step_outputs o", "o", cond("o.project_id = ? AND o.step_run_id = s.id", c.project))
	switch field {
	case "pipeline":
		return cond("pipeline_runs r").then(steps).then(outputs).then(cond(" WHERE r.project_id = ? AND ", c.project)).then(c.compare("r.pipeline", test)), true
	case "pipelineRunId":
		return cond("step_runs s").then(outputs).then(cond(" WHERE s.project_id = ? AND ", c.project)).then(c.compare("s.pipeline_run_id", test)), true
	case "stepRunId":
		return cond("step_outputs o WHERE o.project_id = ? AND ", c.project).then(c.compare("o.step_run_id", test)), true
	}
	return condition{}, false
}
