package sqllint

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/placard/placard/models"
)

// TestTracer checks statements as a program sends them, and reports each problem once.
func TestTracer(t *testing.T) {
	t.Parallel()
	tracer := NewTracer([]string{"artifacts", "subjects"})
	a, b := models.NewID(), models.NewID()
	const two = "SELECT 1 FROM artifacts a JOIN subjects s ON s.project_id = $1 WHERE a.project_id = $2"
	for _, c := range []struct {
		statement string
		args      []any
		// want is a part of the problem; empty if the statement has none.
		want string
	}{
		{two, []any{a, a}, ""},
		{two, []any{pgx.QueryExecModeCacheDescribe, a, a.String()}, ""},
		{two, []any{a[:], a}, ""},
		{two, []any{a, b}, "the projects $1, $2 differ"},
		{two, []any{a, (*models.ID)(nil)}, "differ"},
		{"SELECT 1", nil, ""},
		{"SELECT * FROM artifacts WHERE id = $1", []any{a}, "not restricted"},
		{"SELECT *, FROM artifacts", nil, "parse"},
	} {
		got := tracer.findProblem(c.statement, c.args)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) || got != "" && !strings.Contains(got, "sqllint.TestTracer") {
			t.Errorf("%s %v: got %q, want %q", c.statement, c.args, got, c.want)
		}
	}
	for _, problem := range []string{"first", "second", "first"} {
		tracer.report("db", problem)
	}
	if got := tracer.TakeProblems("db"); !slices.Equal(got, []string{"first", "second"}) || tracer.TakeProblems("db") != nil {
		t.Errorf("problems are %q", got)
	}
}

// TestExemptions checks which functions and statements an exemption allows.
func TestExemptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		functions []string
		isLookUp  bool
		want      bool
	}{
		{[]string{"engine.Reader.Scan", "access.(*Tx).GroupByProject", "internal/store.(*Store).DeleteArtifact"}, true, true},
		{[]string{"engine.Reader.Scan", "access.(*Tx).GroupByProject"}, false, false},
		{[]string{"engine.Reader.Scan", "internal/store.(*Store).DeleteArtifact"}, true, false},
		{[]string{"engine.migratePostgres"}, false, true},
		{nil, true, false},
	} {
		if got := isExempt(c.functions, c.isLookUp); got != c.want {
			t.Errorf("%v, look-up %v: got %v", c.functions, c.isLookUp, got)
		}
	}
	for i, one := range exemptions {
		if one.reason == "" || slices.ContainsFunc(exemptions[:i], func(e exemption) bool { return strings.HasPrefix(one.prefix, e.prefix) }) {
			t.Errorf("%s has no reason, or an exemption before it", one.prefix)
		}
	}
}
