package httpd

import (
	"maps"
	"net/http"
)

// setSecurityHeaders keeps browsers from guessing the media type of a response, from showing it in a frame, and from
// sending its URL to other sites. The page of GraphiQL sets its own policy.
func setSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), securityHeaders)
		next.ServeHTTP(w, r)
	})
}

// securityHeaders are the headers of setSecurityHeaders. All responses share the values, which nothing changes: Set
// replaces a value, and Add copies it.
var securityHeaders = http.Header{
	"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Referrer-Policy":              {"no-referrer"},
	"X-Content-Type-Options":       {"nosniff"},
}
