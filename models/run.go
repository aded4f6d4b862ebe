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
	ID         ID
	ProjectID  ID
	Pipeline   string
	Status     RunStatus
	StartedAt  Time
	FinishedAt *Time
}

// IsNode makes it a Node.
func (PipelineRun) IsNode() {}

// IsSubject makes it a Subject.
func (PipelineRun) IsSubject() {}

// EntriesOf is the project and the subject that its entries carry.
func (r PipelineRun) EntriesOf() (project, subject ID, asOf *Time) { return r.ProjectID, r.ID, nil }

// StepRun is one run of one step of a pipeline.
type StepRun struct {
	ID            ID
	ProjectID     ID
	PipelineRunID ID
	Name          string
	Status        RunStatus
	StartedAt     Time
	FinishedAt    *Time
}

// IsNode makes it a Node.
func (StepRun) IsNode() {}

// IsSubject makes it a Subject.
func (StepRun) IsSubject() {}

// EntriesOf is the project and the subject that its entries carry.
func (r StepRun) EntriesOf() (project, subject ID, asOf *Time) { return r.ProjectID, r.ID, nil }

// StepInput is an artifact version that a step run reads.
type StepInput struct {
	ProjectID ID
	StepRunID ID
	Position  int32
	Name      string
	// ArtifactVersionID may be that of a version that has been deleted since.
	ArtifactVersionID ID
}

// StepOutput is a slot that a step run declares before the artifact version exists.
type StepOutput struct {
	ID           ID
	ProjectID    ID
	StepRunID    ID
	Position     int32
	Name         string
	ArtifactName *string
	// ArtifactVersionID is zero while the output waits, and after the version that was saved from it is deleted.
	ArtifactVersionID ID
	// BoundAt is when a version was saved from it, nil while it waits.
	BoundAt *Time
	// AsOf is the instant that the reader asked about, nil for now; what is read below inherits it.
	AsOf *Time `gorm:"-"`
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
