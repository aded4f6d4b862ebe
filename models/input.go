package models

// MetadataTarget identifies the subject of metadata. Exactly one field is set.
type MetadataTarget struct {
	ArtifactVersionID *string              `json:",omitempty"`
	ArtifactVersion   *ArtifactVersionName `json:",omitempty"`
	StepContext       *StepContext         `json:",omitempty"`
	StepRunID         *string              `json:",omitempty"`
	PipelineRunID     *string              `json:",omitempty"`
}

// ArtifactVersionName identifies a version by name, with Version or Alias but not both.
type ArtifactVersionName struct {
	Project *string
	Name    string
	Version *string
	Alias   *string
}

// Check validates the names, and returns BAD_INPUT for a version together with an alias.
func (n *ArtifactVersionName) Check(at *Path) error {
	names := []nameField{{"project", n.Project}, {"name", &n.Name}, {"version", n.Version}, {"alias", n.Alias}}
	if err := checkNames(at, names); err != nil {
		return err
	}
	if n.Version != nil && n.Alias != nil {
		return BadInput(at, "must not have both version and alias, but one of them")
	}
	return nil
}

// StepContext identifies an output of a step run.
type StepContext struct {
	StepRunID    string
	ArtifactName *string
}

// ArtifactVersionRef identifies a version to read. Exactly one field is set.
type ArtifactVersionRef struct {
	ID    *string
	Named *ArtifactVersionName
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
	Name              string
	ArtifactVersionID string
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
	ArtifactVersionID string
	Alias             string
}

// RemoveAliasInput is the input of removeAlias.
type RemoveAliasInput struct {
	ArtifactVersionID string
	Alias             string
}

// TagArtifactVersionInput is the input of tagArtifactVersion.
type TagArtifactVersionInput struct {
	ArtifactVersionID string
	Tags              []string
}

// UntagArtifactVersionInput is the input of untagArtifactVersion.
type UntagArtifactVersionInput struct {
	ArtifactVersionID string
	Tags              []string
}

// DeleteArtifactVersionInput is the input of deleteArtifactVersion.
type DeleteArtifactVersionInput struct{ ArtifactVersionID string }

// DeleteArtifactInput is the input of deleteArtifact.
type DeleteArtifactInput struct{ ArtifactID string }

// CreateProjectInput is the input of createProject.
type CreateProjectInput struct{ Name string }
