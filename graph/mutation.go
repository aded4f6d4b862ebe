package graph

import (
	"context"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// mutation resolves the fields of Mutation. The models check inputs without a database; the store checks the rest.
type mutation struct{ *Resolver }

// inputPath is the path of the argument of every mutation.
var inputPath = models.NewPath("input")

// newCall returns the description of a call of the store that may have an idempotency key.
func newCall(ctx context.Context, operation string, key *string) store.Call {
	principal := auth.FromContext(ctx)
	return store.Call{
		Caller:    store.Caller{Name: principal.AuthorName(), KeyID: principal.KeyID},
		Operation: operation, Key: key, KeyPath: inputPath.Child("idempotencyKey"),
	}
}

func (m mutation) LogMetadata(ctx context.Context, input models.LogMetadataInput) (*models.LogMetadataPayload, error) {
	write, err := m.write(inputPath, &input)
	if err != nil {
		return nil, err
	}
	call := newCall(ctx, "logMetadata", input.IdempotencyKey)
	logged, deduplicated, err := m.store.LogMetadata(ctx, call, []store.Write{write})
	if err != nil {
		return nil, err
	}
	addSiblings(loadersFrom(ctx), logged[0].Entries)
	return &models.LogMetadataPayload{
		Subject: logged[0].Subject, Entries: logged[0].Entries, Deduplicated: deduplicated,
	}, nil
}

// write checks a LogMetadataInput.
func (m mutation) write(path *models.Path, input *models.LogMetadataInput) (store.Write, error) {
	facts, err := models.ReadFacts(&m.limits, path, input.Metadata, input.Entries)
	if err == nil && len(facts) == 0 {
		err = models.BadInput(path, "must have metadata or entries to log")
	}
	return store.Write{Target: input.Target, Facts: facts, Path: path}, err
}

func (m mutation) LogMetadataBatch(
	ctx context.Context, input models.LogMetadataBatchInput,
) (*models.LogMetadataBatchPayload, error) {
	writes, err := m.writes(inputPath.Child("writes"), input.Writes)
	if err != nil {
		return nil, err
	}
	logged, deduplicated, err := m.store.LogMetadata(ctx, newCall(ctx, "logMetadataBatch", input.IdempotencyKey), writes)
	results := make([]*models.LogMetadataResult, len(logged))
	subjects := make([]models.Node, len(logged))
	var entries []*models.MetadataEntry
	for i, l := range logged {
		results[i] = &models.LogMetadataResult{Subject: l.Subject, Entries: l.Entries}
		subjects[i], entries = l.Subject, append(entries, l.Entries...)
	}
	loadersFrom(ctx).addNodes(subjects)
	addSiblings(loadersFrom(ctx), entries)
	return &models.LogMetadataBatchPayload{Results: results, Deduplicated: deduplicated}, err
}

// writes checks the writes of a batch.
func (m mutation) writes(path *models.Path, inputs []models.LogMetadataInput) ([]store.Write, error) {
	maxEntries := int(m.limits.EntriesPerCall)
	if n := len(inputs); n == 0 {
		return nil, models.BadInput(path, "must have at least one write")
	} else if n > maxEntries {
		return nil, models.LimitExceeded(path, "writes in a batch", int64(maxEntries), int64(n))
	}
	writes := make([]store.Write, len(inputs))
	entries := 0
	for i := range inputs {
		if inputs[i].IdempotencyKey != nil {
			return nil, models.BadInput(path.Child(i).Child("idempotencyKey"),
				"must be absent: the batch has one key for all its writes")
		}
		var err error
		if writes[i], err = m.write(path.Child(i), &inputs[i]); err != nil {
			return nil, err
		}
		entries += len(writes[i].Facts)
	}
	if entries > maxEntries {
		return nil, models.LimitExceeded(path, "entries in a call", int64(maxEntries), int64(entries))
	}
	return writes, nil
}

func (m mutation) RetractMetadata(
	ctx context.Context, input models.RetractMetadataInput,
) (*models.RetractMetadataPayload, error) {
	if err := input.Check(&m.limits, inputPath); err != nil {
		return nil, err
	}
	retracted, deduplicated, err := m.store.RetractMetadata(ctx, newCall(ctx, "retractMetadata", input.IdempotencyKey), inputPath,
		store.Retraction{Target: input.Target, Keys: input.Keys, Reason: input.Reason})
	addSiblings(loadersFrom(ctx), retracted.Entries)
	return &models.RetractMetadataPayload{
		Subject: retracted.Subject, Entries: retracted.Entries, Deduplicated: deduplicated,
	}, err
}

func (m mutation) EraseMetadata(
	ctx context.Context, input models.EraseMetadataInput,
) (*models.EraseMetadataPayload, error) {
	if err := input.Check(&m.limits, inputPath); err != nil {
		return nil, err
	}
	erased, deduplicated, err := m.store.EraseMetadata(ctx, newCall(ctx, "eraseMetadata", input.IdempotencyKey), inputPath, input)
	addSiblings(loadersFrom(ctx), erased)
	return &models.EraseMetadataPayload{Entries: erased, Deduplicated: deduplicated}, err
}

func (m mutation) CreateArtifactVersion(
	ctx context.Context, input models.CreateArtifactVersionInput,
) (*models.CreateArtifactVersionPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	facts, err := models.ReadFacts(&m.limits, inputPath, input.Metadata, input.Entries)
	if err != nil {
		return nil, err
	}
	call := newCall(ctx, "createArtifactVersion", input.IdempotencyKey)
	version, deduplicated, err := m.store.CreateArtifactVersion(ctx, call, inputPath, input, facts)
	return &models.CreateArtifactVersionPayload{ArtifactVersion: version, Deduplicated: deduplicated}, err
}

func (m mutation) StartPipelineRun(
	ctx context.Context, input models.StartPipelineRunInput,
) (*models.StartPipelineRunPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	run, deduplicated, err := m.store.StartPipelineRun(ctx, newCall(ctx, "startPipelineRun", input.IdempotencyKey), inputPath, input)
	return &models.StartPipelineRunPayload{PipelineRun: run, Deduplicated: deduplicated}, err
}

func (m mutation) FinishPipelineRun(
	ctx context.Context, input models.FinishPipelineRunInput,
) (*models.FinishPipelineRunPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	call := newCall(ctx, "finishPipelineRun", input.IdempotencyKey)
	run, deduplicated, err := m.store.FinishPipelineRun(ctx, call, inputPath, input)
	return &models.FinishPipelineRunPayload{PipelineRun: run, Deduplicated: deduplicated}, err
}

func (m mutation) StartStepRun(ctx context.Context, input models.StartStepRunInput) (*models.StartStepRunPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	run, deduplicated, err := m.store.StartStepRun(ctx, newCall(ctx, "startStepRun", input.IdempotencyKey), inputPath, input)
	return &models.StartStepRunPayload{StepRun: run, Deduplicated: deduplicated}, err
}

func (m mutation) FinishStepRun(
	ctx context.Context, input models.FinishStepRunInput,
) (*models.FinishStepRunPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	call := newCall(ctx, "finishStepRun", input.IdempotencyKey)
	facts, err := m.outputFacts(inputPath.Child("outputs"), input.Outputs)
	if err != nil {
		return nil, err
	}
	finished, deduplicated, err := m.store.FinishStepRun(ctx, call, inputPath, input, facts)
	addSiblings(loadersFrom(ctx), finished.Outputs)
	return &models.FinishStepRunPayload{
		StepRun: finished.Step, Outputs: finished.Outputs, Deduplicated: deduplicated,
	}, err
}

// outputFacts returns the facts of each output. All outputs share the limit of entries in a call.
func (m mutation) outputFacts(path *models.Path, outputs []models.FinishStepOutputInput) ([][]models.Fact, error) {
	facts, entries := make([][]models.Fact, len(outputs)), 0
	for i := range outputs {
		var err error
		if facts[i], err = models.ReadFacts(&m.limits, path.Child(i), outputs[i].Metadata, outputs[i].Entries); err != nil {
			return nil, err
		}
		entries += len(facts[i])
	}
	if limit := int(m.limits.EntriesPerCall); entries > limit {
		return nil, models.LimitExceeded(path, "entries in a call", int64(limit), int64(entries))
	}
	return facts, nil
}

func (m mutation) BindOutput(ctx context.Context, input models.BindOutputInput) (*models.BindOutputPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	call := newCall(ctx, "bindOutput", input.IdempotencyKey)
	output, deduplicated, err := m.store.BindOutput(ctx, call, inputPath, input)
	if err != nil {
		return nil, err
	}
	return &models.BindOutputPayload{
		StepOutput: output, ArtifactVersion: output.KnownVersion, Deduplicated: deduplicated,
	}, nil
}

func (m mutation) SetAlias(ctx context.Context, input models.SetAliasInput) (*models.SetAliasPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	call := newCall(ctx, "setAlias", input.IdempotencyKey)
	version, deduplicated, err := m.store.SetAlias(ctx, call, inputPath, input)
	return &models.SetAliasPayload{ArtifactVersion: version, Deduplicated: deduplicated}, err
}

func (m mutation) RemoveAlias(ctx context.Context, input models.RemoveAliasInput) (*models.RemoveAliasPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	call := newCall(ctx, "removeAlias", input.IdempotencyKey)
	version, deduplicated, err := m.store.RemoveAlias(ctx, call, inputPath, input)
	return &models.RemoveAliasPayload{ArtifactVersion: version, Deduplicated: deduplicated}, err
}

func (m mutation) TagArtifactVersion(
	ctx context.Context, input models.TagArtifactVersionInput,
) (*models.TagArtifactVersionPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	call := newCall(ctx, "tagArtifactVersion", input.IdempotencyKey)
	version, deduplicated, err := m.store.TagArtifactVersion(ctx, call, inputPath, input)
	return &models.TagArtifactVersionPayload{ArtifactVersion: version, Deduplicated: deduplicated}, err
}

func (m mutation) UntagArtifactVersion(
	ctx context.Context, input models.UntagArtifactVersionInput,
) (*models.UntagArtifactVersionPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	call := newCall(ctx, "untagArtifactVersion", input.IdempotencyKey)
	version, deduplicated, err := m.store.UntagArtifactVersion(ctx, call, inputPath, input)
	return &models.UntagArtifactVersionPayload{ArtifactVersion: version, Deduplicated: deduplicated}, err
}

func (m mutation) DeleteArtifactVersion(
	ctx context.Context, input models.DeleteArtifactVersionInput,
) (*models.DeleteArtifactVersionPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	call := newCall(ctx, "deleteArtifactVersion", input.IdempotencyKey)
	id, deduplicated, err := m.store.DeleteArtifactVersion(ctx, call, inputPath, input)
	return &models.DeleteArtifactVersionPayload{DeletedArtifactVersionID: id, Deduplicated: deduplicated}, err
}

func (m mutation) DeleteArtifact(
	ctx context.Context, input models.DeleteArtifactInput,
) (*models.DeleteArtifactPayload, error) {
	id, deduplicated, err := m.store.DeleteArtifact(ctx, newCall(ctx, "deleteArtifact", input.IdempotencyKey), inputPath, input)
	return &models.DeleteArtifactPayload{DeletedArtifactID: id, Deduplicated: deduplicated}, err
}

func (m mutation) DeletePipelineRun(
	ctx context.Context, input models.DeletePipelineRunInput,
) (*models.DeletePipelineRunPayload, error) {
	call := newCall(ctx, "deletePipelineRun", input.IdempotencyKey)
	id, deduplicated, err := m.store.DeletePipelineRun(ctx, call, inputPath, input)
	return &models.DeletePipelineRunPayload{DeletedPipelineRunID: id, Deduplicated: deduplicated}, err
}

func (m mutation) CreateProject(
	ctx context.Context, input models.CreateProjectInput,
) (*models.CreateProjectPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	project, err := m.store.CreateProject(ctx, inputPath.Child("name"), input.Name)
	return &models.CreateProjectPayload{Project: project}, err
}

func (m mutation) DeleteProject(
	ctx context.Context, input models.DeleteProjectInput,
) (*models.DeleteProjectPayload, error) {
	id, err := m.store.DeleteProject(ctx, inputPath, input)
	return &models.DeleteProjectPayload{DeletedProjectID: id}, err
}

func (m mutation) CreateAPIKey(ctx context.Context, input models.CreateApiKeyInput) (*models.CreateApiKeyPayload, error) {
	if !m.options.RequireAPIKey {
		// A caller of today would keep access after an operator makes the server require keys.
		return nil, models.Forbidden("this server runs without API keys: `placard keys create` makes one on its machine")
	}
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	key, secret, err := m.store.CreateApiKey(ctx, inputPath, input)
	return &models.CreateApiKeyPayload{APIKey: key, Secret: secret}, err
}

func (m mutation) RevokeAPIKey(ctx context.Context, input models.RevokeApiKeyInput) (*models.RevokeApiKeyPayload, error) {
	key, err := m.store.RevokeApiKey(ctx, inputPath.Child("apiKeyId"), input.APIKeyID)
	return &models.RevokeApiKeyPayload{APIKey: key}, err
}
