package models

// MetadataTarget identifies the subject of metadata. Exactly one field is set.
type MetadataTarget struct {
	ArtifactVersionID *string              `json:",omitempty"`
	ArtifactVersion   *ArtifactVersionName `json:",omitempty"`
	StepContext       *StepContext         `json:",omitempty"`
	StepRunID         *string              `json:",omitempty"`
	PipelineRunID     *string              `json:",omitempty"`
}

// ArtifactVersionName identifies a version by name, with at most one of Version, Alias and Number.
type ArtifactVersionName struct {
	Project *string
	Name    string
	Version *string
	Alias   *string
	Number  *int32 `json:",omitempty"`
}

// IsLatest reports whether the name selects the version with the greatest number.
func (n *ArtifactVersionName) IsLatest() bool {
	return n.Version == nil && n.Number == nil && (n.Alias == nil || *n.Alias == LatestAlias)
}

// StepContext identifies an output of a step run.
type StepContext struct {
	StepRunID    string
	ArtifactName *string
}

// ArtifactVersionRef identifies a version. Exactly one field is set.
type ArtifactVersionRef struct {
	ID    *string
	Named *ArtifactVersionName
}

// ArtifactVersionSelector identifies the version of a mutation. Exactly one field is set.
type ArtifactVersionSelector struct {
	ArtifactVersionID *string             `json:",omitempty"`
	ArtifactVersion   *ArtifactVersionRef `json:",omitempty"`
}

// LogMetadataInput contains the metadata of one subject.
type LogMetadataInput struct {
	Target         MetadataTarget
	Metadata       *Tree
	Entries        []MetadataEntryInput
	IdempotencyKey *string
}

// LogMetadataBatchInput contains the metadata of several subjects of one project.
type LogMetadataBatchInput struct {
	Writes         []LogMetadataInput
	IdempotencyKey *string
}

// MetadataKeyInput is a key to retract.
type MetadataKeyInput struct {
	Key  string
	Card *string
}

// RetractMetadataInput is the input of retractMetadata.
type RetractMetadataInput struct {
	Target         MetadataTarget
	Keys           []MetadataKeyInput
	Reason         *string
	IdempotencyKey *string
}

// StepOutputReference identifies the step output that a version is saved from.
type StepOutputReference struct {
	StepRunID string
	Name      string
}

// CreateArtifactVersionInput is the input of createArtifactVersion.
type CreateArtifactVersionInput struct {
	Project        *string
	Artifact       string
	Version        *string
	Type           *string
	Output         *StepOutputReference
	Aliases        []string
	Tags           []string
	Metadata       *Tree                `json:"-"`
	Entries        []MetadataEntryInput `json:"-"`
	IdempotencyKey *string              `json:"-"`
}

// StartPipelineRunInput is the input of startPipelineRun.
type StartPipelineRunInput struct {
	Project        *string
	Pipeline       string
	IdempotencyKey *string `json:"-"`
}

// FinishPipelineRunInput is the input of finishPipelineRun.
type FinishPipelineRunInput struct {
	PipelineRunID string
	Status        RunStatus
}

// StepInputInput declares an artifact version that a step reads.
type StepInputInput struct {
	Name string
	ArtifactVersionSelector
}

// StepOutputInput declares an output that a step will produce.
type StepOutputInput struct {
	Name         string
	ArtifactName *string
}

// StartStepRunInput is the input of startStepRun.
type StartStepRunInput struct {
	PipelineRunID  string
	Name           string
	Inputs         []StepInputInput
	Outputs        []StepOutputInput
	IdempotencyKey *string `json:"-"`
}

// FinishStepRunInput is the input of finishStepRun.
type FinishStepRunInput struct {
	StepRunID string
	Status    RunStatus
}

// SetAliasInput is the input of setAlias.
type SetAliasInput struct {
	ArtifactVersionSelector
	Alias string
}

// RemoveAliasInput is the input of removeAlias.
type RemoveAliasInput struct {
	ArtifactVersionSelector
	Alias string
}

// TagArtifactVersionInput is the input of tagArtifactVersion.
type TagArtifactVersionInput struct {
	ArtifactVersionSelector
	Tags []string
}

// UntagArtifactVersionInput is the input of untagArtifactVersion.
type UntagArtifactVersionInput struct {
	ArtifactVersionSelector
	Tags []string
}

// DeleteArtifactVersionInput is the input of deleteArtifactVersion.
type DeleteArtifactVersionInput struct{ ArtifactVersionSelector }

// DeleteArtifactInput is the input of deleteArtifact.
type DeleteArtifactInput struct{ ArtifactID string }

// CreateProjectInput is the input of createProject.
type CreateProjectInput struct{ Name string }
