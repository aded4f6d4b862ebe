package models

// RunStatus is how far a run is.
type RunStatus string

// A run begins as RUNNING and ends once.
const (
	RunStatusRunning   RunStatus = "RUNNING"
	RunStatusCompleted RunStatus = "COMPLETED"
	RunStatusFailed    RunStatus = "FAILED"
)

// PipelineRun is one run of a pipeline.
type PipelineRun struct {
	ID         ID `gorm:"primaryKey"`
	ProjectID  ID `gorm:"primaryKey"`
	Pipeline   string
	Status     RunStatus
	StartedAt  Time
	FinishedAt *Time
	// AsOf is the instant of a view, nil for the run as it is now. Fields below a view inherit it.
	AsOf *Time `gorm:"-"`
}

// NodeID returns the ID that clients see.
func (r *PipelineRun) NodeID() NodeID { return NodeID{r.ID, r.AsOf} }

// At returns the run as of an instant, nil if it started later. A run that finished later is RUNNING then.
func (r *PipelineRun) At(asOf *Time) *PipelineRun {
	if asOf == nil || r == nil {
		return r
	}
	if startedAfter(r.StartedAt, asOf) {
		return nil
	}
	view := *r
	view.AsOf = asOf
	if finishedAfter(r.FinishedAt, asOf) {
		view.Status, view.FinishedAt = RunStatusRunning, nil
	}
	return &view
}

// finishedAfter reports whether a run had not finished at an instant.
func finishedAfter(finished, asOf *Time) bool { return finished == nil || finished.After(asOf.Time) }

// IsNode makes it a Node.
func (PipelineRun) IsNode() {}

// IsSubject makes it a Subject.
func (PipelineRun) IsSubject() {}

// EntriesOf is the project and the subject that its entries carry.
func (r PipelineRun) EntriesOf() (project, subject ID, asOf *Time) { return r.ProjectID, r.ID, r.AsOf }

// StepRun is one run of one step of a pipeline.
type StepRun struct {
	ID            ID `gorm:"primaryKey"`
	ProjectID     ID `gorm:"primaryKey"`
	PipelineRunID ID
	Name          string
	Status        RunStatus
	StartedAt     Time
	FinishedAt    *Time
	// AsOf is the instant of a view, nil for the run as it is now. Fields below a view inherit it.
	AsOf *Time `gorm:"-"`
}

// NodeID returns the ID that clients see.
func (r *StepRun) NodeID() NodeID { return NodeID{r.ID, r.AsOf} }

// At returns the run as of an instant, nil if it started later. A run that finished later is RUNNING then.
func (r *StepRun) At(asOf *Time) *StepRun {
	if asOf == nil || r == nil {
		return r
	}
	if startedAfter(r.StartedAt, asOf) {
		return nil
	}
	view := *r
	view.AsOf = asOf
	if finishedAfter(r.FinishedAt, asOf) {
		view.Status, view.FinishedAt = RunStatusRunning, nil
	}
	return &view
}

// IsNode makes it a Node.
func (StepRun) IsNode() {}

// IsSubject makes it a Subject.
func (StepRun) IsSubject() {}

// EntriesOf is the project and the subject that its entries carry.
func (r StepRun) EntriesOf() (project, subject ID, asOf *Time) { return r.ProjectID, r.ID, r.AsOf }

// StepInput is an artifact version that a step run reads.
type StepInput struct {
	ProjectID ID    `gorm:"primaryKey"`
	StepRunID ID    `gorm:"primaryKey"`
	Position  int32 `gorm:"primaryKey"`
	Name      string
	// ArtifactVersionID may be that of a version that has been deleted since.
	ArtifactVersionID ID
	// AsOf is the instant of the view of the step run, nil for now.
	AsOf *Time `gorm:"-"`
}

// At returns the input of a step run as of an instant.
func (i *StepInput) At(asOf *Time) *StepInput {
	if asOf == nil || i == nil {
		return i
	}
	view := *i
	view.AsOf = asOf
	return &view
}

// StepOutput is a slot that a step run declares before the artifact version exists.
type StepOutput struct {
	ID           ID `gorm:"primaryKey"`
	ProjectID    ID `gorm:"primaryKey"`
	StepRunID    ID
	Position     int32
	Name         string
	ArtifactName *string
	// ArtifactVersionID is zero while the output waits, and after the version that was saved from it is deleted.
	ArtifactVersionID ID
	// BoundAt is when a version was saved from it, nil while it waits.
	BoundAt *Time
	// AsOf is the instant of a view, nil for the output as it is now. Fields below a view inherit it.
	AsOf *Time `gorm:"-"`
}

// NodeID returns the ID that clients see.
func (o *StepOutput) NodeID() NodeID { return NodeID{o.ID, o.AsOf} }

// At returns the output as of an instant. An output that was bound to its version later is waiting then. The caller checks
// that its step run had started.
func (o *StepOutput) At(asOf *Time) *StepOutput {
	if asOf == nil || o == nil {
		return o
	}
	view := *o
	view.AsOf = asOf
	if o.BoundAt != nil && o.BoundAt.After(asOf.Time) {
		view.BoundAt, view.ArtifactVersionID = nil, ID{}
	}
	return &view
}

// IsNode makes it a Node.
func (StepOutput) IsNode() {}

// IsSubject makes it a Subject.
func (StepOutput) IsSubject() {}

// EntriesOf is the project and the subject that its entries carry.
func (o StepOutput) EntriesOf() (project, subject ID, asOf *Time) { return o.ProjectID, o.ID, o.AsOf }

// Node is anything with an identity of its own.
type Node interface{ IsNode() }

// Subject is what metadata is about.
type Subject interface {
	Node
	IsSubject()
	// EntriesOf is the project and the subject that the entries carry, and the instant that the reader asked about.
	EntriesOf() (project, subject ID, asOf *Time)
}
