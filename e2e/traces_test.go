package e2e

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/placard/placard/internal/store/storetest"
)

// receiver is an OpenTelemetry collector that keeps the received spans.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*traces.Span
	all   bytes.Buffer
}

func receive(t testing.TB) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var sent collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &sent)
		}
		if err != nil || request.URL.Path != "/v1/traces" {
			t.Errorf("the collector got %s: %v", request.URL, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all.Write(body)
		for _, resource := range sent.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				r.spans = append(r.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// path returns the names of a span and of its received ancestors.
func (r *receiver) path(span *traces.Span) string {
	for _, above := range r.spans {
		if bytes.Equal(above.SpanId, span.ParentSpanId) && bytes.Equal(above.TraceId, span.TraceId) {
			return r.path(above) + " > " + span.Name
		}
	}
	return span.Name
}

// in returns the values of an attribute of the spans with a path.
func (r *receiver) in(path, attribute string) []string {
	var values []string
	for _, span := range r.spans {
		if r.path(span) != path {
			continue
		}
		for _, a := range span.Attributes {
			if a.Key == attribute {
				values = append(values, strings.Trim(fmt.Sprint(a.Value.GetStringValue(), a.Value.GetIntValue()), `0" `))
			}
		}
	}
	return values
}

// TestTraces checks that a collector gets a span of the operation below that of the client, a span per group of
// resolvers, and a span per statement in its group. Spans contain no value of a client.
func TestTraces(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, database string) {
		got := receive(t)
		s := startWith(t, database, "OTEL_EXPORTER_OTLP_ENDPOINT="+got.URL, "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer hunter2")
		const trace, parent = "0123456789abcdef0123456789abcdef", "0123456789abcdef"
		send := func(query string) *http.Response {
			body := fmt.Sprintf(`{"query": %q, "variables": {"k": "secret-variable"}}`, query)
			request, err := http.NewRequest(http.MethodPost, "http://"+s.addr+"/graphql", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("traceparent", "00-"+trace+"-"+parent+"-01")
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(text), `"data":{"`) {
				t.Fatalf("%s (%v)", text, err)
			}
			_ = response.Body.Close()
			return response
		}
		for range 3 {
			send(`mutation Make($k: String!) { createArtifactVersion(input: {artifact: "model", tags: [$k], metadata: {a: "secret-literal"}}) { artifactVersion { aliases } } }`)
		}
		response := send(`query Find($k: String!) { a: artifact(name: "model") { versions { nodes { tags metadata { key } } } }
			artifactVersions(where: {metadata: {key: $k, eq: "secret-literal"}}) { totalCount } }`)
		if err := s.stop(t); err != nil {
			t.Error(err)
		}
		got.mu.Lock()
		defer got.mu.Unlock()
		const find, make = "POST /graphql > query Find", "POST /graphql > mutation Make"
		var paths []string
		for _, span := range got.spans {
			paths = append(paths, got.path(span))
			if id := hex.EncodeToString(span.TraceId); id != trace || span.EndTimeUnixNano < span.StartTimeUnixNano {
				t.Errorf("%s belongs to %s, from %d to %d", span.Name, id, span.StartTimeUnixNano, span.EndTimeUnixNano)
			}
			if span.Name == "POST /graphql" && hex.EncodeToString(span.ParentSpanId) != parent {
				t.Errorf("%s is no child of the span of the client", span.Name)
			}
		}
		for path, n := range map[string]int{
			find: 1, find + " > Query.artifact": 1, find + " > Query.artifactVersions": 1, find + " > Query.artifactVersions > SQL": 3,
			find + " > Query.artifact > ArtifactVersion.metadata": 1, find + " > Query.artifact > ArtifactVersion.metadata > SQL": 1,
			find + " > Query.artifact > ArtifactVersion.tags": 1, find + " > Query.artifact > ArtifactVersion.tags > SQL": 1,
			// The look-ups of an unknown key, for its warning.
			find + " > SQL": 2, make: 3, make + " > Mutation.createArtifactVersion": 3,
			make + " > Mutation.createArtifactVersion > ArtifactVersion.aliases > SQL": 3,
		} {
			if found := len(slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return p != path })); found != n {
				t.Errorf("%d spans %s, want %d", found, path, n)
			}
		}
		if !slices.Contains(paths, make+" > Mutation.createArtifactVersion > SQL") {
			t.Error("the spans of the writing statements are missing")
		}
		if n := got.in(find+" > Query.artifact > ArtifactVersion.metadata", "placard.batch_size"); !slices.Equal(n, []string{"3"}) {
			t.Errorf("a group loaded the metadata of %v objects", n)
		}
		if sql := got.in(find+" > Query.artifact > ArtifactVersion.metadata > SQL", "db.query.text"); len(sql) != 1 || !strings.Contains(sql[0], "metadata_latest") {
			t.Errorf("the metadata was loaded by %q", sql)
		}
		if ids := got.in("POST /graphql", "placard.request_id"); !slices.Contains(ids, response.Header.Get("X-Request-Id")) {
			t.Errorf("the request IDs are %v", ids)
		}
		if hashes := got.in(find, "placard.hash"); len(hashes) != 1 || hashes[0] == "" {
			t.Errorf("the hash is %v", hashes)
		}
		if bytes.Contains(got.all.Bytes(), []byte("secret")) || strings.Contains(s.log.String(), "hunter2") {
			t.Errorf("the spans or the log contain a value of a client: %q\n%s", got.all.Bytes(), s.log)
		}
		if t.Failed() {
			slices.Sort(paths)
			t.Log(strings.Join(paths, "\n"))
		}
	})
}
