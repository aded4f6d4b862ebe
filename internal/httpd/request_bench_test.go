package httpd

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

// discardWriter is a ResponseWriter that counts the bytes of the response.
type discardWriter struct {
	header http.Header
	status int
	bytes  int
}

func (w *discardWriter) Header() http.Header    { return w.header }
func (w *discardWriter) WriteHeader(status int) { w.status = status }

func (w *discardWriter) Write(part []byte) (int, error) {
	w.bytes += len(part)
	return len(part), nil
}

// BenchmarkRequest measures requests from the first middleware to the last byte of the response, without net/http. Its
// allocations per operation tell how much work a request causes, on any machine.
func BenchmarkRequest(b *testing.B) {
	h := openBenchHandler(b)
	entries := make([]string, 10)
	for i := range entries {
		entries[i] = fmt.Sprintf(`"key_%02d": %d.5`, i, i)
	}
	target := `{"artifactVersion": {"name": "model", "version": "v1"}}`
	reading := func(selection string) string {
		return `{"query": "query($v: String!) { artifactVersion(ref: {named: {name: \"model\", version: $v}}) ` + selection +
			`}", "variables": {"v": "v1"}}`
	}
	for _, c := range []struct{ name, body string }{
		{"constant", `{"query": "{ serverInfo { version } }"}`},
		{"json", reading("{ metadataJson }")},
		{"typed", reading("{ metadata { key card kind value { __typename ... on IntegerValue { value: integer } } } }")},
		{"log", `{"query": "mutation($i: LogMetadataInput!) { logMetadata(input: $i) { entries { id } } }", "variables": ` +
			`{"i": {"target": ` + target + `, "metadata": {` + strings.Join(entries, ",") + `}}}}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if w := serveDiscarding(b, h, c.body); w.status != http.StatusOK || w.bytes < len(`{"data":{}}`) {
					b.Fatalf("status %d with %d bytes", w.status, w.bytes)
				}
			}
		})
	}
}

// openBenchHandler returns a handler on a database with a version that has 50 keys.
func openBenchHandler(b *testing.B) *Handler {
	b.Helper()
	log := slog.New(slog.DiscardHandler)
	s, err := store.Open(b.Context(), storetest.SQLite(b), log)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	api, err := apitest.New(s, apitest.Options{Log: log})
	if err != nil {
		b.Fatal(err)
	}
	h, err := New(api, s, HostOptions{}, log)
	if err != nil {
		b.Fatal(err)
	}
	create := "mutation { createArtifactVersion(input: {artifact: \"model\", version: \"v1\"}) { artifactVersion { id } } }"
	var keys []string
	for i := range 50 {
		keys = append(keys, fmt.Sprintf("key_%02d: %d", i, i))
	}
	target := "{artifactVersion: {name: \"model\", version: \"v1\"}}"
	fill := "mutation { logMetadata(input: {target: " + target + ", metadata: {" + strings.Join(keys, " ") +
		"}}) { entries { id } } }"
	for _, query := range []string{create, fill} {
		if w := post(h, fmt.Sprintf(`{"query": %q}`, query)); strings.Contains(w.Body.String(), "errors") {
			b.Fatal(w.Body)
		}
	}
	return h
}

// serveDiscarding serves a POST of a body.
func serveDiscarding(b *testing.B, h http.Handler, body string) *discardWriter {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, graphqlPath, io.NopCloser(strings.NewReader(body)))
	if err != nil {
		b.Fatal(err)
	}
	r.Host, r.RemoteAddr, r.ContentLength = "localhost", "127.0.0.1:1234", int64(len(body))
	r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	w := &discardWriter{header: http.Header{}}
	h.ServeHTTP(w, r)
	return w
}
