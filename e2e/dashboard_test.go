//go:build integration

package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// screenshotsVariable is the absolute path of a folder for pictures of the dashboard, if it is set.
const screenshotsVariable = "PLACARD_TEST_SCREENSHOTS"

// TestDashboardInBrowser uses each page of the dashboard in a browser, on both engines. It fails on an error, on a
// violation of the security policy, on a request to another host and on a violation of axe's rules. It needs Node;
// browser/dashboard has the checks. A page looks the same on both engines, so pictures are taken on SQLite only.
func TestDashboardInBrowser(t *testing.T) {
	requireBrowser(t)
	t.Run("sqlite", func(t *testing.T) { useDashboard(t, storetest.SQLite(t), true) })
	t.Run("postgres", func(t *testing.T) { useDashboard(t, storetest.Postgres(t), false) })
}

func useDashboard(t *testing.T, database string, pictures bool) {
	t.Helper()
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
	runInBrowser(t, "dashboard.mjs", map[string]any{
		"demo": "http://" + demo.addr, "empty": "http://" + empty.addr, "keys": "http://" + closed.addr, "key": key,
		"trusted": "http://" + trusted.addr, "prefix": proxy.URL + "/tools/placard", "pictures": pictures,
		"screenshots": os.Getenv(screenshotsVariable),
	})
}
