package models

// The payloads of the mutations of the same names.
type (
	LogMetadataPayload struct {
		Subject      Subject
		Entries      []*MetadataEntry
		Deduplicated bool
	}
	LogMetadataBatchPayload struct {
		Results      []*LogMetadataResult
		Deduplicated bool
	}
	RetractMetadataPayload struct {
		Subject      Subject
		Entries      []*MetadataEntry
		Deduplicated bool
	}
	EraseMetadataPayload struct {
		Entries      []*MetadataEntry
		Deduplicated bool
	}
	CreateArtifactVersionPayload struct {
		ArtifactVersion *ArtifactVersion
		Deduplicated    bool
	}
	StartPipelineRunPayload struct {
		PipelineRun  *PipelineRun
		Deduplicated bool
	}
	StartStepRunPayload struct {
		StepRun      *StepRun
		Deduplicated bool
	}
	BindOutputPayload struct {
		StepOutput      *StepOutput
		ArtifactVersion *ArtifactVersion
		Deduplicated    bool
	}
	FinishPipelineRunPayload struct {
		PipelineRun  *PipelineRun
		Deduplicated bool
	}
	FinishStepRunPayload struct {
		StepRun      *StepRun
		Outputs      []*StepOutput
		Deduplicated bool
	}
	SetAliasPayload struct {
		ArtifactVersion *ArtifactVersion
		Deduplicated    bool
	}
	RemoveAliasPayload struct {
		ArtifactVersion *ArtifactVersion
		Deduplicated    bool
	}
	TagArtifactVersionPayload struct {
		ArtifactVersion *ArtifactVersion
		Deduplicated    bool
	}
	UntagArtifactVersionPayload struct {
		ArtifactVersion *ArtifactVersion
		Deduplicated    bool
	}
	DeleteArtifactVersionPayload struct {
		DeletedArtifactVersionID ID
		Deduplicated             bool
	}
	DeleteArtifactPayload struct {
		DeletedArtifactID ID
		Deduplicated      bool
	}
	DeletePipelineRunPayload struct {
		DeletedPipelineRunID ID
		Deduplicated         bool
	}
	CreateProjectPayload struct{ Project *Project }
	DeleteProjectPayload struct{ DeletedProjectID ID }
	UpdateProjectPayload struct {
		Project      *Project
		Deduplicated bool
	}
	UpdateArtifactPayload struct {
		Artifact     *Artifact
		Deduplicated bool
	}
	UpdateArtifactVersionPayload struct {
		ArtifactVersion *ArtifactVersion
		Deduplicated    bool
	}
)

// LogMetadataResult contains the logged entries of one write of a batch.
type LogMetadataResult struct {
	Subject Subject
	Entries []*MetadataEntry
}

// ServerInfo describes the server and its limits.
type ServerInfo struct {
	Version  string
	Limits   *ServerLimits
	Features []string
}
