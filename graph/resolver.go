package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/graph/exec"
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// resolver gives the generated code the resolvers of each type.
type resolver struct{ *Server }

var _ exec.ResolverRoot = (*resolver)(nil)

func (r *resolver) Query() exec.QueryResolver       { return query{r.Server} }
func (r *resolver) Mutation() exec.MutationResolver { return mutation{r.Server} }
func (r *resolver) Artifact() exec.ArtifactResolver { return artifact{r.Server} }
func (r *resolver) ArtifactVersion() exec.ArtifactVersionResolver {
	return artifactVersion{subject[*models.ArtifactVersion]{r.Server}}
}
func (r *resolver) PipelineRun() exec.PipelineRunResolver {
	return pipelineRun{subject[*models.PipelineRun]{r.Server}}
}
func (r *resolver) StepRun() exec.StepRunResolver { return stepRun{subject[*models.StepRun]{r.Server}} }
func (r *resolver) StepInput() exec.StepInputResolver {
	return stepInput{}
}
func (r *resolver) StepOutput() exec.StepOutputResolver {
	return stepOutput{subject[*models.StepOutput]{r.Server}}
}
func (r *resolver) Producer() exec.ProducerResolver                 { return producer{} }
func (r *resolver) LineageEdge() exec.LineageEdgeResolver           { return lineageEdge{} }
func (r *resolver) MetadataKeyUsage() exec.MetadataKeyUsageResolver { return metadataKeyUsage{} }
func (r *resolver) ApiKey() exec.ApiKeyResolver                     { return apiKey{} }
func (r *resolver) Viewer() exec.ViewerResolver                     { return viewer{} }
func (r *resolver) AuditEvent() exec.AuditEventResolver             { return auditEvent{} }
func (r *resolver) MetadataEntry() exec.MetadataEntryResolver       { return metadataEntry{} }

// page are the arguments of a connection, checked.
func (s *Server) page(ctx context.Context, first *int32, after *string, last *int32, before *string) (models.Page, error) {
	return models.PageArguments{First: first, After: after, Last: last, Before: before}.
		Page(s.limits.PageSize, graphql.FieldRequested(ctx, "totalCount"))
}

// question is what a list is asked, checked. view is the instant of the object that the list belongs to, nil for now.
func (s *Server) question(
	ctx context.Context, where models.FilterInput, orderBy []models.OrderInput, asOf, view *models.Time,
) (models.Question, error) {
	filter, err := models.ReadFilter(&s.limits, models.At("where"), where)
	if err != nil {
		return models.Question{}, err
	}
	order, err := models.ReadOrder(models.At("orderBy"), orderBy)
	if err != nil {
		return models.Question{}, err
	}
	instant, err := s.instant(ctx, models.At("asOf"), asOf, view)
	return models.Question{Filter: filter, Order: order, AsOf: instant}, err
}

// given says whether the query gives the field an argument, be it null.
func given(ctx context.Context, argument string) bool {
	_, ok := graphql.GetFieldContext(ctx).Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)[argument]
	return ok
}

// cardFilter is what the argument `card` says: absent means every card, null the entries without one.
func cardFilter(ctx context.Context, card *string) (models.CardFilter, error) {
	if card == nil {
		return models.CardFilter{Only: given(ctx, "card")}, nil
	}
	if *card == "" {
		return models.CardFilter{}, models.BadInput(models.At("card"), "a card must not be empty")
	}
	return models.CardFilter{Only: true, Name: *card}, nil
}

// caller is who sent the request.
func caller(ctx context.Context) store.Caller {
	who := auth.From(ctx)
	return store.Caller{Name: who.Signature(), KeyID: who.KeyID}
}
