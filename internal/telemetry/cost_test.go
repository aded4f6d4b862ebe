package telemetry

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/placard/placard/graph"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// BenchmarkOperation compares the ways to observe a query of 50 versions with their metadata.
func BenchmarkOperation(b *testing.B) {
	tracer := func(sampler sdk.Sampler) *traces {
		provider := sdk.NewTracerProvider(sdk.WithBatcher(tracetest.NewNoopExporter()), sdk.WithSampler(sampler))
		return &traces{provider, provider.Tracer("test")}
	}
	s, err := store.Open(b.Context(), storetest.SQLite(b), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	post := func(api *graph.Server, query string) string {
		r := httptest.NewRequest("POST", "/graphql", strings.NewReader(`{"query": "`+query+`"}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		return w.Body.String()
	}
	server := func() *graph.Server {
		return graph.NewServer(s, models.DefaultLimits(), "test", slog.New(slog.DiscardHandler))
	}
	for range 50 {
		post(server(), `mutation { createArtifactVersion(input: {artifact: \"model\", metadata: {a: 1, b: 2}}) { deduplicated } }`)
	}
	for _, c := range []struct {
		name    string
		observe func(api *graph.Server) *telemetry
	}{
		{"none", nil},
		{"metrics", func(api *graph.Server) *telemetry { return &telemetry{metrics: NewMetrics(Build{}, api, s)} }},
		{"not sampled", func(*graph.Server) *telemetry { return &telemetry{traces: tracer(sdk.NeverSample())} }},
		{"sampled", func(*graph.Server) *telemetry { return &telemetry{traces: tracer(sdk.AlwaysSample())} }},
	} {
		api := server()
		if c.observe != nil {
			api.Observe(c.observe(api))
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := post(api, `{ artifact(name: \"model\") { versions { nodes { version tags metadata { key } } } } }`); !strings.Contains(got, `"key":"b"`) {
					b.Fatal(got)
				}
			}
		})
	}
}
