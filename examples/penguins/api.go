package main

import "context"

// The writes that the pipeline needs, one method each.

// A version is a saved artifact version.
type version struct {
	ID       string
	Artifact string
	// Version is its name among the versions of the artifact.
	Version string
}

// startPipelineRun begins a pipeline run and returns its ID.
func (c *client) startPipelineRun(ctx context.Context, pipeline, idempotencyKey string) (string, error) {
	var data struct {
		StartPipelineRun struct{ PipelineRun struct{ ID string } }
	}
	err := c.do(ctx, `mutation StartPipelineRun($input: StartPipelineRunInput!) {
  startPipelineRun(input: $input) { pipelineRun { id } }
}`, object{{"input", object{{"pipeline", pipeline}, {"idempotencyKey", idempotencyKey}}}}, &data)
	return data.StartPipelineRun.PipelineRun.ID, err
}

// finishPipelineRun ends a pipeline run, as COMPLETED or FAILED.
func (c *client) finishPipelineRun(ctx context.Context, id, status string) error {
	return c.do(ctx, `mutation FinishPipelineRun($input: FinishPipelineRunInput!) {
  finishPipelineRun(input: $input) { pipelineRun { id status } }
}`, object{{"input", object{{"pipelineRunId", id}, {"status", status}}}}, new(struct{}))
}

// An output is a slot that a step declares before the artifact version exists.
type output struct{ name, artifact string }

// startStepRun begins a step with what it reads and what it will produce, and returns its ID. A step calls an input by
// the name of the artifact.
func (c *client) startStepRun(ctx context.Context, pipelineRunID, name string, inputs []version, outputs []output) (string, error) {
	in, out := []object{}, []object{}
	for _, v := range inputs {
		in = append(in, object{{"name", v.Artifact}, {"artifactVersionId", v.ID}})
	}
	for _, o := range outputs {
		out = append(out, object{{"name", o.name}, {"artifactName", o.artifact}})
	}
	var data struct {
		StartStepRun struct{ StepRun struct{ ID string } }
	}
	err := c.do(ctx, `mutation StartStepRun($input: StartStepRunInput!) {
  startStepRun(input: $input) { stepRun { id } }
}`, object{{"input", object{
		{"pipelineRunId", pipelineRunID},
		{"name", name},
		{"inputs", in},
		{"outputs", out},
		{"idempotencyKey", pipelineRunID + "/" + name},
	}}}, &data)
	return data.StartStepRun.StepRun.ID, err
}

// finishStepRun ends a step run, as COMPLETED or FAILED.
func (c *client) finishStepRun(ctx context.Context, id, status string) error {
	return c.do(ctx, `mutation FinishStepRun($input: FinishStepRunInput!) {
  finishStepRun(input: $input) { stepRun { id status } }
}`, object{{"input", object{{"stepRunId", id}, {"status", status}}}}, new(struct{}))
}

// createArtifactVersion saves the output of a step as the next version of its artifact. The facts that wait on the
// output become the version's own.
func (c *client) createArtifactVersion(ctx context.Context, stepRunID string, from output, kind string, tags []string) (version, error) {
	input := object{
		{"artifact", from.artifact},
		{"type", kind},
		{"output", object{{"stepRunId", stepRunID}, {"name", from.name}}},
		{"idempotencyKey", stepRunID + "/save/" + from.name},
	}
	if len(tags) > 0 {
		input = append(input, field{"tags", tags})
	}
	var data struct {
		CreateArtifactVersion struct {
			ArtifactVersion struct{ ID, Version string }
		}
	}
	err := c.do(ctx, `mutation CreateArtifactVersion($input: CreateArtifactVersionInput!) {
  createArtifactVersion(input: $input) { artifactVersion { id version } }
}`, object{{"input", input}}, &data)
	created := data.CreateArtifactVersion.ArtifactVersion
	return version{ID: created.ID, Artifact: from.artifact, Version: created.Version}, err
}

const logMetadataMutation = `mutation LogMetadata($input: LogMetadataInput!) {
  logMetadata(input: $input) { deduplicated }
}`

// logMetadata logs facts about one subject, with marks for the kinds that JSON does not have.
func (c *client) logMetadata(ctx context.Context, target, metadata object, idempotencyKey string) error {
	return c.do(ctx, logMetadataMutation, object{{"input", object{
		{"target", target}, {"metadata", metadata}, {"idempotencyKey", idempotencyKey},
	}}}, new(struct{}))
}

// logEntries logs facts about one subject, each a MetadataEntryInput with a field per kind.
func (c *client) logEntries(ctx context.Context, target object, entries []object, idempotencyKey string) error {
	return c.do(ctx, logMetadataMutation, object{{"input", object{
		{"target", target}, {"entries", entries}, {"idempotencyKey", idempotencyKey},
	}}}, new(struct{}))
}

// logMetadataBatch logs facts about several subjects, all of them or none. Each write is a LogMetadataInput.
func (c *client) logMetadataBatch(ctx context.Context, writes []object, idempotencyKey string) error {
	return c.do(ctx, `mutation LogMetadataBatch($input: LogMetadataBatchInput!) {
  logMetadataBatch(input: $input) { deduplicated }
}`, object{{"input", object{{"writes", writes}, {"idempotencyKey", idempotencyKey}}}}, new(struct{}))
}

// promote points an alias at a version and gives it a tag.
func (c *client) promote(ctx context.Context, versionID, alias, tag string) error {
	return c.do(ctx, `mutation Promote($alias: SetAliasInput!, $tags: TagArtifactVersionInput!) {
  setAlias(input: $alias) { artifactVersion { id } }
  tagArtifactVersion(input: $tags) { artifactVersion { id } }
}`, object{
		{"alias", object{{"artifactVersionId", versionID}, {"alias", alias}}},
		{"tags", object{{"artifactVersionId", versionID}, {"tags", []string{tag}}}},
	}, new(struct{}))
}

// demote takes a tag from a version.
func (c *client) demote(ctx context.Context, versionID, tag string) error {
	return c.do(ctx, `mutation Demote($input: UntagArtifactVersionInput!) {
  untagArtifactVersion(input: $input) { artifactVersion { id } }
}`, object{{"input", object{{"artifactVersionId", versionID}, {"tags", []string{tag}}}}}, new(struct{}))
}
