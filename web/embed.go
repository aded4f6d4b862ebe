// Package web carries the GraphiQL page: its files are built by npm, packed by compress.mjs, and part of the program,
// so that the page works without any other server.
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

// policy keeps the page to its own origin: scripts, workers and fonts are files of this server. Monaco writes style sheets
// and style attributes while it draws, hence 'unsafe-inline' for styles, and these hold small images, hence data: for
// images. Text becomes HTML or the address of a script by a Trusted Types policy only; trusted.ts has the last of them.
const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'"

// types is written out because the table of package mime differs from machine to machine.
var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".md":    "text/plain; charset=utf-8",
	".svg":   "image/svg+xml",
	".ttf":   "font/ttf",
	".woff":  "font/woff",
	".woff2": "font/woff2",
}

// file is one built file as it lies in dist.
type file struct {
	content []byte
	packed  bool // whether content is gzip
	kind    string
	tag     string
}

// GraphiQL serves the GraphiQL page at "/" and its assets below. Mount it at /graphiql/ with [http.StripPrefix]: the
// page sends its queries to ../graphql, that is to /graphql.
func GraphiQL() http.Handler {
	files := map[string]file{}
	err := fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		sum := sha256.Sum256(content)
		name, packed := strings.CutSuffix(strings.TrimPrefix(name, "dist/"), ".gz")
		files[name] = file{content, packed, types[path.Ext(name)], hex.EncodeToString(sum[:12])}
		return err
	})
	if err != nil {
		panic(err) // The files are in the program, so this is a fault of the build.
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
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
		// Looking up a name, and never opening a path, leaves nothing to escape from.
		f, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		f.serve(w, r, strings.HasPrefix(name, "assets/"))
	})
}

// serve answers with the file; hashed says that its name changes with its content.
func (f file) serve(w http.ResponseWriter, r *http.Request, hashed bool) {
	content, tag, header := f.content, f.tag, w.Header()
	if f.packed {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			header.Set("Content-Encoding", "gzip")
			tag += "-gzip"
		} else if reader, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
			content, _ = io.ReadAll(reader) // Cannot fail in memory; TestAssets unpacks every file.
		}
	}
	header.Set("Content-Type", f.kind)
	header.Set("ETag", `"`+tag+`"`)
	header.Set("Cache-Control", "no-cache")
	if hashed {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// acceptsGzip reports whether the client takes gzip; with a weight of zero it refuses.
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if strings.EqualFold(name, "gzip") {
			return strings.TrimRight(weight, ".0") != "q="
		}
	}
	return false
}
