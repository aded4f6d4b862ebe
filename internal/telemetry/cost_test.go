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

// BenchmarkOperation is what measuring costs: a page of 50 versions with their metadata, measured in each way.
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
		name  string
		heard func(api *graph.Server) *telemetry
	}{
		{"nothing", nil},
		{"metrics", func(api *graph.Server) *telemetry { return &telemetry{metrics: NewMetrics(Build{}, api, s)} }},
		{"traces of others", func(*graph.Server) *telemetry { return &telemetry{traces: tracer(sdk.NeverSample())} }},
		{"traced", func(*graph.Server) *telemetry { return &telemetry{traces: tracer(sdk.AlwaysSample())} }},
	} {
		api := server()
		if c.heard != nil {
			api.Observe(c.heard(api))
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
