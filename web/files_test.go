package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/web"
)

// send sends a request to the handlers at the paths where the server mounts them.
func send(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/graphiql/", http.StripPrefix("/graphiql", web.GraphiQL()))
	for _, path := range web.DashboardPaths() {
		mux.Handle(path, web.Dashboard(""))
	}
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	mux.ServeHTTP(recorder, request)
	return recorder.Result()
}

func body(t *testing.T, response *http.Response) []byte {
	t.Helper()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func wantStatus(t *testing.T, response *http.Response, status int) {
	t.Helper()
	if response.StatusCode != status {
		t.Fatalf("status %d, want %d", response.StatusCode, status)
	}
}

func wantHeader(t *testing.T, response *http.Response, name, want string) {
	t.Helper()
	if got := response.Header.Get(name); got != want {
		t.Errorf("%s is %q, want %q", name, got, want)
	}
}

// findAssets returns the paths of all files that a page and its scripts refer to.
func findAssets(t *testing.T, page string) []string {
	t.Helper()
	seen := map[string]bool{}
	queue := []string{page}
	names := regexp.MustCompile(`[\w.-]+-[\w-]{8}\.(?:js|css|svg|ttf|woff2?)\b`)
	for i := 0; i < len(queue); i++ {
		response := send(t, http.MethodGet, queue[i])
		wantStatus(t, response, http.StatusOK)
		if strings.Contains(queue[i], ".ttf") || strings.Contains(queue[i], ".woff") {
			continue
		}
		for _, name := range names.FindAllString(string(body(t, response)), -1) {
			if path := page + "assets/" + name; !seen[path] {
				seen[path] = true
				queue = append(queue, path)
			}
		}
	}
	return queue[1:]
}

func TestIndex(t *testing.T) {
	const graphiql = "script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
	for path, c := range map[string]struct{ title, policy string }{
		"/graphiql/":           {"Placard · GraphiQL", graphiql},
		"/graphiql/index.html": {"Placard · GraphiQL", graphiql},
		"/":                    {"Placard", "script-src 'self'; style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o=' "},
	} {
		response := send(t, http.MethodGet, path)
		wantStatus(t, response, http.StatusOK)
		wantHeader(t, response, "Content-Type", "text/html; charset=utf-8")
		wantHeader(t, response, "Cache-Control", "no-cache")
		wantHeader(t, response, "X-Content-Type-Options", "nosniff")
		wantHeader(t, response, "Referrer-Policy", "no-referrer")
		wantHeader(t, response, "Cross-Origin-Opener-Policy", "same-origin")
		policy := response.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; "+c.policy) || !strings.Contains(policy, "require-trusted-types-for 'script'") {
			t.Errorf("%s has the policy %s", path, policy)
		}
		if page := string(body(t, response)); !strings.Contains(page, "<title>"+c.title+"</title>") {
			t.Errorf("not the page: %s", page)
		}
	}
}

func TestAssets(t *testing.T) {
	mediaTypes := map[string]string{
		".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml", ".ttf": "font/ttf", ".woff": "font/woff", ".woff2": "font/woff2",
	}
	paths := findAssets(t, "/graphiql/")
	dashboard := findAssets(t, "/")
	if len(paths) < 10 || len(dashboard) < 3 {
		t.Fatalf("only %d and %d assets: %v %v", len(paths), len(dashboard), paths, dashboard)
	}
	for _, path := range append(append(paths, dashboard...), "/graphiql/licenses.md", "/licenses.md") {
		plain := send(t, http.MethodGet, path)
		wantStatus(t, plain, http.StatusOK)
		wantHeader(t, plain, "Content-Encoding", "")
		compressed := send(t, http.MethodGet, path, "Accept-Encoding", "br, gzip;q=0.5")
		wantStatus(t, compressed, http.StatusOK)
		if strings.Contains(path, ".woff") { // the format is compressed
			wantHeader(t, compressed, "Content-Encoding", "")
			wantHeader(t, compressed, "Content-Type", mediaTypes[path[strings.LastIndex(path, "."):]])
			continue
		}
		wantHeader(t, compressed, "Content-Encoding", "gzip")
		wantHeader(t, compressed, "Vary", "Accept-Encoding")
		if strings.Contains(path, "/assets/") {
			wantHeader(t, compressed, "Content-Type", mediaTypes[path[strings.LastIndex(path, "."):]])
			wantHeader(t, compressed, "Cache-Control", "public, max-age=31536000, immutable")
		}
		reader, err := gzip.NewReader(compressed.Body)
		if err != nil {
			t.Fatal(err)
		}
		decompressed, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(decompressed, body(t, plain)) || len(decompressed) == 0 {
			t.Errorf("%s differs with and without gzip", path)
		}
	}
}

