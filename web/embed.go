// Package web embeds and serves the GraphiQL page. npm builds its files and compress.mjs compresses them. The page
// loads nothing from other servers.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

// contentPolicy is the Content-Security-Policy of the page. It allows files of this origin only. Monaco creates style
// sheets and style attributes, which need 'unsafe-inline', and these contain small images, which need data:. Only
// Trusted Types policies may turn text into HTML or the URL of a script; trusted.ts has the default policy.
const contentPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'"

// mediaTypes maps file extensions. The table of package mime differs between machines.
var mediaTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".md":    "text/plain; charset=utf-8",
	".svg":   "image/svg+xml",
	".ttf":   "font/ttf",
	".woff":  "font/woff",
	".woff2": "font/woff2",
}

// file is a file of dist.
type file struct {
	content []byte
	// compressed reports whether content is gzip.
	compressed bool
	mediaType  string
	etag       string
}

// GraphiQL returns a handler that serves the page at "/" and its assets. Mount it at /graphiql/ with
// [http.StripPrefix], because the page sends its queries to ../graphql.
func GraphiQL() http.Handler {
	files := map[string]file{}
	err := fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		sum := sha256.Sum256(content)
		name, compressed := strings.CutSuffix(strings.TrimPrefix(name, "dist/"), ".gz")
		files[name] = file{content, compressed, mediaTypes[path.Ext(name)], hex.EncodeToString(sum[:12])}
		return err
	})
	if err != nil {
		panic(err) // reading embedded files cannot fail
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentPolicy)
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = "index.html"
		}
		// A look-up in the map cannot leave the directory, as opening a path could.
		f, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		f.serve(w, r, strings.HasPrefix(name, "assets/"))
	})
}

// serve writes the file. immutable reports whether its name contains a hash of its content.
func (f file) serve(w http.ResponseWriter, r *http.Request, immutable bool) {
	content, etag, header := f.content, f.etag, w.Header()
	if f.compressed {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			header.Set("Content-Encoding", "gzip")
			etag += "-gzip"
		} else if reader, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
			content, _ = io.ReadAll(reader) // cannot fail in memory; TestAssets decompresses every file
		}
	}
	header.Set("Content-Type", f.mediaType)
	header.Set("ETag", `"`+etag+`"`)
	header.Set("Cache-Control", "no-cache")
	if immutable {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// acceptsGzip reports whether the client accepts gzip with a weight above 0.
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if strings.EqualFold(name, "gzip") {
			return strings.TrimRight(weight, ".0") != "q="
		}
	}
	return false
}
