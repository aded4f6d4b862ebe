package store_test

import (
	"context"
	"log/slog"
	"path"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestLintOfStatements plants statements in a store, which the lint must find.
func TestLintOfStatements(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	database, _, _ := strings.Cut(path.Base(url), "?")
	for _, c := range []struct {
		statement string
		args      []any
		want      string
	}{
		{"SELECT * FROM artifacts WHERE project_id = $1", []any{models.NewID()}, ""},
		{"SELECT * FROM retired_numbers WHERE artifact_id = $1", []any{models.NewID()}, "retired_numbers (retired_numbers) is not restricted"},
		{"SELECT 1 FROM artifacts a JOIN artifact_versions v ON v.artifact_id = a.id WHERE a.project_id = $1",
			[]any{models.NewID()}, "artifact_versions (v) is joined without project_id"},
		{"SELECT * FROM artifacts a JOIN subjects s ON s.project_id = $1 WHERE a.project_id = $2",
			[]any{models.NewID(), models.NewID()}, "differ"},
	} {
		if _, err := s.Explain(context.Background(), c.statement, c.args); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(storetest.TakeProblems(database), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.statement, got, c.want)
		}
	}
}
