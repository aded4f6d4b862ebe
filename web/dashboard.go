// Package web embeds and serves the pages: the dashboard at / and GraphiQL at /graphiql. npm builds their files, and
// build/compress.mjs compresses them. The pages load nothing from other servers.
package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// dashboardPages are the paths of the pages. One file contains all pages. Names are in the query string, because a name
// such as ".." would change a path.
var dashboardPages = []string{"/", "/artifact", "/version", "/compare", "/runs", "/run", "/lineage", "/activity", "/settings"}

// dashboardPolicy is the Content-Security-Policy of the dashboard. It allows files of this origin only. The hashes are
// those of the styles that React Aria inserts: one for pressed elements, and one while iOS shows a dialog. No text
// becomes HTML or a script; the default policy of trusted.ts allows the empty text.
const dashboardPolicy = "default-src 'none'; script-src 'self'; " +
	"style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o=' 'sha256-gYiS/BvZvRcK27JIXTuwhZ3hs2+VJ1X+2gUlE+farlg='; " +
	"img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types default"

// DashboardPaths returns the patterns of [http.ServeMux] that [Dashboard] serves.
func DashboardPaths() []string {
	patterns := []string{"/assets/", "/licenses.md"}
	for _, page := range dashboardPages {
		patterns = append(patterns, strings.TrimSuffix(page, "/")+pageEnd(page))
	}
	return patterns
}

// pageEnd returns the end of the pattern of a page, so that "/" does not match all paths.
func pageEnd(page string) string {
	if page == "/" {
		return "/{$}"
	}
	return ""
}

// Dashboard returns a handler that serves the pages and their assets. publicURL is the URL of the server for its users,
// or empty.
//
// The page contains the path of the dashboard. All pages are at the same level, so that the relative path "./" is right
// also if a proxy adds a path. A proxy may omit the slash at its end; then the path is that of publicURL.
func Dashboard(publicURL string) http.Handler {
	files := readFiles("dashboard")
	pages := map[string]bool{}
	for _, page := range dashboardPages {
		pages[page] = true
	}
	index := files["index.html"]
	public, publicIndex := publicPage(publicURL, index)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !setHeaders(w, r, dashboardPolicy) {
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		f, ok := files[name]
		switch {
		case pages[r.URL.Path] && r.Host == public:
			publicIndex.serve(w, r, false)
		case pages[r.URL.Path]:
			index.serve(w, r, false)
		case !ok || name == "index.html" || name == "documents.json":
			http.NotFound(w, r)
		default:
			f.serve(w, r, strings.HasPrefix(name, "assets/"))
		}
	})
}

// publicPage returns the host of a URL, and the page with the path of that URL.
func publicPage(publicURL string, index file) (host string, page file) {
	public, err := url.Parse(publicURL)
	if err != nil || public.Host == "" {
		return "", index
	}
	base := strings.TrimSuffix(path.Clean("/"+public.EscapedPath()), "/") + "/"
	return public.Host, newFile("index.html", bytes.ReplaceAll(index.plain(), []byte(`"./`), []byte(`"`+base)))
}

// DashboardDocuments returns the documents of the dashboard by their SHA-256. A server that executes trusted documents
// only executes these too.
func DashboardDocuments() map[string]string {
	documents := map[string]string{}
	if err := json.Unmarshal(readFiles("dashboard")["documents.json"].plain(), &documents); err != nil {
		panic(err) // the build writes the file
	}
	return documents
}
