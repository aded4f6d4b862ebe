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
	EraseMetadataInput struct {
		EntryIDs       []string
		Reason         *string
		IdempotencyKey *string `json:"-"`
	}
	CreateArtifactVersionInput struct {
		Project        *string
		Artifact       string
		Version        *string
		Type           *string
		ClientID       *string `json:",omitempty"`
		Output         *StepOutputRef
		Aliases        []string
		Tags           []string
		Metadata       *Tree                `json:"-"`
		Entries        []MetadataEntryInput `json:"-"`
		IdempotencyKey *string              `json:"-"`
	}
	StartPipelineRunInput struct {
		Project        *string
		Pipeline       string
		ClientID       *string
		IdempotencyKey *string `json:"-"`
	}
	FinishPipelineRunInput struct {
		PipelineRunID  string
		Status         RunStatus
		IdempotencyKey *string `json:"-"`
	}
	StartStepRunInput struct {
		PipelineRunID  string
		Name           string
		ClientID       *string `json:",omitempty"`
		Inputs         []StepInputDeclaration
		Outputs        []StepOutputDeclaration
		IdempotencyKey *string `json:"-"`
	}
	FinishStepRunInput struct {
		StepRunID      string
		Status         RunStatus
		Outputs        []FinishStepOutputInput `json:",omitempty"`
		IdempotencyKey *string                 `json:"-"`
	}
	BindOutputInput struct {
		Output          StepOutputRef
		ArtifactVersion ArtifactVersionRef
		IdempotencyKey  *string `json:"-"`
	}
	SetAliasInput struct {
		ArtifactVersionSelector
		Alias          string
		IdempotencyKey *string `json:"-"`
	}
	RemoveAliasInput struct {
		ArtifactVersionSelector
		Alias          string
		IdempotencyKey *string `json:"-"`
	}
	TagArtifactVersionInput struct {
		ArtifactVersionSelector
		Tags           []string
		IdempotencyKey *string `json:"-"`
	}
	UntagArtifactVersionInput struct {
		ArtifactVersionSelector
		Tags           []string
		IdempotencyKey *string `json:"-"`
	}
	DeleteArtifactVersionInput struct {
		ArtifactVersionSelector
		Force          bool
		IdempotencyKey *string `json:"-"`
	}
	DeleteArtifactInput struct {
		ArtifactID     string
		Force          bool
		IdempotencyKey *string `json:"-"`
	}
	DeletePipelineRunInput struct {
		PipelineRunID  string
		IdempotencyKey *string `json:"-"`
	}
	CreateProjectInput struct{ Name string }
	DeleteProjectInput struct{ ProjectID, Name string }
	UpdateProjectInput struct {
		ProjectID      string
		Description    *string
		IdempotencyKey *string `json:"-"`
	}
	UpdateArtifactInput struct {
		ArtifactID     string
		Description    *string
		IdempotencyKey *string `json:"-"`
	}
	UpdateArtifactVersionInput struct {
		ArtifactVersionSelector
		Description    *string
		IdempotencyKey *string `json:"-"`
	}
)

// MetadataKeyInput is a metadata key.
type MetadataKeyInput struct {
	Key  string
	Card *string
}

// StepOutputRef identifies an output of a step run.
type StepOutputRef struct{ StepRunID, Name string }

// StepInputDeclaration declares an artifact version that a step reads.
type StepInputDeclaration struct {
	Name string
	ArtifactVersionSelector
}

// StepOutputDeclaration declares an output that a step will produce.
type StepOutputDeclaration struct {
	Name         string
	ArtifactName *string
}
