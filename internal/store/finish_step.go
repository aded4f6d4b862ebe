package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/clientid"
	"github.com/placard/placard/internal/store/engine"
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
			f := stepFinisher{tx: tx, at: at.Child("outputs"), step: step, inputs: input.Outputs, facts: facts}
			floor, err := f.lock()
			if err != nil {
				return run.ProjectID, snapshot.Finished{}, err
			}
			ended, changed, err := tx.endStepRun(at.Child("status"), step, run, input.Status, floor)
			if err == nil && !changed && len(f.inputs) > 0 {
				err = models.Conflict(at.Child("stepRunId"), "the step run has ended: save its outputs one by one")
			}
			if err == nil && changed {
				err = f.save(*ended.FinishedAt, call.Caller)
			}
			return run.ProjectID, snapshot.Finished{Step: ended, Outputs: f.outputs}, err
		})
	return done.Value, done.Replayed, err
}

// canonicalFinish returns an end of a step run in the form that an idempotency key compares.
func canonicalFinish(who auth.Principal, input models.FinishStepRunInput, facts [][]models.Fact) any {
	outputs := slices.Clone(input.Outputs)
	for i := range outputs {
		one := &outputs[i]
		one.Aliases, one.Tags = append([]string{}, one.Aliases...), append([]string{}, one.Tags...)
		if one.Reuse != nil && one.Reuse.Named != nil {
			one.Reuse = &models.ArtifactVersionRef{Named: target.CanonicalName(who, *one.Reuse.Named)}
		}
	}
	input.Outputs = outputs
	return struct {
		Input models.FinishStepRunInput
		Facts [][]models.Fact
	}{input, facts}
}

// stepFinisher saves the outputs of one step run.
type stepFinisher struct {
	tx     *transaction
	at     *models.Path
	step   models.StepRun
	inputs []models.FinishStepOutputInput
	facts  [][]models.Fact

	// The elements of these have the index of an input.
	outputs []*models.StepOutput
	// artifacts are the names of the artifacts.
	artifacts []string
	// reused are the versions of outputs that reuse one, nil for others.
	reused []*models.ArtifactVersion
	ids    []clientid.Claimed
}

// lock finds the outputs and versions, and locks IDs, artifacts and subjects, each in one order, so that two calls
// cannot wait for each other. floor is the earliest time of new entries.
func (f *stepFinisher) lock() (floor int64, err error) {
	if len(f.inputs) == 0 {
		return 0, nil
	}
	if err := f.findOutputs(); err != nil {
		return 0, err
	}
	if err := f.findReused(); err != nil {
		return 0, err
	}
	if err := f.claimIDs(); err != nil {
		return 0, err
	}
	if !f.tx.Dialect.HasOneWriter() {
		if err := f.lockArtifacts(); err != nil {
			return 0, err
		}
	}
	var subjects []models.ID
	for i, output := range f.outputs {
		subjects = append(subjects, output.ID)
		if version := f.reused[i]; version != nil {
			subjects = append(subjects, version.SubjectID)
			floor = max(floor, version.CreatedAt.UnixMicro())
		}
	}
	held, err := f.tx.lockSubjects(f.step.ProjectID, subjects)
	return max(floor, held.floor), err
}

// findOutputs finds the outputs and the names of the artifacts of new versions.
func (f *stepFinisher) findOutputs() error {
	f.outputs, f.artifacts = make([]*models.StepOutput, len(f.inputs)), make([]string, len(f.inputs))
	found, err := target.StepOutputs(f.tx.Within(f.step.ProjectID), []models.ID{f.step.ID})
	if err != nil {
		return err
	}
	declared := found[f.step.ID].Outputs
	for i, input := range f.inputs {
		n := slices.IndexFunc(declared, func(o target.Output) bool { return o.Output.Name == input.Name })
		if n < 0 {
			return target.OutputNotFound(f.at.Child(i).Child("name"), declared, input.Name)
		}
		f.outputs[i] = &declared[n].Output
		if f.outputs[i].BoundAt != nil {
			return models.Conflict(f.at.Child(i).Child("name"), "is bound to an artifact version already")
		}
		name := cmp.Or(input.Artifact, f.outputs[i].ArtifactName)
		if name == nil && input.Reuse == nil {
			return models.BadInput(f.at.Child(i).Child("artifact"),
				"must be present: the step run declares no artifact name for this output")
		}
		if name != nil {
			f.artifacts[i] = *name
		}
	}
	return nil
}

