package deploy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// TestUnit checks the unit with systemd-analyze.
func TestUnit(t *testing.T) {
	t.Parallel()
	text := read(t, "placard.service")
	if !strings.Contains(text, "ExecStart=/usr/local/bin/placard serve\n") {
		t.Error("the unit does not start the program")
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		storetest.Lacks(t, "systemd-analyze")
	}
	unit := filepath.Join(t.TempDir(), "placard.service")
	text = strings.ReplaceAll(text, "/usr/local/bin/placard", "/bin/true") // the program must exist
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	analyze := func(args ...string) ([]byte, error) {
		return harness.Command(t, harness.Limit, "systemd-analyze", args...).CombinedOutput()
	}
	if out, err := analyze("verify", unit); err != nil || bytes.Contains(out, []byte("placard.service")) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := analyze("security", "--offline=true", "--threshold=20", unit); err != nil {
		t.Errorf("the unit has too many privileges: %v: %s", err, out)
	}
}
