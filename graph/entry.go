package graph

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

type metadataEntry struct{}

func (metadataEntry) StepRun(ctx context.Context, e *models.MetadataEntry) (*models.StepRun, error) {
	if e.StepRunID.IsZero() {
		return nil, nil
	}
	return load(ctx).stepRun.of(ctx, e.ProjectID, e.StepRunID, micros(e.AsOf))
}

func (metadataEntry) Subject(ctx context.Context, e *models.MetadataEntry) (models.Subject, error) {
	return load(ctx).subject.of(ctx, e.ProjectID, e.SubjectID, micros(e.AsOf))
}

func (q query) MetadataKeys(ctx context.Context, project, search *string, first *int32) ([]*models.MetadataKeyUsage, error) {
	in := auth.From(ctx).ResolveProject(project)
	if err := checkNames("project", in); err != nil {
		return nil, err
	}
	question, err := keyQuestion(search, first)
	if err != nil {
		return nil, err
	}
	question.OnlyNames = true
	for _, field := range graphql.CollectFieldsCtx(ctx, nil) {
		question.OnlyNames = question.OnlyNames && (field.Name == "card" || field.Name == "key" || strings.HasPrefix(field.Name, "__"))
	}
	found, err := q.store.ProjectKeys(ctx, in, question)
	load(ctx).keysTogether(found)
	return append([]*models.MetadataKeyUsage{}, found...), err // none is an empty list, as null is a failure
}

func (artifact) MetadataKeys(ctx context.Context, a *models.Artifact, search *string, first *int32) ([]*models.MetadataKeyUsage, error) {
	question, err := keyQuestion(search, first)
	if err != nil {
		return nil, err
	}
	question.AsOf = int64(micros(a.AsOf))
	found, err := load(ctx).keys.of(ctx, a.ProjectID, a.ID, question)
	return append([]*models.MetadataKeyUsage{}, found...), err
}

// keyQuestion are the arguments of metadataKeys, checked.
func keyQuestion(search *string, first *int32) (store.KeyQuestion, error) {
	question := store.KeyQuestion{First: -1}
	if search != nil {
		if err := models.CheckText(models.At("search"), "a search", *search, models.MaxNameCharacters); err != nil {
			return question, err
		}
		question.Prefix = *search
	}
	if first == nil {
		return question, nil
	}
	question.First = int(*first)
	switch {
	case *first < 0:
		return question, models.BadInput(models.At("first"), "must be 0 or more")
	case *first > models.MaxMetadataKeys:
		return question, models.LimitExceeded(models.At("first"), "metadata keys in a list", models.MaxMetadataKeys, int64(*first))
	}
	return question, nil
}

type metadataKeyUsage struct{}

func (metadataKeyUsage) LastEntry(ctx context.Context, u *models.MetadataKeyUsage) (*models.MetadataEntry, error) {
	entry, err := load(ctx).entry.of(ctx, u.ProjectID, u.LastEntryID, micros(u.AsOf))
	if err == nil && entry == nil {
		err = models.NotFound(nil, "the entry has been deleted meanwhile")
	}
	return entry, err
}
