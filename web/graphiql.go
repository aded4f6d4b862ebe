package web

import (
	"net/http"
	"strings"
)

// graphiqlPolicy is the Content-Security-Policy of GraphiQL. It allows files of this origin only. Monaco creates style
// sheets and style attributes, which need 'unsafe-inline', and these contain small images, which need data:. Only
// Trusted Types policies may turn text into HTML or the URL of a script; trusted.ts has the default policy.
const graphiqlPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'"

// GraphiQL returns a handler that serves the page at "/" and its assets. Mount it at /graphiql/ with
// [http.StripPrefix], because the page sends its queries to ../graphql.
func GraphiQL() http.Handler {
	files := readFiles("graphiql")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !setHeaders(w, r, graphiqlPolicy) {
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
