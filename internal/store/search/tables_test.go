package search

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/placard/placard/models"
)

// TestTableSQL checks the condition and the index scan of each field of the tables.
func TestTableSQL(t *testing.T) {
	t.Parallel()
	project := models.DefaultProjectID
	const name = "(SELECT n.name FROM artifacts n WHERE n.project_id = ? AND n.id = v.artifact_id)"
	const named = "artifact_id IN (SELECT n.id FROM artifacts n WHERE n.project_id = ? AND n.name = ?)"
	const ofArtifact = "artifact_versions v WHERE v.project_id = ? AND v.artifact_id = a.id"
	label := func(table, column string) string {
		return "(SELECT TRUE FROM (SELECT t." + column + " AS label FROM " + table + " t\n\t\t\t" +
			"WHERE t.project_id = ? AND t.artifact_version_id = v.id) l WHERE l.label = ? LIMIT 1)"
	}
	labelScan := func(table, column string) string {
		return "SELECT DISTINCT w.artifact_version_id AS id FROM " + table + " w WHERE w.project_id = ? AND w." + column + " = ?"
	}
	columnScan := func(table, column string) string {
		return "SELECT w.id FROM " + table + " w WHERE w.project_id = ? AND w." + column + " = ?"
	}
	logged := func(alias, subject string) string {
		return "(SELECT nullif(l.last_logged_at, 0) FROM subjects l WHERE l.project_id = ? AND l.id = " + subject + ") = ?"
	}
	const loggedScan = "SELECT coalesce(m0.artifact_version_id, m0.id) AS id FROM subjects m0 WHERE m0.project_id = ?" +
		" AND m0.about = ? AND m0.last_logged_at > 0 AND m0.last_logged_at = ?"
	for _, c := range []struct {
		table             *Table
		field, want, scan string
	}{
		{ArtifactVersions, "artifact", "v." + named, "SELECT w.id FROM artifact_versions w WHERE w.project_id = ? AND w." + named},
		{ArtifactVersions, "artifactId", "v.artifact_id = ?", columnScan("artifact_versions", "artifact_id")},
		{ArtifactVersions, "version", "v.version = ?", ""},
		{ArtifactVersions, "number", "v.number = ?", ""},
		{ArtifactVersions, "type", "v.type = ?", ""},
		{ArtifactVersions, "createdAt", "v.created_at = ?", columnScan("artifact_versions", "created_at")},
		{ArtifactVersions, "createdBy", "v.created_by = ?", ""},
		{ArtifactVersions, "lastLoggedAt", logged("v", "v.subject_id"), loggedScan},
		{ArtifactVersions, "tag", label("tags", "tag"), labelScan("tags", "tag")},
		{ArtifactVersions, "alias", label("aliases", "alias"), labelScan("aliases", "alias")},
		{Artifacts, "name", "a.name = ?", ""},
		{Artifacts, "createdAt", "a.created_at = ?", ""},
		{Artifacts, "createdBy", "a.created_by = ?", ""},
		{Artifacts, "updatedAt", "a.updated_at = ?", columnScan("artifacts", "updated_at")},
		{PipelineRuns, "createdBy", "r.created_by = ?", ""},
		{PipelineRuns, "updatedAt", "coalesce(r.updated_at, r.started_at) = ?", ""},
		{PipelineRuns, "lastLoggedAt", logged("r", "r.id"), loggedScan},
		{StepRuns, "lastLoggedAt", logged("s", "s.id"), loggedScan},
		{PipelineRuns, "pipeline", "r.pipeline = ?", columnScan("pipeline_runs", "pipeline")},
		{PipelineRuns, "status", "r.status = ?", ""},
		{PipelineRuns, "startedAt", "r.started_at = ?", columnScan("pipeline_runs", "started_at")},
		{PipelineRuns, "finishedAt", "r.finished_at = ?", ""},
		{StepRuns, "name", "s.name = ?", ""},
		{StepRuns, "pipelineRunId", "s.pipeline_run_id = ?", columnScan("step_runs", "pipeline_run_id")},
		{StepRuns, "pipeline", "(SELECT r.pipeline FROM pipeline_runs r\n\t\t\tWHERE r.project_id = ? AND r.id = s.pipeline_run_id) = ?", ""},
		{StepRuns, "status", "s.status = ?", ""},
		{StepRuns, "startedAt", "s.started_at = ?", columnScan("step_runs", "started_at")},
		{StepRuns, "finishedAt", "s.finished_at = ?", ""},
	} {
		present := compiler{dialect: plainDialect{}, project: project}
		f := field(c.field, "eq", "x")
		if got := present.filter(c.table, f); got.SQL != "("+c.want+")" || got.Args[len(got.Args)-1] != "x" {
			t.Errorf("%s of %s: got\n%v, want\n%s", c.field, c.table.name, got, c.want)
		}
		scans := present.indexScans(c.table, f)
		if (len(scans) > 0) != (c.scan != "") || len(scans) > 0 && fmt.Sprint(scans[0].ids[0].SQL) != c.scan {
			t.Errorf("%s of %s: got the index scans %v, want %s", c.field, c.table.name, scans, c.scan)
		}
		if between := present.indexScans(c.table, field(c.field, "between", "x", "y")); len(between) != len(scans) {
			t.Errorf("%s of %s: got the index scans %v of between", c.field, c.table.name, between)
		}
		for _, op := range []string{"contains", "exists"} { // no index helps
			if scans := present.indexScans(c.table, field(c.field, op, "x")); scans != nil {
				t.Errorf("%s of %s: got the index scans %v of %s", c.field, c.table.name, scans, op)
			}
		}
	}
	checkSQL(t, "part of a name", compiler{dialect: plainDialect{}}.filter(ArtifactVersions, field("artifact", "startsWith", "x")),
		"(substr("+name+", 1, 1) = ?)", []any{"x"})
	checkSQL(t, "latestVersion", compiler{}.filter(Artifacts, &models.Filter{Related: "latestVersion", RelatedFilter: field("number", "eq", 1)}),
		"(SELECT (v.number = ?) FROM "+ofArtifact+" ORDER BY v.number DESC LIMIT 1)", []any{1})
	checkSQL(t, "anyVersion", compiler{}.filter(Artifacts, &models.Filter{Related: "anyVersion", RelatedFilter: field("number", "eq", 1)}),
		"(SELECT TRUE FROM "+ofArtifact+" AND (v.number = ?) LIMIT 1)", []any{1})
	if scans := (compiler{}).indexScans(ArtifactVersions, field("alias", "in", "prod", models.LatestAlias)); scans != nil {
		t.Errorf("an index scan for the computed alias: %v", scans)
	}
}

