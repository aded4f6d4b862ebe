package storetest

import (
	"sync/atomic"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["a finished run cancels its running steps"] = runCancelsSteps
	tests["finishers of a run and its steps race"] = finishersRace
}

func (s *suite) finishStep(step *models.StepRun, status models.RunStatus) (*models.StepRun, error) {
	finished, _, err := s.FinishStepRun(s.ctx, store.Call{}, root,
		models.FinishStepRunInput{StepRunID: step.ID.String(), Status: status}, nil)
	return finished.Step, err
}

func (s *suite) finishRun(id models.ID, status models.RunStatus) (*models.PipelineRun, error) {
	run, _, err := s.FinishPipelineRun(s.ctx, store.Call{}, root,
		models.FinishPipelineRunInput{PipelineRunID: id.String(), Status: status})
	return run, err
}

func (s *suite) stepIn(run models.ID, name string, outputs ...string) *models.StepRun {
	s.Helper()
	input := models.StartStepRunInput{PipelineRunID: run.String(), Name: name}
	for _, output := range outputs {
		input.Outputs = append(input.Outputs, models.StepOutputDeclaration{Name: output})
	}
	step, _, err := s.StartStepRun(s.ctx, store.Call{}, root, input)
	s.must(err)
	return step
}

// stepNow returns the present state of a step run.
func (s *suite) stepNow(step *models.StepRun) *models.StepRun {
	s.Helper()
	found, err := s.StepRunsByID(s.ctx, []models.ID{step.ID})
	s.must(err)
	return found[step.ID]
}

func runCancelsSteps(s *suite) {
	run := s.run()
	done, own, late, again := s.stepIn(run.ID, "done"), s.stepIn(run.ID, "own"), s.stepIn(run.ID, "late"), s.stepIn(run.ID, "again")
	s.must(second(s.finishStep(done, models.RunStatusCached)))
	s.must(second(s.finishStep(own, models.RunStatusCancelled)))
	ended, err := s.finishRun(run.ID, models.RunStatusFailed)
	s.must(err)
	for step, want := range map[*models.StepRun]models.RunStatus{
		done: models.RunStatusCached, own: models.RunStatusCancelled, late: models.RunStatusCancelled, again: models.RunStatusCancelled,
	} {
		s.equal(s.stepNow(step).Status, want)
	}
	cancelled := s.stepNow(late)
	s.equal(cancelled.FinishedAt, ended.FinishedAt)
	s.equal(cancelled.ChangedAt, ended.FinishedAt)

	reported, err := s.finishStep(late, models.RunStatusCompleted)
	s.must(err)
	s.equal(reported.Status, models.RunStatusCompleted)
	s.equal(reported.FinishedAt.After(ended.FinishedAt.Time), true)
	s.equal(reported.ViewAt(ended.FinishedAt).Status, models.RunStatusRunning)
	s.must(second(s.finishStep(late, models.RunStatusCompleted)))
	s.refused(models.CodeConflict, second(s.finishStep(late, models.RunStatusFailed)))
	s.refused(models.CodeConflict, second(s.finishStep(done, models.RunStatusCompleted)))
	s.refused(models.CodeConflict, second(s.finishStep(own, models.RunStatusCompleted))) // its own call had cancelled it
	s.must(second(s.finishStep(again, models.RunStatusCancelled)))
	s.refused(models.CodeConflict, second(s.finishStep(again, models.RunStatusCompleted)))
	s.must(second(s.finishRun(run.ID, models.RunStatusFailed)))
	s.refused(models.CodeConflict, second(s.finishRun(run.ID, models.RunStatusCancelled)))
	runs, err := s.PipelineRunsByID(s.ctx, []models.ID{run.ID})
	s.must(err)
	s.equal(runs[run.ID].FinishedAt, ended.FinishedAt)
	s.equal(runs[run.ID].ChangedAt.After(ended.FinishedAt.Time), true)
}

// finishersRace finishes a run and its steps at once: no call waits for another one in a circle.
func finishersRace(s *suite) {
	stores := s.stores()
	for range 5 {
		run := s.run()
		steps := make([]*models.StepRun, writers-2)
		for i := range steps {
			steps[i] = s.stepIn(run.ID, "step")
		}
		var ended atomic.Int64
		s.together(writers, func(w int) {
			at := stores[w%len(stores)]
			if w < len(steps) {
				_, _, err := at.FinishStepRun(s.ctx, store.Call{}, root,
					models.FinishStepRunInput{StepRunID: steps[w].ID.String(), Status: models.RunStatusCompleted}, nil)
				if err != nil {
					s.Errorf("finish a step: %v", err)
				}
				return
			}
			status := []models.RunStatus{models.RunStatusFailed, models.RunStatusCompleted}[w-len(steps)]
			_, _, err := at.FinishPipelineRun(s.ctx, store.Call{}, root,
				models.FinishPipelineRunInput{PipelineRunID: run.ID.String(), Status: status})
			if err == nil {
				ended.Add(1)
			} else if models.CodeOf(err) != models.CodeConflict {
				s.Errorf("finish the run: %v", err)
			}
		})
		s.equal(ended.Load(), 1)
		for _, step := range steps {
			s.equal(s.stepNow(step).Status, models.RunStatusCompleted) // before the run, or as a late report
		}
	}
}
