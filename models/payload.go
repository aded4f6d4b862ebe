package models

// LogMetadataPayload is what was logged.
type LogMetadataPayload struct {
	Subject      Subject
	Entries      []*MetadataEntry
	Deduplicated bool
}

// LogMetadataBatchPayload is what was logged.
type LogMetadataBatchPayload struct {
	Results      []*LogMetadataResult
	Deduplicated bool
}

// LogMetadataResult is what one write of a batch logged.
type LogMetadataResult struct {
	Subject Subject
	Entries []*MetadataEntry
}

// RetractMetadataPayload is what was taken back.
type RetractMetadataPayload struct {
	Subject      Subject
	Entries      []*MetadataEntry
	Deduplicated bool
}

// CreateArtifactVersionPayload is what was created.
type CreateArtifactVersionPayload struct {
	ArtifactVersion *ArtifactVersion
	Deduplicated    bool
}

// StartPipelineRunPayload is what has begun.
type StartPipelineRunPayload struct {
	PipelineRun  *PipelineRun
	Deduplicated bool
}

// FinishPipelineRunPayload is what has ended.
type FinishPipelineRunPayload struct{ PipelineRun *PipelineRun }

// StartStepRunPayload is what has begun.
type StartStepRunPayload struct {
	StepRun      *StepRun
	Deduplicated bool
}

// FinishStepRunPayload is what has ended.
type FinishStepRunPayload struct{ StepRun *StepRun }

// SetAliasPayload is where the alias points.
type SetAliasPayload struct{ ArtifactVersion *ArtifactVersion }

// RemoveAliasPayload is where the alias pointed.
type RemoveAliasPayload struct{ ArtifactVersion *ArtifactVersion }

// TagArtifactVersionPayload is what was tagged.
type TagArtifactVersionPayload struct{ ArtifactVersion *ArtifactVersion }

// UntagArtifactVersionPayload is what lost its tags.
type UntagArtifactVersionPayload struct{ ArtifactVersion *ArtifactVersion }

// DeleteArtifactVersionPayload is what was deleted.
type DeleteArtifactVersionPayload struct{ DeletedArtifactVersionID ID }

// DeleteArtifactPayload is what was deleted.
type DeleteArtifactPayload struct{ DeletedArtifactID ID }

// CreateProjectPayload is what was created.
type CreateProjectPayload struct{ Project *Project }

// ServerInfo is what the server is and what it accepts.
type ServerInfo struct {
	Version  string
	Limits   *ServerLimits
	Features []string
}
