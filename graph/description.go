package graph

import (
	"context"

	"github.com/placard/placard/models"
)

// readDescription checks the description of the input of a mutation, and makes an empty one nil.
func readDescription(ctx context.Context, description **string) (err error) {
	*description, err = models.CheckDescription(inputPath.Child("description"), inputHas(ctx, "description"), *description)
	return err
}

func (m mutation) UpdateProject(
	ctx context.Context, input models.UpdateProjectInput,
) (*models.UpdateProjectPayload, error) {
	if err := readDescription(ctx, &input.Description); err != nil {
		return nil, err
	}
	call := newCall(ctx, "updateProject", input.IdempotencyKey)
	project, deduplicated, err := m.store.UpdateProject(ctx, call, inputPath, input)
	return &models.UpdateProjectPayload{Project: project, Deduplicated: deduplicated}, err
}

func (m mutation) UpdateArtifact(
	ctx context.Context, input models.UpdateArtifactInput,
) (*models.UpdateArtifactPayload, error) {
	if err := readDescription(ctx, &input.Description); err != nil {
		return nil, err
	}
	call := newCall(ctx, "updateArtifact", input.IdempotencyKey)
	artifact, deduplicated, err := m.store.UpdateArtifact(ctx, call, inputPath, input)
	return &models.UpdateArtifactPayload{Artifact: artifact, Deduplicated: deduplicated}, err
}

func (m mutation) UpdateArtifactVersion(
	ctx context.Context, input models.UpdateArtifactVersionInput,
) (*models.UpdateArtifactVersionPayload, error) {
	if err := input.Check(inputPath); err != nil {
		return nil, err
	}
	if err := readDescription(ctx, &input.Description); err != nil {
		return nil, err
	}
	call := newCall(ctx, "updateArtifactVersion", input.IdempotencyKey)
	version, deduplicated, err := m.store.UpdateArtifactVersion(ctx, call, inputPath, input)
	return &models.UpdateArtifactVersionPayload{ArtifactVersion: version, Deduplicated: deduplicated}, err
}