func TestGzipRefused(t *testing.T) {
	for _, accept := range []string{"", "br", "gzip;q=0", "gzip; q=0.000", "identity"} {
		wantHeader(t, send(t, http.MethodGet, "/graphiql/", "Accept-Encoding", accept), "Content-Encoding", "")
	}
}

func TestRevalidation(t *testing.T) {
	plain := send(t, http.MethodGet, "/graphiql/").Header.Get("ETag")
	compressed := send(t, http.MethodGet, "/graphiql/", "Accept-Encoding", "gzip").Header.Get("ETag")
	if plain == "" || plain == compressed {
		t.Errorf("the ETags %s and %s of the two encodings are equal", plain, compressed)
	}
	wantStatus(t, send(t, http.MethodGet, "/graphiql/", "If-None-Match", plain), http.StatusNotModified)
}

func TestHead(t *testing.T) {
	response := send(t, http.MethodHead, "/graphiql/")
	wantStatus(t, response, http.StatusOK)
	if content := body(t, response); len(content) != 0 {
		t.Errorf("HEAD has a body: %q", content)
	}
}

func TestMethodNotAllowed(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		for _, path := range []string{"/graphiql/", "/"} {
			response := send(t, method, path)
			wantStatus(t, response, http.StatusMethodNotAllowed)
			wantHeader(t, response, "Allow", "GET, HEAD")
		}
	}
}

func TestNotFound(t *testing.T) {
	for _, path := range []string{
		"/graphiql/missing.js", "/graphiql/assets/", "/graphiql/assets", "/graphiql/index.html.gz",
		"/graphiql/dist/index.html", "/index.html", "/documents.json", "/assets/", "/assets/missing.js", "/missing",
	} {
		wantStatus(t, send(t, http.MethodGet, path), http.StatusNotFound)
	}
}

// TestNoEscape calls the handler directly, because a mux cleans most of these paths first.
func TestNoEscape(t *testing.T) {
	for _, path := range []string{
		"/../embed.go", "/assets/../../embed.go", "//etc/passwd", "/..%2fembed.go", `/..\embed.go`, "/%00",
		"/./index.html",
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.URL.Path = path
		for _, handler := range []http.Handler{web.GraphiQL(), web.Dashboard("")} {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			wantStatus(t, recorder.Result(), http.StatusNotFound)
		}
	}
}

// TestBasePath checks that the page has the path of the public URL if it is requested by that host, and else a relative
// path.
func TestBasePath(t *testing.T) {
	for _, c := range []struct{ publicURL, host, want string }{
		{"", "example.com", "./"},
		{"https://example.com", "example.com", "/"},
		{"https://example.com/tools/placard", "example.com", "/tools/placard/"},
		{"https://example.com/tools/placard/", "example.com", "/tools/placard/"},
		{"https://example.com/tools/placard", "127.0.0.1:8080", "./"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Host = c.host
		recorder := httptest.NewRecorder()
		web.Dashboard(c.publicURL).ServeHTTP(recorder, request)
		page := string(body(t, recorder.Result()))
		for _, want := range []string{`<meta name="placard-base" content="` + c.want + `" />`, `src="` + c.want + `assets/index-`} {
			if !strings.Contains(page, want) {
				t.Errorf("%q, requested at %s: the page lacks %s: %s", c.publicURL, c.host, want, page)
			}
		}
	}
}

// TestDashboardDocuments checks that each document of the dashboard has its hash.
func TestDashboardDocuments(t *testing.T) {
	documents := web.DashboardDocuments()
	if len(documents) == 0 {
		t.Fatal("the dashboard has no documents")
	}
	for hash, text := range documents {
		if sum := sha256.Sum256([]byte(text)); hash != hex.EncodeToString(sum[:]) || !strings.Contains(text, "__typename") {
			t.Errorf("%s is not the hash of %s", hash, text)
		}
	}
}
