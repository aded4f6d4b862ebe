package models

// Artifact is a named thing that pipelines produce, version after version. Its name is unique in its project.
type Artifact struct {
	ID        ID `gorm:"primaryKey"`
	ProjectID ID `gorm:"primaryKey"`
	Name      string
	CreatedAt Time
	// AsOf is the instant of a view, nil for the artifact as it is now.
	AsOf *Time `gorm:"-"`
}

// IsNode makes it a Node.
func (Artifact) IsNode() {}

// NodeID returns the ID that clients see.
func (a *Artifact) NodeID() NodeID { return NodeID{a.ID, a.AsOf} }

// At returns the artifact as of an instant, nil if it was created later.
func (a *Artifact) At(asOf *Time) *Artifact {
	if asOf == nil || a == nil {
		return a
	}
	if startedAfter(a.CreatedAt, asOf) {
		return nil
	}
	view := *a
	view.AsOf = asOf
	return &view
}

// ArtifactVersion is one immutable output of a pipeline, whose metadata may still grow.
type ArtifactVersion struct {
	ID         ID `gorm:"primaryKey"`
	ProjectID  ID `gorm:"primaryKey"`
	ArtifactID ID
	// SubjectID is what its entries are about: the version itself, or the output that it was saved from, whose facts
	// it shares.
	SubjectID ID
	Version   string
	Number    int32
	Type      *string
	CreatedAt Time
	// Of is the artifact, where it is known: the answer of a call that is sent again has it although it may be deleted.
	Of *Artifact `gorm:"-"`
	// AsOf is the instant of a view, nil for the version as it is now. Fields below a view inherit it.
	AsOf *Time `gorm:"-"`
}

// NodeID returns the ID that clients see.
func (v *ArtifactVersion) NodeID() NodeID { return NodeID{v.ID, v.AsOf} }

// At returns the version as of an instant, nil if it was created later.
func (v *ArtifactVersion) At(asOf *Time) *ArtifactVersion {
	if asOf == nil || v == nil {
		return v
	}
	if startedAfter(v.CreatedAt, asOf) {
		return nil
	}
	view := *v
	view.AsOf, view.Of = asOf, v.Of.At(asOf)
	return &view
}

// IsNode makes it a Node.
func (ArtifactVersion) IsNode() {}

// IsSubject makes it a Subject.
func (ArtifactVersion) IsSubject() {}

// EntriesOf is the project and the subject that its entries carry.
func (v ArtifactVersion) EntriesOf() (project, subject ID, asOf *Time) {
	return v.ProjectID, v.SubjectID, v.AsOf
}

// Producer is where an artifact version came from.
type Producer struct{ Output *StepOutput }

// Lineage is versions that one was made from, or that were made from it.
type Lineage struct {
	// Nodes are the versions without the one asked about, by distance and then by age.
	Nodes []*ArtifactVersion
	Edges []*LineageEdge
	// Truncated says that there are more, further away or beyond the size asked for.
	Truncated bool
}

// LineageEdge says that a step run read one version and produced another.
type LineageEdge struct {
	From, To  *ArtifactVersion
	ProjectID ID
	StepRunID ID
}

// MaxLineageDepth bounds how many steps a lineage is followed.
const MaxLineageDepth = 100
