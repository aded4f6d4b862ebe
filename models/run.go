package models

// RunStatus is the state of a run.
type RunStatus string

// A run starts as RUNNING and finishes once. A step run that is CANCELLED because its pipeline run ended can be
// finished once more.
const (
	RunStatusRunning   RunStatus = "RUNNING"
	RunStatusCompleted RunStatus = "COMPLETED"
	RunStatusFailed    RunStatus = "FAILED"
	RunStatusCancelled RunStatus = "CANCELLED"
	// RunStatusCached is a status of step runs only: the step reused results.
	RunStatusCached RunStatus = "CACHED"
)

// PipelineRun is one run of a pipeline.
type PipelineRun struct {
	ID         ID `gorm:"primaryKey"`
	ProjectID  ID `gorm:"primaryKey"`
	Pipeline   string
	Status     RunStatus
	StartedAt  Time
	FinishedAt *Time
	// CreatedBy is the name of the API key, nil without one.
	CreatedBy *string
	// ChangedAt is the time of the last change after the start, nil for none.
	ChangedAt *Time `gorm:"column:updated_at"`
	// AsOf is the instant of a view, nil for the run as it is now. Fields below a view inherit it.
	AsOf *Time `gorm:"-"`
}

// UpdatedAt returns the time of the last change, nil in a view, because changes have no history.
func (r *PipelineRun) UpdatedAt() *Time { return updatedAt(r.StartedAt, r.ChangedAt, r.AsOf) }

// ViewAt returns the run as of an instant, nil if it started later. A run that finished later is RUNNING then.
func (r *PipelineRun) ViewAt(asOf *Time) *PipelineRun {
	return viewAt(r, asOf, func(view *PipelineRun) (start Time) {
		view.AsOf = asOf
		if view.FinishedAt == nil || view.FinishedAt.After(asOf.Time) {
			view.Status, view.FinishedAt = RunStatusRunning, nil
		}
		return view.StartedAt
	})
}

// StepRun is one run of one step of a pipeline.
type StepRun struct {
	ID            ID `gorm:"primaryKey"`
	ProjectID     ID `gorm:"primaryKey"`
	PipelineRunID ID
	Name          string
	Status        RunStatus
	StartedAt     Time
	FinishedAt    *Time
	// CreatedBy is the name of the API key, nil without one.
	CreatedBy *string
	// ChangedAt is the time of the last change after the start, nil for none.
	ChangedAt *Time `gorm:"column:updated_at"`
	// KnownPipelineRun is the pipeline run if it has been loaded with the step, as in the answer to its start.
	KnownPipelineRun *PipelineRun `gorm:"-"`
	// AsOf is the instant of a view, nil for the run as it is now. Fields below a view inherit it.
	AsOf *Time `gorm:"-"`
}

// UpdatedAt returns the time of the last change, nil in a view, because changes have no history.
func (r *StepRun) UpdatedAt() *Time { return updatedAt(r.StartedAt, r.ChangedAt, r.AsOf) }

// ViewAt returns the run as of an instant, nil if it started later. A run that finished later is RUNNING then.
func (r *StepRun) ViewAt(asOf *Time) *StepRun {
	return viewAt(r, asOf, func(view *StepRun) (start Time) {
		view.AsOf = asOf
		if view.FinishedAt == nil || view.FinishedAt.After(asOf.Time) {
			view.Status, view.FinishedAt = RunStatusRunning, nil
		}
		return view.StartedAt
	})
}

// updatedAt returns the time of the last change of a run, or of its start; nil in a view.
func updatedAt(started Time, changed, asOf *Time) *Time {
	switch {
	case asOf != nil:
		return nil
	case changed == nil:
		return &started
	}
	return changed
}

// StepInput is an artifact version that a step run reads.
type StepInput struct {
	ProjectID ID    `gorm:"primaryKey"`
	StepRunID ID    `gorm:"primaryKey"`
	Position  int32 `gorm:"primaryKey"`
	Name      string
	// ArtifactVersionID may be the ID of a deleted version.
	ArtifactVersionID ID
	// AsOf is the instant of the view of the step run, nil for the present state.
	AsOf *Time `gorm:"-"`
}

// ViewAt returns the input as of an instant.
func (i *StepInput) ViewAt(asOf *Time) *StepInput {
	return viewAt(i, asOf, func(view *StepInput) (start Time) {
		view.AsOf = asOf
		return Time{}
	})
}

// StepOutput is a declared output of a step run, before and after its version is saved.
type StepOutput struct {
	ID           ID `gorm:"primaryKey"`
	ProjectID    ID `gorm:"primaryKey"`
	StepRunID    ID
	Position     int32
	Name         string
	ArtifactName *string
	// ArtifactVersionID is zero until a version is saved, and after that version is deleted.
	ArtifactVersionID ID
	// BoundAt is the time when the version was saved, nil before.
	BoundAt *Time
	// ReusedSubjectID is the subject of the version that the output re-uses, zero for an output that a version was saved
	// from.
	ReusedSubjectID ID
	// KnownVersion is the version if it is already known, else nil. A replayed call sets it, because the version may be
	// deleted.
	KnownVersion *ArtifactVersion `gorm:"-"`
	// AsOf is the instant of a view, nil for the output as it is now. Fields below a view inherit it.
	AsOf *Time `gorm:"-"`
}

// Reused reports whether the output is bound to a version that existed before.
func (o *StepOutput) Reused() bool { return !o.ReusedSubjectID.IsZero() }

// ViewAt returns the output as of an instant, unbound if its version was saved later. The caller checks that the step
// run had started.
func (o *StepOutput) ViewAt(asOf *Time) *StepOutput {
	return viewAt(o, asOf, func(view *StepOutput) (start Time) {
		view.AsOf, view.KnownVersion = asOf, nil
		if view.BoundAt != nil && view.BoundAt.After(asOf.Time) {
			view.BoundAt, view.ArtifactVersionID, view.ReusedSubjectID = nil, ID{}, ID{}
		}
		return Time{}
	})
}
