package models

// LogMetadataPayload contains the logged entries.
type LogMetadataPayload struct {
	Subject      Subject
	Entries      []*MetadataEntry
	Deduplicated bool
}

// LogMetadataBatchPayload contains the results of all writes of a batch.
type LogMetadataBatchPayload struct {
	Results      []*LogMetadataResult
	Deduplicated bool
}

// LogMetadataResult contains the logged entries of one write of a batch.
type LogMetadataResult struct {
	Subject Subject
	Entries []*MetadataEntry
}

// RetractMetadataPayload contains the retractions.
type RetractMetadataPayload struct {
	Subject      Subject
	Entries      []*MetadataEntry
	Deduplicated bool
}

// CreateArtifactVersionPayload contains the new version.
type CreateArtifactVersionPayload struct {
	ArtifactVersion *ArtifactVersion
	Deduplicated    bool
}

// StartPipelineRunPayload contains the new run.
type StartPipelineRunPayload struct {
	PipelineRun  *PipelineRun
	Deduplicated bool
}

// FinishPipelineRunPayload contains the finished run.
type FinishPipelineRunPayload struct{ PipelineRun *PipelineRun }

// StartStepRunPayload contains the new run.
type StartStepRunPayload struct {
	StepRun      *StepRun
	Deduplicated bool
}

// FinishStepRunPayload contains the finished run.
type FinishStepRunPayload struct{ StepRun *StepRun }

// SetAliasPayload contains the version that the alias points to.
type SetAliasPayload struct{ ArtifactVersion *ArtifactVersion }

// RemoveAliasPayload contains the version that the alias pointed to.
type RemoveAliasPayload struct{ ArtifactVersion *ArtifactVersion }

// TagArtifactVersionPayload contains the tagged version.
type TagArtifactVersionPayload struct{ ArtifactVersion *ArtifactVersion }

// UntagArtifactVersionPayload contains the version that lost its tags.
type UntagArtifactVersionPayload struct{ ArtifactVersion *ArtifactVersion }

// DeleteArtifactVersionPayload contains the ID of the deleted version.
type DeleteArtifactVersionPayload struct{ DeletedArtifactVersionID ID }

// DeleteArtifactPayload contains the ID of the deleted artifact.
type DeleteArtifactPayload struct{ DeletedArtifactID ID }

// CreateProjectPayload contains the new project.
type CreateProjectPayload struct{ Project *Project }

// ServerInfo describes the server and its limits.
type ServerInfo struct {
	Version  string
	Limits   *ServerLimits
	Features []string
}
