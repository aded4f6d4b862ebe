package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/placard/placard/internal/store/storetest"
)

// browserVariable names the environment variable with the path of a Chromium. `.ci/run` sets it, so there the test never
// skips.
const browserVariable = "PLACARD_TEST_BROWSER"

// TestGraphiQLInBrowser opens GraphiQL as a person would: it loads, a mutation stores, a query reads it back, nothing is
// asked of another host, and nothing is complained about. It needs Node.
func TestGraphiQLInBrowser(t *testing.T) {
	t.Parallel()
	browser := os.Getenv(browserVariable)
	if browser == "" {
		t.Skipf("%s names no Chromium", browserVariable)
	}
	if out, err := exec.Command("npm", "--prefix", "browser", "ci", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v: %s", err, out)
	}
	addr := freeAddress(t)
	s := start(t, addr, storetest.SQLite(t))
	if out, err := exec.Command(filepath.Join(programs, "penguins"), "-once", "-url", "http://"+addr+"/graphql").CombinedOutput(); err != nil {
		t.Fatalf("penguins: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	look := exec.CommandContext(ctx, "node", "browser/graphiql.mjs", "http://"+addr)
	look.Env = append(os.Environ(), "BROWSER="+browser)
	if out, err := look.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, s.log)
	}
}
