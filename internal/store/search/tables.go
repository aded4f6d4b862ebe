package search

import (
	"slices"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// The tables that are searched. Each has one alias wherever it stands: v versions, a artifacts, r pipeline runs, s step
// runs, o outputs.

var ArtifactVersions = &Table{
	name: "artifactVersions", table: "artifact_versions v", alias: "v", columns: engine.Columns[models.ArtifactVersion](),
	about: models.SubjectArtifactVersion, subject: "v.subject_id", created: "v.created_at",
	fields: map[string]filterField{
		"artifact":   {column: artifactName, override: ofArtifact, indexScan: versionsOfArtifact},
		"artifactId": {column: "v.artifact_id", indexScan: byIndex("artifact_versions", "artifact_id")},
		"version":    {column: "v.version"},
		"number":     {column: "v.number"},
		"type":       {column: "v.type"},
		"createdAt":  {column: "v.created_at", indexScan: byIndex("artifact_versions", "created_at")},
		"tag":        {multiValued: tagLabels, indexScan: labelled("tags", "tag")},
		"alias":      {multiValued: aliasLabels, override: latestAlias, indexScan: labelled("aliases", "alias")},
	},
	related: map[string]func(compiler, *models.Filter) engine.Expr{
		"producedBy": func(c compiler, of *models.Filter) engine.Expr { return c.filter(producers, of) },
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

// producers are the producers of the versions v, each of which has one or none.
var producers = &Table{
	fields: map[string]filterField{
		"pipeline":      {multiValued: ofProducer("r.pipeline")},
		"step":          {multiValued: ofProducer("s.name")},
		"stepRunId":     {multiValued: ofProducer("s.id")},
		"pipelineRunId": {multiValued: ofProducer("r.id")},
	},
}

// ofProducer compares a column l.label of the producer of a version v: of its step run s or its pipeline run r.
func ofProducer(column string) func(compiler, engine.Expr) engine.Expr {
	return func(c compiler, test engine.Expr) engine.Expr {
		from := engine.NewExpr("step_outputs o").
			Concat(c.dialect.LateralJoin("step_runs s", "s", engine.NewExpr("s.project_id = ? AND s.id = o.step_run_id", c.project))).
			Concat(c.dialect.LateralJoin("pipeline_runs r", "r", engine.NewExpr("r.project_id = ? AND r.id = s.pipeline_run_id", c.project))).
			Concat(engine.NewExpr(" WHERE o.project_id = ? AND o.artifact_version_id = v.id LIMIT 1", c.project))
		producer := engine.Wrap("(SELECT TRUE FROM (SELECT "+column+" AS label FROM %s) l WHERE ", from)
		return producer.Concat(test).Concat(engine.NewExpr(" LIMIT 1)"))
	}
}

var Artifacts = &Table{
	name: "artifacts", table: "artifacts a", alias: "a", columns: engine.Columns[models.Artifact](), created: "a.created_at",
	fields: map[string]filterField{
		"name":      {column: "a.name"},
		"createdAt": {column: "a.created_at"},
	},
	related: map[string]func(compiler, *models.Filter) engine.Expr{
		"latestVersion": func(c compiler, of *models.Filter) engine.Expr {
			return engine.Wrap("(SELECT %s FROM "+versionsBelow+" ORDER BY v.number DESC LIMIT 1)", c.filter(ArtifactVersions, of))
		},
		"anyVersion": func(c compiler, of *models.Filter) engine.Expr {
			return engine.Wrap("(SELECT TRUE FROM "+versionsBelow+" AND %s LIMIT 1)", c.filter(ArtifactVersions, of))
		},
	},
	orders: map[string]sortField{
		"NAME":       {column: "a.name"},
		"CREATED_AT": {column: "a.created_at", number: true},
	},
	order: []models.OrderTerm{{Field: "NAME"}},
}

const versionsBelow = "artifact_versions v WHERE v.project_id = a.project_id AND v.artifact_id = a.id"

var PipelineRuns = &Table{
	name: "pipelineRuns", table: "pipeline_runs r", alias: "r", columns: engine.Columns[models.PipelineRun](),
	about: models.SubjectPipelineRun, subject: "r.id", created: "r.started_at",
	fields: map[string]filterField{
		"pipeline":   {column: "r.pipeline", indexScan: byIndex("pipeline_runs", "pipeline")},
		"status":     {column: "r.status"},
		"startedAt":  {column: "r.started_at", indexScan: byIndex("pipeline_runs", "started_at")},
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

var StepRuns = &Table{
	name: "stepRuns", table: "step_runs s", alias: "s", columns: engine.Columns[models.StepRun](),
	about: models.SubjectStepRun, subject: "s.id", created: "s.started_at",
	fields: map[string]filterField{
		"name":          {column: "s.name"},
		"pipelineRunId": {column: "s.pipeline_run_id", indexScan: byIndex("step_runs", "pipeline_run_id")},
		"pipeline": {column: `(SELECT r.pipeline FROM pipeline_runs r
			WHERE r.project_id = s.project_id AND r.id = s.pipeline_run_id)`},
		"status":     {column: "s.status", asOf: "CASE WHEN s.finished_at <= ? THEN s.status ELSE 'RUNNING' END"},
		"startedAt":  {column: "s.started_at", indexScan: byIndex("step_runs", "started_at")},
		"finishedAt": {column: "s.finished_at", asOf: finishedInPast},
	},
	orders: map[string]sortField{
		"STARTED_AT":  {column: "s.started_at", number: true},
		"FINISHED_AT": {column: "s.finished_at", number: true, nullable: true, asOf: finishedInPast},
		"NAME":        {column: "s.name"},
	},
	order: []models.OrderTerm{{Field: "STARTED_AT", Descending: true}},
}

const artifactName = "(SELECT n.name FROM artifacts n WHERE n.project_id = v.project_id AND n.id = v.artifact_id)"

// ofArtifact looks for an artifact by its name once, and not at the artifact of each version.
func ofArtifact(c compiler, test models.FieldTest) (engine.Expr, bool) {
	if test.IgnoreCase || test.Op != "eq" && test.Op != "in" {
		return engine.Expr{}, false
	}
	return engine.Wrap("v.artifact_id IN (%s)", c.artifactsNamed(test.Values)), true
}

func (c compiler) artifactsNamed(names []any) engine.Expr {
	return engine.NewExpr("SELECT n.id FROM artifacts n WHERE n.project_id = ? AND ?", c.project, engine.ValueIn("n.name", names))
}

func versionsOfArtifact(c compiler, test models.FieldTest) (engine.Expr, bool) {
	if test.Op != "eq" && test.Op != "in" {
		return engine.Expr{}, false
	}
	return engine.NewExpr("SELECT w.id FROM artifact_versions w WHERE w.project_id = ? AND w.artifact_id IN (?)",
		c.project, c.artifactsNamed(test.Values)), true
}

// byIndex selects what fits a test on a column that an index begins with.
func byIndex(table, column string) func(compiler, models.FieldTest) (engine.Expr, bool) {
	return func(c compiler, test models.FieldTest) (engine.Expr, bool) {
		if !slices.Contains([]string{"eq", "in", "lt", "lte", "gt", "gte"}, test.Op) {
			return engine.Expr{}, false
		}
		return engine.NewExpr("SELECT w.id FROM "+table+" w WHERE w.project_id = ? AND ?", c.project, c.compare("w."+column, test)), true
	}
}

// labelled selects the versions that have a tag or an alias.
func labelled(table, column string) func(compiler, models.FieldTest) (engine.Expr, bool) {
	return func(c compiler, test models.FieldTest) (engine.Expr, bool) {
		if test.Op != "eq" && test.Op != "in" || column == "alias" && slices.Contains(test.Values, any(models.LatestAlias)) {
			return engine.Expr{}, false
		}
		return engine.NewExpr("SELECT DISTINCT w.artifact_version_id AS id FROM "+table+" w WHERE w.project_id = ? AND ?",
			c.project, engine.ValueIn("w."+column, test.Values)), true
	}
}

// tagLabels says that a tag l.label of the version fits.
func tagLabels(c compiler, test engine.Expr) engine.Expr {
	if c.asOf == 0 {
		return engine.Wrap(`(SELECT TRUE FROM (SELECT t.tag AS label FROM tags t
			WHERE t.project_id = v.project_id AND t.artifact_version_id = v.id) l WHERE %s LIMIT 1)`, test)
	}
	return engine.NewExpr(`(SELECT TRUE FROM (SELECT t.tag AS label FROM tag_moves t
		WHERE t.project_id = v.project_id AND t.artifact_version_id = v.id AND t.added AND t.moved_at <= ?
		AND NOT EXISTS (SELECT 1 FROM tag_moves u WHERE u.project_id = t.project_id AND u.artifact_version_id = t.artifact_version_id
			AND u.tag = t.tag AND u.seq > t.seq AND u.moved_at <= ?)) l WHERE ? LIMIT 1)`, c.asOf, c.asOf, test)
}

// aliasLabels says that an alias l.label of the version fits.
func aliasLabels(c compiler, test engine.Expr) engine.Expr {
	if c.asOf == 0 {
		return engine.Wrap(`(SELECT TRUE FROM (SELECT t.alias AS label FROM aliases t
			WHERE t.project_id = v.project_id AND t.artifact_version_id = v.id) l WHERE %s LIMIT 1)`, test)
	}
	return engine.NewExpr(`(SELECT TRUE FROM (SELECT t.alias AS label FROM alias_moves t
		WHERE t.project_id = v.project_id AND t.artifact_id = v.artifact_id AND t.artifact_version_id = v.id AND t.moved_at <= ?
		AND NOT EXISTS (SELECT 1 FROM alias_moves u WHERE u.project_id = t.project_id AND u.artifact_id = t.artifact_id
			AND u.alias = t.alias AND u.seq > t.seq AND u.moved_at <= ?)) l WHERE ? LIMIT 1)`, c.asOf, c.asOf, test)
}

// latestAlias knows the alias that no table has: the greatest number has it.
func latestAlias(c compiler, test models.FieldTest) (engine.Expr, bool) {
	name := models.LatestAlias
	if test.IgnoreCase {
		name = models.Fold(name)
	}
	if test.Op != "eq" && test.Op != "in" || !slices.Contains(test.Values, any(name)) {
		return engine.Expr{}, false
	}
	greater := engine.NewExpr("SELECT 1 FROM artifact_versions w WHERE w.project_id = v.project_id AND w.artifact_id = v.artifact_id AND w.number > v.number")
	if c.asOf != 0 {
		greater = engine.NewExpr(greater.SQL+" AND w.created_at <= ?", c.asOf)
	}
	return engine.Any([]engine.Expr{engine.Wrap("NOT EXISTS (%s)", greater), aliasLabels(c, c.compare("l.label", test))}), true
}

// producedDriver selects the versions of one step run, one pipeline run or one pipeline.
func (c compiler) producedDriver(of *models.Filter) (engine.Expr, bool) {
	for _, part := range append([]*models.Filter{of}, of.All...) {
		for _, test := range part.Tests {
			if test.Op != "eq" || test.IgnoreCase {
				continue
			}
			if from, ok := c.findProducers(part.Field, test); ok {
				return engine.Wrap("SELECT o.artifact_version_id AS id FROM %s AND o.artifact_version_id IS NOT NULL", from), true
			}
		}
	}
	return engine.Expr{}, false
}

// findProducers returns the end of a SELECT, from the items of FROM on, of the outputs o of step runs whose field passes a test.
func (c compiler) findProducers(field string, test models.FieldTest) (engine.Expr, bool) {
	steps := c.dialect.LateralJoin("step_runs s", "s", engine.NewExpr("s.project_id = ? AND s.pipeline_run_id = r.id", c.project))
	outputs := c.dialect.LateralJoin("step_outputs o", "o", engine.NewExpr("o.project_id = ? AND o.step_run_id = s.id", c.project))
	switch field {
	case "pipeline":
		return engine.NewExpr("pipeline_runs r").Concat(steps).Concat(outputs).Concat(engine.NewExpr(" WHERE r.project_id = ? AND ", c.project)).Concat(c.compare("r.pipeline", test)), true
	case "pipelineRunId":
		return engine.NewExpr("step_runs s").Concat(outputs).Concat(engine.NewExpr(" WHERE s.project_id = ? AND ", c.project)).Concat(c.compare("s.pipeline_run_id", test)), true
	case "stepRunId":
		return engine.NewExpr("step_outputs o WHERE o.project_id = ? AND ", c.project).Concat(c.compare("o.step_run_id", test)), true
	}
	return engine.Expr{}, false
}
