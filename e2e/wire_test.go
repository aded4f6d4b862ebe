//go:build integration

package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// post returns a request to /graphql with additional header lines.
func post(host, headers, body string) string {
	return fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n%s\r\n%s", host, len(body), headers, body)
}

// wire sends bytes over a connection and closes its side. It returns the statuses and the text of the responses.
func wire(t *testing.T, addr, bytesSent string) (statuses []int, all string) {
	t.Helper()
	conn := dial(t, addr)
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, bytesSent) // the server may close before it has read all
	_ = conn.(*net.TCPConn).CloseWrite()
	got, _ := io.ReadAll(io.LimitReader(conn, 1<<20))
	reader := bufio.NewReader(bytes.NewReader(got))
	for {
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			return statuses, string(got)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		statuses = append(statuses, answer.StatusCode)
	}
}

const asJSON, ok = "Content-Type: application/json\r\n", `{"query":"{ __typename }"}`

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// TestHostileWire sends malformed HTTP and checks the statuses. No response repeats the request or redirects to another
// host, and the server keeps serving.
func TestHostileWire(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: " + s.addr + "\r\n\r\n" }
	hosted := func(host string) string { return post(host, asJSON, ok) }
	for _, c := range []struct {
		name, sent string
		statuses   []int
	}{
		{"a good one", post(s.addr, asJSON, ok), []int{200}},
		{"HTTP/0.9", "GET /graphql\r\n\r\n", []int{400}},
		{"HTTP/3.7", "GET / HTTP/3.7\r\nHost: " + s.addr + "\r\n\r\n", []int{505}},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + marker, []int{400}},
		{"no HTTP", marker + "\r\n\r\n", []int{400}},
		{"garbage behind a request", post(s.addr, asJSON, ok) + marker + "\r\n\r\n", []int{200, 400}},
		{"a request behind a request", post(s.addr, asJSON, ok) + post(s.addr, asJSON, ok), []int{200, 200}},
		{"a length that is too short", "POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\n" + asJSON + "Content-Length: 5\r\n\r\n" + ok, []int{400, 400}},
		{"a length that is too long", "POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\n" + asJSON + "Content-Length: 5000\r\n\r\n" + ok, []int{400}},
		{"two lengths", "POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", []int{400}},
		{"a negative length", "POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\nContent-Length: -1\r\n\r\n", []int{400}},
		{"a huge length", "POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\n" + asJSON + "Content-Length: 99999999999999999999\r\n\r\n", []int{400}},
		{"another transfer encoding", "POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", []int{501}},
		{"chunks that are none", "POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\n" + asJSON + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + marker, []int{400}},
		{"chunks without end", "POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\n" + asJSON + "Transfer-Encoding: chunked\r\n\r\n" + flood(4000, "400\r\n"+flood(1024, " ")+"\r\n"), []int{413}},
		{"a packed body", post(s.addr, asJSON+"Content-Encoding: br\r\n", packed(flood(100_000, marker))), nil},
		{"a header that is too long", "GET / HTTP/1.1\r\nHost: " + s.addr + "\r\nX: " + flood(20_000, marker) + "\r\n\r\n", []int{431}},
		{"a flood of headers", "GET / HTTP/1.1\r\nHost: " + s.addr + "\r\n" + repeatNumbered(20_000, "X#: 1\r\n") + "\r\n", []int{431}},
		{"a long path", get("/" + flood(20_000, marker)), []int{431}},
		{"a header with a line break", "GET /healthz HTTP/1.1\r\nHost: " + s.addr + "\r\nX: a\r\n b\x00\r\n\r\n", []int{400}},
		{"two hosts", "GET / HTTP/1.1\r\nHost: " + s.addr + "\r\nHost: evil.example\r\n\r\n", []int{400}},
		{"no host", "GET / HTTP/1.1\r\n\r\n", []int{400}},
		{"a multipart form", post(s.addr, "Content-Type: multipart/form-data; boundary=x\r\n", "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n"+ok+"\r\n--x--\r\n"), []int{415}},
		{"a form", post(s.addr, "Content-Type: application/x-www-form-urlencoded\r\n", "query={__typename}"), []int{415}},
		{"plain text", post(s.addr, "Content-Type: text/plain\r\n", ok), []int{415}},
		{"UTF-16", post(s.addr, "Content-Type: application/json; charset=utf-16\r\n", ok), []int{415}},
		{"another site", post(s.addr, asJSON+"Origin: https://evil.example\r\n", ok), []int{403}},
		{"no site", post(s.addr, asJSON+"Origin: null\r\n", ok), []int{403}},
		{"a cross-site request", post(s.addr, asJSON+"Sec-Fetch-Site: cross-site\r\n", ok), []int{403}},
		{"a same-site request", post(s.addr, asJSON+"Sec-Fetch-Site: same-site\r\n", ok), []int{403}},
		{"a preflight", "OPTIONS /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n", []int{405}},
		{"another name", hosted("evil.example"), []int{421}},
		{"another name with a port", hosted("evil.example:80"), []int{421}},
		{"another name with a dot", hosted("evil.example."), []int{421}},
		{"a name that begins well", hosted("localhost.evil.example"), []int{421}},
		{"an address in a name", hosted("127.0.0.1.evil.example"), []int{421}},
		{"an address as a number", hosted("2130706433"), []int{421}},
		{"every address", hosted("0.0.0.0"), []int{421}},
		{"another address", hosted("[2001:db8::1]:80"), []int{421}},
		{"an empty name", hosted(""), []int{421}},
		{"a name with a user", hosted("localhost@evil.example"), []int{400}},
		{"IPv6", hosted("[::1]:8080"), []int{200}},
		{"localhost", hosted("localhost"), []int{200}},
		{"another name in the target", "GET http://evil.example/graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: " + s.addr + "\r\n\r\n", []int{421}},
		{"CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", []int{421}},
		{"TRACE", "TRACE /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\n\r\n", []int{405}},
		{"two slashes", get("//graphql"), []int{307}},
		{"two slashes and a name", get("//evil.example/graphiql"), []int{307}},
		{"two slashes and a name, upwards", get("//evil.example/%2e%2e"), nil},
		{"upwards", get("/graphql/.."), []int{307}},
		{"upwards, escaped", get("/graphiql/%2e%2e/%2e%2e/etc/passwd"), nil},
		{"backslashes", get(`/graphiql/..\..\etc\passwd`), nil},
		{"NUL in a path", get("/graphiql/%00" + marker), []int{404}},
		{"a slash behind", get("/graphql/"), []int{404}},
		{"another path", get("/" + marker), []int{404}},
	} {
		statuses, all := wire(t, s.addr, c.sent)
		if c.statuses != nil && !slices.Equal(statuses, c.statuses) || len(statuses) == 0 || statuses[0] >= 500 && c.statuses == nil {
			t.Errorf("%s: got %v, want %v: %.500s", c.name, statuses, c.statuses, all)
		}
		lower := strings.ToLower(all)
		if len(all) > maxResponse || strings.Contains(all, marker) || strings.Contains(lower, "\r\nserver:") || strings.Contains(lower, "access-control-") ||
			strings.Contains(lower, "location: //") || strings.Contains(lower, "location: http") || strings.Contains(all, "goroutine") {
			t.Errorf("%s: got %.1000s", c.name, all)
		}
		if got := ask(s.addr, "{ __typename }", nil); got.err != nil || got.code != "" {
			t.Fatalf("after %s: %v %s\n%s", c.name, got.err, got.code, s.log)
		}
	}
}

