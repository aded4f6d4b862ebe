package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/web"
)

// send sends a request to the handler at the path where the server mounts it.
func send(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/graphiql/", http.StripPrefix("/graphiql", web.GraphiQL()))
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

// findAssets returns the paths of all files that the page and its scripts refer to.
func findAssets(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{}
	queue := []string{"/graphiql/"}
	names := regexp.MustCompile(`[\w.-]+-[\w-]{8}\.(?:js|css|svg|ttf|woff2?)\b`)
	for i := 0; i < len(queue); i++ {
		response := send(t, http.MethodGet, queue[i])
		wantStatus(t, response, http.StatusOK)
		if strings.Contains(queue[i], ".ttf") || strings.Contains(queue[i], ".woff") {
			continue
		}
		for _, name := range names.FindAllString(string(body(t, response)), -1) {
			if path := "/graphiql/assets/" + name; !seen[path] {
				seen[path] = true
				queue = append(queue, path)
			}
		}
	}
	return queue[1:]
}

func TestIndex(t *testing.T) {
	for _, path := range []string{"/graphiql/", "/graphiql/index.html"} {
		response := send(t, http.MethodGet, path)
		wantStatus(t, response, http.StatusOK)
		wantHeader(t, response, "Content-Type", "text/html; charset=utf-8")
		wantHeader(t, response, "Cache-Control", "no-cache")
		wantHeader(t, response, "X-Content-Type-Options", "nosniff")
		wantHeader(t, response, "Referrer-Policy", "no-referrer")
		wantHeader(t, response, "Cross-Origin-Opener-Policy", "same-origin")
		wantHeader(t, response, "Content-Security-Policy", "default-src 'none'; script-src 'self'; worker-src 'self'; "+
			"style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
		if page := string(body(t, response)); !strings.Contains(page, "<title>Placard · GraphiQL</title>") {
			t.Errorf("not the page: %s", page)
		}
	}
}

func TestAssets(t *testing.T) {
	mediaTypes := map[string]string{
		".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml", ".ttf": "font/ttf", ".woff": "font/woff", ".woff2": "font/woff2",
	}
	paths := findAssets(t)
	if len(paths) < 10 {
		t.Fatalf("only %d assets: %v", len(paths), paths)
	}
	for _, path := range append(paths, "/graphiql/licenses.md") {
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
		response := send(t, method, "/graphiql/")
		wantStatus(t, response, http.StatusMethodNotAllowed)
		wantHeader(t, response, "Allow", "GET, HEAD")
	}
}

func TestNotFound(t *testing.T) {
	for _, path := range []string{
		"/graphiql/missing.js", "/graphiql/assets/", "/graphiql/assets", "/graphiql/index.html.gz",
		"/graphiql/dist/index.html",
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
		recorder := httptest.NewRecorder()
		web.GraphiQL().ServeHTTP(recorder, request)
		wantStatus(t, recorder.Result(), http.StatusNotFound)
	}
}
