package httpd

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/rs/cors"

	"github.com/placard/placard/models"
)

// Where is how the server is reached, and from where.
type Where struct {
	// Local says that it listens on loopback only.
	Local bool
	// Open says that requests need no API key.
	Open bool
	// PublicURL is the address that people use, empty when that is the one it listens on.
	PublicURL string
	// Hosts are more names under which it answers.
	Hosts []string
	// Origins are the sites whose pages may ask /graphql, as browsers spell them.
	Origins []string
}

// names are the names under which the server answers.
type names struct {
	// checked says that there are others, under which it does not.
	checked bool
	// local says that of IP addresses it answers to those of loopback only.
	local bool
	known map[string]bool
}

// names are checked where a page of another site could do something under a name that was made to lead here (DNS
// rebinding): where no API key is needed, which a page does not have. An IP address is no such name.
func (w Where) names() (names, error) {
	n := names{checked: w.Local || w.Open || len(w.Hosts) > 0, local: w.Local, known: map[string]bool{"localhost": true}}
	public, err := url.Parse(w.PublicURL)
	if err != nil {
		return n, err
	}
	machine, err := os.Hostname()
	if err != nil || w.Local {
		machine = "localhost"
	}
	for _, name := range append([]string{machine, public.Hostname()}, w.Hosts...) {
		n.known[strings.ToLower(name)] = true
	}
	delete(n.known, "")
	return n, nil
}

// addressed refuses requests under a name that is not one of the server.
func (h *Handler) addressed(next http.Handler) http.Handler {
	n := h.names
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		if n.checked && !n.known[strings.ToLower(host)] && (ip == nil || n.local && !ip.IsLoopback()) {
			h.refuse(w, r, http.StatusMisdirectedRequest, models.Forbidden("this host name is not one of the server; --public-url and --allowed-hosts add names"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// protection refuses what pages of other sites send in a browser, except those that may. refuse writes the answer.
func (w Where) protection(refuse refusal) (protect func(http.Handler) http.Handler, err error) {
	protection := http.NewCrossOriginProtection()
	origins := w.Origins
	if public, err := url.Parse(w.PublicURL); err == nil && public.Host != "" {
		origins = append([]string{public.Scheme + "://" + public.Host}, origins...)
	}
	for _, origin := range origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// Queries by GET have no effect but what they cost, which is enough: they are held to the rule for POST. Pages and
			// probes may be asked for from anywhere, by a link.
			asked := r
			if r.URL.Path == graphqlPath && r.Method != http.MethodOptions {
				asked = r.Clone(r.Context())
				asked.Method = http.MethodPost
			}
			if protection.Check(asked) != nil {
				refuse(w, r, http.StatusForbidden, models.Forbidden("a page of another site may not send this; --cors-origins adds sites"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}

// preflightSeconds is how long browsers remember what they may send.
const preflightSeconds = 600

// shared lets browsers show answers to the pages of Origins (CORS). Without any there are no such headers at all. Cookies
// and the like are never part of it: an API key is a header that the page sends itself.
func (w Where) shared(next http.Handler) http.Handler {
	if len(w.Origins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: w.Origins, AllowedMethods: []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{"Accept", "Authorization", "Content-Type", "Traceparent"},
		ExposedHeaders: []string{"X-Request-Id", "Retry-After"}, MaxAge: preflightSeconds,
	}).Handler(next)
}
