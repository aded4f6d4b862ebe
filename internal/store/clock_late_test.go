package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestLateStepAfterClockIsSetBack checks that a step that ended by its own call is final, also if it started when the
// clock was behind the end of its run.
func TestLateStepAfterClockIsSetBack(t *testing.T) {
	t.Parallel()
	c, url, in := &clock{}, storetest.SQLite(t), models.NewPath("input")
	s := c.open(t, url)
	run, _, err := s.StartPipelineRun(everyone, store.Call{}, in, models.StartPipelineRunInput{Pipeline: "p"})
	must(t, err)
	c.set(t, time.Hour)
	_, _, err = s.FinishPipelineRun(everyone, store.Call{}, in, models.FinishPipelineRunInput{
		PipelineRunID: run.ID.String(), Status: models.RunStatusCompleted,
	})
	must(t, err)
	must(t, s.Close())
	c.set(t, 0)
	s = c.open(t, url)
	defer func() { must(t, s.Close()) }()
	step, _, err := s.StartStepRun(everyone, store.Call{}, in, models.StartStepRunInput{
		PipelineRunID: run.ID.String(), Name: "late", ClientID: ref(uuid.NewString()),
	})
	must(t, err)
	finish := func(status models.RunStatus) error {
		_, _, err := s.FinishStepRun(everyone, store.Call{}, in,
			models.FinishStepRunInput{StepRunID: step.ID.String(), Status: status}, nil)
		return err
	}
	must(t, finish(models.RunStatusCancelled))
	if err := finish(models.RunStatusCompleted); models.CodeOf(err) != models.CodeConflict {
		t.Errorf("finish again: %v, want CONFLICT", err)
	}
}
