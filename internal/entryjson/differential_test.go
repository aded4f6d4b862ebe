package entryjson_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/placard/placard/graph/exec"
	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/entryjson"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/models"
)

// api executes operations on entries without a store.
type api struct {
	exec.ResolverRoot
	entries []*models.MetadataEntry
	// generated leaves entries to the generated code.
	generated bool
}

type (
	query  struct{ exec.QueryResolver }
	mutate struct {
		exec.MutationResolver
		*api
	}
	version struct {
		exec.ArtifactVersionResolver
		*api
	}
	entry struct{ exec.MetadataEntryResolver }
)

func (a *api) Query() exec.QueryResolver                     { return query{} }
func (a *api) Mutation() exec.MutationResolver               { return mutate{api: a} }
func (a *api) ArtifactVersion() exec.ArtifactVersionResolver { return version{api: a} }
func (a *api) MetadataEntry() exec.MetadataEntryResolver     { return entry{} }

func (query) ArtifactVersion(
	context.Context, models.ArtifactVersionRef, *models.Time,
) (*models.ArtifactVersion, error) {
	return &models.ArtifactVersion{}, nil
}

func (m mutate) LogMetadata(context.Context, models.LogMetadataInput) (*models.LogMetadataPayload, error) {
	return &models.LogMetadataPayload{Entries: m.entries}, nil
}

func (v version) Metadata(
	context.Context, *models.ArtifactVersion, []string, *string, *models.Time,
) ([]*models.MetadataEntry, error) {
	return v.entries, nil
}

func (v version) Columns(
	context.Context, *models.ArtifactVersion, []*models.MetadataKeyInput, *models.Time,
) ([]*models.MetadataEntry, error) {
	return v.entries, nil
}

func (v version) MetadataEntry(
	context.Context, *models.ArtifactVersion, string, *string, *models.Time,
) (*models.MetadataEntry, error) {
	if len(v.entries) == 0 {
		return nil, nil
	}
	return v.entries[0], nil
}

func (entry) HistoryCount(context.Context, *models.MetadataEntry) (int32, error) { return 7, nil }

// StartOperation implements operation.Resolvers.
func (a *api) StartOperation(ctx context.Context, _ operation.Start) context.Context {
	if a.generated {
		return entryjson.WithCache(ctx, nil)
	}
	return ctx
}

// EndOperation implements operation.Resolvers.
func (a *api) EndOperation(context.Context) (token consistency.Token, again bool) {
	return token, false
}

// WithLoaders implements operation.Resolvers.
func (a *api) WithLoaders(ctx context.Context) context.Context { return ctx }

// Warnings implements operation.Resolvers.
func (a *api) Warnings(context.Context) []models.Warning { return nil }

func (a *api) executor(t testing.TB, limits models.ServerLimits) *operation.Executor {
	t.Helper()
	e, err := operation.New(operation.Options{
		Schema: exec.NewExecutableSchema(exec.Config{Resolvers: a}), Resolvers: a, Limits: limits,
		Presenter: operation.NewPresenter(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// run executes a request.
func run(t testing.TB, e *operation.Executor, body []byte) *operation.Response {
	t.Helper()
	r, err := operation.ParseRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	r.StartedAt = time.Now()
	o, refusal := e.Prepare(r)
	if refusal != nil {
		t.Fatalf("%s\nis refused: %v", body, refusal.Errors)
	}
	return e.Execute(context.Background(), o)
}

// execute returns the response to a request as text.
func execute(t testing.TB, e *operation.Executor, body []byte) string {
	t.Helper()
	answer := run(t, e, body)
	text, err := json.Marshal([]any{string(answer.Data), answer.Errors, answer.Extensions})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Data != nil && !json.Valid(answer.Data) {
		t.Fatalf("%s\nthe data is no JSON: %s", body, answer.Data)
	}
	return string(text)
}

// TestDifferential compares the responses to drawn queries with those of the generated code: data, errors with paths,
// and the counts at which a response reaches a limit.
func TestDifferential(t *testing.T) {
	t.Parallel()
	const shards, cases = 4, 300
	for shard := range uint64(shards) {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			d := &drawer{Rand: rand.New(rand.NewPCG(shard, 37)), values: goldenValues(t)}
			for range cases {
				d.compare(t, d.document())
			}
		})
	}
}

// TestMerged compares responses to fields with merged selection sets, one of which is the start of another.
func TestMerged(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`query ($a: Boolean!) { artifactVersion(ref: {id: "x"}) { metadata { key } metadata @include(if: $a) { kind } } }`,
		`query ($a: Boolean!) { artifactVersion(ref: {id: "x"}) { metadata { key } metadata { kind @include(if: $a) } } }`,
		`{ artifactVersion(ref: {id: "x"}) { metadata { one: value { ...L } two: value { ...L ... on ListValue { items { ... on IntegerValue
			{ integer } } } } one: value { ... on DictValue { fields { key } } } } } }
			fragment L on MetadataValue { ... on ListValue { items { __typename } } ... on DictValue { fields { value { __typename } } } }`,
		`{ artifactVersion(ref: {id: "x"}) { metadata { ... on Node { id } id key same: key ...E } } } fragment E on MetadataEntry { same: key }`,
	} {
		one := json.Number("1")
		values := []any{one, []any{one, "a"}, models.Object{{Key: "k", Value: one}}}
		d := &drawer{Rand: rand.New(rand.NewPCG(1, 37)), values: values}
		for range 20 {
			d.compare(t, text)
		}
	}
}

// compare executes a document with drawn entries several times, so that later ones use the cache of the document.
func (d *drawer) compare(t *testing.T, text string) {
	t.Helper()
	limits := models.DefaultLimits()
	limits.QueryAliases, limits.QueryTokens, limits.QueryCost, limits.QueryDepth = 10_000, 100_000, 1<<30, 100
	if d.IntN(2) == 0 {
		limits.AnswerBytes = 1 + d.Int32N(3000)
	}
	if d.IntN(4) == 0 {
		limits.AnswerFields = 1 + d.Int32N(100)
	}
	byHand, generated := &api{}, &api{generated: true}
	byHandExecutor, generatedExecutor := byHand.executor(t, limits), generated.executor(t, limits)
	for range 3 {
		byHand.entries = d.entries()
		generated.entries = byHand.entries
		body, err := json.Marshal(map[string]any{
			"query": text, "variables": map[string]bool{"a": d.IntN(2) == 0, "b": d.IntN(2) == 0},
		})
		if err != nil {
			t.Fatal(err)
		}
		got, want := execute(t, byHandExecutor, body), execute(t, generatedExecutor, body)
		if got != want {
			t.Fatalf("%s\n%s\ngot  %s\nwant %s", text, body, got, want)
		}
	}
}
