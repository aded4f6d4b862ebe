package search

import (
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// producers are the producers of the versions v, each of which has one or none.
var producers = &Table{
	fields: map[string]filterField{
		"pipeline":      {multiValued: producerCondition("r.pipeline")},
		"step":          {multiValued: producerCondition("s.name")},
		"stepRunId":     {multiValued: producerCondition("s.id")},
		"pipelineRunId": {multiValued: producerCondition("r.id")},
	},
}

// producerCondition returns a condition on a column l.label of the producer of a version v: of its step run s or
// pipeline run r.
func producerCondition(column string) func(compiler, engine.Expr) engine.Expr {
	return func(c compiler, condition engine.Expr) engine.Expr {
		steps := c.dialect.LateralJoin("step_runs s", "s", engine.SQL("s.project_id = ? AND s.id = o.step_run_id", c.project))
		runs := c.dialect.LateralJoin("pipeline_runs r", "r",
			engine.SQL("r.project_id = ? AND r.id = s.pipeline_run_id", c.project))
		return engine.SQL("(SELECT TRUE FROM (SELECT "+column+" AS label FROM step_outputs o?? WHERE o.project_id = ? AND o.id = ? LIMIT 1)"+
			" l WHERE ? LIMIT 1)", steps, runs, c.project, c.producingOutput(), condition)
	}
}

// producingOutput returns the ID of the output that a version v was saved from, else of the first one bound to it.
func (c compiler) producingOutput() engine.Expr {
	saved := engine.SQL("p.project_id = ? AND p.id = v.subject_id", c.project)
	bound := engine.SQL("b.project_id = ? AND b.artifact_version_id = v.id", c.project)
	if c.asOf != 0 {
		saved, bound = saved.And(engine.SQL("p.bound_at <= ?", c.asOf)), bound.And(engine.SQL("b.bound_at <= ?", c.asOf))
	}
	return engine.SQL("COALESCE((SELECT p.id FROM step_outputs p WHERE ?), "+
		"(SELECT b.id FROM step_outputs b WHERE ? ORDER BY b.bound_at, b.id LIMIT 1))", saved, bound)
}

// consumers are the step runs s that read a version, with their pipeline runs r.
var consumers = &Table{
	fields: map[string]filterField{
		"pipeline":      {column: "r.pipeline"},
		"step":          {column: "s.name"},
		"stepRunId":     {column: "s.id"},
		"pipelineRunId": {column: "r.id"},
	},
}

// consumerCondition returns the condition that one of the step runs that read the version v passes a filter.
func (c compiler) consumerCondition(f *models.Filter) engine.Expr {
	steps := engine.SQL("s.project_id = ? AND s.id = i.step_run_id", c.project)
	if c.asOf != 0 {
		steps = steps.And(engine.SQL("s.started_at <= ?", c.asOf))
	}
	return engine.SQL("(SELECT TRUE FROM step_inputs i?? WHERE i.project_id = ? AND i.artifact_version_id = v.id AND ? LIMIT 1)",
		c.dialect.LateralJoin("step_runs s", "s", steps), c.dialect.LateralJoin("pipeline_runs r", "r",
			engine.SQL("r.project_id = ? AND r.id = s.pipeline_run_id", c.project)), c.project, c.filter(consumers, f))
}

// versionsOfRuns is a table of step_outputs or step_inputs, whose rows have a step run and a version.
type versionsOfRuns string

const (
	outputVersions versionsOfRuns = "step_outputs"
	inputVersions  versionsOfRuns = "step_inputs"
)

// runScan returns the scan of the versions of step runs, pipeline runs or pipelines, if a filter of producers or
// consumers selects some by an index.
func (c compiler) runScan(table versionsOfRuns, f *models.Filter) (engine.Expr, bool) {
	for _, part := range append([]*models.Filter{f}, f.All...) {
		for _, test := range part.Conditions {
			if !isIndexable(test.Op) || test.IgnoreCase {
				continue
			}
			if rows, ok := c.rowsOfRun(table, part.Field, test); ok {
				return engine.SQL("SELECT DISTINCT o.artifact_version_id AS id FROM ? AND o.artifact_version_id IS NOT NULL", rows), true
			}
		}
	}
	return engine.Expr{}, false
}

// rowsOfRun returns the SQL after FROM that selects the rows o of the step runs whose field passes a condition.
func (c compiler) rowsOfRun(table versionsOfRuns, field string, test models.FieldCondition) (engine.Expr, bool) {
	steps := c.dialect.LateralJoin("step_runs s", "s",
		engine.SQL("s.project_id = ? AND s.pipeline_run_id = r.id", c.project))
	rows := c.dialect.LateralJoin(string(table)+" o", "o",
		engine.SQL("o.project_id = ? AND o.step_run_id = s.id", c.project))
	switch field {
	case "pipeline":
		return engine.SQL("pipeline_runs r?? WHERE r.project_id = ? AND ?", steps, rows, c.project,
			c.compare(engine.SQL("r.pipeline"), test)), true
	case "pipelineRunId":
		return engine.SQL("step_runs s? WHERE s.project_id = ? AND ?", rows, c.project,
			c.compare(engine.SQL("s.pipeline_run_id"), test)), true
	case "stepRunId":
		return engine.SQL(string(table)+" o WHERE o.project_id = ? AND ?", c.project, c.compare(engine.SQL("o.step_run_id"), test)), true
	}
	return engine.Expr{}, false
}
