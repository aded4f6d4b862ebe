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
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// screenshotsVariable is the absolute path of a folder for pictures of the dashboard, if it is set.
const screenshotsVariable = "PLACARD_TEST_SCREENSHOTS"

// TestDashboardInBrowser uses each page of the dashboard in a browser, on both engines. It fails on an error, on a
// violation of the security policy, on a request to another host and on a violation of axe's rules. It needs Node;
// browser/dashboard has the checks.
func TestDashboardInBrowser(t *testing.T) {
	t.Parallel()
	browser := os.Getenv(browserVariable)
	if browser == "" {
		storetest.Lacks(t, "a Chromium, with its path in "+browserVariable)
	}
	installBrowserModules(t)
	storetest.Each(t, func(t *testing.T, database string) {
		demo, empty := start(t, freeAddress(t), database), start(t, freeAddress(t), storetest.SQLite(t))
		runPenguins(t, demo, "")
		withKeys := storetest.SQLite(t)
		secret, _, err := keys(t, withKeys, "create", "person", "--owner")
		if err != nil {
			t.Fatal(err)
		}
		key := strings.TrimSpace(secret)
		closed := start(t, freeAddress(t), withKeys, "--auth=keys")
		runPenguins(t, closed, key)
		list := t.TempDir()
		if err := os.WriteFile(filepath.Join(list, "version.graphql"), []byte("{ serverInfo { version } }"), 0o600); err != nil {
			t.Fatal(err)
		}
		trusted := start(t, freeAddress(t), storetest.SQLite(t), "--trusted-documents="+list)
		proxy := httptest.NewServer(http.StripPrefix("/tools/placard", httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: demo.addr})))
		t.Cleanup(proxy.Close)
		settings, err := json.Marshal(map[string]string{
			"demo": "http://" + demo.addr, "empty": "http://" + empty.addr, "keys": "http://" + closed.addr, "key": key,
			"trusted": "http://" + trusted.addr, "prefix": proxy.URL + "/tools/placard", "screenshots": os.Getenv(screenshotsVariable),
		})
		if err != nil {
			t.Fatal(err)
		}
		look := harness.Command(t, 10*time.Minute, "node", "browser/dashboard.mjs", string(settings))
		look.Env = append(os.Environ(), "BROWSER="+browser)
		if out, err := look.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		} else {
			t.Logf("%s", out)
		}
	})
}