// TestPastTableSQL checks the conditions on the fields that change, as of an instant.
func TestPastTableSQL(t *testing.T) {
	t.Parallel()
	const moves = `(SELECT TRUE FROM (SELECT t.%[1]s AS label FROM %[1]s_moves t
		WHERE t.project_id = ? AND %[2]st.artifact_version_id = v.id %[3]sAND t.moved_at <= ?
		AND NOT EXISTS (SELECT 1 FROM %[1]s_moves u WHERE u.project_id = ? AND u.%[4]s = t.%[4]s%[5]sAND u.%[1]s = t.%[1]s` +
		` AND u.seq > t.seq AND u.moved_at <= ?)) l WHERE l.label = ? LIMIT 1)`
	for _, c := range []struct {
		table       *Table
		field, want string
		args        []any
	}{
		{ArtifactVersions, "tag", fmt.Sprintf(moves, "tag", "", "AND t.added ", "artifact_version_id", "\n\t\t\t"), []any{int64(7), int64(7), "x"}},
		{ArtifactVersions, "alias", fmt.Sprintf(moves, "alias", "t.artifact_id = v.artifact_id AND ", "", "artifact_id", "\n\t\t\t"), []any{int64(7), int64(7), "x"}},
		{StepRuns, "status", "(SELECT f.value = ? FROM (SELECT CASE WHEN s.finished_at <= ? THEN s.status ELSE 'RUNNING' END AS value) f)", []any{"x", int64(7)}},
		{StepRuns, "finishedAt", "(SELECT f.value = ? FROM (SELECT CASE WHEN s.finished_at <= ? THEN s.finished_at END AS value) f)", []any{"x", int64(7)}},
	} {
		checkSQL(t, c.field, compiler{asOf: 7}.filter(c.table, field(c.field, "eq", "x")), "("+c.want+")", c.args)
	}
	const loggedThen = "(SELECT e.logged_at FROM metadata_entries e WHERE e.project_id = ? AND e.subject_id = v.subject_id" +
		" AND e.logged_at <= ? ORDER BY e.seq DESC LIMIT 1)"
	checkSQL(t, "lastLoggedAt", compiler{asOf: 7}.filter(ArtifactVersions, field("lastLoggedAt", "eq", "x")),
		"((SELECT f.value = ? FROM (SELECT "+loggedThen+" AS value) f))", []any{"x", int64(7)})
	term := compiler{asOf: 7}.sortTerm(StepRuns, models.OrderTerm{Field: "FINISHED_AT"}, 0)
	checkSQL(t, "the order by end", term.value, "CASE WHEN s.finished_at <= ? THEN s.finished_at END", []any{int64(7)})
}

