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

// ask sends one request to the handler as the server mounts it.
func ask(t *testing.T, method, path string, header ...string) *http.Response {
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

// built gives the paths of all files that the page and its scripts name.
func built(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{}
	queue := []string{"/graphiql/"}
	names := regexp.MustCompile(`[\w.-]+-[\w-]{8}\.(?:js|css|svg|ttf|woff2?)\b`)
	for i := 0; i < len(queue); i++ {
		response := ask(t, http.MethodGet, queue[i])
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
		response := ask(t, http.MethodGet, path)
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
	kinds := map[string]string{
		".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml", ".ttf": "font/ttf", ".woff": "font/woff", ".woff2": "font/woff2",
	}
	paths := built(t)
	if len(paths) < 10 {
		t.Fatalf("only %d assets: %v", len(paths), paths)
	}
	for _, path := range append(paths, "/graphiql/licenses.md") {
		plain := ask(t, http.MethodGet, path)
		wantStatus(t, plain, http.StatusOK)
		wantHeader(t, plain, "Content-Encoding", "")
		packed := ask(t, http.MethodGet, path, "Accept-Encoding", "br, gzip;q=0.5")
		wantStatus(t, packed, http.StatusOK)
		if strings.Contains(path, ".woff") { // packed by its format already
			wantHeader(t, packed, "Content-Encoding", "")
			wantHeader(t, packed, "Content-Type", kinds[path[strings.LastIndex(path, "."):]])
			continue
		}
		wantHeader(t, packed, "Content-Encoding", "gzip")
		wantHeader(t, packed, "Vary", "Accept-Encoding")
		if strings.Contains(path, "/assets/") {
			wantHeader(t, packed, "Content-Type", kinds[path[strings.LastIndex(path, "."):]])
			wantHeader(t, packed, "Cache-Control", "public, max-age=31536000, immutable")
		}
		reader, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(unpacked, body(t, plain)) || len(unpacked) == 0 {
			t.Errorf("%s differs with and without gzip", path)
		}
	}
}

func TestGzipRefused(t *testing.T) {
	for _, accept := range []string{"", "br", "gzip;q=0", "gzip; q=0.000", "identity"} {
		wantHeader(t, ask(t, http.MethodGet, "/graphiql/", "Accept-Encoding", accept), "Content-Encoding", "")
	}
}

func TestRevalidation(t *testing.T) {
	plain := ask(t, http.MethodGet, "/graphiql/").Header.Get("ETag")
	packed := ask(t, http.MethodGet, "/graphiql/", "Accept-Encoding", "gzip").Header.Get("ETag")
	if plain == "" || plain == packed {
		t.Errorf("tags %s and %s do not tell the two forms apart", plain, packed)
	}
	wantStatus(t, ask(t, http.MethodGet, "/graphiql/", "If-None-Match", plain), http.StatusNotModified)
}

func TestHead(t *testing.T) {
	response := ask(t, http.MethodHead, "/graphiql/")
	wantStatus(t, response, http.StatusOK)
	if content := body(t, response); len(content) != 0 {
		t.Errorf("HEAD has a body: %q", content)
	}
}

func TestMethodNotAllowed(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		response := ask(t, method, "/graphiql/")
		wantStatus(t, response, http.StatusMethodNotAllowed)
		wantHeader(t, response, "Allow", "GET, HEAD")
	}
}

func TestNotFound(t *testing.T) {
	for _, path := range []string{
		"/graphiql/missing.js", "/graphiql/assets/", "/graphiql/assets", "/graphiql/index.html.gz", "/graphiql/dist/index.html",
	} {
		wantStatus(t, ask(t, http.MethodGet, path), http.StatusNotFound)
	}
}

// TestNoEscape asks the handler itself, because a mux would clean most of these paths first.
func TestNoEscape(t *testing.T) {
	for _, path := range []string{
		"/../embed.go", "/assets/../../embed.go", "//etc/passwd", "/..%2fembed.go", `/..\embed.go`, "/%00", "/./index.html",
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.URL.Path = path
		recorder := httptest.NewRecorder()
		web.GraphiQL().ServeHTTP(recorder, request)
		wantStatus(t, recorder.Result(), http.StatusNotFound)
	}
}
