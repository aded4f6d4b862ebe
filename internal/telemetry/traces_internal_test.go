package telemetry

import (
	"net/http/httptest"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/placard/placard/graph"
)

// TestSpansAreBounded checks that an operation has at most maxSpans spans and counts the omitted ones, and that one
// that is not sampled has none.
func TestSpansAreBounded(t *testing.T) {
	t.Parallel()
	for sampler, want := range map[sdk.Sampler]int{sdk.AlwaysSample(): maxSpans + 2, sdk.NeverSample(): 0} {
		spans := tracetest.NewInMemoryExporter()
		provider := sdk.NewTracerProvider(sdk.WithSyncer(spans), sdk.WithSampler(sampler))
		traces := &traces{provider, provider.Tracer("test")}
		ctx, end := traces.startRequest(t.Context(), httptest.NewRequest("POST", "/graphql", nil))
		for range maxSpans {
			inside, endGroup := traces.startBatch(ctx, "Query.artifact", 1)
			traces.addStatement(inside, time.Now(), time.Millisecond, func() string { return "SELECT 1" }, nil)
			endGroup(nil)
		}
		end(&graph.Operation{Type: "query", Code: graph.CodeOK})
		omitted := int64(0)
		for _, span := range spans.GetSpans() {
			for _, attribute := range span.Attributes {
				if attribute.Key == "placard.spans_omitted" {
					omitted = attribute.Value.AsInt64()
				}
			}
		}
		if n := len(spans.GetSpans()); n != want || want > 0 && omitted != maxSpans {
			t.Errorf("%s: %d spans, want %d; %d omitted", sampler.Description(), n, want, omitted)
		}
	}
}