// TestProducers checks the conditions on the producer of a version, and the index scans from the producer to its versions.
func TestProducers(t *testing.T) {
	t.Parallel()
	project := models.DefaultProjectID
	c := compiler{dialect: plainDialect{}, project: project}
	const output = "o.artifact_version_id AS id FROM "
	const producing = "COALESCE((SELECT p.id FROM step_outputs p WHERE p.project_id = ? AND p.id = v.subject_id), (SELECT b.id" +
		" FROM step_outputs b WHERE b.project_id = ? AND b.artifact_version_id = v.id ORDER BY b.bound_at, b.id LIMIT 1))"
	for _, p := range []struct {
		field, column, scan string
		args                []any
	}{
		{"pipeline", "r.pipeline", "pipeline_runs r JOIN step_runs s ON s.project_id = ? AND s.pipeline_run_id = r.id" +
			" JOIN step_outputs o ON o.project_id = ? AND o.step_run_id = s.id WHERE r.project_id = ? AND r.pipeline = ?", []any{project, project, project, "x"}},
		{"pipelineRunId", "r.id", "step_runs s JOIN step_outputs o ON o.project_id = ? AND o.step_run_id = s.id" +
			" WHERE s.project_id = ? AND s.pipeline_run_id = ?", []any{project, project, "x"}},
		{"stepRunId", "s.id", "step_outputs o WHERE o.project_id = ? AND o.step_run_id = ?", []any{project, "x"}},
		{"step", "s.name", "", nil},
	} {
		condition := field(p.field, "eq", "x")
		f := &models.Filter{Related: "producedBy", RelatedFilter: condition}
		checkSQL(t, p.field, c.filter(ArtifactVersions, f), "((SELECT TRUE FROM (SELECT "+p.column+" AS label FROM step_outputs o"+
			" JOIN step_runs s ON s.project_id = ? AND s.id = o.step_run_id JOIN pipeline_runs r ON r.project_id = ? AND r.id = s.pipeline_run_id"+
			" WHERE o.project_id = ? AND o.id = "+producing+" LIMIT 1) l WHERE l.label = ? LIMIT 1))",
			[]any{project, project, project, project, project, "x"})
		for _, of := range []*models.Filter{condition, {All: []*models.Filter{field("step", "eq", "y"), condition}}} {
			scans := c.indexScans(ArtifactVersions, &models.Filter{Related: "producedBy", RelatedFilter: of})
			switch {
			case p.scan == "":
				if scans != nil {
					t.Errorf("%s: got the scan %v", p.field, scans)
				}
			case len(scans) != 1 || scans[0].exact:
				t.Errorf("%s: got the scans %v", p.field, scans)
			default:
				checkSQL(t, p.field, scans[0].ids[0], "SELECT DISTINCT "+output+p.scan+" AND o.artifact_version_id IS NOT NULL", p.args)
			}
		}
		for _, of := range []*models.Filter{field(p.field, "contains", "x"), ignoreCase(field(p.field, "eq", "x")), {Not: condition}} {
			if scans := c.indexScans(ArtifactVersions, &models.Filter{Related: "producedBy", RelatedFilter: of}); scans != nil {
				t.Errorf("%s: got the scan %v for %+v", p.field, scans, of)
			}
		}
	}
}

// TestTableOrders checks which columns lists can be sorted by, and their default order.
func TestTableOrders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		table *Table
		want  string
	}{
		{ArtifactVersions, "[{CREATED_AT {  []} true false}] ARTIFACT " + artifactName + " CREATED_AT v.created_at number " +
			"LAST_LOGGED_AT (SELECT nullif(l.last_logged_at, 0) FROM subjects l WHERE l.project_id = ? AND l.id = v.subject_id) number nullable NUMBER v.number number TYPE v.type nullable VERSION v.version"},
		{Artifacts, "[{NAME {  []} false false}] CREATED_AT a.created_at number NAME a.name UPDATED_AT a.updated_at number"},
		{PipelineRuns, "[{STARTED_AT {  []} true false}] FINISHED_AT r.finished_at number nullable " +
			"LAST_LOGGED_AT (SELECT nullif(l.last_logged_at, 0) FROM subjects l WHERE l.project_id = ? AND l.id = r.id) number nullable PIPELINE r.pipeline STARTED_AT r.started_at number"},
		{StepRuns, "[{STARTED_AT {  []} true false}] FINISHED_AT s.finished_at number nullable " +
			"LAST_LOGGED_AT (SELECT nullif(l.last_logged_at, 0) FROM subjects l WHERE l.project_id = ? AND l.id = s.id) number nullable NAME s.name STARTED_AT s.started_at number"},
	} {
		got := fmt.Sprint(c.table.defaultOrder)
		for _, name := range slices.Sorted(maps.Keys(c.table.orders)) {
			f := c.table.orders[name]
			got += " " + name + " " + f.column
			if f.number {
				got += " number"
			}
			if f.nullable {
				got += " nullable"
			}
		}
		if got != c.want {
			t.Errorf("%s: got %s", c.table.name, got)
		}
	}
}
