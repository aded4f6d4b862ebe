package telemetry

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
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
	post := func(api http.Handler, query string) string {
		r := httptest.NewRequest("POST", "/graphql", strings.NewReader(`{"query": "`+query+`"}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		return w.Body.String()
	}
	server := func(observer gqlhttp.Observer) http.Handler {
		api, err := apitest.New(s, apitest.Options{Observer: observer})
		if err != nil {
			b.Fatal(err)
		}
		return api
	}
	for range 50 {
		post(server(nil), `mutation { createArtifactVersion(input: {artifact: \"model\", metadata: {a: 1, b: 2}}) { deduplicated } }`)
	}
	for _, c := range []struct {
		name     string
		observer gqlhttp.Observer
	}{
		{"none", nil},
		{"metrics", &telemetry{metrics: NewMetrics(Build{}, admission.NewQueue[string](1, 0), s)}},
		{"not sampled", &telemetry{traces: tracer(sdk.NeverSample())}},
		{"sampled", &telemetry{traces: tracer(sdk.AlwaysSample())}},
	} {
		api := server(c.observer)
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
