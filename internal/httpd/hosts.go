package httpd

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/rs/cors"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/models"
)

// HostOptions holds the host names that the server accepts and the origins whose pages may call it.
type HostOptions struct {
	// LoopbackOnly reports whether the server listens on loopback only.
	LoopbackOnly bool
	// Unauthenticated reports whether requests need no API key.
	Unauthenticated bool
	// PublicURL is the URL of the server for its users. It may be empty.
	PublicURL string
	// AllowedHosts are additional host names.
	AllowedHosts []string
	// AllowedOrigins are the origins whose pages may call /graphql, as browsers send them.
	AllowedOrigins []string
}

// hostPolicy defines which host names the server accepts.
type hostPolicy struct {
	// checked is false if all names are accepted.
	checked bool
	// loopbackOnly rejects IP addresses other than those of loopback.
	loopbackOnly bool
	allowed      map[string]bool
}

// hostPolicy returns the policy for the API. It protects against DNS rebinding: a page of another site makes its own
// host name resolve to this server. Only requests without an API key are at risk, because the page has none. An IP
// address cannot be rebound.
func (o HostOptions) hostPolicy() (hostPolicy, error) {
	p := hostPolicy{checked: o.LoopbackOnly || o.Unauthenticated || len(o.AllowedHosts) > 0, loopbackOnly: o.LoopbackOnly,
		allowed: map[string]bool{"localhost": true}}
	public, err := url.Parse(o.PublicURL)
	if err != nil {
		return p, err
	}
	machine, err := os.Hostname()
	if err != nil || o.LoopbackOnly {
		machine = "localhost"
	}
	for _, name := range append([]string{machine, public.Hostname()}, o.AllowedHosts...) {
		p.allowed[strings.ToLower(name)] = true
	}
	delete(p.allowed, "")
	return p, nil
}

// checkHost rejects requests with a host name that is not allowed. refuse writes the response.
func (p hostPolicy) checkHost(refuse refusal) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			host := r.Host
			if name, _, err := net.SplitHostPort(host); err == nil {
				host = name
			}
			if p.checked && !p.allowed[strings.ToLower(host)] && !p.allowsAddress(host) {
				refuse(w, r, http.StatusMisdirectedRequest,
					models.Forbidden("the server does not accept this host name; --allowed-hosts and --public-url add names"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// allowsAddress reports whether a host is an IP address that is allowed.
func (p hostPolicy) allowsAddress(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && (!p.loopbackOnly || ip.IsLoopback())
}

// MetricsGuard returns middleware that rejects requests for /metrics with a host name that is not allowed. It always
// checks the names, because /metrics needs no API key. local reports whether /metrics listens on loopback only.
func (o HostOptions) MetricsGuard(local bool) (guard func(http.Handler) http.Handler, err error) {
	o.LoopbackOnly, o.Unauthenticated = local, true
	p, err := o.hostPolicy()
	return p.checkHost(func(w http.ResponseWriter, _ *http.Request, status int, failure *models.Error) {
		writeStatus(w, status, failure.Message)
	}), err
}

// checkOrigin returns middleware that rejects requests of a browser for a page of another origin, except allowed
// origins. refuse writes the response.
func (o HostOptions) checkOrigin(refuse refusal) (check func(http.Handler) http.Handler, err error) {
	protection := http.NewCrossOriginProtection()
	origins := o.AllowedOrigins
	if public, err := url.Parse(o.PublicURL); err == nil && public.Host != "" {
		origins = append([]string{public.Scheme + "://" + public.Host}, origins...)
	}
	for _, origin := range origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// A query by GET changes nothing but costs time, so it is checked like a POST. Pages and probes may be
			// linked from anywhere.
			checked := r
			if r.URL.Path == graphqlPath && r.Method != http.MethodOptions && r.Method != http.MethodPost {
				checked = r.WithContext(r.Context()) // a copy
				checked.Method = http.MethodPost
			}
			if protection.Check(checked) != nil {
				refuse(w, r, http.StatusForbidden,
					models.Forbidden("pages of this origin may not call the server; --cors-origins adds origins"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}

// preflightSeconds is the time for which browsers cache a preflight response.
const preflightSeconds = 600

// allowOrigins adds the CORS headers for the allowed origins. Credentials are never allowed: a page sends its API key
// as a header.
func (o HostOptions) allowOrigins(next http.Handler) http.Handler {
	if len(o.AllowedOrigins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: o.AllowedOrigins, AllowedMethods: []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{"Accept", "Authorization", "Content-Type", "Traceparent", consistency.Header},
		ExposedHeaders: []string{"X-Request-Id", "Retry-After", consistency.Header}, MaxAge: preflightSeconds,
	}).Handler(next)
}