// findReused finds the versions of outputs that reuse one.
func (f *stepFinisher) findReused() error {
	f.reused = make([]*models.ArtifactVersion, len(f.inputs))
	var places []int
	var paths []*models.Path
	var refs []models.ArtifactVersionRef
	for i, input := range f.inputs {
		if input.Reuse != nil {
			places, paths, refs = append(places, i), append(paths, f.at.Child(i).Child("reuse")), append(refs, *input.Reuse)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	found, err := target.References(f.tx.Tx, paths, refs)
	if err != nil {
		return err
	}
	for i, one := range found {
		if one.Project != f.step.ProjectID {
			return models.NotFound(paths[i], "is a version of another project than the step run")
		}
	}
	if err := f.tx.attachArtifacts(found); err != nil {
		return err
	}
	for i, one := range found {
		version := one.Object.(*models.ArtifactVersion)
		if version.KnownArtifact == nil {
			return engine.ErrRetry // the artifact has just been deleted
		}
		f.reused[places[i]], f.artifacts[places[i]] = version, version.KnownArtifact.Name
	}
	return nil
}

// claimIDs claims the IDs of new versions in their order. An ID that an object has is a CONFLICT.
func (f *stepFinisher) claimIDs() error {
	f.ids = make([]clientid.Claimed, len(f.inputs))
	order := make([]int, len(f.inputs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(f.clientID(a), f.clientID(b)) })
	for _, i := range order {
		at, err := f.at.Child(i).Child("clientId"), error(nil)
		if f.ids[i], err = clientid.Claim(f.tx.Tx, f.step.ProjectID, at, f.inputs[i].ClientID); err != nil {
			return err
		}
		_, err = clientid.Find(f.tx.Tx, f.ids[i], "artifact_versions", access.VersionsByID,
			func(*models.ArtifactVersion) (bool, error) { return false, nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// clientID returns the client-made ID of an output, empty without one.
func (f *stepFinisher) clientID(i int) string {
	if f.inputs[i].ClientID == nil {
		return ""
	}
	return *f.inputs[i].ClientID
}

// lockArtifacts locks the artifacts in order of name, and creates the missing ones, whose first versions follow.
func (f *stepFinisher) lockArtifacts() error {
	names := slices.Compact(slices.Sorted(slices.Values(f.artifacts)))
	ids := models.NewIDs(len(names))
	rows := make([]any, len(names))
	for i, name := range names {
		rows[i] = map[string]any{"n": i, "id": ids[i], "name": name}
	}
	now := f.tx.Dialect.Now(0)
	err := f.tx.Write(engine.SQL(`INSERT INTO artifacts (project_id, id, name, last_number, created_at, created_by, updated_at)
		SELECT ?, id, name, 0, ?, ?, 0 FROM ? ORDER BY n
		ON CONFLICT (project_id, name) DO UPDATE SET last_number = artifacts.last_number`,
		f.step.ProjectID, now, f.tx.Who.AuthorName(), f.tx.Dialect.JSONRows(rows, engine.NumberColumn("n"),
			engine.IDColumn("id"), engine.TextColumn("name"))))
	if err != nil {
		return err
	}
	// Once more under the lock: versions may have been deleted, or aliases moved, before the lock was ours.
	before := slices.Clone(f.reused)
	if err := f.findReused(); err != nil {
		return err
	}
	for i, version := range f.reused {
		if version != nil && version.ArtifactID != before[i].ArtifactID {
			return engine.ErrRetry
		}
	}
	return nil
}

// save saves the outputs at an instant, and logs their facts by one statement.
func (f *stepFinisher) save(moment models.Time, caller Caller) error {
	var entries []entryDraft
	var events []event
	var reused []target.Resolved
	var reusedEntries [][]entryDraft
	for i, input := range f.inputs {
		version, isReused := f.reused[i], f.reused[i] != nil
		var drafts []entryDraft
		var err error
		if isReused {
			drafts, err = f.tx.reuse(f.at.Child(i).Child("name"), f.outputs[i], version, moment)
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
			drafts = append(drafts, entryDraft{subject: version.SubjectID, stepRun: f.step.ID, fact: fact})
		}
		if isReused && len(drafts) > 0 {
			reused, reusedEntries = append(reused, target.Resolved{Object: version}), append(reusedEntries, drafts)
		}
		entries = append(entries, drafts...)
	}
	events = append(events, entryEvents(models.TimelineEventMetadataLogged, reused, reusedEntries)...)
	_, err := f.tx.append(f.step.ProjectID, moment, caller, entries, events)
	return err
}

// create creates the version of an output. It returns the event of its facts, if the call logs any.
func (f *stepFinisher) create(i int, moment models.Time) (*models.ArtifactVersion, []event, error) {
	input := f.inputs[i]
	c := versionCreator{tx: f.tx, at: f.at.Child(i), project: f.step.ProjectID, id: f.ids[i], output: *f.outputs[i],
		moment: moment, input: models.CreateArtifactVersionInput{Artifact: f.artifacts[i], Version: input.Version, Type: input.Type}}
	version, err := c.create()
	if err != nil {
		return nil, nil, err
	}
	f.outputs[i] = &c.output
	logged := c.logged(version, f.facts[i])
	if err := c.record(version, logged, len(f.facts[i])); err != nil {
		return nil, nil, err
	}
	if len(f.facts[i]) == 0 {
		return version, nil, nil
	}
	return version, []event{logged}, nil
}
