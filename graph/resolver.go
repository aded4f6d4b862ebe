// Package graph holds the resolvers of the schema, in one file per GraphQL type, and their loaders. It hides how
// objects are read in batches and as of an instant. The resolvers check arguments and call internal/store; exec/ is
// generated.
//
// New returns a Resolver for Options. Resolver.Schema is the schema that internal/operation executes, and the Resolver
// itself prepares the contexts of operations.
package graph

import (
	"context"
	"maps"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/graph/exec"
	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// Options configure a Resolver.
type Options struct {
	Store  *store.Store
	Limits models.ServerLimits
	// Version is the version of the program.
	Version string
	// RequireAPIKey, LimitRates and TrustDocuments are the features of the server that serverInfo reports.
	RequireAPIKey, LimitRates, TrustDocuments bool
	// StatementsPerOperation bounds the concurrent SQL statements of one operation; 0 means
	// defaultStatementsPerOperation.
	StatementsPerOperation int
}

// defaultStatementsPerOperation is enough for the fields of a page, and one operation cannot occupy the database with
// it.
const defaultStatementsPerOperation = 3

// Resolver holds the resolvers of all types.
type Resolver struct {
	store     *store.Store
	options   Options
	limits    models.ServerLimits
	relations *relations
}

// New returns a resolver.
func New(o Options) *Resolver {
	if o.StatementsPerOperation == 0 {
		o.StatementsPerOperation = defaultStatementsPerOperation
	}
	return &Resolver{store: o.Store, options: o, limits: o.Limits, relations: newRelations(o.Store)}
}

// Schema returns the executable schema, without @defer: incremental delivery needs another transport.
func (r *Resolver) Schema() graphql.ExecutableSchema {
	schema := *exec.NewExecutableSchema(exec.Config{}).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	return exec.NewExecutableSchema(exec.Config{Schema: &schema, Resolvers: root{r}})
}

// StartOperation returns a context whose reads have a common budget. It implements operation.Resolvers.
func (r *Resolver) StartOperation(ctx context.Context, start operation.Start) context.Context {
	ctx = store.WithBudget(ctx, r.limits.ReadBytes(), start.Cancel)
	if !start.IsMutation {
		ctx = withNamedKeys(ctx)
	}
	return r.store.WithOperation(ctx, store.Operation{
		Caller: start.Caller, Mutation: start.IsMutation, StatementsAtOnce: r.options.StatementsPerOperation,
		Token: start.Consistency, Primary: start.Primary, Cancel: start.Cancel,
	})
}

// EndOperation returns the consistency token of an operation. It implements operation.Resolvers.
func (r *Resolver) EndOperation(ctx context.Context) (token consistency.Token, again bool) {
	return r.store.EndOperation(ctx)
}

// root returns the resolvers of each type to the generated code.
type root struct{ resolver *Resolver }

var _ exec.ResolverRoot = root{}

func (r root) Query() exec.QueryResolver               { return query{r.resolver} }
func (r root) Mutation() exec.MutationResolver         { return mutation{r.resolver} }
func (r root) Project() exec.ProjectResolver           { return project{r.resolver} }
func (root) TimelineEvent() exec.TimelineEventResolver { return timelineEvent{} }
func (r root) Artifact() exec.ArtifactResolver         { return artifact{r.resolver} }
func (r root) ArtifactVersion() exec.ArtifactVersionResolver {
	return artifactVersion{subject[*models.ArtifactVersion]{r.resolver}}
}
func (r root) PipelineRun() exec.PipelineRunResolver {
	return pipelineRun{subject[*models.PipelineRun]{r.resolver}}
}
func (r root) StepRun() exec.StepRunResolver     { return stepRun{subject[*models.StepRun]{r.resolver}} }
func (r root) StepInput() exec.StepInputResolver { return stepInput{} }
func (r root) StepOutput() exec.StepOutputResolver {
	return stepOutput{subject[*models.StepOutput]{r.resolver}}
}
func (root) Producer() exec.ProducerResolver       { return producer{} }
func (root) LineageLink() exec.LineageLinkResolver { return lineageLink{} }
func (root) ArtifactVersionComparison() exec.ArtifactVersionComparisonResolver {
	return comparison{}
}
func (root) MetadataEntry() exec.MetadataEntryResolver       { return metadataEntry{} }
func (root) MetadataKeyUsage() exec.MetadataKeyUsageResolver { return metadataKeyUsage{} }
func (root) ApiKey() exec.ApiKeyResolver                     { return apiKey{} }
func (root) Viewer() exec.ViewerResolver                     { return viewer{} }
func (root) AuditEvent() exec.AuditEventResolver             { return auditEvent{} }
