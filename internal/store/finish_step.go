package store

import (
	"context"
	"slices"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/outputs"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// FinishStepRun ends a step run, and saves outputs or binds them to versions that exist. facts are those of each
// output.
//
// It fails with NOT_FOUND, CONFLICT if the step has ended with another status, or at all and the call has outputs,
// IDEMPOTENCY_KEY_REUSED and FORBIDDEN, and with the errors of CreateArtifactVersion and BindOutput. Repeating it
// without outputs changes nothing. A step that ended with its pipeline run can be finished once more.
func (s *Store) FinishStepRun(
	ctx context.Context, call Call, at *models.Path, input models.FinishStepRunInput, facts [][]models.Fact,
) (snapshot.Finished, bool, error) {
	call.Input = canonicalFinish(auth.FromContext(ctx), input, facts)
	done, err := withIdempotency(ctx, s, call, snapshot.FinishedStep,
		func(tx *transaction) (models.ID, snapshot.Finished, error) {
			step, run, err := tx.lockStepRun(at.Child("stepRunId"), input.StepRunID)
			if err != nil {
				return run.ProjectID, snapshot.Finished{}, err
			}
			plan := &outputs.Plan{At: at.Child("outputs"), Step: step, Inputs: input.Outputs}
			f := stepFinisher{plan, tx, facts}
			floor, err := f.lock()
			if err != nil {
				return run.ProjectID, snapshot.Finished{}, err
			}
			ended, changed, err := tx.endStepRun(at.Child("status"), step, run, input.Status, floor)
			if err == nil && !changed && len(f.Inputs) > 0 {
				err = models.Conflict(at.Child("stepRunId"), "the step run has ended: save each output with createArtifactVersion or bindOutput")
			}
			if err == nil && changed {
				err = f.save(*ended.FinishedAt, call.Caller)
			}
			return run.ProjectID, snapshot.Finished{Step: ended, Outputs: f.Outputs}, err
		})
	return done.Value, done.Replayed, err
}

// canonicalFinish returns an end of a step run in the form that an idempotency key compares.
func canonicalFinish(who auth.Principal, input models.FinishStepRunInput, facts [][]models.Fact) any {
	input.Outputs = slices.Clone(input.Outputs)
	for i := range input.Outputs {
		one := &input.Outputs[i]
		one.Aliases, one.Tags = append([]string{}, one.Aliases...), append([]string{}, one.Tags...)
		if one.Reuse != nil && one.Reuse.Named != nil {
			one.Reuse = &models.ArtifactVersionRef{Named: target.CanonicalName(who, *one.Reuse.Named)}
		}
	}
	return struct {
		Input models.FinishStepRunInput
		Facts [][]models.Fact
	}{input, facts}
}

// stepFinisher saves the outputs of one step run.
type stepFinisher struct {
	*outputs.Plan
	tx    *transaction
	facts [][]models.Fact
}

// lock finds and locks the outputs with their subjects. floor is the earliest time of new entries.
func (f *stepFinisher) lock() (floor int64, err error) {
	if len(f.Inputs) == 0 {
		return 0, nil
	}
	if err := f.FindAndLock(f.tx.Tx); err != nil {
		return 0, err
	}
	held, err := f.tx.lockSubjects(f.Step.ProjectID, f.Subjects())
	return max(f.Floor(), held.floor), err
}

// save saves the outputs at an instant, and logs their facts by one statement.
func (f *stepFinisher) save(moment models.Time, caller Caller) error {
	var entries []entryDraft
	var events []event
	var reused []target.Resolved
	var reusedEntries [][]entryDraft
	for i, input := range f.Inputs {
		version, isReused := f.Reused[i], f.Reused[i] != nil
		var drafts []entryDraft
		var err error
		if isReused {
			drafts, err = f.tx.reuse(f.At.Child(i).Child("name"), f.Outputs[i], version, moment)
		} else {
			var created []event
			version, created, err = f.create(i, moment)
			events = append(events, created...)
		}
		if err == nil {
			err = f.tx.addLabels(version, input.Aliases, input.Tags, moment)
		}
		if err != nil {
			return err
		}
		for _, fact := range f.facts[i] {
			drafts = append(drafts, entryDraft{subject: version.SubjectID, stepRun: f.Step.ID, fact: fact})
		}
		if isReused && len(drafts) > 0 {
			reused, reusedEntries = append(reused, target.Resolved{Object: version}), append(reusedEntries, drafts)
		}
		entries = append(entries, drafts...)
	}
	events = append(events, entryEvents(models.TimelineEventMetadataLogged, reused, reusedEntries)...)
	_, err := f.tx.append(f.Step.ProjectID, moment, caller, entries, events)
	return err
}

// create creates the version of an output. It returns the event of its facts, if the call logs any.
func (f *stepFinisher) create(i int, moment models.Time) (*models.ArtifactVersion, []event, error) {
	input := f.Inputs[i]
	c := versionCreator{tx: f.tx, at: f.At.Child(i), project: f.Step.ProjectID, id: f.IDs[i], output: *f.Outputs[i],
		moment: moment, input: models.CreateArtifactVersionInput{Artifact: f.Artifacts[i], Version: input.Version, Type: input.Type}}
	version, err := c.create()
	if err != nil {
		return nil, nil, err
	}
	f.Outputs[i] = &c.output
	logged := c.logged(version, f.facts[i])
	if err := c.record(version, logged, len(f.facts[i])); err != nil {
		return nil, nil, err
	}
	if len(f.facts[i]) == 0 {
		return version, nil, nil
	}
	return version, []event{logged}, nil
}
