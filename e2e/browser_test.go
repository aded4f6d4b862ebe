//go:build integration

package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// browserVariable is the path of a Chromium. `.ci/run` sets it. screenshotVariable is the absolute path of a file for a
// picture of the page, if it is set.
const (
	browserVariable    = "PLACARD_TEST_BROWSER"
	screenshotVariable = "PLACARD_TEST_SCREENSHOT"
)

// TestGraphiQLInBrowser opens GraphiQL in a browser. It runs the operation of each tab, and fails on an error, on a
// request to another host and on a stored API key. It needs Node; browser/graphiql.mjs contains the checks. Tests in a
// browser are not parallel, because several browsers would slow each other down.
func TestGraphiQLInBrowser(t *testing.T) {
	requireBrowser(t)
	database := storetest.SQLite(t)
	secret, _, err := keys(t, database, "create", "person", "--owner")
	if err != nil {
		t.Fatal(err)
	}
	demo, empty := start(t, freeAddress(t), storetest.SQLite(t)), start(t, freeAddress(t), storetest.SQLite(t))
	closed := start(t, freeAddress(t), database, "--auth=keys")
	list := t.TempDir()
	if err := os.WriteFile(filepath.Join(list, "version.graphql"), []byte("{ serverInfo { version } }"), 0o600); err != nil {
		t.Fatal(err)
	}
	trusted := start(t, freeAddress(t), storetest.SQLite(t), "--trusted-documents="+list)
	runPenguins(t, demo, "")
	runPenguins(t, closed, strings.TrimSpace(secret))
	proxy := httptest.NewServer(http.StripPrefix("/tools/placard", httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: demo.addr})))
	t.Cleanup(proxy.Close)
	runInBrowser(t, "graphiql.mjs", map[string]string{
		"demo": "http://" + demo.addr, "empty": "http://" + empty.addr, "keys": "http://" + closed.addr, "key": strings.TrimSpace(secret),
		"prefix": proxy.URL + "/tools/placard", "trusted": "http://" + trusted.addr, "screenshot": os.Getenv(screenshotVariable),
	})
}

// requireBrowser leaves the test out, or lets it fail in CI, if there is no browser.
func requireBrowser(t *testing.T) {
	t.Helper()
	if os.Getenv(browserVariable) == "" {
		storetest.Lacks(t, "a Chromium, with its path in "+browserVariable)
	}
	installBrowserModules(t)
}

// runInBrowser runs a script of the folder browser, which gets the settings as JSON. The limit ends a script that hangs.
func runInBrowser(t *testing.T, script string, settings any) {
	t.Helper()
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	command := harness.Command(t, 15*time.Minute, "node", "browser/"+script, string(text))
	command.Env = append(os.Environ(), "BROWSER="+os.Getenv(browserVariable))
	out, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	} else {
		t.Logf("%s", out)
	}
}

// runPenguins runs the example pipeline against a server.
func runPenguins(t *testing.T, s *server, key string) {
	t.Helper()
	command := harness.Command(t, harness.Limit, filepath.Join(programs, "penguins"), "-once", "-url", "http://"+s.addr+"/graphql")
	command.Env = append(os.Environ(), "PLACARD_API_KEY="+key)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("penguins: %v: %s\n%s", err, out, s.log)
	}
}

// installOnce guards the installation, because several tests use the same modules.
var installOnce sync.Once

// installBrowserModules installs the modules of browser/package.json.
func installBrowserModules(t *testing.T) {
	t.Helper()
	installOnce.Do(func() {
		install := harness.Command(t, 5*time.Minute, "npm", "--prefix", "browser", "ci", "--no-audit", "--no-fund")
		if out, err := install.CombinedOutput(); err != nil {
			t.Errorf("npm ci: %v: %s", err, out)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
}
