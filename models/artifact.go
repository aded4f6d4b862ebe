package models

// Artifact is a named thing that pipelines produce, version after version. Its name is unique in its project.
type Artifact struct {
	ID        ID
	ProjectID ID
	Name      string
	CreatedAt Time
}

// IsNode makes it a Node.
func (Artifact) IsNode() {}

// ArtifactVersion is one immutable output of a pipeline, whose metadata may still grow.
type ArtifactVersion struct {
	ID         ID
	ProjectID  ID
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
	// AsOf is the instant that the reader asked about, nil for now; what is read below inherits it.
	AsOf *Time `gorm:"-"`
}

// IsNode makes it a Node.
func (ArtifactVersion) IsNode() {}

// IsSubject makes it a Subject.
func (ArtifactVersion) IsSubject() {}

// EntriesOf is the project and the subject that its entries carry.
func (v ArtifactVersion) EntriesOf() (project, subject ID, asOf *Time) {
	return v.ProjectID, v.SubjectID, v.AsOf
}
