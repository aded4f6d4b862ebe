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

// file is a built file.
type file struct {
	content []byte
	// compressed reports whether content is gzip.
	compressed bool
	mediaType  string
	etag       string
}

// newFile returns a file with the name of a built file, which may end in .gz.
func newFile(name string, content []byte) file {
	sum := sha256.Sum256(content)
	name, compressed := strings.CutSuffix(name, ".gz")
	return file{content, compressed, mediaTypes[path.Ext(name)], hex.EncodeToString(sum[:12])}
}

// readFiles returns the files of a directory of dist by their paths in it, without .gz.
func readFiles(directory string) map[string]file {
	root, files := "dist/"+directory, map[string]file{}
	err := fs.WalkDir(dist, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		files[strings.TrimSuffix(strings.TrimPrefix(name, root+"/"), ".gz")] = newFile(name, content)
		return err
	})
	if err != nil {
		panic(err) // reading embedded files cannot fail
	}
	return files
}

// plain returns the content of the file without compression.
func (f file) plain() []byte {
	if !f.compressed {
		return f.content
	}
	reader, err := gzip.NewReader(bytes.NewReader(f.content))
	if err != nil {
		return nil
	}
	content, _ := io.ReadAll(reader) // cannot fail in memory; TestAssets decompresses every file
	return content
}

// setHeaders sets the headers of all files, and refuses methods other than GET and HEAD.
func setHeaders(w http.ResponseWriter, r *http.Request, policy string) (allowed bool) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return false
	}
	return true
}

// serve writes the file. immutable reports whether its name contains a hash of its content.
func (f file) serve(w http.ResponseWriter, r *http.Request, immutable bool) {
	content, etag, header := f.content, f.etag, w.Header()
	if f.compressed {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			header.Set("Content-Encoding", "gzip")
			etag += "-gzip"
		} else {
			content = f.plain()
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
