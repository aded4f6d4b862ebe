package models

// MetadataTarget says who metadata is for: exactly one of its fields.
type MetadataTarget struct {
	ArtifactVersionID *string              `json:",omitempty"`
	ArtifactVersion   *ArtifactVersionName `json:",omitempty"`
	StepContext       *StepContext         `json:",omitempty"`
	StepRunID         *string              `json:",omitempty"`
	PipelineRunID     *string              `json:",omitempty"`
}

// ArtifactVersionName is a version by name: Version or Alias, not both.
type ArtifactVersionName struct {
	Project *string
	Name    string
	Version *string
	Alias   *string
}

// Check refuses names that cannot exist, and a version together with an alias.
func (n *ArtifactVersionName) Check(at *Path) error {
	if err := checkNames(at, []nameField{{"project", n.Project}, {"name", &n.Name}, {"version", n.Version}, {"alias", n.Alias}}); err != nil {
		return err
	}
	if n.Version != nil && n.Alias != nil {
		return BadInput(at, "must have a version or an alias, not both")
	}
	return nil
}

// StepContext is an output of a step run.
type StepContext struct {
	StepRunID    string
	ArtifactName *string
}

// ArtifactVersionRef says which version to read: exactly one of its fields.
type ArtifactVersionRef struct {
	ID    *string
	Named *ArtifactVersionName
}

// LogMetadataInput is facts about one subject.
type LogMetadataInput struct {
	Target         MetadataTarget
	Metadata       *Tree
	Entries        []MetadataEntryInput
	IdempotencyKey *string
}

// LogMetadataBatchInput is facts about many subjects of one project.
type LogMetadataBatchInput struct {
	Writes         []LogMetadataInput
	IdempotencyKey *string
}

// MetadataKeyInput is a key to take back.
type MetadataKeyInput struct {
	Key  string
	Card *string
}

// RetractMetadataInput is keys to take back.
type RetractMetadataInput struct {
	Target         MetadataTarget
	Keys           []MetadataKeyInput
	Reason         *string
	IdempotencyKey *string
}

// StepOutputReference is the output that a version is saved from.
type StepOutputReference struct {
	StepRunID string
	Name      string
}

// CreateArtifactVersionInput is a version to create.
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

// StartPipelineRunInput is a pipeline run to begin.
type StartPipelineRunInput struct {
	Project        *string
	Pipeline       string
	IdempotencyKey *string `json:"-"`
}

// FinishPipelineRunInput is a pipeline run to end.
type FinishPipelineRunInput struct {
	PipelineRunID string
	Status        RunStatus
}

// StepInputInput is an artifact version that a step reads.
type StepInputInput struct {
	Name              string
	ArtifactVersionID string
}

// StepOutputInput is an output that a step will produce.
type StepOutputInput struct {
	Name         string
	ArtifactName *string
}

// StartStepRunInput is a step run to begin.
type StartStepRunInput struct {
	PipelineRunID  string
	Name           string
	Inputs         []StepInputInput
	Outputs        []StepOutputInput
	IdempotencyKey *string `json:"-"`
}

// FinishStepRunInput is a step run to end.
type FinishStepRunInput struct {
	StepRunID string
	Status    RunStatus
}

// SetAliasInput is an alias to set.
type SetAliasInput struct {
	ArtifactVersionID string
	Alias             string
}

// RemoveAliasInput is an alias to remove.
type RemoveAliasInput struct {
	ArtifactVersionID string
	Alias             string
}

// TagArtifactVersionInput is tags to add.
type TagArtifactVersionInput struct {
	ArtifactVersionID string
	Tags              []string
}

// UntagArtifactVersionInput is tags to remove.
type UntagArtifactVersionInput struct {
	ArtifactVersionID string
	Tags              []string
}

// DeleteArtifactVersionInput is a version to delete.
type DeleteArtifactVersionInput struct{ ArtifactVersionID string }

// DeleteArtifactInput is an artifact to delete.
type DeleteArtifactInput struct{ ArtifactID string }

// CreateProjectInput is a project to create.
type CreateProjectInput struct{ Name string }