// TestSlowClients opens 2,000 connections that send nothing, a few bytes, or half a body. The server serves other
// clients and closes these connections.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	conns := make([]net.Conn, 2000)
	for i := range conns {
		conn := dial(t, s.addr)
		conns[i] = conn
		_, err := io.WriteString(conn, []string{
			"", "POST /gra", "POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\nX-A: b\r\n",
			"POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\n" + asJSON + "Content-Length: 2000000\r\n\r\n{",
		}[i%4])
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
	for range 50 {
		if got := ask(s.addr, "{ artifacts { totalCount } }", nil); got.err != nil || got.code != "" {
			t.Fatalf("with 2,000 connections: %v %s", got.err, got.code)
		}
	}
	for i, conn := range conns {
		_ = conn.SetReadDeadline(time.Now().Add(50 * time.Second))
		if answer, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("connection %d (%d) is held open: %q %v", i, i%4, answer, err)
		}
	}
}

// TestSlowBodies sends large bodies that never end. The server refuses them before it runs out of memory, serves small
// requests meanwhile, and accepts large ones again afterwards.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	const held, most = 1900 << 10, 400 // the bodies alone would take 742 MiB; maximum memory of the server in MiB
	s := start(t, freeAddress(t), storetest.SQLite(t))
	_, low := s.usage(t)
	large := `{"query": "{ __typename }", "extensions": {"x": "` + flood(held, "x") + `"}}`
	if statuses, all := wire(t, s.addr, post(s.addr, asJSON, large)); !slices.Equal(statuses, []int{200}) {
		t.Fatalf("a large body alone: %v %.300s", statuses, all)
	}
	conns := make([]net.Conn, 400)
	for i := range conns {
		conn := dial(t, s.addr)
		conns[i] = conn
		if _, err := io.WriteString(conn, post(s.addr, asJSON, large)[:held]); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
	for range 20 {
		if got := ask(s.addr, "{ artifacts { totalCount } }", nil); got.err != nil || got.code != "" {
			t.Fatalf("during the bodies: %v %s", got.err, got.code)
		}
	}
	if statuses, all := wire(t, s.addr, post(s.addr, asJSON, large)); !slices.Equal(statuses, []int{503}) || !strings.Contains(all, `"OVERLOADED"`) ||
		!strings.Contains(all, "Retry-After: 1") {
		t.Errorf("a large body during the others: %v %.300s", statuses, all)
	}
	if _, peak := s.usage(t); peak-low > most {
		t.Errorf("the server took %d MiB", peak-low)
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	eventually(t, "a large body is accepted again", func() bool {
		statuses, _ := wire(t, s.addr, post(s.addr, asJSON, large))
		return slices.Equal(statuses, []int{200})
	})
}

// TestHeaders checks the security headers of each kind of response.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	none := &http.Client{Timeout: harness.Limit, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, path := range []string{"/", "/graphiql", "/graphiql/", "/graphiql/none", "/graphql", "/graphql?query=%7B__typename%7D", "/healthz", "/readyz", "/none"} {
		answer, err := none.Get("http://" + s.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Server": "", "X-Powered-By": "", "Access-Control-Allow-Origin": "",
		} {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") ||
			!strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe-eval") || len(answer.Header["Content-Security-Policy"]) != 1 {
			t.Errorf("%s: the policy is %q", path, answer.Header["Content-Security-Policy"])
		}
		if answer.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s has no ID", path)
		}
	}
}
