package telemetry

import (
	"net/http/httptest"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/placard/placard/internal/gqlhttp"
)

// TestSpansAreBounded: an operation has so many spans and says how many it would have had beyond; one that is not
// sampled has none.
func TestSpansAreBounded(t *testing.T) {
	t.Parallel()
	for sampler, want := range map[sdk.Sampler]int{sdk.AlwaysSample(): mostSpans + 2, sdk.NeverSample(): 0} {
		spans := tracetest.NewInMemoryExporter()
		provider := sdk.NewTracerProvider(sdk.WithSyncer(spans), sdk.WithSampler(sampler))
		traced := &traces{provider, provider.Tracer("test")}
		ctx, end := traced.begin(t.Context(), httptest.NewRequest("POST", "/graphql", nil))
		for range mostSpans {
			inside, endGroup := traced.group(ctx, "Query.artifact", 1)
			traced.statement(inside, time.Now(), time.Millisecond, func() string { return "SELECT 1" }, nil)
			endGroup(nil)
		}
		end(&gqlhttp.Summary{Type: "query", Code: gqlhttp.CodeOK})
		omitted := int64(0)
		for _, span := range spans.GetSpans() {
			for _, attribute := range span.Attributes {
				if attribute.Key == "placard.spans_omitted" {
					omitted = attribute.Value.AsInt64()
				}
			}
		}
		if n := len(spans.GetSpans()); n != want || want > 0 && omitted != mostSpans {
			t.Errorf("%s: %d spans, want %d; %d omitted", sampler.Description(), n, want, omitted)
		}
	}
}
