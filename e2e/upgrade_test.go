//go:build integration

package e2e

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// previousProgram is the commit of the program before this one. A release sets it to the commit of the last release.
const previousProgram = "cdab28da51b57b0a4bff75f2e53ae97cf02ae3c1"

// TestRollingUpgrade replaces the previous program by this one under load, and goes back, as deploy/kubernetes.yaml
// does: a balancer sends requests to servers that are ready. No request fails, and no acknowledged write is lost.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	previous, current := buildPrevious(t, previousSources(t)), filepath.Join(programs, "placard")
	database := storetest.EmptyPostgres(t)
	run := func(path string) *server {
		s := launchProgram(t, path, freeAddress(t), database, "--drain-delay=1s")
		s.waitReady(t)
		return s
	}
	b := newBalancer(t)
	replace := func(old *server, path string) *server {
		next := run(path)
		b.add(next.addr)
		b.waitServed(t, next.addr, 100) // both programs serve
		if err := old.stop(t); err != nil {
			t.Error(err)
		}
		b.waitServed(t, next.addr, 200)
		return next
	}
	s := run(previous)
	b.add(s.addr)
	underLoad(t, []string{b.addr}, func(l *ledger) {
		l.waitFor(t, 100)
		for _, path := range []string{current, previous, current} { // an upgrade can be reverted
			s = replace(s, path)
		}
		if failures := l.failuresByCode(); len(failures) > 0 {
			t.Errorf("failed writes by code: %v", failures)
		}
		next := run(current)
		b.add(next.addr)
		s.kill(t)
		eventually(t, "the control: a server that ends at once fails requests", func() bool { return len(l.failuresByCode()) > 0 })
	})
}

// TestPreviousProgramOnNewSchema runs the conformance suite of the previous program on the schema of this program.
func TestPreviousProgramOnNewSchema(t *testing.T) {
	t.Parallel()
	sources := previousSources(t)
	const migrations = "internal/store/engine/migrations"
	old, current := filepath.Join(sources, migrations), filepath.Join("..", migrations)
	if err := harness.Command(t, harness.Limit, "diff", "-r", current, old).Run(); err == nil {
		t.Log("this program has no new migrations")
		return
	}
	if err := errors.Join(os.RemoveAll(old), os.CopyFS(old, os.DirFS(current))); err != nil {
		t.Fatal(err)
	}
	suite := harness.Command(t, 10*time.Minute, "go", "test", "-count=1", "-run", "^TestPostgres$", "./internal/store")
	suite.Dir = sources
	if out, err := suite.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// previousSources returns a folder with the sources of the previous program. The test is left out where the history of
// the repository is cut.
func previousSources(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	archive := harness.Command(t, harness.Limit, "git", "archive", "--output="+filepath.Join(folder, "sources.tar"), previousProgram)
	archive.Dir = ".."
	if out, err := archive.CombinedOutput(); err != nil {
		t.Skipf("LEFT OUT: this test needs the commit %s of the previous program: %v: %s", previousProgram, err, out)
	}
	unpack := harness.Command(t, harness.Limit, "tar", "xf", "sources.tar")
	unpack.Dir = folder
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return folder
}

// buildPrevious builds the program of a folder of sources and returns its path.
func buildPrevious(t *testing.T, sources string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "previous")
	build := harness.Command(t, 5*time.Minute, "go", "build", "-o", path, ".")
	build.Dir = sources
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// balancer is a proxy that sends each request to one of the ready servers in turn.
type balancer struct {
	addr string

	mu      sync.Mutex
	servers []*url.URL
	ready   []*url.URL
	// served counts the requests by server.
	served map[string]int
	next   int
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{served: map[string]int{}}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(b.choose()) },
		Transport: &http.Transport{MaxIdleConnsPerHost: faultWriters},
		ErrorLog:  log.New(io.Discard, "", 0), // the ledger counts the failures
	})
	b.addr = proxy.Listener.Addr().String()
	ended := make(chan struct{})
	var checks sync.WaitGroup
	checks.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(50 * time.Millisecond):
				b.check()
			}
		}
	})
	t.Cleanup(func() {
		close(ended)
		harness.Wait(t, "the checks have ended", &checks)
		proxy.Close()
	})
	return b
}

// add adds a server, which must be ready.
func (b *balancer) add(addr string) {
	b.mu.Lock()
	b.servers = append(b.servers, &url.URL{Scheme: "http", Host: addr})
	b.mu.Unlock()
	b.check()
}

// check finds the servers that are ready.
func (b *balancer) check() {
	b.mu.Lock()
	servers := slices.Clone(b.servers)
	b.mu.Unlock()
	var ready []*url.URL
	for _, server := range servers {
		if response, err := client.Get(server.JoinPath("readyz").String()); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				ready = append(ready, server)
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ready = ready
}

// choose returns the server for the next request.
func (b *balancer) choose() *url.URL {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return b.servers[0]
	}
	b.next++
	server := b.ready[b.next%len(b.ready)]
	b.served[server.Host]++
	return server
}

// waitServed waits until a server has served a number of requests.
func (b *balancer) waitServed(t *testing.T, addr string, requests int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s has served %d requests", addr, requests), func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.served[addr] >= requests
	})
}
