package transfer_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
	"github.com/placard/placard/models"
)

// TestStatements checks that the number of statements of an import does not depend on the number of rows of a batch.
func TestStatements(t *testing.T) {
	t.Parallel()
	made := func(rows int) (before, after []byte) {
		s := fill(t, storetest.SQLite(t))
		outputs := make([]models.StepOutputDeclaration, rows)
		for i := range outputs {
			outputs[i].Name = fmt.Sprint("more ", i)
		}
		step, _, err := s.StartStepRun(everyone, store.Call{}, nil,
			models.StartStepRunInput{PipelineRunID: s.run.ID.String(), Name: "more", Outputs: outputs})
		must[any](t)(nil, err)
		for i := range rows {
			v := s.version(fmt.Sprint("a", i), nil, "prod")
			s.log(models.MetadataTarget{ArtifactVersionID: ref(v.ID.String())}, `{"more": 1}`)
			must[any](t)(nil, s.retract(v.ID, "more", fmt.Sprint("why ", i)))
		}
		before = export(t, s.url)
		s.execute(`UPDATE step_outputs SET bound_at = 1, reused_subject_id = (SELECT max(subject_id) FROM artifact_versions)
			WHERE step_run_id = $1`, step.ID)
		s.execute("UPDATE step_outputs SET artifact_version_id = reused_subject_id WHERE step_run_id = $1", step.ID)
		s.execute("UPDATE metadata_entries SET erased = 1, kind = NULL, value = NULL, reason = NULL WHERE key = 'more'")
		s.execute(`UPDATE events SET details = replace(details, '"reason":"why', '"alias":"why')`)
		s.execute("UPDATE events SET details = json_remove(details, '$.alias') WHERE kind = 'METADATA_RETRACTED'")
		s.execute("UPDATE artifacts SET updated_at = updated_at + 1")
		return before, export(t, s.url)
	}
	count := func(t *testing.T, open func(testing.TB) string, rows int) (first, next int64) {
		before, after := made(rows)
		url := open(t)
		var meters [2]storetest.Meter
		for i, file := range [][]byte{before, after} {
			done, err := importInto(storetest.WithMeter(context.Background(), &meters[i]), t, url, file)
			must[transfer.Imported](t)(done, err)
			if i == 1 && done.Updated < 5*rows {
				t.Errorf("imported %+v", done)
			}
		}
		return meters[0].Statements(), meters[1].Statements()
	}
	for name, open := range storetest.Engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, next := count(t, open, 3)
			if manyFirst, manyNext := count(t, open, 60); manyFirst != first || manyNext != next {
				t.Errorf("few rows need %d and %d statements, many rows %d and %d", first, next, manyFirst, manyNext)
			}
		})
	}
}
