package e2e

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/store/storetest"
)

// blocks are the blocks of docs/operations.md that are marked sh, without the indentation of lists.
func blocks(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range regexp.MustCompile("(?ms)^( *)```sh\n(.*?)^ *```$").FindAllStringSubmatch(string(text), -1) {
		found = append(found, regexp.MustCompile("(?m)^"+match[1]).ReplaceAllString(match[2], ""))
	}
	return found
}

// TestOperationsDocument follows docs/operations.md to the letter: each block works, in an empty folder. Only addresses
// are others, so that tests can run side by side.
func TestOperationsDocument(t *testing.T) {
	t.Parallel()
	cluster, err := storetest.NewCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	steps := blocks(t)
	if len(steps) < 8 {
		t.Fatalf("only %d blocks were found", len(steps))
	}
	script := "set -euo pipefail\ntrap 'code=$?; kill $(jobs -p) 2>/dev/null || true; exit $code' EXIT\nset -x\n" + strings.Join(steps, "\n")
	script = strings.NewReplacer("127.0.0.1:8080", freeAddress(t), "127.0.0.1:9090", freeAddress(t),
		"placard serve", "placard serve --addr=$ADDRESS").Replace(script)
	script = regexp.MustCompile(`postgres://placard@127\.0\.0\.1:5432/(\w+)`).ReplaceAllStringFunc(script, func(url string) string {
		u := *cluster.URL
		u.Path = url[strings.LastIndex(url, "/"):]
		return "'" + u.String() + "'"
	})
	address := regexp.MustCompile(`http://(127\.0\.0\.1:\d+)/readyz`).FindStringSubmatch(script)[1]
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", script)
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "PATH="+programs+":"+cluster.Programs()+":"+os.Getenv("PATH"), "ADDRESS="+address)
	out, err := shell.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "tables at version") {
		t.Errorf("%v:\n%s", err, out)
	}
}
