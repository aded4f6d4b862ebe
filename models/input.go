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
		return BadInput(at, "must not have both version and alias")
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

// The inputs of the mutations of the same names.
type (
	LogMetadataInput struct {
		Target         MetadataTarget
		Metadata       *Tree
		Entries        []MetadataEntryInput
		IdempotencyKey *string
	}
	LogMetadataBatchInput struct {
		Writes         []LogMetadataInput
		IdempotencyKey *string
	}
	RetractMetadataInput struct {
		Target         MetadataTarget
		Keys           []MetadataKeyInput
		Reason         *string
		IdempotencyKey *string
	}
	CreateArtifactVersionInput struct {
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
	StartPipelineRunInput struct {
		Project        *string
		Pipeline       string
		IdempotencyKey *string `json:"-"`
	}
	FinishPipelineRunInput struct {
		PipelineRunID string
		Status        RunStatus
	}
	StartStepRunInput struct {
		PipelineRunID  string
		Name           string
		Inputs         []StepInputInput
		Outputs        []StepOutputInput
		IdempotencyKey *string `json:"-"`
	}
	FinishStepRunInput struct {
		StepRunID string
		Status    RunStatus
	}
	SetAliasInput           struct{ ArtifactVersionID, Alias string }
	RemoveAliasInput        struct{ ArtifactVersionID, Alias string }
	TagArtifactVersionInput struct {
		ArtifactVersionID string
		Tags              []string
	}
	UntagArtifactVersionInput struct {
		ArtifactVersionID string
		Tags              []string
	}
	DeleteArtifactVersionInput struct{ ArtifactVersionID string }
	DeleteArtifactInput        struct{ ArtifactID string }
	CreateProjectInput         struct{ Name string }
)

// MetadataKeyInput is a key to retract.
type MetadataKeyInput struct {
	Key  string
	Card *string
}

// StepOutputReference identifies the step output that a version is saved from.
type StepOutputReference struct{ StepRunID, Name string }

// StepInputInput declares an artifact version that a step reads.
type StepInputInput struct{ Name, ArtifactVersionID string }

// StepOutputInput declares an output that a step will produce.
type StepOutputInput struct {
	Name         string
	ArtifactName *string
}
